"""The payload of each event of format 0.1: the fields of its kind, and what follows for it.

What follows stands in the functions at the end, one a kind; a kind without one has its fields
alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import singledispatch
from typing import NamedTuple

from workc.bundle.v01 import plain
from workc.bundle.v01.records import Lens
from workc.bundle.v01.run import (
    ActError,
    ChildSpawned,
    Happening,
    HitlDecision,
    HitlPrompt,
    LensAssembled,
    Other,
    PlanChosen,
    SkillExecuted,
    StrategyApplied,
    VerificationRun,
)
from workc.kernel.human_approval import worth_ms
from workc.kernel.lens_quality import aggregate
from workc.kernel.rfc3339 import spell
from workc.kernel.selectors import Effect
from workc.kernel.values import JsonObject


class Facts(NamedTuple):
    """What payloads say of the whole run; ``spawns`` numbers the children."""

    lens: Lens
    declared: tuple[Effect, ...]
    k: int
    spawns: Mapping[str, int]


class _Place(NamedTuple):
    """Where a payload stands."""

    happening: Happening
    facts: Facts


def kind_of(happening: Happening) -> str:
    """Returns the ``kind`` of the event."""
    what = happening.what
    return what.named if isinstance(what, Other) else type(what).__name__


def payload_of(happening: Happening, facts: Facts) -> JsonObject:
    """Returns the payload, without the further keys of the happening."""
    fields = plain.as_object(happening.what)
    del fields["kind"]
    return _filled(happening.what, fields, _Place(happening, facts))


def quality(lens: Lens) -> JsonObject:
    """Returns the quality of a lens with its aggregate."""
    given = lens.quality
    least = aggregate(
        coverage=given.coverage,
        freshness=given.freshness,
        conflict=given.conflict,
        provenance=given.provenance,
    )
    return plain.as_object(given) | {"aggregate": least}


@singledispatch
def _filled(what: object, fields: JsonObject, place: _Place) -> JsonObject:
    return fields


@_filled.register(LensAssembled)
def _lens(what: LensAssembled, fields: JsonObject, place: _Place) -> JsonObject:
    lens = place.facts.lens
    return {"lens_id": lens.lens_id, "items_count": len(lens.items), "quality": quality(lens)}


@_filled.register(PlanChosen)
def _plan(what: PlanChosen, fields: JsonObject, place: _Place) -> JsonObject:
    del fields["declares"]
    if not what.declares:
        return fields
    declared = plain.as_list(place.facts.declared)
    return {**fields, "effects_declared": declared, "enf_k": place.facts.k}


@_filled.register(SkillExecuted)
def _skill(what: SkillExecuted, fields: JsonObject, place: _Place) -> JsonObject:
    del fields["lists_effects"]
    effects = fields.pop("effects")
    if not what.artifacts_out:
        del fields["artifacts_out"]
    if what.lists_effects:
        return fields | {"effects_observed": effects}
    return fields | {
        "effects_observed_count": len(what.effects),
        "effects_declared_count": len(place.facts.declared),
    }


@_filled.register(ActError)
def _error(what: ActError, fields: JsonObject, place: _Place) -> JsonObject:
    return fields | {"phase": place.happening.phase}


@_filled.register(StrategyApplied)
def _applied(what: StrategyApplied, fields: JsonObject, place: _Place) -> JsonObject:
    return fields | {"applied_at_phase": place.happening.phase}


@_filled.register(VerificationRun)
def _checks(what: VerificationRun, fields: JsonObject, place: _Place) -> JsonObject:
    return fields | {"passed": all(result.passed for result in what.results)}


@_filled.register(HitlPrompt)
def _prompt(what: HitlPrompt, fields: JsonObject, place: _Place) -> JsonObject:
    worth = worth_ms(what.p_override_permille, loss_ms=what.loss_ms, cost_ms=what.cost_ms)
    return fields | {"evi_ms": worth, "ts_utc": spell(place.happening.at_ms)}


@_filled.register(HitlDecision)
def _decision(what: HitlDecision, fields: JsonObject, place: _Place) -> JsonObject:
    return fields | {"ts_utc": spell(place.happening.at_ms)}


@_filled.register(ChildSpawned)
def _spawn(what: ChildSpawned, fields: JsonObject, place: _Place) -> JsonObject:
    return fields | {"spawn_index": place.facts.spawns[what.child_loop_id]}


@_filled.register(Other)
def _other(what: Other, fields: JsonObject, place: _Place) -> JsonObject:
    return {key: plain.as_json(value) for key, value in what.payload.items()}
