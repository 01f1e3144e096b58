"""What ``workc check --types`` says: what each step gives, and the workflow itself."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from workc.api.composition import StepType, declared_types, step_types
from workc.api.programs import FileProgram
from workc.api.workflows import Workflow
from workc.cli.state import State
from workc.cli.text import printable
from workc.kernel.values import Json, JsonObject


def types_of(found: FileProgram | Workflow[..., object]) -> list[StepType]:
    """Returns the types of the steps of a file; a function has none before it runs."""
    if isinstance(found, Workflow):
        return []
    return step_types(found.program, declared_types(found.workflow.inputs))


def types_json(types: Sequence[StepType] | None) -> JsonObject:
    """Returns the members that the document has more, if types were asked for."""
    if types is None:
        return {}
    listed: list[Json] = [msgspec.to_builtins(each) for each in types]
    return {"types": listed}


def show_types(state: State, types: Sequence[StepType] | None) -> None:
    """Writes a line for each step."""
    for each in types or ():
        state.out(f"type     {printable(each.step, 60)}  {printable(each.type, 2000)}")
