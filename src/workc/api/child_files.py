"""The workflow files that a workflow file runs as children, and those that these run.

Each is read once, from below the folder of the file that names it, or from what a run recorded of
it: then no file is opened. A file that would run itself, and a family that is too deep or too large,
are refused before anything runs.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from workc.adapters.regular_file import open_regular
from workc.kernel.failure import Refusal, refuse
from workc.kernel.ledger import MICRO_CENTS_PER_CENT
from workc.kernel.values import Json, JsonObject
from workc.runtime.child_step import children_in
from workc.runtime.program import ChildProgram, Program
from workc.runtime.workflow.document import MAX_BYTES
from workc.runtime.workflow.inputs import bind_inputs
from workc.runtime.workflow.model import WorkflowFile

#: As many generations as a verifier of bundles follows.
MAX_GENERATIONS = 16
#: So many runs a file may start, those that its children start included.
MAX_FAMILY = 1_000

Read = Callable[[str], bytes]
Known = tuple[WorkflowFile, Program]


@dataclass(frozen=True)
class ChildFiles:
    """Reads the files of children by the way from the folder of the first of the family.

    ``way`` are the files that lead to the one at hand, it included. ``is_deep`` says whether the
    code of children is loaded: a replay of their parent needs none of it.
    """

    read: Read
    way: tuple[str, ...]
    is_deep: bool = True
    known: dict[str, Known] = field(default_factory=dict[str, Known])

    @property
    def here(self) -> str:
        """Returns the folder of the file at hand, with a slash at its end unless it is the first."""
        return self.way[-1][: self.way[-1].rfind("/") + 1]

    def under(self, prefix: str) -> Read:
        """Returns what reads the files whose ways begin so, by the rest of their ways."""
        return lambda path: self.read(prefix + path)

    def below(self, name: str) -> ChildFiles:
        """Returns the files as a child sees them.

        Raises:
            Refusal: ``INVALID_WORKFLOW`` if it would run itself, or is too far down.
        """
        path = self.here + name
        if path in self.way:
            cycle = " -> ".join((*self.way[self.way.index(path) :], path))
            raise refuse("INVALID_WORKFLOW", f"it would run itself: {cycle}")
        # Deep ways are refused before they are gone to their end.
        self.refuse_deep(0)
        return ChildFiles(self.read, (*self.way, path), self.is_deep, self.known)

    def refuse_deep(self, below: int) -> None:
        """Refuses a child of the file at hand that has so many generations below it.

        Raises:
            Refusal: ``INVALID_WORKFLOW``.
        """
        if len(self.way) + below > MAX_GENERATIONS:
            message = f"it, or what it runs, is more than {MAX_GENERATIONS} generations down"
            raise refuse("INVALID_WORKFLOW", message)


def files_below(folder: Path) -> Read:
    """Returns what reads files below a folder, and none that a link leads out of it to."""
    root = folder.resolve()

    def read(path: str) -> bytes:
        place = (root / path).resolve()
        if not place.is_relative_to(root):
            raise refuse(
                "INVALID_WORKFLOW", "it stands outside the folder of the file that runs it"
            )
        try:
            with open_regular(place, os.O_RDONLY) as file:
                return file.read(MAX_BYTES + 1)
        except OSError as error:
            why = error.strerror or type(error).__name__
            raise refuse("INVALID_WORKFLOW", f"it cannot be read: {why}") from None

    return read


def recorded_files(texts: Mapping[str, bytes]) -> Read:
    """Returns what reads files that a run recorded."""

    def read(path: str) -> bytes:
        if path not in texts:
            raise refuse("INVALID_WORKFLOW", "the run has not recorded it")
        return texts[path]

    return read


def child_of_file(workflow: WorkflowFile, program: Program, folder: str) -> ChildProgram:
    """Returns a workflow file as a child that is run with what the file itself says."""

    def bind(params: JsonObject) -> JsonObject:
        return bind_inputs(workflow, params)

    cents = workflow.budget_ceiling_cents
    children = children_in(program.skills)
    return ChildProgram(
        program=program,
        input_schema=_inputs_schema(workflow),
        bind=bind,
        ceiling_micro_cents=None if cents is None else cents * MICRO_CENTS_PER_CENT,
        limits=workflow.limits,
        policy=workflow.policy,
        folder=folder,
        descendants=family_size([step.skill for step in program.known_steps], children),
        generations=generations(children),
    )


def _inputs_schema(workflow: WorkflowFile) -> JsonObject:
    properties: dict[str, Json] = {spec.name: spec.schema for spec in workflow.inputs}
    required: list[Json] = [spec.name for spec in workflow.inputs if not spec.has_default]
    return {
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }


def texts_of(
    children: Mapping[str, ChildProgram], prefix_of: Callable[[str], str]
) -> dict[str, bytes]:
    """Returns the texts of children, and of theirs, by the way from the folder of their parent."""
    found: dict[str, bytes] = {}
    for name, child in children.items():
        found[name] = child.program.text
        prefix = prefix_of(name)
        found.update({prefix + below: text for below, text in child.program.programs.items()})
    return found


def refuse_large_family(steps: Iterable[str], children: Mapping[str, ChildProgram]) -> None:
    """Refuses a program whose steps start too many runs.

    Raises:
        Refusal: ``INVALID_WORKFLOW``.
    """
    count = family_size(steps, children)
    if count > MAX_FAMILY:
        message = (
            f"it would start {count} runs, with those that its children start; at most {MAX_FAMILY}"
        )
        raise refuse("INVALID_WORKFLOW", message)


def family_size(steps: Iterable[str], children: Mapping[str, ChildProgram]) -> int:
    """Returns how many runs steps may start, by the names of their skills."""
    return sum(1 + children[name].descendants for name in steps if name in children)


def generations(children: Mapping[str, ChildProgram]) -> int:
    """Returns how many generations a program may start."""
    return max((1 + child.generations for child in children.values()), default=0)


def why_unfit(refusal: Refusal) -> str:
    """Returns why a file can be no child, in one sentence."""
    problems = refusal.failure.details.get("problems")
    more = len(problems) - 1 if isinstance(problems, list) else 0
    rest = f" (and {more} more)" if more > 0 else ""
    return f"this workflow cannot be run: {refusal.failure.message}{rest}"
