"""Resume: a run that stopped goes on from its journal, with nothing done twice that was done.

The run starts from the beginning on its recorded answers and lives on where they end. The program,
the inputs and the prices are those of the run folder; the original file is not read. An effect that
was asked for and not answered is in doubt: see ``workc.runtime.captures``. A run that its budget
refused goes on under a higher one: see ``workc.api.raising``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from workc.adapters.driver import Paused
from workc.adapters.guard import SkillGuard
from workc.adapters.run_folder import RunFolder, RunWriter
from workc.api import launch, raising
from workc.api.approvals import paused
from workc.api.boundary import outcome_of_work
from workc.api.contract_account import ContractAccount
from workc.api.contracted import held_for_more, holds, recorded_account, settled
from workc.api.finished import outcome_of_finished
from workc.api.going_on import go_on, last_ms
from workc.api.kin import Family, Kin, KinWatch
from workc.api.launch import Watch
from workc.api.metering import Meter, RunMeter
from workc.api.policies import refuse_beyond
from workc.api.recorded_programs import changed_code, recorded_program
from workc.api.settings import RunDriver, Settings
from workc.api.store import Store
from workc.api.workflows import Skills, Workflow
from workc.kernel import events
from workc.kernel.events import Record
from workc.kernel.failure import refuse
from workc.kernel.payloads import RunStarted
from workc.runtime.bodies import load_json
from workc.runtime.children import family_of, is_child
from workc.runtime.continuing import Budget
from workc.runtime.divergence import Diverged
from workc.runtime.outcome import StructuredOutcome
from workc.skills.registry import builtin_skills


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
    watch_child: KinWatch | None = None,
    meter: Meter | None = None,
    budget: Budget | None = None,
) -> StructuredOutcome:
    """Continues a run and returns its outcome; of a finished one, what it ended with.

    With a ``budget`` a run that ended because its own refused it goes on under the higher one.

    ``workflow`` is the function of a run that was made from one; else it is looked for where it
    was found then. ``recall`` is told each record of before, ``watch`` each new one, and
    ``watch_child`` each new one of a child, with the id of its run. ``meter`` counts the whole run, what was recorded before it stopped too.

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
            Onlookers(watch, recall, on_driver, watch_child),
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
    recall: Watch | None
    on_driver: Callable[[RunDriver], None] | None
    child: KinWatch | None
    meter: RunMeter | None = None


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
    _refuse_child(folder)
    account = recorded_account(folder)
    is_told = folder.bundle.exists() and not budget.is_given and not raising.is_half_way(folder)
    if is_told and not holds(account, folder.path.name, settings.clock(0)):
        return _tell(folder, settings, out, meter, told)
    writer = RunWriter(folder.path, settings.durability, meter)
    try:
        raising.complete(writer)
        if budget.is_given:
            _raise(writer, settings, code, budget, account)
        if writer.bundle.exists():
            # Only who writes the run knows that nobody is about to go on with it.
            outcome = _tell(writer, settings, out, meter, told)
            return settled(outcome, account, outcome.run_id, settings.clock(0))
        records = list(writer.records())
        if meter is not None:
            meter.recall(writer, records)
            told = replace(told, watch=meter.watch(writer, told.watch), meter=meter)
        _recall(records, told)
        outcome = _continue(writer, records, settings, code, out, told, account)
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
    records = list(folder.records())
    _recall(records, told)
    if meter is not None:
        meter.recall(folder, records)
    return outcome


def _recall(records: Sequence[Record], told: Onlookers) -> None:
    if told.recall is None:
        return
    for record in records:
        told.recall(events.entry_of(record))


def _raise(
    writer: RunWriter,
    settings: Settings,
    code: Code,
    budget: Budget,
    account: ContractAccount | None,
) -> None:
    records = list(writer.records())
    start = _start_of(writer, records, code)
    refuse_beyond(launch.ruling_of(start.payload, writer), budget)
    guard = SkillGuard(launch.recorded_guard(start.payload, writer, settings.guard))
    now_ms = settings.clock(last_ms(records)).now_ms()
    with held_for_more(account, writer, start.payload, budget, now_ms):
        raising.go_on(writer, budget, start, guard.watch, now_ms)


def _continue(
    writer: RunWriter,
    records: list[Record],
    settings: Settings,
    code: Code,
    out: Path | None,
    told: Onlookers,
    account: ContractAccount | None,
) -> StructuredOutcome:
    start = _start_of(writer, records, code)
    access = launch.recorded_access(start.payload, writer, writer.local())
    # Whoever goes on with a run, what it claims is claimed where it was.
    store = settings.store or writer.path.parent.parent
    settings = replace(settings, access=access, store=store)
    clock = settings.clock(last_ms(records))
    home = Path(str(writer.local().get("folder") or "."))
    family = Family(store, home, told.meter, told.child, account)
    kin = Kin(family, start, writer, settings, home)
    try:
        outcome = go_on(
            writer,
            records,
            start,
            settings,
            clock,
            kin,
            out=out,
            watch=told.watch,
            on_driver=told.on_driver,
            account=account,
        )
    except Paused:
        return paused(writer, start.payload.run_id, family.waiting(), kept=True)
    family.seal_beside(out, start.payload.run_id)
    return settled(family.with_notes(outcome), account, start.payload.run_id, clock)


def _refuse_child(folder: RunFolder) -> None:
    """Refuses to go on with a child alone: how it ends is its parent's to hear."""
    name = folder.path.name
    if is_child(name) and not folder.bundle.exists():
        first = family_of(name)
        message = f"{name} is a child; resume the run that it belongs to"
        raise refuse("INVALID_INPUT", message, resume=first)


def _start_of(folder: RunWriter, records: list[Record], code: Code) -> launch.Start:
    entry = events.entry_of(records[0]) if records else None
    payload = None if entry is None else entry.payload
    if entry is None or not isinstance(payload, RunStarted):
        raise refuse("INVALID_INPUT", f"the run {folder.path.name} had not begun; run it again")
    home = Path(str(folder.local().get("folder") or "."))
    skills = {**builtin_skills(), **code.skills}
    program = recorded_program(payload, folder, code.workflow, skills, home, with_children=True)
    for divergence in changed_code(payload, program, with_children=True):
        raise Diverged(divergence)
    inputs = load_json(folder, payload.inputs)
    return launch.Start(entry, program, inputs if isinstance(inputs, dict) else {})
