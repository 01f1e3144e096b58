"""What a stage declares that it does beside computing its output.

An effect in JSON is ``{"effect": "Network"}``, with the members that its kind has; a set of them
``{"effects": [...]}``, in order of their kinds and then of their JSON. The empty set allows nothing:

>>> effects_json(effect_set(["Pure", {"effect": "Llm", "model": "m"}]))
{'effects': [{'effect': 'Llm', 'model': 'm'}, {'effect': 'Pure'}]}
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import TypeAlias, cast

import msgspec

from workc.kernel import jcs
from workc.kernel.values import Json, JsonObject
from workc.stages.stage.refinements import StageError, members_of

#: Of each kind of effect its member, with the type that it has; None for a kind without one.
KINDS: Mapping[str, tuple[str, type] | None] = {
    "Cost": ("cents", int),
    "Fallible": None,
    "FsRead": ("path", str),
    "FsWrite": ("path", str),
    "Llm": ("model", str),
    "Network": None,
    "NonDeterministic": None,
    "Process": None,
    "Pure": None,
    "Unknown": None,
}


class Effect(msgspec.Struct, frozen=True, order=True):
    """One effect: its kind, and what its member says (cents, a path, a model)."""

    kind: str
    of: str | int | None = None


EffectSet: TypeAlias = tuple[Effect, ...]
PURE: EffectSet = (Effect("Pure"),)
UNKNOWN: EffectSet = (Effect("Unknown"),)


def effect_set(said: Iterable[object]) -> EffectSet:
    """Returns the effects that are said, each once, in their order.

    Raises:
        StageError: one of them is no effect.
    """
    found = {effect_of_json(each) for each in said}
    return tuple(sorted(found, key=lambda each: (each.kind, jcs.encode(effect_json(each)))))


def effect_of_json(value: object) -> Effect:
    """Returns the effect that a JSON value, or the name of a kind, says.

    Raises:
        StageError: it says none; the sentence says what may have been meant.
    """
    named = {"effect": value} if isinstance(value, str) else value
    if not isinstance(named, dict):
        raise StageError("an effect is its name, or an object with effect")
    said = cast("dict[str, object]", named)
    kind = said.get("effect")
    if not isinstance(kind, str) or kind not in KINDS:
        raise StageError(_unknown(kind))
    member = KINDS[kind]
    if member is None:
        members_of(f"the effect {kind}", said, ("effect",))
        return Effect(kind)
    key, kind_of = member
    found = members_of(f"the effect {kind}", said, ("effect", key))[key]
    if type(found) is not kind_of or (isinstance(found, int) and found < 0):
        what = "a whole number, not below 0" if kind_of is int else "a text"
        raise StageError(f"{key} of the effect {kind} is {what}")
    return Effect(kind, cast("str | int", found))


def effect_json(effect: Effect) -> JsonObject:
    """Returns an effect as JSON."""
    member = KINDS[effect.kind]
    rest: JsonObject = {} if member is None else {member[0]: effect.of}
    return {"effect": effect.kind, **rest}


def effects_json(effects: EffectSet) -> JsonObject:
    """Returns a set of effects as JSON."""
    listed: list[Json] = [effect_json(each) for each in effects]
    return {"effects": listed}


def effects_of_json(value: object) -> EffectSet:
    """Returns the set that a JSON value says.

    Raises:
        StageError: it says none.
    """
    listed = members_of("effects", value, ("effects",))["effects"]
    if not isinstance(listed, list):
        raise StageError("effects is a list of effects")
    return effect_set(cast("list[object]", listed))


def _unknown(kind: object) -> str:
    near = get_close_matches(str(kind)[:60], KINDS, n=1)
    meant = f"; did you mean {near[0]}?" if near else ""
    return f"{kind!r:.60} is no effect; there is {', '.join(KINDS)}{meant}"
