"""``workc keys new``: makes a key pair; the secret goes into a file and nowhere else."""

from __future__ import annotations

from pathlib import Path

import click

from workc.adapters.signing_keys import KeyFiles, new_key, write_key
from workc.api.keys import key_folder
from workc.api.trust import trust_entry
from workc.cli import exits, options
from workc.cli.state import State
from workc.cli.targets import outside_bundles, possible_name
from workc.cli.text import argument, printable


@click.command("new", epilog="Example: workc keys new release")
@click.argument("name", metavar="NAME")
@click.option(
    "--out",
    type=options.Folder(),
    metavar="DIR",
    envvar="WORKC_KEYS_DIR",
    help="Where the two files go (default ~/.config/workc/keys).",
)
@options.common
@click.pass_obj
def command(state: State, name: str, out: Path | None) -> int:
    """Make a key pair: NAME.key.pem for its owner alone, NAME.pub.pem for everybody."""
    where = "" if out is None else f" --dir {argument(str(out))}"
    state.tries = (f"workc keys list{where}",)
    folder = key_folder(state.environment) if out is None else out
    possible_name(folder, "--out", "a folder", "name another folder: --out DIR")
    outside_bundles(folder / name, "--out DIR")
    made = write_key(folder, name, new_key())
    if state.json:
        state.document(
            {
                "schema": "workc.key/1",
                "name": made.name,
                "keyid": made.keyid,
                "private_key": str(made.private),
                "public_key": str(made.public),
                "trust_entry": trust_entry(made.name, made.public_key),
            }
        )
    else:
        _show(state, made)
    return exits.OK


def _show(state: State, made: KeyFiles) -> None:
    state.out(f"keyid    {made.keyid}")
    state.out(f"private  {printable(str(made.private), 1000)}  (keep it secret)")
    state.out(f"public   {printable(str(made.public), 1000)}")
    state.out("entry for trust files:")
    state.document(trust_entry(made.name, made.public_key))
    state.advise("next", f"workc sign BUNDLE --key {argument(str(made.private))}")
