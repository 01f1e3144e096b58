"""``workc ls``: the runs of the store, the newest first, those that have not ended too."""

from __future__ import annotations

import time

import click

from workc.api.store import RunStatus, RunSummary
from workc.cli import exits, options
from workc.cli.state import State
from workc.cli.stores import open_store
from workc.cli.text import money, printable
from workc.runtime.children import family_of

_SYMBOLS: dict[RunStatus, str] = {
    "success": "✓",
    "failure": "✗",
    "partial": "✗",
    "running": "·",
    "paused": "?",
    "interrupted": "-",
}
_UNITS = ((86_400_000, "d"), (3_600_000, "h"), (60_000, "min"), (1000, "s"))
#: How much of a run's id a person sees; the last characters are chance, the first ones time.
SHOWN_ID = 14
#: A longer name is cut.
MAX_NAME = 28


@click.command("ls", epilog="Example: workc ls --status failure --limit 5")
@click.option(
    "--status", type=click.Choice([*_SYMBOLS]), multiple=True, help="Only runs like this."
)
@click.option(
    "--limit", type=options.Number(1), metavar="N", help="At most so many runs, 1 or more."
)
@options.store
@options.common
@click.pass_obj
def command(state: State, status: tuple[str, ...], limit: int | None) -> int:
    """List the runs of the store, the newest first."""
    found = [run for run in open_store(state).summaries() if not status or run.status in status]
    runs = found[:limit]
    if state.json:
        state.document({"schema": "workc.ls/1", "runs": [run.to_json() for run in runs]})
    elif runs:
        _show(state, runs)
    else:
        state.err(f"no runs in {printable(str(state.store))}")
        state.advise("try", "workc run FILE")
    return exits.OK


def _show(state: State, runs: list[RunSummary]) -> None:
    now_ms = time.time_ns() // 1_000_000
    head = ("run", "age", "status", "spent", "name and code")
    state.table([head, *(_row(run, now_ms) for run in runs)])


def _row(run: RunSummary, now_ms: int) -> tuple[str, ...]:
    return (
        _shown_id(run),
        age(now_ms - run.started_ms) if run.started_ms else "—",
        f"{_SYMBOLS[run.status]} {run.status}",
        money(run.cost_micro_cents),
        _told(run),
    )


def _shown_id(run: RunSummary) -> str:
    """Returns so much of an id as tells a run apart; a child is told by its end, below its family."""
    if run.parent is None:
        return printable(run.run_id[:SHOWN_ID])
    own = run.run_id.removeprefix(family_of(run.run_id))
    return f"  {printable(own[: SHOWN_ID - 2])}"


def _fallbacks(run: RunSummary) -> str:
    names = ", ".join(taken.step for taken in run.fallbacks)
    return f"fell back: {printable(names, MAX_NAME)}" if names else ""


def _told(run: RunSummary) -> str:
    parts = (
        printable(run.name, MAX_NAME) or "—",
        run.code or _fallbacks(run),
        "budget raised" if run.continues else "",
    )
    return "  ".join(part for part in parts if part)


def age(ms: int) -> str:
    """Returns how long ago something was, in its largest unit."""
    for size, unit in _UNITS:
        if ms >= size:
            return f"{ms // size} {unit}"
    return "now"
