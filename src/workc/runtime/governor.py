"""The governor: moves of the ledger and the halt of a run, decided at once and in one order.

It answers what needs no waiting: a reservation, a settlement, a step that aborts the run, and, once
the run is halted, every other ask with ``CallHalted``. Settlements are always taken: money that was spent was spent.
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec import UNSET, UnsetType

from workc.kernel.children import ChildSpawned
from workc.kernel.events import Entry
from workc.kernel.kinds import Payload
from workc.kernel.ledger import Ledger, Move, Terms
from workc.kernel.payloads import (
    Basis,
    BudgetReserved,
    BudgetSettled,
    CallHalted,
    FailureRecord,
    RunStarted,
    given,
)
from workc.kernel.values import MAX_SAFE_INTEGER
from workc.runtime.asks import Ask, Child, Halt, Look, Probe, Release, Reserve, Settle, Spawn
from workc.runtime.ports import Pool
from workc.runtime.probes import halted_answer, refused_answer
from workc.runtime.refusals import halt_of


def ledger_of(started: RunStarted) -> Ledger:
    """Returns the ledger of a run, before its first move."""
    limits = started.limits
    if limits is UNSET:
        return Ledger(started.ceiling_micro_cents)
    return Ledger(
        started.ceiling_micro_cents, tokens=given(limits.tokens), calls=given(limits.calls)
    )


class Governor:
    """Answers ledger asks, and refuses everything after a halt.

    ``ends_ms`` is when the time of the run's budget is over. ``pool`` is a ceiling that the run
    shares: it is asked for what the run's own ledger would grant, and told what was settled.
    ``on_halt`` is told once why the run was halted. Children are numbered here, because that is one
    order too; a child that was spawned is never halted here, for it may have begun, nor is a release.
    """

    def __init__(
        self,
        ledger: Ledger,
        now_ms: Callable[[], int],
        *,
        ends_ms: int | None = None,
        pool: Pool | None = None,
        on_halt: Callable[[str], None] | None = None,
    ) -> None:
        self._ledger = ledger
        self._now_ms = now_ms
        self._ends_ms = ends_ms
        self._pool = pool
        self._tokens_used = 0
        self._on_halt = on_halt
        self._spawned = 0
        self.halt: str | None = None

    def recall(self, entry: Entry) -> None:
        """Takes a recorded answer into account, in order of ``n`` for moves of the ledger."""
        payload = entry.payload
        match payload:
            case BudgetReserved():
                terms = self._terms(payload, given(entry.at_ms) or 0, payload.shared_left)
                self._ledger.reserve(payload.bound, terms)
                if self._pool is not None and payload.granted:
                    self._pool.reserve(payload.n, payload.bound)
                self._stop(halt_of(payload))
            case BudgetSettled():
                self._close(payload.grant, payload.actual, payload.basis, payload.tokens)
            case CallHalted():
                self._stop(payload.code)
            case ChildSpawned():
                self._spawned = max(self._spawned, payload.spawn_index + 1)
            case _:
                pass

    def answer(self, ask: Ask) -> Entry | None:
        """Returns the answer where there is one at once, else None."""
        now_ms = self._now_ms()
        match ask.question:
            case Settle():
                payload: Payload = self._settle(ask.question)
            case Halt(code=code):
                payload = CallHalted(code=self.halt or code)
                self._stop(code)
            case Child() | Look() | Release():
                return None
            case _ if self.halt is not None:
                payload = halted_answer(ask.question, self.halt)
            case Probe(refused=FailureRecord() as refused):
                payload = refused_answer(ask.question, refused)
            case Reserve():
                payload = self._reserve(ask.question, now_ms)
            case Spawn():
                return Entry(at=ask.at, payload=self._spawn(ask.question))
            case _:
                return None
        return Entry(at=ask.at, payload=payload, at_ms=now_ms)

    def _spawn(self, question: Spawn) -> ChildSpawned:
        index, self._spawned = self._spawned, self._spawned + 1
        return ChildSpawned(
            ceiling_micro_cents=question.ceiling_micro_cents,
            child_run_id=question.child_run_id,
            critical=question.critical,
            nonce=question.nonce,
            spawn_index=index,
            step=question.step,
        )

    def _terms(
        self, asked: Reserve | BudgetReserved, now_ms: int, shared_left: int | UnsetType = UNSET
    ) -> Terms:
        return Terms(
            tokens=asked.tokens or 0,
            step=asked.step,
            step_ceiling=given(asked.step_ceiling),
            shared_left=given(shared_left),
            is_late=self._ends_ms is not None and now_ms >= self._ends_ms,
        )

    def _reserve(self, question: Reserve, now_ms: int) -> BudgetReserved:
        left = self._shared_left(question, now_ms)
        move = self._ledger.reserve(question.bound, self._terms(question, now_ms, left))
        by = move.refused_by
        answer = BudgetReserved(
            bound=question.bound,
            granted=move.granted,
            n=move.n,
            refused_by=UNSET if by is None or by == "run" else by,
            reserved=move.reserved,
            shared_left=left,
            spent=move.spent,
            step=question.step,
            step_ceiling=question.step_ceiling,
            tokens=question.tokens,
        )
        self._stop(halt_of(answer))
        return answer

    def _shared_left(self, question: Reserve, now_ms: int) -> int | UnsetType:
        """Takes the bound out of the shared ceiling, if all else has room; says what was left."""
        if self._pool is None:
            return UNSET
        if self._ledger.refusal(question.bound, self._terms(question, now_ms)) is not None:
            return UNSET
        return self._pool.reserve(self._ledger.next_n, question.bound)

    def _settle(self, question: Settle) -> BudgetSettled:
        # A provider may bill more than numbers in a record reach; the run is stopped for it anyway.
        tokens = question.tokens
        if tokens is not UNSET:
            tokens = min(tokens, MAX_SAFE_INTEGER - self._tokens_used)
        actual = min(question.actual, MAX_SAFE_INTEGER - self._ledger.spent)
        move = self._close(question.grant, actual, question.basis, tokens)
        return BudgetSettled(
            actual=actual,
            basis=question.basis,
            grant=question.grant,
            n=move.n,
            reserved=move.reserved,
            spent=move.spent,
            step=question.step,
            tokens=tokens,
        )

    def _close(self, grant: int, actual: int, basis: Basis, tokens: int | UnsetType) -> Move:
        """Makes the move of a settlement."""
        used = tokens or 0
        move = self._ledger.settle(grant, actual, tokens=used, released=basis == "released")
        self._tokens_used += used
        if self._pool is not None:
            self._pool.settle(grant, actual)
        self._stop(None if move.granted else "BUDGET_BOUND_VIOLATED")
        return move

    def _stop(self, code: str | None) -> None:
        if code is None or self.halt is not None:
            return
        self.halt = code
        if self._on_halt is not None:
            self._on_halt(code)
