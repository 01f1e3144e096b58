"""``workc keys list``: where keys are and what they are called."""

from __future__ import annotations

from pathlib import Path

import click

from workc.adapters.signing_keys import KeyFiles, find_keys
from workc.api.keys import key_folder
from workc.cli import exits, options
from workc.cli.state import State
from workc.cli.text import printable, short
from workc.kernel.values import Json, JsonObject


@click.command("list", epilog="Example: workc keys list")
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
def command(state: State, folder: Path | None) -> int:
    """List the keys of a folder by name; only public keys are read."""
    state.tries = ("workc keys new NAME",)
    place = key_folder(state.environment) if folder is None else folder
    keys = find_keys(place)
    if state.json:
        listed: list[Json] = [_entry(key) for key in keys]
        state.document({"schema": "workc.keys/1", "folder": str(place), "keys": listed})
        return exits.OK
    if keys:
        state.table([("name", "keyid", "kind", "file"), *(_row(key) for key in keys)])
    else:
        state.err(f"no keys in {printable(str(place), 1000)}")
        state.advise("try", "workc keys new NAME")
    return exits.OK


def _entry(key: KeyFiles) -> JsonObject:
    return {
        "name": key.name,
        "keyid": key.keyid,
        "public_key": str(key.public),
        "private_key": None if key.private is None else str(key.private),
    }


def _row(key: KeyFiles) -> tuple[str, ...]:
    shown = key.public if key.private is None else key.private
    kind = "public only" if key.private is None else "private"
    return (printable(key.name, 64), short(key.keyid), kind, printable(str(shown), 1000))
