"""``workc prove``: shows one event or one file of a bundle without the rest."""

from __future__ import annotations

from pathlib import Path

import click

from workc.api.inclusion import prove
from workc.api.sources import find_bundle
from workc.api.unfit import Unfit
from workc.cli import exits, options
from workc.cli.commands.pack import free_file, refused
from workc.cli.commands.verify_proof import shown_line
from workc.cli.errors import stop
from workc.cli.state import State
from workc.cli.stores import open_store
from workc.cli.text import argument, printable

_TRY = "workc prove --help"


@click.command("prove", epilog="Example: workc prove last --event 3 --out event.proof.json")
@click.argument("bundle", metavar="BUNDLE|RUN")
@click.option("--event", type=click.IntRange(min=0), metavar="N", help="The event of this number.")
@click.option("--file", metavar="PATH", help="The file of this path in the bundle.")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    required=True,
    metavar="FILE",
    help="Where the proof goes; there must be nothing yet.",
)
@click.option(
    "--content",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Where the bytes of the file go too; there must be nothing yet.",
)
@options.store
@options.common
@click.pass_obj
def command(
    state: State,
    *,
    bundle: str,
    event: int | None,
    file: str | None,
    out: Path,
    content: Path | None,
) -> int:
    """Prove that one event or one file is in a bundle; the proof shows the receipt, and no more."""
    state.tries = ("workc ls",)
    if (event is None) == (file is None):
        raise stop("INVALID_INPUT", "name one event or one file: --event N or --file PATH", _TRY)
    if content is not None and file is None:
        raise stop("INVALID_INPUT", "--content goes with --file: an event has no file", _TRY)
    path = find_bundle(bundle, open_store(state))
    target, beside = free_file(out), None if content is None else free_file(content)
    state.tries = (f"workc show {argument(str(path))} --events",)
    try:
        proved = prove(path, target, event=event, file=file, content=beside)
    except Unfit as unfit:
        raise refused(unfit, f"workc verify-bundle {argument(str(path))}") from None
    if state.json:
        state.document(proved.to_json())
        return exits.OK
    state.out(f"proved {shown_line(proved.shows)}: {printable(proved.path)}")
    digest = f"--expect-digest {proved.proof_digest}"
    state.err(f"  try: workc verify-proof {printable(proved.path)} {digest}")
    return exits.OK
