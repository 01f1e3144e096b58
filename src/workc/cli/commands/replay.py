"""``workc replay``: runs a bundle again on its own captures and says whether every byte is the same."""

from __future__ import annotations

from pathlib import Path

import click
import msgspec

from workc.api.replay import ReplayReport, replay
from workc.api.sources import noted_folder
from workc.cli import exits, options
from workc.cli.commands.run import find_modules_in
from workc.cli.named import named_bundle
from workc.cli.state import State
from workc.cli.stores import open_store
from workc.cli.targets import free_folder
from workc.cli.text import count, printable, short
from workc.runtime.divergence import Divergence

_CHANGED = "CODE_CHANGED"


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
@options.store
@options.common
@click.pass_obj
def command(state: State, bundle: str, out: Path | None, code: Path | None) -> int:
    """Re-execute a bundle without network or clock: exit 0 if identical, 4 if not."""
    path = state.absolute(named_bundle(state, bundle, "replay"))
    target = None if out is None else state.absolute(free_folder(out))
    folder = code if code is not None else noted_folder(path, open_store(state))
    find_modules_in(folder)
    with state.streams.aside():
        report = replay(path, code=folder, out=target)
    if report.bundle is not None:
        report = msgspec.structs.replace(report, bundle=state.shown(report.bundle, out))
    if state.json:
        state.document(report.to_json())
    else:
        _show(state, report)
    return exit_of(report)


def exit_of(report: ReplayReport) -> int:
    """Returns what a replay exits with; a bundle that does not verify was not replayed."""
    if report.identical:
        return exits.OK
    if report.undecided:
        return exits.UNDECIDED
    return exits.PROVEN_BAD if report.run_id is None else exits.DIFFERS


def _show(state: State, report: ReplayReport) -> None:
    paint = state.console.paint
    for line in report_lines(report):
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
    elif all(found.code == _CHANGED for found in report.divergences):
        state.out(f"{paint('✗', 'bad')} every byte is the same, but the code is not")
    else:
        state.out(f"{paint('✗', 'bad')} differs: the first difference above")


def report_lines(report: ReplayReport) -> list[str]:
    """Returns the differences as lines: those of the run first, then what code was changed."""
    changed = [found for found in report.divergences if found.code == _CHANGED]
    other = [found for found in report.divergences if found.code != _CHANGED]
    lines = [line for found in other for line in divergence_lines(found)]
    # What was written in one file has one digest, whatever the number of its functions.
    files: dict[tuple[str | None, str | None], list[str]] = {}
    for found in changed:
        name = (found.pointer or "").removeprefix("/code/")
        files.setdefault((found.recorded, found.now), []).append(name)
    for (recorded, now), names in files.items():
        shown = printable(", ".join(names))
        lines.append(f"{_CHANGED}  the code of {shown} is not the code that was recorded")
        lines.append(f"  sha256    {short(recorded)} was recorded, {short(now)} is here")
    return lines


def divergence_lines(found: Divergence) -> list[str]:
    """Returns a difference as lines: where, what was recorded, what came now."""
    places = (
        ("step", found.step),
        ("file", found.path),
        ("event", f"{found.kind or ''} at {found.at}" if found.at else None),
        ("pointer", found.pointer),
        ("recorded", found.recorded),
        ("now", found.now),
    )
    head = f"{found.code}  {printable(found.message)}"
    return [head, *(f"  {name:8}  {printable(text, 500)}" for name, text in places if text)]
