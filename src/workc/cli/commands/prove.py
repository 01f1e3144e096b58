"""``workc prove``: shows one event or one file of a bundle without the rest."""

from __future__ import annotations

from pathlib import Path

import click

from workc.api.inclusion import prove
from workc.api.unfit import Unfit
from workc.bundle.layout import MANIFEST
from workc.cli import exits, options
from workc.cli.commands.verify_proof import shown_line
from workc.cli.errors import Stopped, stop
from workc.cli.named import named_bundle
from workc.cli.state import State
from workc.cli.targets import free_file
from workc.cli.text import MAX_ARGUMENT, argument, printable
from workc.kernel.failure import Failure, Refusal

_TRY = "workc prove --help"


@click.command("prove", epilog="Example: workc prove last --event 3 --out event.proof.json")
@click.argument("bundle", metavar="BUNDLE|RUN")
@click.option(
    "--event", type=options.Number(0), metavar="N", help="The event of this number, from 0 on."
)
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
    if (event is None) == (file is None):
        raise stop("INVALID_INPUT", "name one event or one file: --event N or --file PATH", _TRY)
    if content is not None and file is None:
        message = "--content goes with --file: an event has no file of its own"
        raise stop("INVALID_INPUT", message, "leave --content out, or name a file: --file PATH")
    path = named_bundle(state, bundle, "prove")
    target = free_file(out)
    beside = None if content is None else free_file(content, "--content")
    if beside is not None and beside.absolute() == target.absolute():
        message = "--out and --content name the same file"
        raise stop("INVALID_INPUT", message, "name another file: --content FILE")
    where = argument(str(path))
    try:
        proved = prove(path, target, event=event, file=file, content=beside)
    except Unfit as unfit:
        raise Stopped(unfit.failure, (f"workc verify-bundle {where}",)) from None
    except Refusal as refusal:
        raise Stopped(refusal.failure, (_instead(where, file, refusal.failure),)) from None
    if state.json:
        state.document(proved.to_json())
        return exits.OK
    state.out(f"proved {shown_line(proved.shows)}: {printable(proved.path, MAX_ARGUMENT)}")
    proof, digest = argument(proved.path), proved.proof_digest
    state.advise("try", f"workc verify-proof {proof} --expect-digest {digest}")
    return exits.OK


def _instead(bundle: str, file: str | None, failure: Failure) -> str:
    """Returns what may be proven in place of what the bundle does not hold."""
    near = failure.details.get("near")
    if isinstance(near, str):
        return f"workc prove {bundle} --file {argument(near)} --out FILE"
    if file is None:
        return f"workc show {bundle} --events"
    if "near" in failure.details:
        return f"name a file that the {MANIFEST} of {bundle} lists"
    return f"workc prove {bundle} --event 0 --out FILE"
