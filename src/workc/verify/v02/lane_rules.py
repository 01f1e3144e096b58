"""The rules of lanes: one step and one skill each, known code, asks and answers that fit.

A fold over the events that keeps what the lane at hand has said, the open reservations, and the
names of steps as far as two could be the same (docs/spec/bundle-0.2.md, sections 5 and 7).
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import UNSET, UnsetType

from workc.bundle.layout import EVENTS
from workc.bundle.policies import OFFLINE, policy_name
from workc.kernel.children import ChildJoined, ChildSpawned
from workc.kernel.digest import TAG_REQUEST, tagged
from workc.kernel.events import Event, Path
from workc.kernel.fallbacks import FallbackTaken
from workc.kernel.gates import BARRING, ApprovalAnswered, ApprovalAsked, GateEvaluated
from workc.kernel.kinds import Payload
from workc.kernel.lens import ItemObserved, LensAssembled
from workc.kernel.payloads import (
    BudgetReserved,
    BudgetSettled,
    CallHalted,
    EffectAnswered,
    EffectAsked,
    EffectBound,
    Policy,
    RetryScheduled,
    RunStarted,
    SkillAsked,
    SkillExecuted,
    StepSkipped,
    TimerFired,
    TimerSet,
    VerificationRun,
    WorkEnded,
)
from workc.kernel.plans import PlanAsked, PlanChosen, PlanRefused
from workc.kernel.resolving import ConflictFound, ConflictResolved
from workc.verify.case import Case
from workc.verify.rules import Rule
from workc.verify.v02 import rules
from workc.verify.v02.backtrack_rules import BacktrackRules
from workc.verify.v02.check_rules import CheckRules
from workc.verify.v02.child_rules import ChildRules, joined
from workc.verify.v02.conflict_rules import ConflictRules
from workc.verify.v02.lens_rules import LensRules, OfLens
from workc.verify.v02.money import Money
from workc.verify.v02.named_effects import NamedEffects
from workc.verify.v02.pair_rules import Difference, differences
from workc.verify.v02.passes import Passes, StepFound
from workc.verify.v02.payload_rules import holds, mode_fits, payload_problems, was_not_run
from workc.verify.v02.plan_rules import OfPlan, PlanRules
from workc.verify.v02.resource_rules import OfResource, ResourceRules
from workc.verify.v02.settlement_rules import is_above, settlement_problems
from workc.verify.v02.step_names import place_of
from workc.verify.v02.strategy_rules import StrategyRules


class LaneRules:
    """Takes the events in order; ``passes`` are whole when they are closed.

    ``stopped`` says what stopped the run, if anything did. ``requests`` are paths of files with
    the digests that they must have, ``named`` the effects that events name.
    """

    def __init__(self, case: Case) -> None:
        self._case = case
        self._money = Money(case)
        self._children = ChildRules()
        self._backtracks = BacktrackRules()
        self._checks = CheckRules()
        self.lens = LensRules()
        self._conflicts = ConflictRules()
        self._plans = PlanRules()
        self._strategies = StrategyRules()
        self._resources = ResourceRules()
        self._line = 0
        # Where the lane at hand starts; what it has said so far.
        self._start: Path = ()
        self._step: str | None = None
        self._skill: str | None = None
        self._attempt = 1
        # Whether the timer that fires next was set by the work itself.
        self._waits = False
        self._before: Payload | None = None
        self._last: Payload | None = None
        # The lane that fell back last.
        self._fallen: Path | None = None
        self._code: dict[str, str] = {}
        self._of_function = False
        self._is_offline = self._limits_tokens = False
        self._ceiling: int | UnsetType | None = None
        self._grants: dict[int, tuple[Path, BudgetReserved]] = {}
        self._passes = Passes()
        self.passes = self._passes.found
        self.stopped: str | None = None
        self.requests: set[tuple[str, str]] = set()
        self.named = NamedEffects()

    def take(self, events: list[Event]) -> None:
        """Checks the next events against those before them."""
        for number, event in enumerate(events, self._line + 1):
            self._line = number
            at, payload = event.at, event.payload
            if at[-1] == 0 or len(at) == 1:
                self._leave(at)
            if len(at) == 1:
                self._check_all(self._strategies.take(payload))
            if type(payload) is SkillExecuted:
                self._executed(payload)
            elif type(payload) is BudgetReserved:
                self._reserved(payload, event.at_ms)
            else:
                self._take(event)
            self._before = payload

    def _take(self, event: Event) -> None:
        payload = event.payload
        match payload:
            case EffectAsked():
                self._asked(payload)
            case EffectAnswered():
                self._answered(payload)
            case SkillAsked():
                self._called(payload)
            case BudgetSettled():
                self._settled(payload)
            case RunStarted():
                self._started(payload, event.at_ms)
            case ItemObserved() | LensAssembled() | ConflictFound() | ConflictResolved():
                self._looked(payload, event.at_ms)
            case _ if isinstance(payload, OfResource):
                self._of_resource(payload)
            case _:
                self._take_rare(payload)

    def close(self) -> None:
        """Checks the end of the log: the ledger is closed, and no child is left out."""
        self._close_pass()
        self._money.close()
        self._check_all(self._resources.close())
        missing = self._children.first_missing()
        if missing is not None:
            message = f"there is no child of the number {missing}, but a later one"
            self._case.fail(rules.CHILDREN_ARE_COUNTED, EVENTS, message)

    def _take_rare(self, payload: Payload) -> None:
        match payload:
            case RetryScheduled():
                self._retried(payload)
            case CallHalted():
                self.stopped = "a call was halted"
            case StepSkipped():
                self._skipped(payload)
            case FallbackTaken():
                self._fell_back(payload)
            case PlanAsked() | PlanRefused() | PlanChosen():
                self._of_plan(payload)
            case TimerSet():
                self._waits = True
                self._work()
            case ChildSpawned() | ChildJoined():
                self._child(payload)
            case ApprovalAsked() | ApprovalAnswered() | GateEvaluated():
                self._gate(payload)
            case WorkEnded() | VerificationRun():
                self._ended(payload)
            case _:
                pass

    def _started(self, started: RunStarted, at_ms: int | UnsetType) -> None:
        self._check_alone(started)
        self._money.start(started, at_ms)
        self._children.start(started.run_id)
        self.lens.start(started)
        self._backtracks.start(started.max_backtracks or 0)
        self._code = started.code
        self._of_function = started.program_kind == "function"
        self._limits_tokens = started.limits is not UNSET and started.limits.tokens is not UNSET
        self._check_policy(started.policy)

    def _close_pass(self) -> None:
        self._passes.close(self._plans.planners, barred=self._plans.is_barred)

    def _of_plan(self, payload: OfPlan) -> None:
        self._check_all(self._plans.take(payload, self._passes.steps, self._last))
        if isinstance(payload, PlanAsked) and self._of_function:
            self._fail(rules.PLANNER_HAS_LANE, "a function asks no planner", "/kind")
        if not isinstance(payload, PlanRefused):
            self._check_alone(payload)
            self._declared(payload)

    def _declared(self, plan: PlanAsked | PlanChosen) -> None:
        self._passes.begin(plan)
        for problem in self.named.declare(plan.effects, self.lens.effects):
            self._fail(*problem)

    def _looked(self, said: OfLens, at_ms: int | UnsetType) -> None:
        self._check_alone(said)
        if isinstance(said, LensAssembled):
            self._check_all(self.lens.assembled(said))
            return
        if not isinstance(said, ItemObserved):
            self._conflict(said)
            return
        self._check_all(self.lens.observed(said, at_ms or 0))
        if self._is_offline and said.how == "url" and said.value is not UNSET:
            message = "the run is offline and was answered"
            self._fail(rules.OFFLINE_HOLDS, message, "/payload/value")

    def _ended(self, end: WorkEnded | VerificationRun) -> None:
        if isinstance(end, VerificationRun):
            self._check_all(self._checks.ended(end))
        self._check_all(self._conflicts.close())
        self._check_all(self._plans.close(self._passes.steps))
        self._check_all(self._backtracks.ended(end, self._passes.gates))
        if end.backtrack is not UNSET:
            self._turn_back()

    def _turn_back(self) -> None:
        self._close_pass()
        self._checks.forget()
        self._plans = PlanRules()

    def _conflict(self, said: ConflictFound | ConflictResolved) -> None:
        if isinstance(said, ConflictFound):
            self._check_all(self._conflicts.found(said, self.lens.contested, len(self.passes)))
            return
        self._check_all(self._conflicts.resolved(said, self._last))
        self._check_all(self._backtracks.counted(said.backtrack))
        self.lens.resolved(said)
        self._turn_back()

    def _of_resource(self, payload: OfResource) -> None:
        self._name(payload.step)
        self._check_all(self._resources.take(payload))
        if self._step in self._passes.steps:
            self._passes.steps[self._step].claimed = self._resources.claimed

    def _work(self) -> None:
        """Takes it that the lane at hand does what it claims resources for."""
        if self._resources.claimed is not None:
            self._check_all(self._resources.work())
        found = self._passes.steps.get(self._step or "")
        if found is not None:
            found.has_worked = True

    def _bound(self, effect: EffectBound | UnsetType, *, may_lack: bool = False) -> None:
        problem = self.named.take(effect, may_lack=may_lack)
        if problem is not None:
            self._fail(*problem)

    def _child(self, child: ChildSpawned | ChildJoined) -> None:
        self._check_alone(child)
        if isinstance(child, ChildJoined):
            self._check_all(joined(self._before, child))
            self._conflicts.joined(child)
            return
        self._name(child.step)
        self._check_all(self._children.spawned(self._before, child))

    def _gate(self, gate: ApprovalAsked | ApprovalAnswered | GateEvaluated) -> None:
        self._check_alone(gate)
        if gate.step is not UNSET and len(self._start) > 1:
            self._name(gate.step)
        self._check_all(differences(self._before, gate))
        if isinstance(gate, GateEvaluated):
            self._evaluated(gate)
        else:
            self._check_all(self._plans.approve(gate, in_root=len(self._start) == 1))
        if self._is_late(gate):
            message = "work that it can bar has begun"
            self._fail(rules.GATES_COME_FIRST, message, "/kind")

    def _evaluated(self, gate: GateEvaluated) -> None:
        if gate.passed != holds(gate):
            message = "a gate passes if and only if it gave what lets it pass"
            self._fail(rules.GATE_HOLDS, message, "/payload/passed")
        self._passes.evaluated(gate)
        self._checks.take(gate)
        if gate.kind == "command":
            self._bound(gate.effect, may_lack=was_not_run(gate))

    def _is_late(self, gate: ApprovalAsked | ApprovalAnswered | GateEvaluated) -> bool:
        if isinstance(gate, GateEvaluated) and gate.when == "pre_run":
            return self._passes.has_begun
        is_barring = not isinstance(gate, GateEvaluated) or gate.when in BARRING
        return is_barring and self._waits and isinstance(self._before, TimerFired)

    def _skipped(self, skipped: StepSkipped) -> None:
        self._name(skipped.step)
        if skipped.step in self._passes.steps:
            self._passes.steps[skipped.step].because = skipped.because
        self._check_all(differences(self._before, skipped))

    def _fell_back(self, taken: FallbackTaken) -> None:
        self._name(taken.step)
        self._check_all(differences(self._before, taken))
        if self._fallen == self._start:
            message = "the step fell back before"
            self._fail(rules.FALLBACK_IS_TAKEN_ONCE, message, "/kind")
        self._fallen = self._start
        if self._step in self._passes.steps:
            self._passes.steps[self._step].fallback = taken
        if taken.skill is UNSET:
            return
        if taken.skill not in self._code:
            self._unknown()
        self._skill, self._attempt = taken.skill, taken.attempt + 1

    def _check_all(self, found: Iterable[Difference]) -> None:
        for rule, field, expected, actual in found:
            self._differs(rule, field, expected, actual)

    def _leave(self, at: Path) -> None:
        if self._step is None and len(self._start) > 1:
            self._fail(rules.LANE_NAMES_A_STEP, "the lane before is of no step", "/at")
        self._check_all(self._resources.enter(at[:-1]))
        self._start, self._last = at, self._before
        self._passes.leave(at)
        self._step = self._skill = self._before = self._ceiling = None
        self._attempt, self._waits = 1, False

    def _name(self, step: str) -> None:
        """Takes the step that an event names: the first one of a lane names the lane."""
        if self._step == step:
            return
        if self._step is not None:
            self._differs(rules.LANE_HAS_ONE_STEP, "step", self._step, step)
            return
        self._step = step
        self._conflicts.named(step)
        if self._of_function and (place := place_of(step, self._start)) != "none":
            if place == "own":
                return
            message = "the step is named after another place"
            self._fail(rules.STEP_AT_ITS_PLACE, message, "/payload/step")
        if step in self._passes.steps:
            self._fail(rules.STEP_HAS_ONE_LANE, "the step has a lane already", "/payload/step")
        self._passes.steps.setdefault(step, StepFound())

    def _use(self, step: str, attempt: int, skill: str) -> None:
        if self._step != step:
            self._name(step)
        if self._attempt != attempt:
            self._try(attempt)
        if self._skill == skill:
            return
        if self._skill is not None:
            self._differs(rules.LANE_HAS_ONE_SKILL, "skill", self._skill, skill)
            return
        self._skill = skill
        if self._step in self._passes.steps:
            self._passes.steps[self._step].skill = skill

    def _try(self, attempt: int) -> None:
        if attempt != self._attempt:
            self._differs(rules.ATTEMPTS_COUNT, "attempt", self._attempt, attempt)

    def _unknown(self) -> None:
        self._fail(rules.CODE_IS_NAMED, "its code is not that of the run", "/payload/skill")

    def _called(self, call: SkillAsked) -> None:
        self._use(call.step, call.attempt, call.skill)
        self._work()
        if call.skill not in self._code:
            self._unknown()

    def _check_alone(self, payload: Payload) -> None:
        for rule, pointer in payload_problems(payload):
            self._fail(rule, f"not so: {rule.text}", f"/payload{pointer}")

    def _check_policy(self, policy: Policy) -> None:
        self._is_offline = policy.id == OFFLINE
        name = policy_name(policy.rules_sha256)
        if policy.id != name:
            message = "the policy has another name than its rules"
            self._fail(rules.POLICY_IS_KNOWN, message, "/payload/policy/id", name, policy.id)

    def _executed(self, executed: SkillExecuted) -> None:
        if not mode_fits(executed):
            self._check_alone(executed)
        if type(self._before) is SkillAsked:
            self._check_all(differences(self._before, executed))
        elif executed.mode == "opaque":
            message = "an opaque call was not asked for"
            self._fail(rules.OPAQUE_IS_ASKED, message, "/payload/mode")
        self._use(executed.step, executed.attempt, executed.skill)
        if executed.failure is UNSET or executed.request is not UNSET:
            self._work()
        if executed.request is not UNSET and executed.skill not in self._code:
            self._unknown()

    def _asked(self, asked: EffectAsked) -> None:
        self._name(asked.step)
        self._work()
        self._try(asked.attempt)
        if asked.effect is not UNSET and self.named.are_bounded:
            self._check_alone(asked)
        self._bound(asked.effect)
        request = asked.request
        if request.path is not UNSET:
            self.requests.add((request.path, asked.digest))
            return
        digest = tagged(TAG_REQUEST, str(request.inline).encode())
        if digest != asked.digest:
            self._differs(rules.REQUEST_DIGEST, "digest", digest, asked.digest)

    def _answered(self, answered: EffectAnswered) -> None:
        self._check_alone(answered)
        if self._is_offline and answered.response is not UNSET:
            message = "the run is offline and was answered"
            self._fail(rules.OFFLINE_HOLDS, message, "/payload/response")
        self._check_all(differences(self._before, answered))

    def _retried(self, retry: RetryScheduled) -> None:
        self._check_all(differences(self._before, retry))
        self._name(retry.step)
        self._attempt = retry.attempt + 1
        self._waits = False

    def _reserved(self, reserved: BudgetReserved, at_ms: int | UnsetType) -> None:
        self._name(reserved.step)
        self._work()
        self._money.take(reserved, at_ms)
        if self._ceiling is None:
            self._ceiling = reserved.step_ceiling
        elif self._ceiling != reserved.step_ceiling:
            self._differs(
                rules.STEP_HAS_ONE_CEILING, "step_ceiling", self._ceiling, reserved.step_ceiling
            )
        if reserved.granted:
            self._grants[reserved.n] = (self._start, reserved)
        elif reserved.refused_by != "step":
            self.stopped = "a reservation was refused"

    def _settled(self, settled: BudgetSettled) -> None:
        self._name(settled.step)
        self._money.take(settled)
        if type(self._before) is ChildJoined:
            self._check_all(self._children.settled(self._before, settled))
        lane, reserved = self._grants.pop(settled.grant, (None, None))
        if reserved is None or lane != self._start:
            message = "the reservation does not stand before its settlement in the same lane"
            self._fail(rules.SETTLED_IN_LANE, message, "/payload/grant")
            return
        for rule, message, pointer in settlement_problems(reserved, settled):
            self._fail(rule, message, pointer)
        if is_above(reserved, settled, limits_tokens=self._limits_tokens):
            self.stopped = "a settlement was above its bound"

    def _differs(self, rule: Rule, field: str, expected: object, actual: object) -> None:
        message = f"{field} does not fit the events before it in its lane"
        self._fail(rule, message, f"/payload/{field}", expected, actual)

    def _fail(
        self,
        rule: Rule,
        message: str,
        pointer: str,
        expected: object = None,
        actual: object = None,
    ) -> None:
        self._case.fail(
            rule,
            EVENTS,
            message,
            line=self._line,
            pointer=pointer,
            expected=expected,
            actual=actual,
        )
