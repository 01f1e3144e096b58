"""What was used of a contract: money, uses and rates, counted for all its runs.

It is kept in a book: of a runtime with a store in the store, for all processes that use that; else
in memory, for the runtime. A run holds its whole ceiling until it has ended, so that runs at the
same time cannot spend more than the contract allows together: give runs ceilings of their own where
several are to run at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Protocol, TypeVar

import msgspec

from workc.adapters.contract_book import FileBook, MemoryBook, Step
from workc.adapters.run_folder import RunFolder
from workc.api.contract_usage import MINUTE_MS, Hold, Usage, read_usage
from workc.api.contracts import PERIOD_MS, Quota, ResourceContract
from workc.api.store import Store
from workc.kernel import jcs
from workc.kernel.digest import sha256_hex
from workc.kernel.failure import Failure, Refusal
from workc.kernel.values import JsonObject
from workc.runtime.asks import Call, Effect, Look
from workc.runtime.child_step import children_in
from workc.runtime.program import Program
from workc.runtime.world import World
from workc.stages.effects import EffectResponse
from workc.stages.observation import GivenText, Observed
from workc.stages.skill import Result

T = TypeVar("T")


class Book(Protocol):
    """Keeps what was used, for whoever counts with it."""

    def said(self) -> bytes:
        """Returns what is kept now."""
        ...

    def change(self, step: Step[T], /) -> T:
        """Returns the answer of a step once what it leaves is kept."""
        ...


class ContractAccount:
    """Counts what is used of a contract; any number of runs may ask at once.

    Whatever is asked may raise ``STORE_UNAVAILABLE``: what cannot be counted is not allowed.
    """

    def __init__(
        self,
        contract: ResourceContract,
        book: Book | None = None,
        is_lost: Callable[[str], bool] = lambda _: False,
    ) -> None:
        self.contract = contract
        self._is_lost = is_lost
        self._book = MemoryBook() if book is None else book

    def left_micro_cents(self, now_ms: int) -> int:
        """Returns what no run has spent or holds of the period's budget."""
        return self._without_lost(self._usage(now_ms)).left(self.contract.budget_micro_cents)

    def spent_micro_cents(self, now_ms: int) -> int:
        """Returns what runs that have ended spent in the period."""
        return self._usage(now_ms).spent

    def uses_left(self, now_ms: int) -> dict[str, int | None]:
        """Returns how often each operation may still be used in the period; None: without limit."""
        names = sorted({*self.contract.allowed_operations, *self.contract.quotas})
        limits = {name: self.contract.quotas.get(name, Quota()).uses for name in names}
        return self._usage(now_ms).uses_left(limits)

    def hold(self, run_id: str, own_micro_cents: int | None, now_ms: int) -> int:
        """Sets a run's ceiling aside until it is settled: its own, or what is left if that is less."""

        def step(counted: Usage) -> tuple[Usage, int]:
            usage = self._without_lost(counted)
            left = usage.left(self.contract.budget_micro_cents)
            ceiling = left if own_micro_cents is None else min(own_micro_cents, left)
            return usage.held(run_id, Hold(ceiling=ceiling)), ceiling

        return self._changed(now_ms, step)

    def hold_more(self, run_id: str, hold: Hold, now_ms: int) -> int | None:
        """Sets aside what a run may spend that goes on; returns what is left if that is too little."""

        def step(counted: Usage) -> tuple[Usage, int | None]:
            usage = self._without_lost(counted)
            left = usage.without(run_id).left(self.contract.budget_micro_cents)
            return (usage, left) if hold.ceiling > left else (usage.held(run_id, hold), None)

        return self._changed(now_ms, step)

    def held_by(self, run_id: str, now_ms: int) -> Hold | None:
        """Returns what a run holds, or None if that is nothing."""
        return self._usage(now_ms).holds.get(run_id)

    def put_back(self, run_id: str, hold: Hold | None, now_ms: int) -> None:
        """Gives a run back what it held before :meth:`hold_more`, which was no more; None: nothing."""

        def step(usage: Usage) -> tuple[Usage, None]:
            return usage.without(run_id) if hold is None else usage.held(run_id, hold), None

        self._changed(now_ms, step)

    def settle(self, run_id: str, cost_micro_cents: int | None, now_ms: int) -> None:
        """Takes what a run cost that has ended; None, if nobody knows: all that it held."""
        self._changed(now_ms, lambda usage: (usage.settled(run_id, cost_micro_cents), None))

    def use(self, operation: str, now_ms: int) -> Failure | None:
        """Counts a use of an operation, or returns why there is none left."""
        quota = self.contract.quotas.get(operation)
        if quota is None:
            return None

        def step(usage: Usage) -> tuple[Usage, Failure | None]:
            refusal = self._refusal(usage, operation, quota, now_ms)
            return (usage.used(operation, now_ms) if refusal is None else usage), refusal

        try:
            return self._changed(now_ms, step)
        except Refusal as refusal:
            return refusal.failure

    def _refusal(self, usage: Usage, operation: str, quota: Quota, now_ms: int) -> Failure | None:
        name = f"the contract {self.contract.contract_id}"
        if quota.uses is not None and usage.uses.get(operation, 0) >= quota.uses:
            message = f"{name} allows {quota.uses} uses of {operation} in a {self.contract.period}"
            uses: JsonObject = {"operation": operation, "uses": quota.uses}
            return Failure(code="QUOTA_EXCEEDED", message=message, details=uses)
        recent = usage.within_a_minute(operation, now_ms)
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

    def _without_lost(self, usage: Usage) -> Usage:
        """Returns the usage without what runs hold that never began, and never will."""
        return usage.without(*filter(self._is_lost, usage.holds))

    def _usage(self, now_ms: int) -> Usage:
        return self._read(self._book.said(), now_ms)

    def _changed(self, now_ms: int, step: Callable[[Usage], tuple[Usage, T]]) -> T:
        """Makes a step in the period of ``now_ms``, and returns its answer."""

        def onto(said: bytes) -> tuple[bytes, T]:
            after, answer = step(self._read(said, now_ms))
            return msgspec.json.encode(after), answer

        return self._book.change(onto)

    def _read(self, said: bytes, now_ms: int) -> Usage:
        length = PERIOD_MS.get(self.contract.period)
        period = 0 if length is None else now_ms // length
        return read_usage(said, self.contract.contract_id).turned(period)


def account_of(contract: ResourceContract, store: Path | None, run_id: str) -> ContractAccount:
    """Returns who counts a contract for the runs of a store: by who it is for, and its period.

    Of a contract for a run each has its own. Without a store it is counted from here.
    """
    if store is None:
        return ContractAccount(contract)
    of = run_id if contract.period == "run" else ""
    who = jcs.encode([contract.contract_id, contract.principal, contract.period, of])
    book = FileBook(store / "contracts" / f"{sha256_hex(who)[:32]}.json")
    return ContractAccount(contract, book, partial(never_began, store))


def never_began(store: Path, run_id: str) -> bool:
    """Returns whether a run has a place where it never began, and whose process is gone.

    It has spent nothing, and cannot be resumed.
    """
    folder = RunFolder(Store(store).folder(run_id))
    if folder.has_begun:
        # Most have, and whoever goes on with one does not find its lock taken by a question.
        return False
    # It may have begun, and stopped, in between.
    return not folder.is_locked() and not folder.has_begun


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
