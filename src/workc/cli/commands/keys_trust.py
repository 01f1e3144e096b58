"""``workc keys trust``: makes a trust file, which says whose signatures count."""

from __future__ import annotations

from pathlib import Path

import click

from workc.adapters.new_file import write_new
from workc.api.keys import key_folder, trust_of
from workc.cli import exits, options
from workc.cli.state import State
from workc.cli.text import json_text, printable
from workc.verify.signatures.trust import MAX_KEYS


@click.command("trust", epilog="Example: workc keys trust release ada.pub.pem --out trust.json")
@click.argument("keys", nargs=-1, required=True, metavar="NAME|FILE...")
@click.option(
    "--threshold",
    type=click.IntRange(1, MAX_KEYS),
    default=1,
    metavar="N",
    help="How many of the keys must have signed (default 1).",
)
@click.option(
    "--out",
    metavar="FILE",
    help="Where the file goes; there must be nothing yet (default stdout).",
)
@click.option(
    "--dir",
    "folder",
    type=options.Folder(),
    metavar="DIR",
    envvar="WORKC_KEYS_DIR",
    help="The folder of the keys (default ~/.config/workc/keys).",
)
@options.common
@click.pass_obj
def command(
    state: State, keys: tuple[str, ...], threshold: int, out: str | None, folder: Path | None
) -> int:
    """Make a trust file of public keys: names of the folder, or files such as ada.pub.pem."""
    state.tries = ("workc keys list",)
    place = key_folder(state.environment) if folder is None else folder
    document = trust_of(keys, place, threshold)
    if out is not None:
        write_new(Path(out), (json_text(document) + "\n").encode())
        state.err(f"wrote {printable(out, 1000)}")
        state.err(f"  next: workc verify-bundle BUNDLE --trust {printable(out, 1000)}")
    if out is None or state.json:
        state.document(document)
    return exits.OK
