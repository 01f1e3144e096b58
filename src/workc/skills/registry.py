"""The skills that come with workc, by name."""

from __future__ import annotations

from workc.skills.exec import run_program
from workc.skills.http_call import http_call
from workc.skills.json_transform import json_transform
from workc.skills.llm_invoke import llm_invoke
from workc.skills.publish import publish
from workc.skills.read_file import read_file
from workc.skills.write_file import write_file
from workc.stages.skill import Skill


def builtin_skills() -> dict[str, Skill[..., object]]:
    """Returns the skills that every workflow can use without naming a file."""
    skills: tuple[Skill[..., object], ...] = (
        http_call,
        json_transform,
        llm_invoke,
        read_file,
        write_file,
        run_program,
        publish,
    )
    return {skill.name: skill for skill in skills}
