"""``workc sign``: says with a key that a bundle is one."""

from __future__ import annotations

from pathlib import Path

import click

from workc.adapters.signing_keys import others_may_read
from workc.api.signing import NotVerified, Signed, sign
from workc.cli import exits, options
from workc.cli.errors import Stopped, stop
from workc.cli.state import State
from workc.cli.text import argument, printable


@click.command(
    "sign", epilog="Example: workc sign bundle --key ~/.config/workc/keys/release.key.pem"
)
@click.argument("bundle", metavar="BUNDLE")
@click.option(
    "--key", required=True, metavar="FILE", help="The private key, in PEM (see `workc keys`)."
)
@options.common
@click.pass_obj
def command(state: State, bundle: str, key: str) -> int:
    """Sign a bundle that verifies; one that does not is refused with exit 5 or 6."""
    state.tries = ("workc keys list",)
    path = Path(bundle)
    if "\0" in bundle or not path.is_dir():
        raise stop(
            "INVALID_INPUT",
            f"{printable(bundle)} is no bundle that can be signed: only a folder can",
        )
    try:
        signed = sign(path, key)
    except NotVerified as error:
        code = exits.UNDECIDED if error.verdict.undecided else exits.PROVEN_BAD
        raise Stopped(error.failure, (f"workc verify-bundle {argument(bundle)}",), code) from None
    if state.json:
        state.document({**signed.to_json(), "path": bundle})
    else:
        _show(state, bundle, signed)
    if others_may_read(Path(key)):
        state.err(f"  note: others may read {printable(key, 1000)}: chmod 600 it")
    return exits.OK


def _show(state: State, bundle: str, signed: Signed) -> None:
    word = "SIGNED" if signed.is_new else "SIGNED BEFORE by this key; nothing was changed"
    state.out(f"{state.console.paint(f'✓ {word}', 'good')}  {printable(bundle, 1000)}")
    state.out(f"  digest  {signed.proof_digest}")
    state.out(f"  run     {signed.run_id}")
    state.out(f"  keyid   {signed.keyid}")
    state.out(f"  file    {signed.file}")
