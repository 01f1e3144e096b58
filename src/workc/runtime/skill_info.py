"""What the checks of workflow files and plans must know about skills, from the skills themselves."""

from __future__ import annotations

from collections.abc import Mapping

from workc.runtime.workflow.model import SkillInfo
from workc.stages.skill import Skill


def infos_of(skills: Mapping[str, Skill[..., object]]) -> dict[str, SkillInfo]:
    """Returns what is known of each skill, by its name."""
    return {name: _info(skill) for name, skill in skills.items()}


def _info(skill: Skill[..., object]) -> SkillInfo:
    expressions = ("expression", "where") if skill.name == "json_transform" else ()
    return SkillInfo(
        input_schema=skill.input_schema,
        secret_params=tuple(sorted(skill.secret_params)),
        expression_params=expressions,
        gate_params=skill.parameters if skill.pure and skill.kind == "function" else None,
        compiled=skill.inputs,
    )
