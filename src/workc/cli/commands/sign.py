"""``workc sign``: says with a key that a bundle is one."""

from __future__ import annotations

from pathlib import Path

import click

from workc.adapters.signing_keys import others_may_read, read_private
from workc.api.signing import NotVerified, Signed, sign
from workc.cli import exits, options
from workc.cli.errors import Stopped, stop
from workc.cli.named import named_bundle
from workc.cli.state import State
from workc.cli.text import argument, printable, short


@click.command(
    "sign", epilog="Example: workc sign bundle --key ~/.config/workc/keys/release.key.pem"
)
@click.argument("bundle", metavar="BUNDLE|RUN")
@click.option(
    "--key", required=True, metavar="FILE", help="The private key, in PEM (see `workc keys`)."
)
@options.store
@options.common
@click.pass_obj
def command(state: State, bundle: str, key: str) -> int:
    """Sign a bundle that verifies; one that does not is refused with exit 5 or 6."""
    path = named_bundle(state, bundle, "sign")
    if not path.is_dir():
        message = f"{printable(bundle)} is an archive; only a folder can be signed"
        raise stop("INVALID_INPUT", message, f"workc unpack {argument(bundle)} --out DIR")
    state.tries = ("workc keys list",)
    secret = read_private(Path(key))
    where = str(path)
    state.tries = (f"workc verify-bundle {argument(where)}",)
    try:
        signed = sign(path, secret)
    except NotVerified as error:
        raise Stopped(error.failure, state.tries) from None
    if state.json:
        state.document({**signed.to_json(), "path": where})
    else:
        _show(state, where, signed)
    if others_may_read(Path(key)):
        state.err(f"  note: others may read {printable(key, 1000)}: chmod 600 it")
    return exits.OK


def _show(state: State, bundle: str, signed: Signed) -> None:
    word = "SIGNED" if signed.is_new else "SIGNED BEFORE by this key; nothing was changed"
    state.out(f"{state.console.paint(f'✓ {word}', 'good')}  {printable(bundle, 1000)}")
    state.out(f"  digest  {signed.proof_digest}")
    state.out(f"  run     {signed.run_id}")
    state.out(f"  keyid   {signed.keyid}")
    state.out(f"  file    {signed.file.replace(signed.keyid, short(signed.keyid) + '…')}")
