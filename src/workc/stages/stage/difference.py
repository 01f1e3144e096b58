"""What changed between two stages, whether it breaks whoever uses the first, and what to call the next.

A change breaks if a user of the old stage may see it: an input that is refused now, an output or an
effect that was not promised, a property that no longer is, an example that has another output. Types are
compared by subtyping at each place where they differ. The version to bump is that of Semantic
Versioning: major for what breaks, minor for what is promised or taken beside, patch for the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Literal, TypeAlias, cast

import msgspec

from workc.kernel import jcs
from workc.kernel.values import Json, JsonObject
from workc.stages.problem import below
from workc.stages.stage.effect_set import Effect, EffectSet, effect_json
from workc.stages.stage.properties import property_json
from workc.stages.stage.refinements import canonical
from workc.stages.stage.type_difference import TypeChange, type_changes
from workc.stages.stage.value import Stage, stage_json

Level: TypeAlias = Literal["patch", "minor", "major"]
#: The highest first.
_ORDER: tuple[Level, ...] = ("major", "minor", "patch")


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One change: of which part, at which JSON pointer within it, in words, and what it asks for."""

    part: str
    at: str
    what: str
    level: Level

    @property
    def breaking(self) -> bool:
        """Returns whether it breaks whoever uses the old stage."""
        return self.level == "major"


def bump_of(changes: Iterable[Change]) -> Level | None:
    """Returns which part of the version rises; None where nothing changed."""
    found = {each.level for each in changes}
    return next((level for level in _ORDER if level in found), None)


def stage_changes(old: Stage, new: Stage) -> list[Change]:
    """Returns what changed from one stage to another, part by part; ids and lifecycle are no parts."""
    return [change for compare in _PARTS for change in compare(old, new)]


def _of_name(old: Stage, new: Stage) -> Iterator[Change]:
    if old.name == new.name:
        return
    is_kept = old.name is None or old.name in new.aliases
    what = f"{old.name or 'no name'} is {new.name or 'no name'} now"
    yield Change(part="name", at="", what=what, level="minor" if is_kept else "major")


def _of_input(old: Stage, new: Stage) -> Iterator[Change]:
    for change in type_changes(old.signature.input, new.signature.input):
        breaks = change.relation in ("narrowed", "changed")
        yield _of_type("input", change, "major" if breaks else "minor")


def _of_output(old: Stage, new: Stage) -> Iterator[Change]:
    for change in type_changes(old.signature.output, new.signature.output):
        breaks = change.relation in ("widened", "changed")
        yield _of_type("output", change, "major" if breaks else "minor")


def _of_type(part: str, change: TypeChange, level: Level) -> Change:
    said: Level = "patch" if change.relation == "same" else level
    what = f"{change.relation}: {change.old} is {change.new} now"
    return Change(part=part, at=change.at, what=what, level=said)


def _of_effects(old: Stage, new: Stage) -> Iterator[Change]:
    before, after = old.signature.effects, new.signature.effects
    for effect in _without(after, before):
        level: Level = "minor" if effect.kind == "Pure" or _is_covered(effect, before) else "major"
        yield _said("effects", "added", effect_json(effect), level)
    for effect in _without(before, after):
        # That a stage is pure is a promise; any other effect only allows something.
        level = "major" if effect.kind == "Pure" else "minor"
        yield _said("effects", "removed", effect_json(effect), level)


def _without(effects: EffectSet, others: EffectSet) -> list[Effect]:
    return [each for each in effects if each not in others]


def _is_covered(effect: Effect, by: EffectSet) -> bool:
    """Returns whether an effect was to be expected: all was, or a cost that is no lower."""
    if Effect("Unknown") in by:
        return True
    costs = [each.of for each in by if each.kind == "Cost" and isinstance(each.of, int)]
    return (
        effect.kind == "Cost" and isinstance(effect.of, int) and effect.of <= max(costs, default=-1)
    )


