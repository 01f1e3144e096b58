"""What the code of a skill is given: every word of it goes through the lane it runs in."""

from __future__ import annotations

from dataclasses import dataclass

from workc.kernel import jcs
from workc.kernel.failure import Misuse, Refusal, refuse
from workc.kernel.kinds import Payload
from workc.kernel.payloads import (
    Basis,
    BudgetReserved,
    BudgetSettled,
    CallHalted,
    EffectAnswered,
    EffectAsked,
    TimerSet,
)
from workc.kernel.rng import SeededRng
from workc.kernel.values import MAX_SAFE_INTEGER
from workc.runtime.asks import Effect, Reserve, Settle, Timer
from workc.runtime.bodies import store
from workc.runtime.effects import (
    http_response,
    is_idempotent,
    model_response,
    request_digest,
    request_json,
)
from workc.runtime.engine import Lane
from workc.runtime.run import Run, derived_number
from workc.runtime.workflow.model import StepSpec
from workc.stages.context import Grant, PriceTable
from workc.stages.effects import (
    EffectRequest,
    HttpRequest,
    HttpResponse,
    ModelRequest,
    ModelResponse,
)

_BASES: dict[str, Basis] = {"usage": "usage", "released": "released", "bound": "bound"}


@dataclass(frozen=True, slots=True)
class Reservation:
    """A granted reservation: its number in the ledger and what was set aside."""

    n: int
    bound_micro_cents: int


class AttemptContext:
    """The context of one attempt of one step. See ``workc.stages.context.Context``."""

    def __init__(
        self, run: Run, lane: Lane, step: StepSpec, attempt: int, deadline_ms: int | None
    ) -> None:
        self._run = run
        self._lane = lane
        self._step = step.id
        self._skill = step.skill
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
        """Returns a key that is the same for every attempt of this step."""
        return self._run.idempotency_key(self._step)

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
        """Makes one provider call; raises as :meth:`http`."""
        return model_response(self._run.files, await self._effect(request))

    async def sleep_ms(self, delay_ms: int) -> None:
        """Waits ``delay_ms``, or until the time of the attempt is over and then raises TIMEOUT."""
        whole = whole_number(delay_ms, "a delay in ms")
        left_ms = self._left_ms()
        wait_ms = whole if left_ms is None else max(0, min(whole, left_ms))
        self._lane.emit(TimerSet(after_ms=wait_ms))
        self._unless_halted(await self._lane.ask(Timer(wait_ms)))
        if wait_ms < whole:
            raise refuse("TIMEOUT", "the time of the step was over while it waited")

    async def reserve(self, bound_micro_cents: int) -> Grant:
        """Sets the upper bound of a call aside, or raises ``BUDGET_EXCEEDED``."""
        bound = whole_number(bound_micro_cents, "a bound in micro-cents")
        answer = self._unless_halted(await self._lane.ask(Reserve(bound, self._step)))
        if not isinstance(answer, BudgetReserved):
            raise _mismatch("BudgetReserved", answer)
        if not answer.granted:
            self.halt = "BUDGET_EXCEEDED"
            raise self._refused(answer)
        grant = Reservation(answer.n, answer.bound)
        self._open[answer.n] = grant
        return grant

    async def settle(self, grant: Grant, actual_micro_cents: int, basis: str) -> None:
        """Commits what the call cost, or raises ``BUDGET_BOUND_VIOLATED`` if that is too much."""
        # What no record could hold is far above any bound: it is kept as the most that one holds.
        actual = whole_number(_at_most(actual_micro_cents), "a cost in micro-cents")
        if basis not in _BASES:
            raise Misuse(f"a basis is one of {', '.join(_BASES)}, not {basis!r}")
        if not isinstance(grant, Reservation) or grant.n not in self._open:
            raise Misuse("settle() takes a grant of this attempt, once")
        fixed = {"released": 0, "bound": grant.bound_micro_cents}
        if fixed.get(basis, actual) != actual:
            raise Misuse(f"basis {basis!r} means {fixed[basis]} micro-cents, not {actual}")
        del self._open[grant.n]
        await self._settle(grant, actual, _BASES[basis])
        if actual > grant.bound_micro_cents:
            self.halt = "BUDGET_BOUND_VIOLATED"
            raise refuse(
                "BUDGET_BOUND_VIOLATED",
                f"{money(actual)} were billed, {money(grant.bound_micro_cents)} were reserved",
                actual_micro_cents=actual,
                bound_micro_cents=grant.bound_micro_cents,
            )

    async def close(self) -> None:
        """Settles what the skill left open, at its bound: the call may have been billed."""
        for grant in list(self._open.values()):
            await self._settle(grant, grant.bound_micro_cents, "bound")
        self._open.clear()

    def _refused(self, answer: BudgetReserved) -> Refusal:
        ceiling = self._run.ceiling_micro_cents
        left = ceiling - answer.reserved - answer.spent
        rest = f"{money(left)} are left of {money(ceiling)}" if ceiling else "the budget is $0.00"
        return refuse(
            "BUDGET_EXCEEDED",
            f"the call may cost up to {money(answer.bound)}; {rest}",
            bound_micro_cents=answer.bound,
            ceiling_micro_cents=ceiling,
            left_micro_cents=left,
            spent_micro_cents=answer.spent,
        )

    async def _settle(self, grant: Reservation, actual: int, basis: Basis) -> None:
        answer = await self._lane.ask(Settle(grant.n, actual, basis, self._step))
        if not isinstance(answer, BudgetSettled):
            raise _mismatch("BudgetSettled", answer)

    async def _effect(self, request: EffectRequest) -> EffectAnswered:
        left_ms = self._left_ms()
        if left_ms is not None and left_ms <= 0:
            raise refuse("TIMEOUT", "the time of the step was over before the call was made")
        limit_ms = whole_number(request.timeout_ms, "timeout_ms of a request")
        limit_ms = limit_ms if left_ms is None else min(limit_ms, left_ms)
        value = request_json(request)
        digest = request_digest(value)
        self._idempotent_so_far &= is_idempotent(request)
        self._lane.emit(
            EffectAsked(
                attempt=self._attempt,
                digest=digest,
                port="http" if isinstance(request, HttpRequest) else "model",
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

    def _left_ms(self) -> int | None:
        return None if self._deadline_ms is None else self._deadline_ms - self._lane.now_ms

    def _unless_halted(self, answer: Payload) -> Payload:
        if isinstance(answer, CallHalted):
            self.halt = answer.code
            raise refuse("HALTED", f"the run was stopped: {answer.code}", cause=answer.code)
        return answer


def whole_number(value: object, what: str) -> int:
    """Returns the number that user code gave.

    Raises:
        Misuse: it is none from 0 to 2**53 - 1, which is what a record can hold.
    """
    if type(value) is not int or not 0 <= value <= MAX_SAFE_INTEGER:
        raise Misuse(f"{what} is a whole number from 0 to 2**53 - 1, not {value!r:.100}")
    return value


def _at_most(amount: int) -> int:
    return min(amount, MAX_SAFE_INTEGER) if type(amount) is int else amount


def money(micro_cents: int) -> str:
    """Returns an amount as text in dollars, exact: ``$0.0046``."""
    sign = "-" if micro_cents < 0 else ""
    digits = f"{abs(micro_cents):09d}"
    fraction = digits[-8:].rstrip("0")
    return f"{sign}${digits[:-8]}.{fraction.ljust(2, '0')}"


def _mismatch(expected: str, answer: Payload) -> Misuse:
    return Misuse(f"asked for a {expected}, was answered with a {type(answer).__name__}")
