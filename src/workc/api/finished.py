"""What a finished run gave, told again from its folder: nothing is run and nothing is written."""

from __future__ import annotations

from pathlib import Path
from typing import TypeAlias

from msgspec import UNSET

from workc.adapters.run_folder import RunFolder
from workc.api import launch
from workc.api.settings import Settings
from workc.api.side_effects import Recorder
from workc.api.store import read_receipt
from workc.bundle.documents import Receipt
from workc.kernel import events
from workc.kernel.children import ChildSpawned
from workc.kernel.events import UNREADABLE, Entry
from workc.kernel.failure import Failure, refuse
from workc.kernel.gates import GATE_FAILED, GateEvaluated
from workc.kernel.kinds import Payload
from workc.kernel.lens import ItemObserved, LensAssembled
from workc.kernel.payloads import (
    CheckResult,
    EffectAsked,
    Locked,
    RunStarted,
    VerificationRun,
    WorkEnded,
)
from workc.runtime.bodies import load_failure, load_json
from workc.runtime.checking import not_held
from workc.runtime.ending import RunResult, child_failed
from workc.runtime.failed_gate import FailedGate, failed_gates, failed_last
from workc.runtime.gates import run_gates_failure
from workc.runtime.outcome import StructuredOutcome
from workc.runtime.taken_fallback import taken_fallback

#: The kinds of records that say what a run gave.
_TELLING = frozenset(
    kind.__name__
    for kind in (
        RunStarted,
        ItemObserved,
        LensAssembled,
        EffectAsked,
        ChildSpawned,
        GateEvaluated,
        WorkEnded,
        VerificationRun,
        Locked,
    )
)

#: The last evaluations of gates with their places, by step and gate.
LastGates: TypeAlias = dict[tuple[object, str], tuple[events.Path, GateEvaluated]]


def outcome_of_finished(
    folder: RunFolder, out: Path | None, settings: Settings
) -> StructuredOutcome:
    """Returns the outcome that a run ended with; ``folder`` holds its bundle.

    With ``out`` the bundle is sealed there once more, from the journal.

    Raises:
        Refusal: ``JOURNAL_CORRUPT``, ``CAPTURE_MISSING`` or ``CAPTURE_EDITED`` if the folder does
            not hold what was recorded; ``STORE_UNAVAILABLE`` if its receipt cannot be read.
    """
    recorder = Recorder(folder, None)
    ends: dict[type[Payload], Payload] = {}
    gates: LastGates = {}
    for record in folder.records():
        if record.kind not in _TELLING:
            continue
        entry = events.entry_of(record)
        recorder.note(entry)
        ended = entry.payload.ended if isinstance(entry.payload, LensAssembled) else entry.payload
        if ended is not None:
            ends[type(ended)] = ended
        _judge(gates, entry)
    work, locked, checks = ends.get(WorkEnded), ends.get(Locked), ends.get(VerificationRun)
    if not isinstance(work, WorkEnded) or not isinstance(locked, Locked):
        raise refuse("JOURNAL_CORRUPT", "there is a bundle, but the journal has no end")
    results = tuple(checks.results) if isinstance(checks, VerificationRun) else ()
    receipt = _receipt(folder)
    failed = failed_gates(failed_last(gates.values()))
    failure, step = _failure(folder, work, results, receipt, failed)
    result = RunResult(
        outcome=locked.outcome,
        output=None if work.output is UNSET else load_json(folder, work.output),
        failure=failure,
        step=step,
        halt=None if work.halt is UNSET else work.halt,
        checks=results,
        failed_gates=failed,
    )
    finished = launch.Finished(result, receipt, recorder.side_effects())
    if out is not None:
        launch.seal_folder(folder, out, sync=settings.durability == "fsync")
    return launch.outcome_of(finished, str(out or folder.bundle))


def _judge(gates: LastGates, entry: Entry) -> None:
    """Keeps the last evaluation of each gate in this pass; an event that goes back begins another."""
    payload = entry.payload
    if isinstance(payload, GateEvaluated):
        gates[payload.step, payload.gate] = (entry.at, payload)
    if isinstance(payload, WorkEnded | VerificationRun) and payload.backtrack:
        gates.clear()


def _failure(
    folder: RunFolder,
    work: WorkEnded,
    checks: tuple[CheckResult, ...],
    receipt: Receipt,
    failed: tuple[FailedGate, ...],
) -> tuple[Failure | None, str | None]:
    """Returns the failure of the run and its step: a check that did not hold stands above all.

    Next is a gate of the run, unless the work tells of a gate itself.
    """
    broken = next((check for check in checks if not check.passed), None)
    if broken is not None:
        fallbacks = map(taken_fallback, receipt.fallbacks or ())
        return not_held(broken, fallbacks, backtracks=len(receipt.backtracks or ())), None
    gated = receipt.failure is not UNSET and receipt.failure.code == GATE_FAILED
    if gated and (work.failure is UNSET or work.failure.code != GATE_FAILED):
        return run_gates_failure([gate.gate for gate in failed if gate.step is None]), None
    if work.failure is UNSET:
        return _of_children(receipt)
    return load_failure(folder, work.failure), None if work.step is UNSET else work.step


def _of_children(receipt: Receipt) -> tuple[Failure | None, str | None]:
    """Returns the failure of a run whose work has none: a critical child may have failed."""
    if receipt.failure is UNSET:
        return None, None
    children = receipt.children or ()
    step = min(each.step for each in children if each.critical and each.outcome == "failed")
    return child_failed(step), step


def _receipt(folder: RunFolder) -> Receipt:
    try:
        return read_receipt(folder)
    except (OSError, *UNREADABLE) as error:
        message = f"the receipt of the run {folder.path.name} cannot be read: {error}"
        raise refuse("STORE_UNAVAILABLE", message) from None
