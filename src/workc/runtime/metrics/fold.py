"""The fold: takes the records of one run and moves what they say in a tally.

Records may come in order of arrival, as a journal has them, or in logical order, as a bundle does:
the figures are the same. Nothing is measured here; times are those that the records hold.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from workc.kernel.children import ChildJoined, ChildSpawned
from workc.kernel.events import Entry, Path
from workc.kernel.fallbacks import FallbackTaken
from workc.kernel.gates import ApprovalAnswered, GateEvaluated
from workc.kernel.kinds import KINDS, Payload
from workc.kernel.lens import ItemObserved
from workc.kernel.payloads import (
    BudgetReserved,
    BudgetSettled,
    CallHalted,
    EffectAnswered,
    EffectAsked,
    Locked,
    RetryScheduled,
    RunStarted,
    SkillExecuted,
    StepSkipped,
    TimerFired,
    VerificationRun,
    WorkEnded,
)
from workc.kernel.plans import PlanChosen
from workc.kernel.resolving import BY_CHILD, ConflictResolved
from workc.kernel.resources import ResourceAnswered, ResourceHeld, ResourceReleased
from workc.kernel.values import Json
from workc.runtime.bodies import KeptFiles, load, load_json
from workc.runtime.effects import model_response
from workc.runtime.lane_times import LaneTimes, planned_steps
from workc.runtime.metrics import table
from workc.runtime.metrics.table import NS_PER_MS, OTHER, Key, Metric, Mode
from workc.runtime.metrics.tally import Tally
from workc.stages.effects import ModelResponse

#: Reads an answer of a provider: tokens by type, nothing if it does not say.
UsageReader = Callable[[str, ModelResponse], Mapping[str, int]]


@dataclass(slots=True)
class _Lane:
    """A lane of a step: when its attempt began, and the request that is not answered yet.

    ``held_ms`` is since when it waits for a resource, if it does.
    """

    attempt_ms: int
    asked: EffectAsked | None = None
    asked_ms: int = 0
    is_waiting: bool = False
    granted: int = -1
    held_ms: int | None = None
    has_claimed: bool = False


class RunFold:
    """Takes the records of one run. ``files`` are those that the records name."""

    def __init__(self, tally: Tally, mode: Mode, files: KeptFiles, usage: UsageReader) -> None:
        tally.begin(mode)
        self._tally = tally
        self._mode = mode
        self._files = files
        self._usage = usage
        self._times = LaneTimes()
        self._lanes: dict[Path, _Lane] = {}
        self._failed: set[Path] = set()
        self._grants: dict[int, int] = {}
        # What pays for a child is no cost of its own: the child counts what it holds and spends.
        self._for_children: set[int] = set()
        self._started_ms = 0
        # Every record is counted by its kind, so these labels are made once.
        self._kinds: Mapping[type[Payload], Key] = {
            rule.payload: (mode, kind) for kind, rule in KINDS.items()
        }
        #: What is done with each kind; the others are counted and no more.
        self._handlers: Mapping[type[Payload], Callable[..., None]] = {
            RunStarted: self._started,
            ItemObserved: self._looked,
            ConflictResolved: self._resolved,
            PlanChosen: self._planned,
            SkillExecuted: self._executed,
            StepSkipped: self._skipped,
            RetryScheduled: self._retried,
            FallbackTaken: self._fell_back,
            TimerFired: self._fired,
            EffectAsked: self._asked,
            EffectAnswered: self._answered,
            BudgetReserved: self._reserved,
            BudgetSettled: self._settled,
            GateEvaluated: self._gated,
            ApprovalAnswered: self._decided,
            ResourceHeld: self._held_up,
            ResourceAnswered: self._claimed,
            ResourceReleased: self._released,
            ChildSpawned: self._spawned,
            ChildJoined: self._joined,
            CallHalted: self._halted,
            WorkEnded: self._work_ended,
            VerificationRun: self._checked,
            Locked: self._locked,
        }

    def take(self, entry: Entry) -> None:
        """Takes the next record."""
        path, payload = entry.at[:-1], entry.payload
        self._times.take(path, entry.at_ms)
        lane = self._lanes.get(path)
        if lane is None:
            lane = self._lanes[path] = _Lane(attempt_ms=self._times.began(path))
        kind = type(payload)
        self._tally.add(table.EVENTS, self._kinds[kind])
        handle = self._handlers.get(kind)
        if handle is not None:
            handle(path, lane, payload)

    def _add(self, metric: Metric, *labels: str, by: int = 1) -> None:
        self._tally.add(metric, (self._mode, *labels), by)

    def _observe(self, metric: Metric, *labels: str, since_ms: int, until_ms: int) -> None:
        # A clock of another journal may have been set back; no time is less than nothing.
        self._tally.observe(metric, (self._mode, *labels), max(0, until_ms - since_ms) * NS_PER_MS)

    def _started(self, path: Path, _lane: _Lane, payload: RunStarted) -> None:
        self._started_ms = self._times.now(path)
        self._add(table.RUNS_STARTED)
        if not payload.parent:
            self._add(table.CEILINGS, by=payload.ceiling_micro_cents)

    def _looked(self, _path: Path, _lane: _Lane, payload: ItemObserved) -> None:
        self._add(table.LENS_ITEMS, payload.how, "missing" if payload.failure else "had")

    def _resolved(self, _path: Path, _lane: _Lane, payload: ConflictResolved) -> None:
        self._add(table.LENS_ITEMS, BY_CHILD, "missing" if payload.failure else "had")
        self._attempts_over()
        self._went_back(payload)

    def _planned(self, _path: Path, _lane: _Lane, payload: PlanChosen) -> None:
        self._times.plan(planned_steps(load(self._files, payload.plan)))

    def _executed(self, path: Path, lane: _Lane, payload: SkillExecuted) -> None:
        failure, skill = payload.failure, table.SKILL.closed(payload.skill)
        self._add(table.ATTEMPTS, skill, "failure" if failure else "success")
        now_ms = self._times.now(path)
        self._observe(table.SKILL_DURATION, skill, since_ms=lane.attempt_ms, until_ms=now_ms)
        if failure:
            self._add(table.ATTEMPT_FAILURES, failure.code)
            self._failed.add(path)
            return
        self._failed.discard(path)
        self._step_over(path, "success", now_ms)
        self._times.forget(path)
        del self._lanes[path]

    def _step_over(self, path: Path, status: str, now_ms: int) -> None:
        self._add(table.STEPS, status)
        self._observe(table.STEP_DURATION, since_ms=self._times.began(path), until_ms=now_ms)

    def _skipped(self, _path: Path, _lane: _Lane, _payload: StepSkipped) -> None:
        self._add(table.STEPS, "skipped")

    def _retried(self, _path: Path, lane: _Lane, payload: RetryScheduled) -> None:
        self._add(table.RETRIES, payload.code)
        lane.is_waiting = True

    def _fell_back(self, path: Path, lane: _Lane, payload: FallbackTaken) -> None:
        self._add(table.FALLBACKS, payload.action)
        lane.attempt_ms = self._times.now(path)

    def _fired(self, path: Path, lane: _Lane, _payload: TimerFired) -> None:
        if lane.is_waiting:
            lane.is_waiting = False
            lane.attempt_ms = self._times.now(path)

    def _asked(self, path: Path, lane: _Lane, payload: EffectAsked) -> None:
        self._add(table.EFFECTS, payload.port)
        lane.asked, lane.asked_ms = payload, self._times.now(path)

    def _answered(self, path: Path, lane: _Lane, payload: EffectAnswered) -> None:
        asked, lane.asked = lane.asked, None
        if asked is None:
            return
        self._observe(
            table.EFFECT_DURATION,
            asked.port,
            since_ms=lane.asked_ms,
            until_ms=self._times.now(path),
        )
        if payload.failure:
            self._add(table.EFFECT_FAILURES, payload.failure.code)
        if payload.response:
            self._add(table.RESPONSES, asked.port, f"{payload.response.status // 100}xx")
            if asked.port == "model":
                self._used(asked, payload)

    def _used(self, asked: EffectAsked, answer: EffectAnswered) -> None:
        request = load_json(self._files, asked.request)
        provider = _provider(request)
        used = self._usage(provider, model_response(self._files, answer))
        for kind, count in used.items():
            self._add(table.TOKENS, provider, kind, by=count)

    def _reserved(self, _path: Path, lane: _Lane, payload: BudgetReserved) -> None:
        self._add(table.RESERVATIONS, "granted" if payload.granted else "refused")
        if payload.granted:
            self._grants[payload.n] = payload.bound
            lane.granted = payload.n
            self._add(table.RESERVED, by=payload.bound)
            self._add(table.HELD, by=payload.bound)
        else:
            self._add(table.REFUSED, by=payload.bound)

    def _settled(self, _path: Path, _lane: _Lane, payload: BudgetSettled) -> None:
        if payload.grant not in self._for_children:
            self._add(table.SPENT, payload.basis, by=payload.actual)
        self._add(table.HELD, by=-self._grants.pop(payload.grant, 0))

    def _gated(self, path: Path, lane: _Lane, payload: GateEvaluated) -> None:
        self._add(table.GATES, payload.kind, "passed" if payload.passed else "failed")
        lane.attempt_ms = self._times.now(path)

    def _decided(self, path: Path, lane: _Lane, payload: ApprovalAnswered) -> None:
        self._add(table.APPROVALS, payload.decision)
        # Time that a human took is none of the skill's.
        lane.attempt_ms = self._times.now(path)

    def _held_up(self, path: Path, lane: _Lane, _payload: ResourceHeld) -> None:
        lane.held_ms = self._times.now(path)

    def _claimed(self, path: Path, lane: _Lane, payload: ResourceAnswered) -> None:
        now_ms, given = self._times.now(path), "forced" if payload.forced else "granted"
        self._add(table.CLAIMS, "refused" if payload.failure else given)
        if lane.held_ms is not None:
            self._observe(table.CLAIM_WAITS, since_ms=lane.held_ms, until_ms=now_ms)
        # Time that another took is none of the skill's.
        lane.held_ms, lane.attempt_ms, lane.has_claimed = None, now_ms, True

    def _released(self, path: Path, lane: _Lane, _payload: ResourceReleased) -> None:
        # The lane of a step that succeeded was forgotten, and began anew with this.
        if not lane.has_claimed:
            self._times.forget(path)
            del self._lanes[path]

    def _spawned(self, _path: Path, lane: _Lane, _payload: ChildSpawned) -> None:
        self._for_children.add(lane.granted)
        self._add(table.HELD, by=-self._grants.pop(lane.granted, 0))

    def _joined(self, _path: Path, _lane: _Lane, payload: ChildJoined) -> None:
        self._add(table.CHILDREN, payload.outcome)

    def _halted(self, _path: Path, _lane: _Lane, payload: CallHalted) -> None:
        self._add(table.ASKS_HALTED, payload.code)

    def _work_ended(self, _path: Path, _lane: _Lane, payload: WorkEnded) -> None:
        self._attempts_over()
        if payload.halt:
            self._add(table.HALTS, payload.halt)
        self._went_back(payload)

    def _attempts_over(self) -> None:
        """Counts the steps that have failed: only now is it sure that no further attempt comes."""
        for path in self._failed:
            self._step_over(path, "failure", self._times.now(path))
        self._failed.clear()

    def _went_back(self, payload: ConflictResolved | WorkEnded | VerificationRun) -> None:
        if payload.backtrack:
            self._add(table.BACKTRACKS, payload.backtrack.to)

    def _checked(self, _path: Path, _lane: _Lane, payload: VerificationRun) -> None:
        for result in payload.results:
            self._add(table.CHECKS, result.level, "passed" if result.passed else "failed")
        self._add(table.CHECK_VERDICTS, payload.verdict)
        self._went_back(payload)

    def _locked(self, _path: Path, _lane: _Lane, payload: Locked) -> None:
        ended_ms = self._times.latest
        self._add(table.RUNS_ENDED, payload.outcome)
        if payload.code:
            self._add(table.RUN_FAILURES, payload.code)
        self._observe(table.RUN_DURATION, since_ms=self._started_ms, until_ms=ended_ms)
        self._add(table.RUN_LAST_END, by=ended_ms * NS_PER_MS)


def _provider(request: Json) -> str:
    provider = request.get("provider") if isinstance(request, dict) else None
    return provider if isinstance(provider, str) else OTHER
