"""``workc verify-proof``: asks the oracle about a proof that one event or file is in a bundle."""

from __future__ import annotations

from pathlib import Path

import click

from workc.api.bundles import holds_bundle
from workc.api.inclusion import ProofReport, check_proof
from workc.cli import options
from workc.cli.commands.verify_bundle import exit_of, expected_digest
from workc.cli.errors import stop
from workc.cli.state import State
from workc.cli.text import argument, printable
from workc.cli.verdict_text import show_findings, show_head
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
    show_head(state, path, report.verdict)
    if report.shows is not None:
        state.out(f"  shows   {shown_line(report.shows)}")
        state.out(f"  digest  {printable(str(report.verdict.proof_digest))}")
        state.out(f"  run     {printable(str(report.verdict.run_id))}")
    show_findings(state, report.verdict)
    if report.shows is None and holds_bundle(path):
        state.advise("try", f"workc verify-bundle {argument(path)}")


def shown_line(shows: JsonObject) -> str:
    """Returns in a line what a proof shows: which event, or which file."""
    event, entry = shows.get("event"), shows.get("entry")
    if isinstance(event, dict):
        kind, last = printable(str(event["kind"])), int(str(shows["size"])) - 1
        return f"event {shows['index']} (they are 0 to {last}), {kind}"
    facts: JsonObject = entry if isinstance(entry, dict) else {}
    path, digest = printable(str(facts["path"]), 1000), printable(str(facts["sha256"]))
    return f"file {path}, {facts['size']} bytes, sha256 {digest}"
