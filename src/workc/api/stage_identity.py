"""The ids of the stages that a program may run, computed from the code that is here."""

from __future__ import annotations

from collections.abc import Mapping

from workc.api.workflows import Skills
from workc.kernel.stage_ids import StageIds
from workc.stages.skill import Skill
from workc.stages.stage.identity import evidence_id
from workc.stages.stage_of_skill import published

#: Under this name a skill keeps its ids, by the digest of its code; a copy with other claims begins anew.
_KEPT = "_ids_by_code"


def stage_ids(skills: Skills, code: Mapping[str, str]) -> dict[str, StageIds]:
    """Returns the ids of those skills that say by examples what they do, by name.

    ``code`` are the digests of their code. Without an example nothing could vouch for a skill, so it
    has no ids: that is so of the built-in ones, whose examples stand in ``workc.library``.

    Raises:
        Misuse: an annotation does not resolve.
    """
    return {
        name: _ids(skills[name], code[name]) for name in sorted(skills) if skills[name].examples
    }


def _ids(skill: Skill[..., object], implementation_hash: str) -> StageIds:
    """Returns the ids of a skill; they are kept with it, as a skill does not change, but its file may."""
    kept: dict[str, StageIds] = vars(skill).setdefault(_KEPT, {})
    if implementation_hash not in kept:
        kept[implementation_hash] = _computed(skill, implementation_hash)
    return kept[implementation_hash]


def _computed(skill: Skill[..., object], implementation_hash: str) -> StageIds:
    stage = published(skill, implementation_hash).stage
    return StageIds(
        evidence_id=evidence_id(stage), signature_id=str(stage.signature_id), stage_id=stage.id
    )
