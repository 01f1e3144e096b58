"""A run that has begun, from what its journal holds: recalled to where it stopped, then live."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import msgspec

from workc.adapters.guard import SkillGuard
from workc.api import launch
from workc.api.contract_account import ContractAccount
from workc.api.finishing import finish
from workc.api.launch import Place, Watch
from workc.api.settings import Clock, RunDriver, Settings
from workc.kernel import events
from workc.kernel.events import Entry, Record
from workc.kernel.payloads import BudgetReserved, BudgetSettled
from workc.runtime.captures import DoubtfulDesk, Past, refuse_unused
from workc.runtime.children import ChildRuns
from workc.runtime.outcome import StructuredOutcome
from workc.runtime.recorded import Recorded

#: What tells the side effects of a run, who answered them, and which resources it holds.
_TOLD = frozenset({"EffectAsked", "ResourceAnswered", "ResourceReleased", "RunStarted"})
#: What the governor of a run must know of before.
_GOVERNED = frozenset({"BudgetReserved", "BudgetSettled", "CallHalted", "ChildSpawned"})


def go_on(
    place: Place,
    records: Sequence[Record],
    start: launch.Start,
    settings: Settings,
    clock: Clock,
    children: ChildRuns,
    *,
    out: Path | None = None,
    watch: Watch | None = None,
    on_driver: Callable[[RunDriver], None] | None = None,
    account: ContractAccount | None = None,
) -> StructuredOutcome:
    """Goes on with a run to its end and returns its outcome; what was done is not done again.

    ``records`` are those of its journal, checked. ``account`` counts what it uses of a contract.

    Raises:
        Interrupted, Paused: as a run does.
        Diverged: the code does something else now than it did.
    """
    recorded = Recorded(records[1:])
    governor = launch.make_governor(start, settings, clock, children)
    for entry in _in_ledger_order(records):
        governor.recall(entry)
    guard = SkillGuard(launch.recorded_guard(start.payload, place, settings.guard))
    result, effects = launch.run_live(
        start,
        place,
        replace(settings, policy=launch.recorded_policy(start.payload, place)),
        clock,
        children=children,
        journal=launch.journal_after(records, place),
        known=Past(recorded),
        before=[events.entry_of(record) for record in records if record.kind in _TOLD],
        desk=DoubtfulDesk(recorded, place, governor, clock.now_ms),
        stand_in=launch.stand_in_of(start.payload, place, clock, account),
        watch=watch,
        on_driver=on_driver,
        guard=guard.watch,
    )
    refuse_unused(recorded)
    outcome = finish(place, settings, out, result, effects)
    return msgspec.structs.replace(outcome, notes=(*guard.notes, *outcome.notes))


def last_ms(records: Sequence[Record]) -> int:
    """Returns the time of the last answer of a run that has begun."""
    return max(record.at_ms for record in records if isinstance(record.at_ms, int))


def _in_ledger_order(records: Sequence[Record]) -> list[Entry]:
    return sorted(
        (events.entry_of(record) for record in records if record.kind in _GOVERNED), key=_number
    )


def _number(entry: Entry) -> int:
    # What is not numbered changes nothing that a move before it did not change already.
    payload = entry.payload
    return payload.n if isinstance(payload, BudgetReserved | BudgetSettled) else sys.maxsize
