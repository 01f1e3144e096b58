"""What the checks look at: the document, the skills that are known, and where problems go.

The document may have any shape; each getter gives what has the right type and passes over the
rest, which :mod:`workc.runtime.workflow.shape` reports.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from workc.kernel.values import Json, JsonObject
from workc.runtime.workflow.model import SkillInfo
from workc.runtime.workflow.place import Place, dotted
from workc.runtime.workflow.problems import Report
from workc.runtime.workflow.source import Document

#: How the name of a skill begins by which a step runs a workflow as a child.
CHILD_PREFIX = "workflow:"
INVALID = "INVALID_WORKFLOW"
UNRESOLVED = "UNRESOLVED_REFERENCE"


class Facts(msgspec.Struct, frozen=True):
    """One document and what is known about its skills; problems go to ``report``."""

    document: Document
    known: Mapping[str, SkillInfo]
    report: Report
    #: Why a module of ``skills`` could not be loaded, by the name that the file gives it.
    unloaded: Mapping[str, str] = {}
    #: What is wrong with a workflow that a step runs, by the name that the file gives it.
    unfit: Mapping[str, str] = {}

    def refuse(self, place: Place, message: str, fix: str, code: str = INVALID) -> None:
        """Reports a problem of the value at ``place``."""
        self.report.add(self.document.value_mark(place), dotted(place), message, fix, code)

    def refuse_key(self, place: Place, message: str, fix: str, code: str = INVALID) -> None:
        """Reports a problem of the key at ``place``."""
        self.report.add(self.document.key_mark(place), dotted(place), message, fix, code)

    def section(self, name: str) -> JsonObject:
        """Returns a mapping at the top of the file; an empty one if there is none."""
        return members(members(self.document.value).get(name))

    def items(self, name: str) -> list[Json]:
        """Returns a list at the top of the file; an empty one if there is none."""
        found = members(self.document.value).get(name)
        return found if isinstance(found, list) else []

    def steps(self) -> Iterator[tuple[str, JsonObject]]:
        """Yields the steps that are mappings, by id, in file order."""
        for step_id, step in self.section("steps").items():
            if isinstance(step, dict):
                yield step_id, step

    def uses(self) -> Iterator[tuple[Place, JsonObject]]:
        """Yields every use of a skill: of the planner, of each step, and what may run instead."""
        if self.plan is not None and "skill" in self.plan:
            yield ("plan",), self.plan
        for step_id, step in self.steps():
            yield ("steps", step_id), step
            said = members(step.get("on_failure"))
            # Beside another way it is a problem of its own, and which was meant is not known.
            if "skill" in said and not {"then", "value"} & said.keys():
                yield ("steps", step_id, "on_failure"), said

    @property
    def plan(self) -> JsonObject | None:
        """Returns what the file says of its planner; None if it names its steps."""
        file = members(self.document.value)
        return members(file["plan"]) if "plan" in file and "steps" not in file else None

    @property
    def resolver(self) -> JsonObject | None:
        """Returns what the file says of the workflow that resolves conflicts of its lens, if it has one."""
        lens = self.section("lens")
        return members(lens["resolve"]) if "resolve" in lens else None

    @property
    def secrets(self) -> list[str]:
        """Returns the declared secrets."""
        return texts(self.items("secrets"))


def gates_of(owner: JsonObject) -> Iterator[tuple[Place, JsonObject]]:
    """Yields the gates of a step, or of the file, that are mappings, with their places below it."""
    said = members(owner.get("gates"))
    for key in ("pre", "post"):
        for index, gate in enumerate(listed(said.get(key))):
            if isinstance(gate, dict):
                yield ("gates", key, index), gate


def skill_of(use: JsonObject) -> Json:
    """Returns the name of the skill that a use names: of a child, that of running its workflow."""
    workflow = use.get("workflow")
    return use.get("skill") if workflow is None else f"{CHILD_PREFIX}{workflow}"


def members(value: Json) -> JsonObject:
    """Returns ``value`` if it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def listed(value: Json) -> list[Json]:
    """Returns ``value`` if it is a list, else an empty one."""
    return value if isinstance(value, list) else []


def texts(value: Json) -> list[str]:
    """Returns the strings in a list; nothing for any other value."""
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []
