"""Resealed edits of effects: what was declared, and what was asked for (sections 5, 6 and 14)."""

from __future__ import annotations

from workc.sim.tamper.attack import Attack, Attacks, Doc, does_not_apply
from workc.sim.tamper.place import BAD_EVENT, EXCEEDED, TABLE, UNPROVABLE
from workc.sim.tamper.v02.attacks_policy import refuse_risk
from workc.sim.tamper.v02.draft import Draft

_ALL: list[Doc] = [
    {"op": "ReadFS", "selector": "fs:/"},
    {"op": "WriteFS", "selector": "fs:/"},
]


def _plan(draft: Draft) -> Doc:
    plan = draft.payload("PlanChosen")
    if "effects" not in plan:
        raise does_not_apply("no declared effects")
    return plan


def _asked(draft: Draft) -> Doc:
    for event in draft.all("EffectAsked"):
        if "effect" in event["payload"]:
            effect: Doc = event["payload"]["effect"]
            return effect
    raise does_not_apply("no effect that names itself")


def _declare(draft: Draft, effects: list[Doc]) -> None:
    plan = _plan(draft)
    plan["effects"] = effects
    made = plan.get("compression")
    if made is not None:
        made["output_count"] = len(effects)
        made["input_count"] = max(made["input_count"], len(effects))


def _loosen(draft: Draft) -> None:
    known = [
        effect for effect in _plan(draft)["effects"] if effect["op"] not in {"ReadFS", "WriteFS"}
    ]
    _declare(draft, [*known, *_ALL])


def _tighten(draft: Draft) -> None:
    _asked(draft)
    _declare(draft, [])


def _exceed(draft: Draft) -> None:
    _asked(draft).update(op="Publish", selector="pub:somewhere else")


def _forget_declared(draft: Draft) -> None:
    _asked(draft)
    plan = _plan(draft)
    del plan["effects"]
    plan.pop("compression", None)


def _forget_throughout(draft: Draft) -> None:
    refuse_risk(draft, "decide")
    _forget_declared(draft)
    for event in draft.all("EffectAsked"):
        event["payload"].pop("effect", None)


def _forget_named(draft: Draft) -> None:
    _asked(draft)
    for event in draft.all("EffectAsked"):
        event["payload"].pop("effect", None)


def _hide(draft: Draft) -> None:
    effect = _asked(draft)
    effect["selector"] += "/../x" if effect["op"] == "Network" else "\n"


def _mistake_port(draft: Draft) -> None:
    for asked in draft.all("EffectAsked"):
        answer = draft.lane(asked)[draft.lane(asked).index(asked) + 1]["payload"]
        if "response" in answer or "result" in answer:
            asked["payload"]["port"] = "file" if "response" in answer else "http"
            return
    raise does_not_apply("no effect that was answered")


def _respell_answer(draft: Draft) -> None:
    for event in draft.all("EffectAnswered"):
        payload = event["payload"]
        if "response" in payload:
            body = payload.pop("response")["body"]
            facts: Doc = {"form": "json", "inline": "{}"}
            payload["result"] = {"data": body, "facts": facts, "redactions": []}
            return
    raise does_not_apply("no response")


def _disorder(draft: Draft) -> None:
    effects: list[Doc] = _plan(draft)["effects"]
    if len(effects) < 2:
        raise does_not_apply("no two declared effects")
    effects.reverse()


def _double(draft: Draft) -> None:
    effects: list[Doc] = _plan(draft)["effects"]
    if not effects:
        raise does_not_apply("no declared effect")
    _declare(draft, [effects[0], *effects])


def _miscount(draft: Draft) -> None:
    plan = _plan(draft)
    if "compression" not in plan:
        raise does_not_apply("no compression")
    plan["compression"]["input_count"] = 0


EFFECT_ATTACKS: Attacks[Draft] = {
    "EffectsLoosened": Attack(_loosen, UNPROVABLE, "More was declared than had been."),
    "EffectsTightened": Attack(_tighten, EXCEEDED, "Nothing was declared, and something was done."),
    "EffectExceeded": Attack(_exceed, EXCEEDED, "Something was done that was not declared."),
    "EffectsForgotten": Attack(
        _forget_declared, TABLE, "Nothing bounds the effects that are named."
    ),
    "EffectsForgottenThroughout": Attack(
        _forget_throughout, UNPROVABLE, "No effects were ever declared, nor named."
    ),
    "EffectUnnamed": Attack(_forget_named, TABLE, "An effect hides what it is."),
    "EffectMisspelt": Attack(_hide, BAD_EVENT, "An effect leads upwards from where it may be."),
    "PortMistaken": Attack(_mistake_port, TABLE, "An effect went through another port."),
    "ResponseRetold": Attack(_respell_answer, TABLE, "A server's answer is shown as a file."),
    "EffectsReordered": Attack(_disorder, BAD_EVENT, "Declared effects are out of order."),
    "EffectDoubled": Attack(_double, BAD_EVENT, "An effect is declared twice."),
    "CompressionMiscounted": Attack(_miscount, BAD_EVENT, "Few effects became more."),
}
