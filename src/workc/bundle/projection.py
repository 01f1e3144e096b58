"""The receipt as a projection: a fold over the events and the manifest, nothing else.

The sealer writes what this gives and the verifier recomputes it, so no field of a receipt can say
something else than the events do.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec
from msgspec import UNSET, UnsetType

from workc.bundle.children import Children
from workc.bundle.documents import (
    Check,
    Counts,
    Fallback,
    FileEntry,
    Intent,
    Money,
    PolicyName,
    Receipt,
    Root,
    Roots,
    RunFailure,
    StepFailure,
    VerificationSummary,
    encode,
    proof_digest,
)
from workc.bundle.gates import Gates
from workc.bundle.layout import ARTIFACTS, BUNDLE_VERSION, EVIDENCE
from workc.bundle.move_order import Move, MoveOrder
from workc.bundle.planning import Plans
from workc.kernel import events
from workc.kernel.children import ChildJoined, ChildSpawned
from workc.kernel.events import Event
from workc.kernel.fallbacks import FallbackTaken
from workc.kernel.gates import GATE_FAILED, ApprovalAnswered, ApprovalAsked, GateEvaluated
from workc.kernel.kinds import Payload
from workc.kernel.lens import ItemObserved, LensAssembled
from workc.kernel.merkle import Accumulator, leaf_hash, leaf_hashes
from workc.kernel.payloads import (
    Backtrack,
    BudgetReserved,
    BudgetSettled,
    EffectAnswered,
    EffectAsked,
    EffectBound,
    IntentSet,
    Locked,
    RetryScheduled,
    RunStarted,
    SkillAsked,
    SkillExecuted,
    StepSkipped,
    VerificationRun,
    WorkEnded,
    given,
)
from workc.kernel.phases import Phase
from workc.kernel.plans import PlanAsked, PlanChosen
from workc.kernel.resolving import ConflictFound, ConflictResolved


class ProjectionError(ValueError):
    """The events lack what every run has: a RunStarted, an IntentSet, a WorkEnded, a Locked."""


class Projection:
    """Takes the events one by one, in order, then gives the receipt.

    A run that goes back begins another pass; what counts for its outcome is the last one.
    Memory follows the number of steps that did not succeed, of fallbacks, of gates, of children, of files, and of
    ledger moves that stand before their turn; not the number of events.
    """

    def __init__(self) -> None:
        self.started: RunStarted | None = None
        self.started_ms = 0
        self.ended_ms = 0
        self.intent: IntentSet | None = None
        self.work: WorkEnded | None = None
        self.locked: Locked | None = None
        self.checks: VerificationRun | None = None
        self.lens: LensAssembled | None = None
        self._plans = Plans()
        self.backtracks: list[Backtrack] = []
        self.verifications: list[VerificationRun] = []
        self.phases: list[Phase] = []
        self._phase: Phase | None = None
        self.bodies: dict[str, tuple[str, int]] = {}
        self.conflicts: set[str] = set()
        self.gates = Gates()
        self.children = Children()
        self.fallbacks: list[Fallback] = []
        self._event_tree, self._effect_tree, self._lens_tree = (Accumulator() for _ in range(3))
        self._moves = MoveOrder()
        self._budget_tree = Accumulator()
        self._last_move: Move | None = None
        self._refused = self._calls = self._tokens = 0
        self._has_tokens = False
        self._failed = self._effects = self._retries = 0
        self._failed_before = 0
        self._failures: dict[str, StepFailure] = {}
        self._succeeded = self._skipped = 0

    @property
    def has_failures(self) -> bool:
        """Returns whether a step failed or was skipped."""
        return bool(self._failures)

    @property
    def effects(self) -> list[EffectBound] | None:
        """Returns what the last plan declares, None if there is none or it declares nothing."""
        return given(self._plans.chosen.effects) if self._plans.chosen else None

    @property
    def planned(self) -> int:
        """Returns how many steps the plans of all passes have, those that were barred left out."""
        return self._plans.planned(barred=self.gates.barred)

    def grow(self, leaves: Iterable[bytes]) -> None:
        """Takes the leaf hashes of the next lines."""
        self._event_tree.extend(leaves)

    def extend(self, lines: Sequence[bytes], found: Sequence[Event]) -> None:
        """Takes the next events, as :meth:`add` does one of them, in less time for many."""
        for line, event in zip(lines, found, strict=True):
            payload = event.payload
            if (
                type(payload) is SkillExecuted
                and payload.failure is UNSET
                and (payload.value is UNSET or payload.value.path is UNSET)
                and (payload.params is UNSET or payload.params.path is UNSET)
                and event.phase == self._phase
                and not self._failures
            ):
                # Nearly all events are such, and only their number is of interest.
                self._succeeded += 1
            else:
                self.add(line, event.phase, event.ts, payload)
        self.ended_ms = found[-1].ts

    def add(self, line: bytes, phase: Phase, ts: int, payload: Payload) -> None:
        """Takes the next event, whose leaf hash is taken by ``grow``: line, phase, time, payload."""
        self.ended_ms = ts
        if phase != self._phase:
            self._phase = phase
            self.phases.append(phase)
        if isinstance(payload, SkillExecuted):
            self._executed(payload)
        else:
            self._take(line, payload)
        self._refer(payload)

    def receipt(self, manifest_bytes_sha256: str, files: Iterable[FileEntry]) -> Receipt:
        """Returns the receipt of what was taken, with its proof digest.

        Raises:
            ProjectionError: an event that every run has is missing.
        """
        started, intent, work, locked = self._required()
        for move in self._moves.rest():
            self._move(move)
        receipt = Receipt(
            backtracks=self.backtracks or UNSET,
            bundle_version=BUNDLE_VERSION,
            catalog_sha256=started.catalog_sha256,
            children=self.children.listed() or UNSET,
            code=started.code,
            continues=started.continues,
            counts=self._counts(),
            effects=self._plans.chosen.effects if self._plans.chosen else UNSET,
            ended_ms=self.ended_ms,
            engine=started.engine,
            failure=_run_failure(work, locked, self.checks, self.gates),
            fallbacks=self.fallbacks or UNSET,
            gates=self.gates.listed or UNSET,
            halt=work.halt,
            inputs=started.inputs,
            intent=Intent(description=intent.description, source=intent.source),
            lock_level=locked.lock_level,
            manifest_sha256=manifest_bytes_sha256,
            money=self._money(started),
            name=started.name,
            nonce=started.nonce,
            outcome=locked.outcome,
            output=work.output,
            parent=started.parent,
            phase_sequence=list(self.phases),
            policy=PolicyName(id=started.policy.id, rules_sha256=started.policy.rules_sha256),
            prices=started.prices,
            program=started.program,
            program_kind=started.program_kind,
            roots=self._roots(files),
            run_id=started.run_id,
            seed=started.seed,
            stages=started.stages,
            started_ms=self.started_ms,
            step_failures=list(self._failures.values()),
            verification=self._verification(),
        )
        return msgspec.structs.replace(receipt, proof_digest=proof_digest(receipt))

    def _required(self) -> tuple[RunStarted, IntentSet, WorkEnded, Locked]:
        if not (self.started and self.intent and self.work and self.locked):
            raise ProjectionError("the events lack RunStarted, IntentSet, WorkEnded or Locked")
        return self.started, self.intent, self.work, self.locked

    def _take(self, line: bytes, payload: Payload) -> None:
        match payload:
            case EffectAsked() | SkillAsked():
                self._effects += 1
                self._effect_tree.append(leaf_hash(events.payload_bytes(line)))
            case EffectAnswered():
                self._effect_tree.append(leaf_hash(events.payload_bytes(line)))
            case BudgetReserved() | BudgetSettled():
                for move in self._moves.take(payload):
                    self._move(move)
            case RetryScheduled():
                self._retries += 1
            case StepSkipped():
                self._skipped += 1
                self._fail(payload.step, 0, payload.code)
            case FallbackTaken():
                self.fallbacks.append(_fallback(payload))
            case _:
                self._take_once(line, payload)

    def _take_once(self, line: bytes, payload: Payload) -> None:
        match payload:
            case RunStarted():
                self.started = payload
                self.started_ms = self.ended_ms
            case IntentSet():
                self.intent = payload
            case ItemObserved() | LensAssembled() | ConflictFound() | ConflictResolved():
                self._lens_tree.append(leaf_hash(events.payload_bytes(line)))
                self._look(payload)
            case PlanAsked() | PlanChosen() | ApprovalAsked():
                self._plans.take(payload)
            case GateEvaluated() | ApprovalAnswered():
                self._plans.take(payload)
                self.gates.take(line, payload)
            case ChildSpawned() | ChildJoined():
                self.children.take(line, payload)
            case WorkEnded():
                self.work = payload
                self._turn_back(payload.backtrack)
            case VerificationRun():
                self.checks = payload
                self.verifications.append(payload)
                self._turn_back(payload.backtrack)
            case Locked():
                self.locked = payload
            case _:
                pass

    def _look(self, payload: Payload) -> None:
        match payload:
            case LensAssembled():
                self.lens = payload
                self.work = payload.ended or self.work
            case ConflictFound():
                self._plans.take(payload)
            case ConflictResolved():
                self._turn_back(payload.backtrack)
            case _:
                pass

    def _turn_back(self, backtrack: Backtrack | UnsetType) -> None:
        """Begins another pass, if the run goes back here."""
        if backtrack is UNSET:
            return
        self._plans.turn_back(barred=self.gates.barred)
        self.backtracks.append(backtrack)
        self._failed_before += self._failed_now()
        self._failures.clear()
        self.fallbacks = []
        self.checks = None
        self.gates.turn_back()
        self.children.turn_back()

    def _failed_now(self) -> int:
        """Returns how many steps of this pass have failed, those that were skipped left out."""
        return sum(1 for failure in self._failures.values() if failure.attempts)

    def _move(self, move: Move) -> None:
        self._budget_tree.append(leaf_hash(events.encode(move)))
        if self._last_move is None or move.n > self._last_move.n:
            self._last_move = move
        if isinstance(move, BudgetReserved):
            self._refused += not move.granted
            self._has_tokens |= move.tokens is not UNSET
        else:
            self._calls += move.basis != "released"
            self._tokens += move.tokens or 0

    def _executed(self, payload: SkillExecuted) -> None:
        if payload.failure is not UNSET:
            self._failed += 1
            self._fail(payload.step, payload.attempt, payload.failure.code)
            return
        self._failures.pop(payload.step, None)
        self._succeeded += 1

    def _fail(self, step: str, attempts: int, code: str) -> None:
        self._failures[step] = StepFailure(attempts=attempts, code=code, step=step)

    def _refer(self, payload: Payload) -> None:
        for body in payload.bodies():
            if body is UNSET:
                continue
            if body.path is not UNSET and body.sha256 is not UNSET and body.size is not UNSET:
                found = (body.sha256, body.size)
                if self.bodies.setdefault(body.path, found) != found:
                    self.conflicts.add(body.path)

    def _counts(self) -> Counts:
        failed = self._failed_before + self._failed_now()
        return Counts(
            attempts=self._succeeded + self._failed,
            effects=self._effects,
            events=self._event_tree.size,
            retries=self._retries,
            steps=self._succeeded + failed + self._skipped,
            steps_failed=failed,
            steps_skipped=self._skipped,
            steps_succeeded=self._succeeded,
        )

    def _money(self, started: RunStarted) -> Money:
        last = self._last_move
        counted = self._has_tokens or started.limits is not UNSET
        return Money(
            calls=self._calls if counted else UNSET,
            ceiling_micro_cents=started.ceiling_micro_cents,
            limits=started.limits,
            refused=self._refused,
            reserved_micro_cents=last.reserved if last else 0,
            spent_micro_cents=last.spent if last else 0,
            tokens=self._tokens if counted else UNSET,
        )

    def _verification(self) -> VerificationSummary:
        if self.checks is None:
            return VerificationSummary(results=[], verdict="not_run")
        results = [
            Check(check_id=check.check_id, level=check.level, passed=check.passed)
            for check in self.checks.results
        ]
        return VerificationSummary(results=results, verdict=self.checks.verdict)

    def _roots(self, files: Iterable[FileEntry]) -> Roots:
        listed = list(files)
        checks = self.checks.results if self.checks else []
        return Roots(
            artifacts=_root(encode(f) for f in listed if f.path.startswith(ARTIFACTS)),
            budget=_rooted(self._budget_tree),
            effects=_rooted(self._effect_tree),
            events=_rooted(self._event_tree),
            evidence=_root(encode(f) for f in listed if f.path.startswith(EVIDENCE)),
            gates=_rooted(self.gates.tree),
            lens=_rooted(self._lens_tree),
            verification=_root(events.encode_check(check) for check in checks),
            workgraph=_rooted(self.children.tree()),
        )


def _fallback(taken: FallbackTaken) -> Fallback:
    return Fallback(
        action=taken.action,
        attempt=taken.attempt,
        code=taken.code,
        skill=taken.skill,
        step=taken.step,
    )


def _run_failure(
    work: WorkEnded, locked: Locked, checks: VerificationRun | None, gates: Gates
) -> RunFailure | UnsetType:
    if locked.code is UNSET:
        return UNSET
    if work.failure is not UNSET and work.failure.code == locked.code:
        return RunFailure(code=locked.code, message=work.failure.message, step=work.step)
    failed = [gate.gate for gate in gates.failed_of_run()]
    broken = [check.check_id for check in checks.results if not check.passed] if checks else []
    what, names = ("gates", failed) if locked.code == GATE_FAILED else ("checks", broken)
    message = f"{what} that did not hold: {', '.join(names)}" if names else ""
    return RunFailure(code=locked.code, message=message)


def _rooted(tree: Accumulator) -> Root:
    return Root(root=tree.root().hex(), size=tree.size)


def _root(leaves: Iterable[bytes]) -> Root:
    tree = Accumulator()
    tree.extend(leaf_hashes(leaves))
    return _rooted(tree)
