"""A workflow as a Python function: ``await ctx.call(skill, ...)``, ``await ctx.gather(...)``.

Each call takes the next place of the lane it stands in, so plan order is the order of the calls
in the code. A call that fails raises :class:`StepFailed`, which the function may catch. Nothing
else may be awaited: asyncio's primitives belong to an event loop, and the engine has none.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar, cast

import msgspec

from workc.kernel.arguments import a, switch, whole
from workc.kernel.events import dotted
from workc.kernel.failure import Failure, Misuse, Refusal, refuse
from workc.kernel.ledger import MAX_CENTS
from workc.kernel.payloads import CallHalted, TimerSet
from workc.kernel.selectors import Effect, uncovered
from workc.kernel.values import Json, JsonObject
from workc.runtime.asks import Timer
from workc.runtime.bodies import failure_from
from workc.runtime.call_options import (
    approval_of,
    asked_of,
    check_options,
    inputs_of,
    resources_of,
    step_name,
    wait_of,
)
from workc.runtime.declared_effects import given_effects
from workc.runtime.engine import Body, Lane, Work
from workc.runtime.gate_reading import SaidGates, read_step_gates
from workc.runtime.guarding import context_of, guarded
from workc.runtime.lens_items import LensItems
from workc.runtime.literals import given, literal
from workc.runtime.on_failure import Said, read_on_failure, read_retry
from workc.runtime.run import Run, StepResult, derived_number
from workc.runtime.step import step_body
from workc.runtime.workflow.facts import CHILD_PREFIX
from workc.runtime.workflow.model import (
    ApprovalSpec,
    ChildSpec,
    OnFailure,
    RetrySpec,
    StepGates,
    StepSpec,
)
from workc.stages.annotations import to_json
from workc.stages.effects import SecretName, SecretText
from workc.stages.skill import Skill

R = TypeVar("R")

#: After a halt a workflow may tidy up with so many calls, all of which fail, before it is ended.
HALTED_CALLS_LIMIT = 100


#: A run starts at most so many others.
MAX_CHILDREN = 1_000


class WorkflowStopped(BaseException):
    """Ends a workflow function that does not end by itself after a halt."""


class StepFailed(Exception):
    """A call of the workflow did not succeed; ``failure`` says why, ``step`` which."""

    def __init__(self, step: str, failure: Failure) -> None:
        super().__init__(f"{step}: {failure.code}: {failure.message}")
        self.step = step
        self.failure = failure


@dataclass(frozen=True, slots=True, eq=False)
class PlannedCall:
    """A call that is not made yet: await it, or give it to ``ctx.gather``."""

    context: WorkflowContext
    skill: Skill[..., object]
    params: JsonObject
    step: str | None
    retry: RetrySpec | None
    timeout_ms: int | None
    approval: ApprovalSpec | None
    budget_cents: int | None
    on_failure: OnFailure | None
    gates: StepGates
    child: ChildSpec | None = None
    effects: tuple[Effect, ...] | None = None
    resources: tuple[str, ...] = ()
    resources_wait_ms: int | None = None

    def __await__(self) -> Generator[object, Any, Any]:
        """Makes the call and gives its value: JSON, whatever the skill's own type is.

        It is None if the call failed and says ``on_failure="skip"``.
        """
        values = yield from self.context.gather(self).__await__()
        return values[0]


class WorkflowContext:
    """What a workflow function is given."""

    def __init__(self, run: Run, lane: Lane) -> None:
        self._run = run
        self._lane = lane
        self._uuids = 0
        self._halted = 0
        self._children = 0
        self._planned: dict[PlannedCall, None] = {}
        self._rng = run.rng(lane.path, "workflow")

    def now_ms(self) -> int:
        """Returns the time of the last answer, in ms since 1970; it stands still in between."""
        return self._lane.now_ms

    @property
    def feedback(self) -> JsonObject:
        """Returns why the run went back: ``pass`` (1: it did not), and what ``NO_FEEDBACK`` has."""
        return self._run.feedback

    @property
    def lens(self) -> LensItems:
        """Returns what the run looked at before it began, by item; nothing if it has no lens."""
        return LensItems(self._run.lens)

    @property
    def strategy(self) -> JsonObject:
        """Returns the strategy of this pass: ``id``, ``version``, ``permille``, ``parameters``."""
        return self._run.strategy

    def uuid(self) -> str:
        """Returns the next derived UUID; the same on every replay."""
        self._uuids += 1
        return self._run.uuid(self._lane.path, self._uuids)

    def secret(self, name: str) -> SecretText:
        """Returns what stands for the environment variable ``name`` in a request, never its value.

        Raises:
            Misuse: the workflow does not declare it; write ``@workflow(secrets=["NAME"])``.
        """
        if name not in self._run.program.secrets:
            raise Misuse(f'{name} is not declared; write @workflow(secrets=["{name}"])')
        return SecretText((SecretName(name),))

    def random(self) -> int:
        """Returns the next derived number, 0 <= n < 2**53."""
        return derived_number(self._rng)

    def call(
        self,
        skill: Skill[..., object] | str,
        /,
        *,
        step: str | None = None,
        retry: RetrySpec | None = None,
        timeout_ms: int | None = None,
        approval: ApprovalSpec | str | None = None,
        budget_cents: int | None = None,
        on_failure: Said | None = None,
        gates: SaidGates | None = None,
        effects: Iterable[str | Mapping[str, str]] | None = None,
        resources: Iterable[str] = (),
        resources_wait_ms: int | None = None,
        **params: object,
    ) -> PlannedCall:
        """Returns a call of ``skill`` with ``params``; await it for its value.

        ``step`` names it in the record; else it is named after the skill and its place.
        ``approval`` is what a human is asked before it begins; if that is denied, awaiting the call
        raises :class:`StepFailed`.
        ``budget_cents`` is what it may cost, all its attempts together.
        ``on_failure`` is what becomes of it when it has failed for good, as in a workflow file:
        ``"fail"``, ``"skip"``, ``"abort"``, ``{"value": ...}`` or ``{"skill": ..., "with": {...}}``.
        ``gates`` are what must hold before it, and of what it gives, as in a workflow file:
        ``{"pre": [...], "post": [...]}``; their ``steps`` are those that were over before it was made.
        ``effects`` are those that it may have: none beyond what the workflow declares.
        ``resources`` are what it needs alone; it waits for them ``resources_wait_ms`` at most, or 60,000.

        Raises:
            Misuse: the skill is unknown, or an option is not of its kind.
            Refusal: ``INVALID_INPUT`` for a parameter that is no JSON value.
        """
        found = self._find(skill)
        check_options(step, timeout_ms, budget_cents)
        said = read_on_failure(on_failure, self._find)
        planned = PlannedCall(
            self,
            found,
            {
                key: given(value, "the parameter", key, "of", found.name)
                for key, value in params.items()
            },
            step,
            read_retry(retry),
            timeout_ms,
            approval_of(approval),
            budget_cents,
            said,
            read_step_gates(gates, self._find, asked_of, approved=approval is not None),
            effects=None if effects is None else self._narrowed(effects),
            resources=resources_of(resources),
            resources_wait_ms=wait_of(resources_wait_ms),
        )
        self._planned[planned] = None
        return planned

    def child(
        self,
        workflow: object,
        inputs: Mapping[str, object] | None = None,
        /,
        *,
        budget_cents: int | None = None,
        critical: bool = True,
        step: str | None = None,
        timeout_ms: int | None = None,
        approval: ApprovalSpec | str | None = None,
        on_failure: Said | None = None,
        resources: Iterable[str] = (),
        resources_wait_ms: int | None = None,
    ) -> PlannedCall:
        """Returns a run of another workflow as a child; await it for its output.

        ``workflow`` is one of the ``children`` that this workflow was registered with: itself, or its
        name. ``budget_cents`` is the most that it may cost; without it its own budget holds, and a
        child with neither may spend nothing. If it is ``critical`` and fails, this run fails too,
        even if the function goes on. The rest is as for :meth:`call`.

        Raises:
            Misuse: the workflow is none of the children, an option is not of its kind, or there
                would be more than 1,000 of them.
            Refusal: ``INVALID_INPUT`` for an input that is no JSON value.
        """
        self._children += 1
        if self._children > MAX_CHILDREN:
            raise Misuse(f"a run starts at most {MAX_CHILDREN} others; start fewer")
        spec = ChildSpec(
            ceiling_cents=None
            if budget_cents is None
            else whole("budget_cents", budget_cents, most=MAX_CENTS),
            critical=switch("critical", critical),
        )
        found = self._find(self._child_named(workflow))
        check_options(step, timeout_ms, None)
        planned = PlannedCall(
            self,
            found,
            inputs_of(inputs, found.name),
            step,
            None,
            timeout_ms,
            approval_of(approval),
            None,
            read_on_failure(on_failure, self._find),
            StepGates(),
            spec,
            resources=resources_of(resources),
            resources_wait_ms=wait_of(resources_wait_ms),
        )
        self._planned[planned] = None
        return planned

    def _child_named(self, workflow: object) -> str:
        """Returns the name of the skill that runs a child, by the child itself or its name."""
        name = workflow if isinstance(workflow, str) else getattr(workflow, "name", None)
        known = [each for each in self._run.program.skills if each.startswith(CHILD_PREFIX)]
        if isinstance(name, str) and CHILD_PREFIX + name in known:
            return CHILD_PREFIX + name
        names = ", ".join(each.removeprefix(CHILD_PREFIX) for each in sorted(known)) or "none"
        what = repr(name) if isinstance(name, str) else a(workflow)
        raise Misuse(
            f"{what} is no child of this workflow; its children are {names}: "
            "name them in @workflow(children=[...])"
        )

    def _narrowed(self, effects: object) -> tuple[Effect, ...]:
        """Returns the effects that a call declares; each must be one that the workflow may have."""
        declared, given = self._run.program.effects, given_effects(effects)
        for beyond in given if declared is None else uncovered(declared, given):
            name = f"{beyond.op} {beyond.selector}"
            raise Misuse(
                f'the workflow does not declare {name}; write @workflow(effects=["{name}"])'
            )
        return given

    def _find(self, skill: object) -> Skill[..., object]:
        """Returns the skill that is meant, by itself or by its name."""
        known = self._run.program.skills
        if not isinstance(skill, Skill | str):
            raise Misuse(f"a skill, or the name of one, is called, not {a(skill)}")
        name = skill if isinstance(skill, str) else skill.name
        if isinstance(skill, str) and skill not in known:
            raise Misuse(f"no skill is named {skill!r}; known: {', '.join(sorted(known))}")
        found = known.get(name)
        if found is None or (found is not skill and not isinstance(skill, str)):
            raise Misuse(f"the skill {name!r} is not among those the workflow was registered with")
        return found

    async def gather(self, *calls: PlannedCall) -> list[Any]:
        """Makes the calls at once and returns their values in order.

        Raises:
            StepFailed: the first of them, in order, that did not succeed; all of them have ended.
        """
        if not calls:
            return []
        self._make(calls)
        place = dotted(self._lane.next_place)
        bodies: list[Body] = []
        for index, call in enumerate(calls):
            name = call.step or f"{step_name(call.skill.name)}-{place}.{index}"
            self._claim(name)
            step = StepSpec(
                id=name,
                skill=call.skill.name,
                params=literal(call.params),
                retry=call.retry or RetrySpec(),
                timeout_ms=call.timeout_ms,
                approval=call.approval,
                gates=self._seeing(call.gates),
                on_failure=call.on_failure,
                budget_ceiling_cents=call.budget_cents,
                child=call.child,
                effects=call.effects,
                resources=call.resources,
                resources_wait_ms=call.resources_wait_ms,
            )
            bodies.append(step_body(self._run, step, ()))
        results = await self._lane.spawn(bodies)
        self._stop_if_deaf(results)
        return [_value(result) for result in results]

    def _seeing(self, gates: StepGates) -> StepGates:
        """Returns the gates of a call with what they see: the steps that are over now."""
        if not (gates.pre or gates.post):
            return gates
        return msgspec.structs.replace(gates, sees=tuple(sorted(self._run.results)))

    def _stop_if_deaf(self, results: list[object]) -> None:
        """Ends a workflow that keeps on calling though the run has been stopped."""
        if any(isinstance(result, StepResult) and result.halt for result in results):
            self._halted += 1
        if self._halted > HALTED_CALLS_LIMIT:
            raise WorkflowStopped

    def _make(self, calls: Sequence[PlannedCall]) -> None:
        for call in calls:
            if call not in self._planned:
                raise Misuse(f"this call of {call.skill.name} was made already; call it again")
            del self._planned[call]

    async def finish(self) -> None:
        """Sees to it that nothing was left out, and that the run's time is not over.

        Raises:
            Misuse: a call was planned and never made.
            Refusal: ``TIMEOUT``.
        """
        for call in self._planned:
            raise Misuse(f"a call of {call.skill.name} was never made: await ctx.call(...)")
        if self._run.deadline_ms is not None:
            # The function may have been busy without asking anything, so nobody looked at a clock.
            await self.sleep_ms(0)
            if self._run.is_over(self._lane.now_ms):
                raise self._too_late("the time of the run was over when the function ended")

    async def sleep_ms(self, delay_ms: int) -> None:
        """Waits, at most until the run's time is over; in a replay it does not."""
        asked_ms = whole("delay_ms", delay_ms)
        deadline_ms = self._run.deadline_ms
        left_ms = asked_ms if deadline_ms is None else max(0, deadline_ms - self._lane.now_ms)
        wait_ms = min(asked_ms, left_ms)
        self._lane.emit(TimerSet(after_ms=wait_ms))
        answer = await self._lane.ask(Timer(wait_ms))
        if isinstance(answer, CallHalted):
            self._run.halts.add(answer.code)
            raise refuse("HALTED", f"the run was stopped: {answer.code}", cause=answer.code)
        if wait_ms < asked_ms:
            raise self._too_late("the time of the run was over while it waited")

    def _too_late(self, message: str) -> Refusal:
        self._run.halts.add("TIMEOUT")
        return refuse("TIMEOUT", message, scope="run")

    def _claim(self, name: str) -> None:
        if name in self._run.claimed:
            raise Misuse(f"two steps are named {name!r}; give one of them another `step=`")
        self._run.claimed.add(name)


def _value(result: object) -> Json:
    if not isinstance(result, StepResult):
        raise Misuse("a lane ended without a result")
    if result.tolerated:
        return None
    if result.status != "success":
        failure = result.failure or Failure(code="INTERNAL_ERROR", message="no failure recorded")
        raise StepFailed(result.id, failure)
    return result.value


async def call_function(
    run: Run, lane: Lane, function: Callable[..., Awaitable[object]]
) -> tuple[Json, Failure | None, str | None]:
    """Returns what the function gave, or its failure and the step that caused it."""
    try:
        ctx = WorkflowContext(run, lane)
        made = cast("Work", function(ctx, **run.inputs))
        value = await guarded(made, context_of(run.guard, run.program.name, function))
        await ctx.finish()
        return to_json(value), None, None
    except StepFailed as error:
        return None, error.failure, error.step
    except WorkflowStopped:
        return None, Failure(code="HALTED", message="the workflow went on calling"), None
    except (KeyboardInterrupt, GeneratorExit):
        raise
    except BaseException as error:  # noqa: BLE001 - a workflow's own exception is an outcome
        return None, failure_from(error), None
