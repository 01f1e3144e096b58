"""Raising the budget of a run that its budget refused, so that it can be resumed (ADR 18).

The run stays the same run: id, seed, program, inputs, prices and code are those that it had. Its new
journal holds what stands of the one before, as if it had been interrupted right before it was
refused; then it is resumed as any other. What stands is compared with what the code asks for now
before anything in the folder is changed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace as with_fields
from typing import TypeVar

from msgspec import UNSET
from msgspec.structs import replace

from workc.adapters.earlier import folder_of
from workc.adapters.memory import MemoryRun
from workc.adapters.run_folder import RunFolder, RunWriter
from workc.api import launch
from workc.api.store import read_receipt, start_of
from workc.kernel import events
from workc.kernel.children import ChildSpawned
from workc.kernel.events import UNREADABLE, Entry
from workc.kernel.failure import refuse
from workc.kernel.ledger import Dimension
from workc.kernel.payloads import BudgetReserved, Locked, RunStarted, WorkEnded, given
from workc.runtime.captures import Standing, refuse_unused
from workc.runtime.continuing import (
    AHEAD,
    Budget,
    doubtful,
    has,
    lacking,
    raised,
    refused_in,
    standing,
    too_low,
)
from workc.runtime.governor import ledger_of
from workc.runtime.guarding import Guard
from workc.runtime.journal import Journal
from workc.runtime.recorded import Recorded, kept
from workc.runtime.session import Session

#: Halts that a higher budget can spare a run. Time is one if the budget limits it.
RAISABLE = frozenset({"BUDGET_EXCEEDED", "QUOTA_EXCEEDED", "TIMEOUT"})
P = TypeVar("P")


def lacking_now(folder: RunFolder, now_ms: int) -> Mapping[Dimension, int]:
    """Returns the least that each part of its budget must be for a run to go on, where it is less.

    Nothing, if the run has not ended, or ended for another reason than its budget.

    Raises:
        Refusal: ``JOURNAL_CORRUPT``.
    """
    entries = list(map(events.entry_of, folder.records()))
    start = _start(entries)
    if start is None or _why_not(entries, start) is not None:
        return {}
    least = lacking(start, entries, elapsed_ms=_elapsed_ms(entries, now_ms))
    wall_ms = given(start.limits.wall_ms) if start.limits else None
    # As much time again as it had; the least would be over when it is typed.
    return least if wall_ms is None or "wall" not in least else {
        **least, "wall": least["wall"] + wall_ms
    }  # fmt: skip


def is_half_way(folder: RunFolder) -> bool:
    """Returns whether a crash left the bundle from before beside the journal that goes on."""
    start = start_of(folder)
    before = None if start is None else given(start[0].continues)
    if before is None or folder_of(folder.path, before).joinpath(folder.bundle.name).exists():
        return False
    try:
        return read_receipt(folder).proof_digest == before
    except (OSError, *UNREADABLE):
        return False


def complete(writer: RunWriter) -> None:
    """Ends what a crash left half way, if one did."""
    start = start_of(writer)
    if start is not None and start[0].continues is not UNSET and is_half_way(writer):
        writer.keep_bundle(start[0].continues)


def go_on(writer: RunWriter, budget: Budget, code: launch.Start, guard: Guard, now_ms: int) -> None:
    """Begins the journal of a run anew under a higher budget; ``code`` is how it began.

    A run that has this very budget, and was not refused by it, is left as it is.

    Raises:
        Refusal: ``INVALID_INPUT`` if the budget is too low to go on, or not why the run ended.
        Diverged: the code asks for something else now than it did.
    """
    entries, start = list(map(events.entry_of, writer.records())), code.payload
    why = _why_not(entries, start)
    if why is not None:
        if has(start, budget):
            return
        raise refuse("INVALID_INPUT", f"the run {writer.path.name} {why}")
    started = raised(start, budget)
    least = lacking(started, entries, elapsed_ms=_elapsed_ms(entries, now_ms))
    if least:
        raise too_low(least)
    if not writer.bundle.exists():
        launch.seal_folder(writer, writer.bundle, sync=True)
    digest = str(read_receipt(writer).proof_digest)
    entry = replace(code.entry, payload=replace(started, continues=digest))
    found = _standing(with_fields(code, entry=entry), entries, writer, guard, now_ms)
    writer.go_on(_lines((entry, *found)), digest)


def _why_not(entries: Sequence[Entry], start: RunStarted) -> str | None:
    """Returns why a higher budget is of no use to a run, or None if it may be."""
    locked, work = _last(entries, Locked), _last(entries, WorkEnded)
    if locked is None:
        return "has not ended; resume it under its own budget, and raise that if it is refused"
    # A run that knew too little to decide has no work, and was not halted.
    halt = None if work is None else given(work.halt)
    if halt == "BUDGET_BOUND_VIOLATED":
        return "was billed more than was reserved; no budget mends that, so run it again"
    kin = _kin_of(start, entries)
    if kin is not None:
        return kin
    if any(_is_shared(entry.payload) for entry in entries):
        return "shared a budget with others; run it again under a higher one"
    has_wall = start.limits is not UNSET and start.limits.wall_ms is not UNSET
    if halt not in RAISABLE or not (refused_in(entries) or has_wall):
        said = "" if locked.code is UNSET else f" ({locked.code})"
        return f"ended as {locked.outcome}{said}, and not for its budget: nothing is to be raised"
    return None


def _kin_of(start: RunStarted, entries: Sequence[Entry]) -> str | None:
    """Returns why a run of a family does not go on: the bundles of others name what they all spent."""
    if start.parent is not UNSET:
        return "is a child; the step of its parent says what it may spend"
    if any(isinstance(entry.payload, ChildSpawned) for entry in entries):
        return "started other runs, which have ended; run it again under a higher budget"
    return None


def _is_shared(payload: object) -> bool:
    return isinstance(payload, BudgetReserved) and payload.shared_left is not UNSET


def _standing(
    start: launch.Start, entries: Sequence[Entry], writer: RunWriter, guard: Guard, now_ms: int
) -> list[Entry]:
    """Returns the records of a run up to what is to be asked for again, as it makes them now."""
    run = launch.make_run(start, writer, guard)
    if run.is_over(now_ms):
        message = "the time that the workflow gives itself is over; run it again"
        raise refuse("INVALID_INPUT", message)
    recorded = Recorded(map(kept, standing(entries, ledger_of(start.payload))))
    stands, made = Standing(recorded), list[Entry]()
    # No lane has to wait for another to leave: what stands is not to wait for what is asked again.
    engine = launch.make_engine(start, run, None)
    try:
        open_asks = Session(engine, Journal(MemoryRun()), stands, stands, made.append).turn()
    finally:
        engine.close()
    refuse_unused(recorded)
    unanswered = {(*ask.at[:-1], ask.at[-1] - 1) for ask in open_asks} - doubtful(entries)
    return [e for e in made if not (isinstance(e.payload, AHEAD) and e.at in unanswered)]


def _lines(entries: Iterable[Entry]) -> Iterator[bytes]:
    memory = MemoryRun()
    journal = Journal(memory)
    for entry in entries:
        journal.append(entry)
    return memory.lines()


def _start(entries: Sequence[Entry]) -> RunStarted | None:
    payload = entries[0].payload if entries else None
    return payload if isinstance(payload, RunStarted) else None


def _elapsed_ms(entries: Sequence[Entry], now_ms: int) -> int:
    return max(0, now_ms - (given(entries[0].at_ms) or 0))


def _last(entries: Sequence[Entry], kind: type[P]) -> P | None:
    return next((e.payload for e in reversed(entries) if isinstance(e.payload, kind)), None)
