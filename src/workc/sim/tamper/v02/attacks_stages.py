"""Resealed edits of the ids of stages (docs/spec/bundle-0.2.md, section 6)."""

from __future__ import annotations

from workc.sim.tamper.attack import Attack, Attacks, Doc, does_not_apply
from workc.sim.tamper.place import BAD_EVENT, UNPROVABLE
from workc.sim.tamper.v02.draft import Draft


def _stages(draft: Draft) -> Doc:
    stages: Doc = draft.payload("RunStarted").get("stages", {})
    if not stages:
        raise does_not_apply("no stage with ids")
    return stages


def _misspell(draft: Draft) -> None:
    next(iter(_stages(draft).values()))["stage_id"] = "F" * 64


def _name_nothing(draft: Draft) -> None:
    _stages(draft).clear()


def _forget_code(draft: Draft) -> None:
    stages = _stages(draft)
    stages["nobody-s"] = dict(next(iter(stages.values())))


def _forge(draft: Draft) -> None:
    for ids in _stages(draft).values():
        ids.update(evidence_id="0" * 64, stage_id="0" * 64)


STAGE_ATTACKS: Attacks[Draft] = {
    "StageMisspelt": Attack(_misspell, BAD_EVENT, "The id of a stage is misspelt."),
    "StagesEmptied": Attack(_name_nothing, BAD_EVENT, "Stages are named, and there is none."),
    "StageWithoutCode": Attack(_forget_code, BAD_EVENT, "A stage is named whose code is not."),
    "StageForged": Attack(_forge, UNPROVABLE, "Stages have the ids of others."),
}
