"""What the code of a skill is given: every word of it goes through the lane it runs in."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec
from msgspec import UNSET, UnsetType

from workc.kernel import jcs
from workc.kernel.arguments import a, whole
from workc.kernel.children import ChildJoined, ChildSpawned
from workc.kernel.failure import Failure, Misuse, Refusal, refuse
from workc.kernel.kinds import Payload
from workc.kernel.ledger import MICRO_CENTS_PER_CENT
from workc.kernel.payloads import (
    Basis,
    BudgetReserved,
    BudgetSettled,
    CallHalted,
    EffectAnswered,
    EffectAsked,
    EffectBound,
    Limits,
    TimerSet,
    given,
)
from workc.kernel.rng import SeededRng
from workc.kernel.values import MAX_SAFE_INTEGER, Json, JsonObject
from workc.runtime.amounts import money
from workc.runtime.asks import Effect, Reserve, Settle, Timer
from workc.runtime.bodies import load_json, store
from workc.runtime.deciding import refuse_undecided
from workc.runtime.declared_effects import addressed, as_bound, effect_of
from workc.runtime.effects import (
    http_response,
    is_idempotent,
    model_response,
    port_of,
    port_result,
    request_digest,
    request_json,
)
from workc.runtime.engine import Lane
from workc.runtime.program import ChildProgram
from workc.runtime.refusals import halt_of, refusal_of
from workc.runtime.run import Run, derived_number
from workc.runtime.spawning import (
    MAX_CALL_TOKENS,
    child_ceiling,
    child_limits,
    child_of,
    failure_of_child,
    spawn_of,
)
from workc.runtime.workflow.model import ChildSpec, StepSpec
from workc.stages.context import Grant, PriceTable
from workc.stages.effect_limits import decide_effect
from workc.stages.effects import (
    EffectRequest,
    FileRequest,
    HttpRequest,
    HttpResponse,
    ModelRequest,
    ModelResponse,
    PortResult,
    ProgramRun,
    Publication,
)

_BASES: dict[str, Basis] = {"usage": "usage", "released": "released", "bound": "bound"}


@dataclass(frozen=True, slots=True)
class Reservation:
    """A granted reservation: its number in the ledger and what was set aside."""

    n: int
    bound_micro_cents: int
    tokens: int | UnsetType = UNSET


class AttemptContext:
    """The context of one attempt of one step. See ``workc.stages.context.Context``."""

    def __init__(
        self, run: Run, lane: Lane, step: StepSpec, attempt: int, deadline_ms: int | None
    ) -> None:
        self._run = run
        self._lane = lane
        self._step = step.id
        self._within = run.within(step.effects)
        self._step_ceiling = _micro_cents(step.budget_ceiling_cents)
        self._skill = step.skill
        self._child = step.child or ChildSpec()
        self._attempt = attempt
        self._deadline_ms = deadline_ms
        self._uuids = 0
        self._rng: SeededRng | None = None
        self._open: dict[int, Reservation] = {}
        self._idempotent_so_far = True
        self.halt: str | None = None

    @property
    def idempotent(self) -> bool:
        """Returns whether all that was asked of the world so far may be asked again."""
        return self._idempotent_so_far

    @property
    def prices(self) -> PriceTable:
        """Returns the price table of the run."""
        return self._run.program.prices

    @property
    def idempotency_key(self) -> str:
        """Returns a key that is the same for every attempt of this step with this skill."""
        # A skill that stands in for another asks for something else: the other side must not take it
        # for the same.
        instead = self._lane.path in self._run.fallen
        return self._run.idempotency_key(f"{self._step}\0instead" if instead else self._step)

    def now_ms(self) -> int:
        """Returns the time of the last answer, in ms since 1970."""
        return self._lane.now_ms

    def uuid(self) -> str:
        """Returns the next derived UUID of this attempt."""
        self._uuids += 1
        return self._run.uuid(self._lane.path, self._attempt * 1_000_000 + self._uuids)

    def random(self) -> int:
        """Returns the next derived number of this attempt, 0 <= n < 2**53."""
        if self._rng is None:
            self._rng = self._run.rng(self._lane.path, f"attempt:{self._attempt}")
        return derived_number(self._rng)

    async def http(self, request: HttpRequest) -> HttpResponse:
        """Makes one HTTP exchange; raises the Refusal of the network or the policy."""
        return http_response(self._run.files, await self._effect(request))

    async def model(self, request: ModelRequest) -> ModelResponse:
        """Makes one provider call; raises as :meth:`http`, and Misuse if nothing is reserved for it."""
        if not self._open:
            raise Misuse("reserve the most that a model call may cost before it is made")
        return model_response(self._run.files, await self._effect(request))

    async def file(self, request: FileRequest) -> PortResult:
        """Reads or writes one file; raises the Refusal of the system or of what the run may do."""
        return port_result(self._run.files, await self._effect(request))

    async def program(self, request: ProgramRun) -> PortResult:
        """Runs one program to its end, whatever its status; raises as :meth:`file`."""
        return port_result(self._run.files, await self._effect(request))

    async def publish(self, request: Publication) -> PortResult:
        """Publishes one file, whatever the status of its answer; raises as :meth:`file`."""
        return port_result(self._run.files, await self._effect(request))

    async def sleep_ms(self, delay_ms: int) -> None:
        """Waits ``delay_ms``, or until the time of the attempt is over and then raises TIMEOUT."""
        asked_ms = whole("delay_ms", delay_ms)
        left_ms = self._left_ms()
        wait_ms = asked_ms if left_ms is None else max(0, min(asked_ms, left_ms))
        self._lane.emit(TimerSet(after_ms=wait_ms))
        self._unless_halted(await self._lane.ask(Timer(wait_ms)))
        if wait_ms < asked_ms:
            raise self._too_late("while it waited")

    def _too_late(self, when: str, **details: Json) -> Refusal:
        """Returns the refusal of what had no time left; it says whose time that was."""
        scope = "run" if self._run.is_over(self._lane.now_ms) else "step"
        message = f"the time of the {scope} was over {when}"
        return refuse("TIMEOUT", message, **details, scope=scope)

    async def reserve(self, bound_micro_cents: int, tokens: int | None = None) -> Reservation:
        """Sets the upper bound of a call aside, or raises what refused it."""
        bound = whole("bound_micro_cents", bound_micro_cents)
        most = UNSET if tokens is None else whole("tokens", tokens, most=MAX_CALL_TOKENS)
        question = Reserve(bound, self._step, most, self._step_ceiling)
        answer = self._unless_halted(await self._lane.ask(question))
        if not isinstance(answer, BudgetReserved):
            raise _mismatch("BudgetReserved", answer)
        if not answer.granted:
            self.halt = halt_of(answer)
            raise refusal_of(answer, self._run.ceiling_micro_cents, self._run.limits)
        grant = Reservation(answer.n, answer.bound, answer.tokens)
        self._open[answer.n] = grant
        return grant

    async def settle(
        self, grant: Grant, actual_micro_cents: int, basis: str, tokens: int | None = None
    ) -> None:
        """Commits what the call cost, or raises ``BUDGET_BOUND_VIOLATED`` if that is too much."""
        # What no record could hold is far above any bound: it is kept as the most that one holds.
        actual = whole("actual_micro_cents", _at_most(actual_micro_cents))
        if basis not in _BASES:
            raise Misuse(f"a basis is one of {', '.join(_BASES)}, not {basis!r}")
        if not isinstance(grant, Reservation) or grant.n not in self._open:
            raise Misuse("settle() takes a grant of this attempt, once")
        fixed = {"released": 0, "bound": grant.bound_micro_cents}
        if fixed.get(basis, actual) != actual:
            raise Misuse(f"basis {basis!r} means {fixed[basis]} micro-cents, not {actual}")
        used = _tokens_used(grant, basis, tokens)
        del self._open[grant.n]
        await self._settle(grant, actual, _BASES[basis], used)
        violation = _violation(grant, actual, used, self._run.limits)
        if violation is not None:
            self.halt = "BUDGET_BOUND_VIOLATED"
            raise violation

    async def child(self, name: str, child: ChildProgram, inputs: JsonObject) -> Json:
        """Starts a run of a child, waits for its end, and returns its output.

        Raises:
            Refusal: ``CHILD_FAILED``; ``TIMEOUT`` if there was no time left; and what :meth:`reserve`
                and :meth:`settle` raise.
        """
        left_ms = self._left_ms()
        if left_ms is not None and left_ms <= 0:
            raise self._too_late("before the child began")
        limits = child_limits(self._run, child, left_ms)
        ceiling = child_ceiling(child, self._child)
        # Of the tokens of a child only the most is known here, where the run's own are limited.
        tokens = given(limits.tokens) if self._run.limits.tokens is not UNSET else None
        grant = await self.reserve(ceiling, tokens)
        joined = await self._spawn(grant, name, inputs, limits)
        self._run.joined[self._step] = joined, self._child.critical
        await self.settle(grant, joined.spent_micro_cents, "usage", tokens)
        if joined.outcome != "failed":
            return load_json(self._run.files, joined.value) if joined.value else None
        failure, left_ms = failure_of_child(joined), self._left_ms()
        if failure.details["code"] == "TIMEOUT" and left_ms is not None and left_ms <= 0:
            raise self._too_late("before its child ended", child_run_id=joined.child_run_id)
        raise Refusal(failure)

    async def _spawn(
        self, grant: Reservation, name: str, inputs: JsonObject, limits: Limits
    ) -> ChildJoined:
        """Spawns a child and returns how it ended; what was reserved is released if none begins."""
        run, place = self._run, self._lane.next_place
        critical = self._child.critical
        spawn = spawn_of(run, place, self._step, grant.bound_micro_cents, critical=critical)
        answer = await self._lane.ask(spawn)
        if isinstance(answer, ChildSpawned):
            answer = await self._lane.ask(child_of(run, place, answer, name, inputs, limits))
        if isinstance(answer, CallHalted):
            await self.settle(grant, 0, "released")
        answer = self._unless_halted(answer)
        if not isinstance(answer, ChildJoined):
            raise _mismatch("ChildJoined", answer)
        return answer

    async def close(self) -> None:
        """Settles what the skill left open, at its bound: the call may have been billed."""
        for grant in list(self._open.values()):
            await self._settle(grant, grant.bound_micro_cents, "bound", grant.tokens)
        self._open.clear()

    async def _settle(
        self, grant: Reservation, actual: int, basis: Basis, tokens: int | UnsetType
    ) -> None:
        answer = await self._lane.ask(Settle(grant.n, actual, basis, self._step, tokens))
        if not isinstance(answer, BudgetSettled):
            raise _mismatch("BudgetSettled", answer)
        # Lanes may be told in any order; what was spent only grows.
        self._run.spent_micro_cents = max(self._run.spent_micro_cents, answer.spent)

    async def _effect(self, request: EffectRequest) -> EffectAnswered:
        left_ms = self._left_ms()
        if left_ms is not None and left_ms <= 0:
            raise self._too_late("before the call was made", sent=False)
        limit_ms = whole("timeout_ms", request.timeout_ms)
        limit_ms = limit_ms if left_ms is None else min(limit_ms, left_ms)
        request, named = self._named(request)
        value = request_json(request)
        digest = request_digest(value)
        self._idempotent_so_far &= is_idempotent(request)
        self._lane.emit(
            EffectAsked(
                attempt=self._attempt,
                digest=digest,
                effect=named,
                port=port_of(request),
                request=store(self._run.files, "json", jcs.encode(value)),
                step=self._step,
            )
        )
        answer = self._unless_halted(
            await self._lane.ask(Effect(request, digest, self._skill), limit_ms)
        )
        if not isinstance(answer, EffectAnswered):
            raise _mismatch("EffectAnswered", answer)
        return answer

    def _named(self, request: EffectRequest) -> tuple[EffectRequest, EffectBound | UnsetType]:
        """Returns the request as it is sent, and its effect if effects are bounded.

        Raises:
            Refusal: its effect is none that it may have, or has no name.
        """
        if self._within is None:
            self._refuse(refuse_undecided(self._run, self._lane, self._step, None))
            return request, UNSET
        known = addressed(request, self._run.bases)
        effect = effect_of(known)
        self._refuse(decide_effect(self._within, effect))
        self._refuse(refuse_undecided(self._run, self._lane, self._step, effect))
        if isinstance(known, HttpRequest | ModelRequest):
            known = msgspec.structs.replace(known, within=self._within)
        return known, as_bound(effect)

    @staticmethod
    def _refuse(failure: Failure | None) -> None:
        if failure is not None:
            raise Refusal(failure)

    def _left_ms(self) -> int | None:
        return None if self._deadline_ms is None else self._deadline_ms - self._lane.now_ms

    def _unless_halted(self, answer: Payload) -> Payload:
        if isinstance(answer, CallHalted):
            self.halt = answer.code
            raise refuse("HALTED", f"the run was stopped: {answer.code}", cause=answer.code)
        return answer


def _micro_cents(cents: int | None) -> int | UnsetType:
    return UNSET if cents is None else cents * MICRO_CENTS_PER_CENT


def _tokens_used(grant: Reservation, basis: str, tokens: int | None) -> int | UnsetType:
    """Returns the tokens that a settlement records: none if its reservation has none.

    Raises:
        Misuse: the basis needs them, or means others.
    """
    if grant.tokens is UNSET:
        if tokens is not None:
            raise Misuse("settle() takes tokens only if reserve() was given tokens")
        return UNSET
    fixed = {"released": 0, "bound": grant.tokens}.get(basis, tokens)
    if fixed is None:
        raise Misuse("settle() of a reservation with tokens takes the tokens that were used")
    if tokens not in (None, fixed):
        raise Misuse(f"basis {basis!r} means {fixed} tokens, not {tokens}")
    return whole("tokens", _at_most(fixed))


def _violation(
    grant: Reservation, actual: int, tokens: int | UnsetType, limits: Limits
) -> Refusal | None:
    """Returns the refusal of a bill above what was reserved, in money or in limited tokens."""
    bound = grant.bound_micro_cents
    if actual > bound:
        return refuse(
            "BUDGET_BOUND_VIOLATED",
            f"{money(actual)} were billed, {money(bound)} were reserved",
            actual_micro_cents=actual,
            bound_micro_cents=bound,
        )
    if limits.tokens is not UNSET and (tokens or 0) > (grant.tokens or 0):
        return refuse(
            "BUDGET_BOUND_VIOLATED",
            f"{tokens} tokens were used, {grant.tokens} were reserved",
            actual_tokens=tokens or 0,
            bound_tokens=grant.tokens or 0,
        )
    return None


def _at_most(amount: int) -> int:
    return min(amount, MAX_SAFE_INTEGER) if type(amount) is int else amount


def _mismatch(expected: str, answer: Payload) -> Misuse:
    return Misuse(f"asked for a {expected}, was answered with {a(answer)}")
