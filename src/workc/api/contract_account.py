"""What was used of a contract: money, uses and rates, counted for all runs of one runtime.

The account lives as long as its runtime, in its process. A run holds its whole ceiling until it has
ended, so that runs at the same time cannot spend more than the contract allows together: give runs
ceilings of their own where several are to run at once.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Lock

from workc.api.contracts import PERIOD_MS, Quota, ResourceContract
from workc.kernel.failure import Failure, Refusal
from workc.kernel.values import JsonObject
from workc.runtime.asks import Call, Effect, Look
from workc.runtime.child_step import children_in
from workc.runtime.program import Program
from workc.runtime.world import World
from workc.stages.effects import EffectResponse
from workc.stages.observation import GivenText, Observed
from workc.stages.skill import Result

MINUTE_MS = 60_000


@dataclass
class Share:
    """What one run holds of the budget; ``spent_micro_cents`` is None until it has ended."""

    ceiling_micro_cents: int
    spent_micro_cents: int | None = None


class ContractAccount:
    """Counts what is used of a contract; any number of runs may ask at once."""

    def __init__(self, contract: ResourceContract) -> None:
        self.contract = contract
        self._lock = Lock()
        self._period = 0
        self._spent = 0
        self._held = 0
        self._uses: Counter[str] = Counter()
        self._recent: dict[str, deque[int]] = {}

    def left_micro_cents(self, now_ms: int) -> int:
        """Returns what no run has spent or holds of the period's budget."""
        with self._lock:
            self._turn_over(now_ms)
            return self._left()

    def spent_micro_cents(self, now_ms: int) -> int:
        """Returns what runs that have ended spent in the period."""
        with self._lock:
            self._turn_over(now_ms)
            return self._spent

    def uses_left(self, now_ms: int) -> dict[str, int | None]:
        """Returns how often each operation may still be used in the period; None: without limit."""
        with self._lock:
            self._turn_over(now_ms)
            limits = {name: self.contract.quotas.get(name, Quota()).uses for name in self._names()}
            return {
                name: None if uses is None else max(0, uses - self._uses[name])
                for name, uses in limits.items()
            }

    @contextmanager
    def held(self, own_micro_cents: int | None, now_ms: int) -> Generator[Share, None, None]:
        """Sets a run's ceiling aside while it runs: its own, or all that is left if that is less."""
        with self._lock:
            self._turn_over(now_ms)
            left = self._left()
            ceiling = left if own_micro_cents is None else min(own_micro_cents, left)
            self._held += ceiling
        share = Share(ceiling)
        try:
            yield share
        finally:
            with self._lock:
                self._held -= ceiling
                # What a run has spent that did not come to its end, nobody knows.
                spent = share.spent_micro_cents
                self._spent += ceiling if spent is None else spent

    def use(self, operation: str, now_ms: int) -> Failure | None:
        """Counts a use of an operation, or returns why there is none left."""
        quota = self.contract.quotas.get(operation)
        if quota is None:
            return None
        with self._lock:
            self._turn_over(now_ms)
            refusal = self._refusal(operation, quota, now_ms)
            if refusal is None:
                self._uses[operation] += 1
                self._recent.setdefault(operation, deque()).append(now_ms)
            return refusal

    def _refusal(self, operation: str, quota: Quota, now_ms: int) -> Failure | None:
        name = f"the contract {self.contract.contract_id}"
        if quota.uses is not None and self._uses[operation] >= quota.uses:
            message = f"{name} allows {quota.uses} uses of {operation} in a {self.contract.period}"
            uses: JsonObject = {"operation": operation, "uses": quota.uses}
            return Failure(code="QUOTA_EXCEEDED", message=message, details=uses)
        recent = self._recent.setdefault(operation, deque())
        while recent and recent[0] <= now_ms - MINUTE_MS:
            recent.popleft()
        if quota.per_minute is None or len(recent) < quota.per_minute:
            return None
        wait_ms = recent[-quota.per_minute] + MINUTE_MS - now_ms if quota.per_minute else MINUTE_MS
        return Failure(
            code="RATE_LIMITED",
            message=f"{name} allows {quota.per_minute} uses of {operation} in a minute",
            details={"operation": operation, "per_minute": quota.per_minute},
            retry_after_ms=max(0, wait_ms),
        )

    def admit(self, program: Program, now_ms: int) -> None:
        """Refuses a program before it begins: of a file, each skill that it names must be allowed.

        Raises:
            Refusal: ``CONTRACT_EXPIRED`` or ``OPERATION_NOT_ALLOWED``.
        """
        refusal = self.contract.expired(now_ms) or self.contract.not_allowed(
            _operations_of(program)
        )
        if refusal is not None:
            raise Refusal(refusal)

    def _names(self) -> list[str]:
        return sorted({*self.contract.allowed_operations, *self.contract.quotas})

    def _left(self) -> int:
        return max(0, self.contract.budget_micro_cents - self._spent - self._held)

    def _turn_over(self, now_ms: int) -> None:
        """Begins a new period if one has begun. What runs hold from before, they still hold."""
        length = PERIOD_MS.get(self.contract.period)
        period = 0 if length is None else now_ms // length
        if period > self._period:
            self._period = period
            self._spent = 0
            self._uses.clear()


def _operations_of(program: Program) -> Iterator[str]:
    """Yields the skills that a file names, and those that the files name which it runs."""
    children = children_in(program.skills)
    planned = () if program.plan is None else program.plan.allow
    for skill in (*(step.skill for step in program.named_uses), *planned):
        if skill not in children:
            yield skill
    for child in children.values():
        yield from _operations_of(child.program)


class ContractWorld:
    """Refuses what a contract does not allow; what it does, another world or the driver answers."""

    def __init__(
        self, account: ContractAccount, now_ms: Callable[[], int], world: World | None
    ) -> None:
        self._account = account
        self._now_ms = now_ms
        self._world = world

    def of_effect(self, effect: Effect) -> EffectResponse | Failure | None:
        """Returns the refusal, or what the other world answers."""
        refusal = self._refusal(effect.skill, counted=True)
        if refusal is not None or self._world is None:
            return refusal
        return self._world.of_effect(effect)

    def of_call(self, call: Call) -> Result | Failure | None:
        """Returns the refusal, or what the other world answers."""
        refusal = self._refusal(call.skill.name, counted=not call.pure)
        if refusal is not None or self._world is None:
            return refusal
        return self._world.of_call(call)

    def of_look(self, look: Look) -> Observed | Failure | None:
        """Returns the refusal, or what the other world shows; a text of the workflow needs nobody's leave."""
        given = isinstance(look.request, GivenText)
        refusal = None if given else self._refusal(look.skill, counted=True)
        if refusal is not None or self._world is None:
            return refusal
        return self._world.of_look(look)

    def _refusal(self, operation: str, *, counted: bool) -> Failure | None:
        contract, now = self._account.contract, self._now_ms()
        refusal = contract.expired(now) or contract.not_allowed([operation])
        if refusal is None and counted:
            refusal = self._account.use(operation, now)
        return refusal
