"""``workc resume``: goes on with a run that was interrupted, from what its journal holds."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

import click

from workc.adapters.run_folder import Durability, RunFolder
from workc.api.budgets import budget_of
from workc.api.launch import Watch
from workc.api.metering import Meter
from workc.api.raising import is_half_way
from workc.api.resume import resume
from workc.api.settings import RunDriver, Settings
from workc.api.store import Store
from workc.cli import options
from workc.cli.commands.run import find_modules_in
from workc.cli.conduct import conduct
from workc.cli.errors import stop
from workc.cli.metrics_file import keep_metrics, metrics_target
from workc.cli.named import refuse_unknown
from workc.cli.progress import Progress
from workc.cli.state import State
from workc.cli.stores import open_store
from workc.cli.targets import free_folder
from workc.kernel.events import Entry, entry_of
from workc.kernel.failure import Refusal
from workc.kernel.payloads import given
from workc.runtime.outcome import StructuredOutcome


@click.command("resume", epilog="Example: workc resume last")
@click.argument("run", metavar="RUN")
@options.budget
@options.metrics_file
@options.running
@options.store
@options.common
@click.pass_obj
def command(
    state: State,
    *,
    run: str,
    budget_cents: int | None,
    budget_calls: int | None,
    budget_tokens: int | None,
    budget_wall_ms: int | None,
    metrics_file: str | None,
    out: Path | None,
    durability: Durability,
    max_parallel: int,
    quiet: bool,
) -> int:
    """Continue a run (an id, the beginning of one, or `last`): what was done is not done again.

    A run that its budget refused goes on under a higher one.
    """
    state.tries = (f"workc ls{state.store_option}",)
    found = open_store(state)
    refuse_unknown(state, found, run)
    folder = found.find(run)
    _refuse_not_begun(folder)
    store = Store(state.absolute(state.store))
    settings = Settings(
        store=store.path,
        durability=durability,
        max_parallel=max_parallel,
        environment=state.environment,
    )
    budget = budget_of(budget_cents, budget_calls, budget_tokens, budget_wall_ms)
    target = None if out is None else state.absolute(free_folder(out))
    kept, meter = metrics_target(state, metrics_file), Meter(settings.mode)
    find_modules_in(Path.cwd())
    progress = Progress(state, quiet=quiet)
    _recall_children(progress, found.family(folder.path.name))
    is_told = folder.bundle.exists() and not is_half_way(folder) and not budget.is_given
    if is_told and not quiet:
        state.err(f"the run {folder.path.name} is finished; nothing is run, this is what it gave")

    def action(watch: Watch, on_driver: Callable[[RunDriver], None]) -> StructuredOutcome:
        return resume(
            store,
            folder.path.name,
            settings,
            out=target,
            watch=watch,
            recall=progress.recall,
            watch_child=progress.child,
            on_driver=on_driver,
            meter=meter,
            budget=budget,
        )

    code = conduct(state, action, progress, quiet=quiet, out=out)
    return keep_metrics(state, kept, meter.read(), code)


def _recall_children(progress: Progress, children: Iterable[RunFolder]) -> None:
    """Tells what children did before, so that what they do now is told with its place and its time."""
    told: list[tuple[str, list[Entry]]] = []
    for child in children:
        # What cannot be read is told by whoever goes on with it.
        with suppress(Refusal, OSError):
            told.append((child.path.name, [entry_of(record) for record in child.records()]))
    begun = [(run_id, entries) for run_id, entries in told if entries]
    for run_id, entries in sorted(begun, key=lambda each: given(each[1][0].at_ms) or 0):
        for entry in entries:
            progress.recall_child(run_id, entry)


def _refuse_not_begun(folder: RunFolder) -> None:
    if not folder.has_begun and not folder.is_locked():
        message = f"the run {folder.path.name} had not begun, so there is nothing to resume"
        raise stop("INVALID_INPUT", message, "workc run FILE")
