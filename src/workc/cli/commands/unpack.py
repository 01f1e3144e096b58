"""``workc unpack``: writes the files of an archive into a folder."""

from __future__ import annotations

from pathlib import Path

import click

from workc.api.transport import unpack
from workc.api.unfit import Unfit
from workc.cli import exits, options
from workc.cli.commands.pack import show
from workc.cli.errors import Stopped, stop
from workc.cli.state import State
from workc.cli.targets import free_folder
from workc.cli.text import argument, printable


@click.command("unpack", epilog="Example: workc unpack evidence.workc --out evidence")
@click.argument("archive", metavar="FILE")
@click.option(
    "--out",
    type=options.Folder(),
    required=True,
    metavar="DIR",
    help="Where the bundle goes; there must be nothing yet, or an empty folder.",
)
@options.common
@click.pass_obj
def command(state: State, archive: str, out: Path) -> int:
    """Write the files of an archive into a folder; only the one archive of a bundle is taken."""
    path = Path(archive)
    if "\0" in archive or not path.is_file():
        raise stop("INVALID_INPUT", f"there is no file {printable(archive)}", "workc pack BUNDLE")
    target = free_folder(out)
    try:
        moved = unpack(path, target)
    except Unfit as unfit:
        raise Stopped(unfit.failure, (f"workc verify-bundle {argument(archive)}",)) from None
    show(state, moved, "unpacked", "workc.unpack/1", f"workc verify-bundle {argument(str(out))}")
    return exits.OK
