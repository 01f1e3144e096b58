"""``workc replay``: runs a bundle again on its own captures and says whether every byte is the same."""

from __future__ import annotations

from pathlib import Path

import click
import msgspec

from workc.api.metering import Meter
from workc.api.replay import ReplayReport, replay
from workc.api.sources import noted_folder
from workc.cli import exits, options
from workc.cli.commands.run import find_modules_in
from workc.cli.difference_text import CHANGED, difference_lines
from workc.cli.metrics_file import keep_metrics, metrics_target
from workc.cli.named import named_bundle
from workc.cli.state import State
from workc.cli.stores import open_store
from workc.cli.targets import free_folder
from workc.cli.text import count, printable, short
from workc.runtime.metrics.table import ReplayVerdict

_EXITS: dict[ReplayVerdict, int] = {
    "identical": exits.OK,
    "differs": exits.DIFFERS,
    "bad": exits.PROVEN_BAD,
    "undecided": exits.UNDECIDED,
}


@click.command("replay", epilog="Example: workc replay last")
@click.argument("bundle", metavar="BUNDLE|RUN")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Where the new bundle goes if it is identical; there must be nothing yet.",
)
@click.option(
    "--code",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    metavar="DIR",
    help="Where the workflow's own Python files are (default: where it was run from).",
)
@options.metrics_file
@options.store
@options.common
@click.pass_obj
def command(
    state: State, bundle: str, out: Path | None, code: Path | None, metrics_file: str | None
) -> int:
    """Re-execute a bundle without network or clock: exit 0 if identical, 4 if not."""
    path = state.absolute(named_bundle(state, bundle, "replay"))
    target = None if out is None else state.absolute(free_folder(out))
    kept, meter = metrics_target(state, metrics_file), Meter()
    folder = code if code is not None else noted_folder(path, open_store(state))
    find_modules_in(folder)
    with state.streams.aside():
        report = replay(path, code=folder, out=target, meter=meter)
    if report.bundle is not None:
        report = msgspec.structs.replace(report, bundle=state.shown(report.bundle, out))
    if state.json:
        state.document(report.to_json())
    else:
        _show(state, report)
    return keep_metrics(state, kept, meter.read(), exit_of(report))


def exit_of(report: ReplayReport) -> int:
    """Returns what a replay exits with; a bundle that does not verify was not replayed."""
    return _EXITS[report.verdict]


def _show(state: State, report: ReplayReport) -> None:
    paint = state.console.paint
    for line in difference_lines(report.divergences):
        state.out(line)
    if report.opaque:
        names = printable(", ".join(report.opaque))
        state.out(f"{count(len(report.opaque), 'opaque step')}, their code did not run: {names}")
    if report.identical:
        events = f"{report.events:,} of {count(report.events, 'event')} identical"
        state.out(
            f"{paint('✓', 'good')} {events} · 0 network calls · digest {short(report.proof_digest)}"
        )
    elif report.run_id is None or report.undecided:
        word = "the bundle cannot be judged" if report.undecided else "the bundle does not verify"
        if report.run_id is not None:
            word = "its code is not here"
        state.out(f"{paint('✗', 'bad')} not replayed: {word}")
    elif all(found.code == CHANGED for found in report.divergences):
        state.out(f"{paint('✗', 'bad')} every byte is the same, but the code is not")
    else:
        state.out(f"{paint('✗', 'bad')} differs: the first difference above")
