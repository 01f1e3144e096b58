"""``workc stage verify``: whether a stage is what somebody who is trusted has signed."""

from __future__ import annotations

from pathlib import Path

import click
import msgspec

from workc.api.stage_signing import StageVerdict, verify_stage_signature
from workc.cli import exits
from workc.cli.dependencies import dependency_digests, dependency_option
from workc.cli.options import common
from workc.cli.registries import option_of, registry_at, registry_option
from workc.cli.state import State
from workc.cli.text import printable, short
from workc.cli.trust_options import read_time, read_trust_file

_EXITS = {"PASS": exits.OK, "FAIL": exits.PROVEN_BAD, "UNDECIDED": exits.UNDECIDED}


@click.command("verify", epilog="Example: workc stage verify 980de483 --trust trust.json")
@click.argument("stage_id", metavar="ID")
@click.option(
    "--trust",
    required=True,
    metavar="FILE",
    help="Whose signatures count (see `workc keys trust`).",
)
@click.option("--at", metavar="TIME", help="When the key must be valid, in UTC (default now).")
@dependency_option
@registry_option
@common
@click.pass_obj
def command(
    state: State,
    *,
    stage_id: str,
    trust: str,
    at: str | None,
    dependencies: tuple[str, ...],
    registry: Path,
) -> int:
    """Judge the signature of a stage; exit 5 if it is not what was signed, 6 if nobody did."""
    place = registry_at(state, registry)
    row = place.named(stage_id)
    locked = dependency_digests(dependencies)
    found = read_trust_file(trust, [str(registry)])
    verdict = verify_stage_signature(place, row, found, read_time(at), locked)
    code = _EXITS[verdict.verdict]
    if state.json:
        members = msgspec.to_builtins(verdict)
        state.document({"schema": "workc.stage-verdict/1", **members, "exit": code})
        return code
    _show(state, verdict, row.name)
    if verdict.verdict == "UNDECIDED" and row.signature is None:
        state.advise("try", f"workc stage sign {short(row.id)} --key FILE{option_of(registry)}")
    return code


def _show(state: State, verdict: StageVerdict, name: str) -> None:
    paint = state.console.paint
    is_good = verdict.verdict == "PASS"
    head = paint("✓ PASS", "good") if is_good else paint(f"✗ {verdict.verdict}", "bad")
    state.out(f"{head}  {short(verdict.id)}  {printable(name, 60)}".rstrip())
    if verdict.signer is not None:
        state.out(f"  signer    {printable(verdict.signer)}")
    state.out(f"  evidence  {verdict.evidence_id}")
    for each in verdict.findings:
        state.out(f"  {printable(each.at, 200)}: {printable(each.message)}")
