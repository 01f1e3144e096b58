"""Checks declared effects: each can be read, none stands twice, and a plan can hold them."""

from __future__ import annotations

from collections.abc import Iterator

from workc.kernel.selectors import Effect
from workc.kernel.trie_merge import CompressionError, compress
from workc.kernel.values import JsonObject
from workc.runtime.declared_effects import OPS, BadEffect, read_effect
from workc.runtime.workflow.facts import Facts, listed, members
from workc.runtime.workflow.place import Place, quoted
from workc.runtime.workflow.problems import suggest


def check_effects(facts: Facts) -> None:
    """Reports what is wrong with each list of effects, and with all of them together."""
    found: list[Effect] = []
    for place, holder in _holders(facts):
        found += _check_list(facts, place, holder)
    try:
        compress((effect.op, effect.selector) for effect in found)
    except CompressionError as error:
        place = next(place for place, holder in _holders(facts) if listed(holder.get("effects")))
        facts.refuse((*place, "effects"), str(error), "declare folders or paths that cover several")


def declared_in(file: JsonObject) -> tuple[Effect, ...] | None:
    """Returns every effect that a checked file declares, of its own and of its steps, or None."""
    holders = [file, *map(members, members(file.get("steps")).values())]
    lists = [effects for each in holders if (effects := effects_of(each)) is not None]
    return tuple(sorted({effect for effects in lists for effect in effects})) if lists else None


def effects_of(holder: JsonObject) -> tuple[Effect, ...] | None:
    """Returns the effects that a checked file or step declares itself, or None."""
    if "effects" not in holder:
        return None
    return tuple(map(read_effect, listed(holder["effects"])))


def _holders(facts: Facts) -> Iterator[tuple[Place, JsonObject]]:
    yield (), members(facts.document.value)
    for step_id, step in facts.steps():
        yield ("steps", step_id), step


def _check_list(facts: Facts, holder: Place, said: JsonObject) -> Iterator[Effect]:
    seen: set[Effect] = set()
    for index, item in enumerate(listed(said.get("effects"))):
        if not isinstance(item, str | dict):
            continue
        place: Place = (*holder, "effects", index)
        try:
            effect = read_effect(item)
        except BadEffect as bad:
            facts.refuse(place, bad.message, _fix(item if isinstance(item, str) else "", bad))
            continue
        if effect in seen:
            name = quoted(f"{effect.op} {effect.selector}")
            facts.refuse(place, f"{name} stands here twice", "remove one")
        seen.add(effect)
    yield from seen


def _fix(text: str, bad: BadEffect) -> str:
    """Returns the fix of an effect, with the op that was meant if one is misspelt."""
    op = text.partition(" ")[0]
    return bad.fix if not op or op in OPS else suggest(op, OPS, bad.fix)
