"""``workc pack``: writes a bundle's folder as one file."""

from __future__ import annotations

import os
from pathlib import Path

import click

from workc.api.transport import SUFFIX, Moved, pack
from workc.api.unfit import Unfit
from workc.cli import exits, options
from workc.cli.errors import Stopped, stop
from workc.cli.named import named_bundle
from workc.cli.state import State
from workc.cli.targets import free_file
from workc.cli.text import argument, count, printable


@click.command("pack", epilog="Example: workc pack last --out evidence.workc")
@click.argument("bundle", metavar="BUNDLE|RUN")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Where the archive goes; there must be nothing yet (default: the name and .workc).",
)
@options.store
@options.common
@click.pass_obj
def command(state: State, bundle: str, out: Path | None) -> int:
    """Write a bundle as one file, byte for byte the same each time; it is not verified."""
    path = named_bundle(state, bundle, "pack")
    if not path.is_dir():
        message = f"{printable(bundle)} is an archive already; only a folder is packed"
        raise stop("INVALID_INPUT", message, f"workc verify-bundle {argument(bundle)}")
    target = free_file(out if out is not None else Path(_name(bundle, path)))
    try:
        moved = pack(path, target)
    except Unfit as unfit:
        raise Stopped(unfit.failure, (f"workc verify-bundle {argument(str(path))}",)) from None
    show(state, moved, "packed", "workc.pack/1", f"workc verify-bundle {argument(str(target))}")
    return exits.OK


def _name(bundle: str, path: Path) -> str:
    """Returns what the archive is called: as the folder that was named, or as the run."""
    if os.path.lexists(bundle):
        return f"{Path(bundle).resolve().name or 'bundle'}{SUFFIX}"
    return f"{path.parent.name}{SUFFIX}"


def show(state: State, moved: Moved, verb: str, schema: str, *tries: str) -> None:
    """Says what was written, and what may come next."""
    if state.json:
        state.document(moved.to_json(schema))
        return
    size = count(moved.archive_bytes, "byte")
    state.out(f"{verb} {count(moved.files, 'file')}, {size}: {printable(moved.path)}")
    for line in tries:
        state.advise("try", line)
