"""``workc keys trust``: makes a trust file, which says whose signatures count."""

from __future__ import annotations

from pathlib import Path

import click

from workc.adapters.new_file import write_new
from workc.adapters.signing_keys import PRIVATE_SUFFIX, PUBLIC_SUFFIX
from workc.api.keys import key_folder, trust_of
from workc.cli import exits, options
from workc.cli.state import State
from workc.cli.targets import free_file
from workc.cli.text import MAX_ARGUMENT, argument, json_text, printable
from workc.verify.signatures.trust import MAX_KEYS, VERSIONS


@click.command("trust", epilog="Example: workc keys trust release ada.pub.pem --out trust.json")
@click.argument("keys", nargs=-1, required=True, metavar="NAME|FILE...")
@click.option(
    "--threshold",
    type=options.Number(1, MAX_KEYS),
    default=1,
    metavar="N",
    help=f"How many of the keys must have signed, 1 to {MAX_KEYS} (default 1).",
)
@click.option(
    "--min-version",
    type=click.Choice(VERSIONS),
    default=VERSIONS[-1],
    help=f"The oldest bundle format that is accepted (default {VERSIONS[-1]}).",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
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
    state: State,
    *,
    keys: tuple[str, ...],
    threshold: int,
    min_version: str,
    out: Path | None,
    folder: Path | None,
) -> int:
    """Make a trust file of public keys: names of the folder, or files such as ada.pub.pem."""
    target = None if out is None else free_file(out)
    place = key_folder(state.environment) if folder is None else folder
    state.tries = _instead(keys, folder)
    document = trust_of(keys, place, threshold, min_version)
    if target is not None:
        target.parent.mkdir(parents=True, exist_ok=True)
        write_new(target, (json_text(document) + "\n").encode())
        state.err(f"wrote {printable(str(out), MAX_ARGUMENT)}")
        state.advise("next", f"workc verify-bundle BUNDLE --trust {argument(str(out))}")
    if out is None or state.json:
        state.document(document)
    return exits.OK


def _instead(keys: tuple[str, ...], folder: Path | None) -> tuple[str, ...]:
    """Returns what to type if the keys make no trust file."""
    private = [key for key in keys if key.endswith(PRIVATE_SUFFIX)]
    if private:
        public = private[0].removesuffix(PRIVATE_SUFFIX) + PUBLIC_SUFFIX
        return (f"workc keys trust {argument(public)}",)
    where = "" if folder is None else f" --dir {argument(str(folder))}"
    return (f"workc keys list{where}", "workc keys trust --help")
