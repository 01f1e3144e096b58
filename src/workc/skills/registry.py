"""The skills that come with workc, by name."""

from __future__ import annotations

from workc.skills.http_call import http_call
from workc.skills.json_transform import json_transform
from workc.skills.llm_invoke import llm_invoke
from workc.stages.skill import Skill


def builtin_skills() -> dict[str, Skill[..., object]]:
    """Returns the skills that every workflow can use without naming a file."""
    return {skill.name: skill for skill in (http_call, json_transform, llm_invoke)}
