"""The registry that a command of ``workc stage`` looks into, and the stages that its arguments name."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import click
import msgspec

from workc.adapters.place import name_problem
from workc.adapters.stage_index import Row
from workc.api.stage_files import InvalidSpecs
from workc.api.stages import Moved, Registry
from workc.cli import exits, options
from workc.cli.errors import Stopped, stop
from workc.cli.state import State
from workc.cli.text import MAX_ARGUMENT, argument, printable, short
from workc.kernel.values import Json, JsonObject

DEFAULT_REGISTRY = ".workc/stages"
F = TypeVar("F", bound=Callable[..., object])


def registry_option(function: F) -> F:
    """Adds ``--registry``, which every command of the group takes."""
    return click.option(
        "--registry",
        type=options.Folder(),
        default=DEFAULT_REGISTRY,
        metavar="FOLDER",
        envvar="WORKC_REGISTRY",
        help=f"The folder of the stages (default {DEFAULT_REGISTRY}).",
    )(function)


def registry_at(state: State, folder: Path) -> Registry:
    """Returns the registry of a folder, there or not.

    Raises:
        Refusal: ``INVALID_INPUT`` if what stands there is no folder.
    """
    problem = name_problem(str(folder))
    if problem is None and os.path.lexists(folder) and not folder.is_dir():
        problem = "what stands there is a file"
    if problem is not None:
        message = f"the registry {printable(str(folder))} is no folder: {problem}"
        raise stop("INVALID_INPUT", message, "name the folder of the stages: --registry FOLDER")
    state.tries = (f"workc stage list{option_of(folder)}",)
    return Registry(folder)


def option_of(folder: Path) -> str:
    """Returns what a command must add to look into the same registry."""
    return "" if folder == Path(DEFAULT_REGISTRY) else f" --registry {argument(str(folder))}"


def row_json(row: Row) -> JsonObject:
    """Returns what the index says of a stage as JSON."""
    return {
        "id": row.id,
        "signature_id": row.signature_id,
        "name": row.name,
        "description": row.description,
        "state": row.state,
        "successor": row.successor,
        "signed": row.signature is not None,
    }


def show_rows(state: State, rows: Sequence[Row]) -> None:
    """Writes stages as a table."""
    shown = [
        (short(row.id), row.state, printable(row.name or "—", 60), printable(row.description))
        for row in rows
    ]
    state.table([("id", "state", "name", "description"), *shown])


def show_moved(state: State, moved: Sequence[Moved]) -> int:
    """Writes which stages changed their state, and returns what to exit with."""
    if state.json:
        listed: list[Json] = [msgspec.to_builtins(each) for each in moved]
        state.document({"schema": "workc.stage-moved/1", "moved": listed})
        return exits.OK
    for each in moved:
        by = "" if each.successor is None else f" by {short(each.successor)}"
        name = f"  {printable(each.name, 60)}" if each.name else ""
        state.out(f"{short(each.id)}{name}  {each.before} → {each.after}{by}")
    if not moved:
        state.out("nothing changed: it is so already")
    return exits.OK


def refused_files(state: State, invalid: InvalidSpecs, so: str) -> Stopped:
    """Writes what is wrong with files of stages, and returns the refusal; ``so`` says what follows."""
    for problem in invalid.problems:
        state.err(printable(str(problem), MAX_ARGUMENT))
    failure = invalid.failure
    told = msgspec.structs.replace(failure, message=f"{failure.message}; {so}")
    return Stopped(told, ("workc schema stage-file",))
