"""Resume: a run that stopped goes on from its journal, with nothing done twice that was done.

The run starts from the beginning on its recorded answers and lives on where they end. The program,
the inputs and the prices are those of the run folder; the original file is not read. An effect that
was asked for and not answered is in doubt: see ``workc.runtime.captures``. A run that its budget
refused goes on under a higher one: see ``workc.api.raising``.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from workc.adapters.driver import Paused
from workc.adapters.guard import SkillGuard
from workc.adapters.run_folder import RunFolder, RunWriter
from workc.api import launch, raising
from workc.api.approvals import paused
from workc.api.boundary import outcome_of_work
from workc.api.finished import outcome_of_finished
from workc.api.launch import Watch
from workc.api.metering import Meter, RunMeter
from workc.api.programs import Skills, Workflow
from workc.api.recorded_programs import changed_code, recorded_program
from workc.api.running import finish
from workc.api.settings import RunDriver, Settings
from workc.api.store import Store
from workc.kernel import events
from workc.kernel.events import Entry, Record
from workc.kernel.failure import refuse
from workc.kernel.payloads import (
    BudgetReserved,
    BudgetSettled,
    RunStarted,
)
from workc.runtime.bodies import load_json
from workc.runtime.captures import DoubtfulDesk, Past, refuse_unused
from workc.runtime.continuing import Budget
from workc.runtime.divergence import Diverged
from workc.runtime.outcome import StructuredOutcome
from workc.runtime.recorded import Recorded
from workc.skills.registry import builtin_skills

#: What tells the side effects of a run, and who answered them.
_TOLD = frozenset({"EffectAsked", "RunStarted"})


def resume(
    store: Store,
    run_id: str,
    settings: Settings,
    *,
    skills: Skills | None = None,
    workflow: Workflow[..., object] | None = None,
    out: Path | None = None,
    watch: Watch | None = None,
    recall: Watch | None = None,
    on_driver: Callable[[RunDriver], None] | None = None,
    meter: Meter | None = None,
    budget: Budget | None = None,
) -> StructuredOutcome:
    """Continues a run and returns its outcome; of a finished one, what it ended with.

    With a ``budget`` a run that ended because its own refused it goes on under the higher one.

    ``workflow`` is the function of a run that was made from one; else it is looked for where it
    was found then. ``recall`` is told each record of before, ``watch`` each new one. ``meter`` counts
    the whole run, what was recorded before it stopped too.

    What the runtime refuses is in the outcome: ``RUN_LOCKED`` while another process writes it,
    ``JOURNAL_CORRUPT``, ``CODE_CHANGED``, ``INVALID_INPUT`` if it had not begun, or if the budget is
    too low to go on or not why the run ended.

    Raises:
        Interrupted: the driver was told to stop again.
    """
    outcome = outcome_of_work(
        lambda: _resume(
            store,
            run_id,
            settings,
            Code(skills or {}, workflow),
            budget or Budget(),
            out,
            None if meter is None else meter.run(settings.mode),
            Onlookers(watch, recall or (lambda _: None), on_driver),
        )
    )
    return outcome if meter is None else meter.told(settings.mode, outcome)


@dataclass(frozen=True)
class Code:
    """What the caller gives of the code that a run is continued with."""

    skills: Skills
    workflow: Workflow[..., object] | None


@dataclass(frozen=True)
class Onlookers:
    """Who is told of new records, of those of before, and of the driver."""

    watch: Watch | None
    recall: Watch
    on_driver: Callable[[RunDriver], None] | None


def _resume(
    store: Store,
    run_id: str,
    settings: Settings,
    code: Code,
    budget: Budget,
    out: Path | None,
    meter: RunMeter | None,
    told: Onlookers,
) -> StructuredOutcome:
    folder = store.find(run_id)
    if folder.bundle.exists() and not budget.is_given and not raising.is_half_way(folder):
        return _tell(folder, settings, out, meter, told)
    writer = RunWriter(folder.path, settings.durability, meter)
    try:
        raising.complete(writer)
        if budget.is_given:
            _raise(writer, settings, code, budget)
        if writer.bundle.exists():
            return _tell(writer, settings, out, meter, told)
        if meter is not None:
            meter.recall(writer, writer.records())
            told = replace(told, watch=meter.watch(writer, told.watch))
        _recall(writer, told)
        outcome = _continue(writer, settings, code, out, told)
    except Paused:
        outcome = paused(writer, folder.path.name, kept=True)
    finally:
        writer.close()
    if not writer.cut_bytes:
        return outcome
    note = f"a torn last line of {writer.cut_bytes} bytes was cut off the journal"
    return msgspec.structs.replace(outcome, message=f"{outcome.message} ({note})")


def _tell(
    folder: RunFolder,
    settings: Settings,
    out: Path | None,
    meter: RunMeter | None,
    told: Onlookers,
) -> StructuredOutcome:
    outcome = outcome_of_finished(folder, out, settings)
    _recall(folder, told)
    if meter is not None:
        meter.recall(folder, folder.records())
    return outcome


def _recall(folder: RunFolder, told: Onlookers) -> None:
    for record in folder.records():
        told.recall(events.entry_of(record))


def _raise(writer: RunWriter, settings: Settings, code: Code, budget: Budget) -> None:
    records = list(writer.records())
    start = _start_of(writer, records, code)
    guard = SkillGuard(launch.recorded_guard(start.payload, writer, settings.guard))
    now_ms = settings.clock(_last_ms(records)).now_ms()
    raising.go_on(writer, budget, start, guard.watch, now_ms)


def _continue(
    writer: RunWriter,
    settings: Settings,
    code: Code,
    out: Path | None,
    told: Onlookers,
) -> StructuredOutcome:
    records = list(writer.records())
    start = _start_of(writer, records, code)
    journal = launch.journal_after(records, writer)
    recorded = Recorded(records[1:])
    clock = settings.clock(_last_ms(records))
    governor = launch.make_governor(start, settings, clock)
    for entry in _in_ledger_order(records):
        governor.recall(entry)
    guard = SkillGuard(launch.recorded_guard(start.payload, writer, settings.guard))
    result, effects = launch.run_live(
        start,
        writer,
        replace(
            settings,
            policy=launch.recorded_policy(start.payload, writer),
            access=launch.recorded_access(start.payload, writer, writer.local()),
        ),
        clock,
        journal=journal,
        known=Past(recorded),
        before=[events.entry_of(record) for record in records if record.kind in _TOLD],
        desk=DoubtfulDesk(recorded, writer, governor, clock.now_ms),
        stand_in=launch.stand_in_of(start.payload, writer, clock),
        watch=told.watch,
        on_driver=told.on_driver,
        guard=guard.watch,
    )
    refuse_unused(recorded)
    outcome = finish(writer, settings, out, result, effects)
    return msgspec.structs.replace(outcome, notes=(*guard.notes, *outcome.notes))


def _start_of(folder: RunWriter, records: list[Record], code: Code) -> launch.Start:
    entry = events.entry_of(records[0]) if records else None
    payload = None if entry is None else entry.payload
    if entry is None or not isinstance(payload, RunStarted):
        raise refuse("INVALID_INPUT", f"the run {folder.path.name} had not begun; run it again")
    home = Path(str(folder.local().get("folder") or "."))
    skills = {**builtin_skills(), **code.skills}
    program = recorded_program(payload, folder, code.workflow, skills, home)
    for divergence in changed_code(payload, program):
        raise Diverged(divergence)
    inputs = load_json(folder, payload.inputs)
    return launch.Start(entry, program, inputs if isinstance(inputs, dict) else {})


def _last_ms(records: list[Record]) -> int:
    return max(record.at_ms for record in records if isinstance(record.at_ms, int))


def _in_ledger_order(records: list[Record]) -> list[Entry]:
    kinds = {"BudgetReserved", "BudgetSettled", "CallHalted"}
    return sorted(
        (events.entry_of(record) for record in records if record.kind in kinds), key=_number
    )


def _number(entry: Entry) -> int:
    # A halt is not numbered; it changes nothing that a move before it did not change already.
    payload = entry.payload
    return payload.n if isinstance(payload, BudgetReserved | BudgetSettled) else sys.maxsize
