"""A step that starts a run: it uses a skill like any other, whose function asks for a child.

So what holds of every step holds of it: it waits for others, for humans, is tried and falls back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import cast

from workc.kernel.values import Json, JsonObject
from workc.runtime.context import AttemptContext
from workc.runtime.program import ChildProgram
from workc.stages.schema import Schema
from workc.stages.skill import Skill


@dataclass(frozen=True, kw_only=True, eq=False)
class ChildSkill(Skill[..., object]):
    """The skill of a step that starts a run of ``child``; its parameters are the child's inputs."""

    child: ChildProgram

    @property
    def inputs(self) -> Schema:
        """Returns the schema of the child's inputs."""
        return self._of_child

    @cached_property
    def _of_child(self) -> Schema:
        return Schema(self.child.input_schema)

    def bind(self, params: JsonObject) -> dict[str, object]:
        """Returns the inputs as the child takes them; raises ``INVALID_INPUT`` as a run would."""
        return {"inputs": self.child.bind(params)}

    def conclude(self, value: object) -> Json:
        """Returns the output as it is: it was concluded when the child ended."""
        return cast("Json", value)


def child_skill(name: str, child: ChildProgram) -> ChildSkill:
    """Returns the skill by which a step starts a run of a child."""

    async def run_child(ctx: AttemptContext, inputs: JsonObject) -> Json:
        return await ctx.child(name, child, inputs)

    return ChildSkill(
        name=name,
        version="1",
        kind="context",
        function=run_child,
        effects=("NonDeterministic",),
        timeout_ms=None,
        idempotent=False,
        description=child.program.description,
        secret_params=frozenset(),
        schemas=(None, None),
        child=child,
    )


def children_in(skills: Mapping[str, Skill[..., object]]) -> dict[str, ChildProgram]:
    """Returns the children that a program may start, by the names of their skills."""
    return {name: each.child for name, each in skills.items() if isinstance(each, ChildSkill)}
