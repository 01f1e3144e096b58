"""``workc verify-proof``: asks the oracle about a proof that one event or file is in a bundle."""

from __future__ import annotations

from pathlib import Path

import click

from workc.api.inclusion import ProofReport, check_proof
from workc.cli import options
from workc.cli.commands.verify_bundle import exit_of, expected_digest, finding_lines
from workc.cli.errors import stop
from workc.cli.state import State
from workc.cli.text import printable
from workc.kernel.values import JsonObject


@click.command("verify-proof", epilog="Example: workc verify-proof event.proof.json --json")
@click.argument("proof", metavar="FILE")
@click.option("--expect-digest", metavar="HEX", help="The proof digest that the bundle must have.")
@click.option(
    "--content",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The file that the proof is of, to be compared with it.",
)
@options.common
@click.pass_obj
def command(state: State, proof: str, expect_digest: str | None, content: Path | None) -> int:
    """Decide whether an event or a file is in the bundle of a digest: exit 0 yes, 5 no, 6 unknown."""
    state.tries = ("workc prove --help",)
    digest = expected_digest(expect_digest)
    for path in (Path(proof), content):
        if path is not None and ("\0" in str(path) or not path.is_file()):
            raise stop("INVALID_INPUT", f"there is no file {printable(str(path))}")
    report = check_proof(proof, expect_digest=digest, content=content)
    if state.json:
        state.document({**report.to_json(), "path": proof})
    else:
        _show(state, proof, report)
    return exit_of(report.verdict)


def _show(state: State, path: str, report: ProofReport) -> None:
    paint, verdict = state.console.paint, report.verdict
    if report.shows is not None:
        state.out(f"{paint('✓ PASS', 'good')}  {printable(path)}")
        state.out(f"  shows   {shown_line(report.shows)}")
        state.out(f"  digest  {printable(str(verdict.proof_digest))}")
        state.out(f"  run     {printable(str(verdict.run_id))}")
    else:
        why = "  (cannot be judged)" if verdict.undecided else ""
        state.out(f"{paint('✗ FAIL', 'bad')}  {printable(path)}{why}")
    for finding in verdict.failures:
        for line in finding_lines(finding.to_json()):
            state.out(f"  {line}")
    for text in (*verdict.not_checked, *verdict.notes):
        state.out(paint(f"  - not checked  {printable(text)}", "weak"))


def shown_line(shows: JsonObject) -> str:
    """Returns in a line what a proof shows: which event, or which file."""
    event, entry = shows.get("event"), shows.get("entry")
    if isinstance(event, dict):
        return f"event {shows['index']} of {shows['size']}, {printable(str(event['kind']))}"
    facts: JsonObject = entry if isinstance(entry, dict) else {}
    return f"file {printable(str(facts['path']))}, {facts['size']} bytes, sha256 {printable(str(facts['sha256']))}"