def _of_examples(old: Stage, new: Stage) -> Iterator[Change]:
    before, after = _outcomes(old), _outcomes(new)
    for index, (given, outcome) in enumerate(after.items()):
        at = below("", index)
        if given not in before:
            yield Change(part="examples", at=at, what=f"added: {_short(given)}", level="patch")
        elif before[given] != outcome:
            what = f"for {_short(given)}: {_short(before[given])} is {_short(outcome)} now"
            yield Change(part="examples", at=at, what=what, level="major")
    for given in before:
        if given not in after:
            # What is shown no longer may still be so: it is believed less, and breaks nobody.
            yield Change(part="examples", at="", what=f"removed: {_short(given)}", level="minor")


def _outcomes(stage: Stage) -> dict[bytes, bytes]:
    """Returns the input of each example with all else that it says, as canonical bytes."""
    listed = cast("list[JsonObject]", stage_json(stage)["examples"])
    return {
        canonical(each["input"]): canonical({n: each[n] for n in each if n != "input"})
        for each in listed
    }


def _of_properties(old: Stage, new: Stage) -> Iterator[Change]:
    before, after = ([*map(property_json, each.properties)] for each in (old, new))
    yield from (_said("properties", "added", p, "minor") for p in after if p not in before)
    yield from (_said("properties", "removed", p, "major") for p in before if p not in after)


def _of_code(old: Stage, new: Stage) -> Iterator[Change]:
    pairs: dict[str, tuple[str | None, str | None]] = {
        "implementation_hash": (
            old.signature.implementation_hash,
            new.signature.implementation_hash,
        ),
        "implementation_code": (old.implementation_code, new.implementation_code),
        "implementation_language": (old.implementation_language, new.implementation_language),
    }
    for name, (before, after) in pairs.items():
        if before != after:
            yield Change(part=name, at="", what=_other(before, after), level="patch")


def _other(before: str | None, after: str | None) -> str:
    if before is None:
        return "added"
    return "removed" if after is None else "changed"


def _of_cost(old: Stage, new: Stage) -> Iterator[Change]:
    before: JsonObject = msgspec.to_builtins(old.cost)
    after: JsonObject = msgspec.to_builtins(new.cost)
    for name in before:
        if before[name] != after[name]:
            what = f"{_amount(before[name])} is {_amount(after[name])} now"
            yield Change(part="cost", at=below("", name), what=what, level="patch")


def _amount(value: Json) -> str:
    return "unknown" if value is None else _spelled(value)


def _of_capabilities(old: Stage, new: Stage) -> Iterator[Change]:
    for name in sorted(new.capabilities - old.capabilities):
        yield Change(part="capabilities", at="", what=f"added: {name}", level="major")
    for name in sorted(old.capabilities - new.capabilities):
        yield Change(part="capabilities", at="", what=f"removed: {name}", level="minor")


def _of_words(old: Stage, new: Stage) -> Iterator[Change]:
    if old.description != new.description:
        yield Change(part="description", at="", what="changed", level="patch")
    if old.ui_style != new.ui_style:
        what = _other(old.ui_style, new.ui_style)
        yield Change(part="ui_style", at="", what=what, level="patch")
    for part, before, after in (
        ("tags", old.tags, new.tags),
        ("aliases", old.aliases, new.aliases),
    ):
        named = {"added": {*after} - {*before}, "removed": {*before} - {*after}}
        for word, names in named.items():
            for name in sorted(names):
                yield Change(part=part, at="", what=f"{word}: {name}", level="patch")


def _said(part: str, word: str, value: JsonObject, level: Level) -> Change:
    return Change(part=part, at="", what=f"{word}: {_spelled(value)}", level=level)


def _spelled(value: Json) -> str:
    return _short(jcs.encode(value))


def _short(data: bytes) -> str:
    text = data.decode()
    return text if len(text) <= _MAX_SHOWN else text[: _MAX_SHOWN - 1] + "…"


_MAX_SHOWN = 100
_PARTS: tuple[Callable[[Stage, Stage], Iterator[Change]], ...] = (
    _of_name,
    _of_input,
    _of_output,
    _of_effects,
    _of_properties,
    _of_examples,
    _of_capabilities,
    _of_cost,
    _of_code,
    _of_words,
)
