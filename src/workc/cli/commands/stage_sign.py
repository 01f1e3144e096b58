"""``workc stage sign``: says with a key that a stage's evidence is believed."""

from __future__ import annotations

from pathlib import Path

import click
import msgspec

from workc.adapters.signing_keys import others_may_read, read_private
from workc.api.stage_signing import sign_stage
from workc.cli import exits
from workc.cli.dependencies import dependency_digests, dependency_option
from workc.cli.options import common
from workc.cli.registries import registry_at, registry_option
from workc.cli.state import State
from workc.cli.text import MAX_ARGUMENT, printable


@click.command("sign", epilog="Example: workc stage sign 980de483 --key keys/release.key.pem")
@click.argument("stage_id", metavar="ID")
@click.option(
    "--key", required=True, metavar="FILE", help="The private key, in PEM (see `workc keys`)."
)
@dependency_option
@registry_option
@common
@click.pass_obj
def command(
    state: State, *, stage_id: str, key: str, dependencies: tuple[str, ...], registry: Path
) -> int:
    """Sign the evidence of a stage: its types, effects, code, examples and properties."""
    place = registry_at(state, registry)
    row = place.named(stage_id)
    locked = dependency_digests(dependencies)
    state.tries = ("workc keys list",)
    signed = sign_stage(place, row, read_private(Path(key)), locked)
    if state.json:
        state.document({"schema": "workc.stage-signed/1", **msgspec.to_builtins(signed)})
    else:
        word = "SIGNED" if signed.is_new else "SIGNED BEFORE by this key; nothing was changed"
        state.out(f"{state.console.paint(f'✓ {word}', 'good')}  {printable(row.name, 60)}".rstrip())
        state.out(f"  stage     {signed.id}")
        state.out(f"  evidence  {signed.evidence_id}")
        state.out(f"  keyid     {signed.keyid}")
    if others_may_read(Path(key)):
        state.err(f"  note: others may read {printable(key, MAX_ARGUMENT)}: chmod 600 it")
    return exits.OK
