"""One ceiling over many spenders: runs, runtimes, and whatever else reserves before it spends.

    tracker = BudgetTracker(ceiling_cents=1000)
    runtime = workc.Runtime(budget=tracker)

The arithmetic is the ledger's (``workc.kernel.ledger``); this puts a lock around each of its moves,
so that any number of threads and tasks may ask at once. No move waits for anything else.
"""

from __future__ import annotations

from dataclasses import dataclass
from threading import Lock
from types import TracebackType
from typing import Literal

from workc.kernel.arguments import instance, whole
from workc.kernel.failure import Misuse, refuse
from workc.kernel.ledger import MAX_CENTS, MICRO_CENTS_PER_CENT, Ledger, Move
from workc.runtime.amounts import money


@dataclass(frozen=True, slots=True, eq=False)
class BudgetGrant:
    """A reservation that stands: commit it or release it, once.

    ``n`` is the number of its move. As a context manager it closes itself: left by an exception it
    is released, left otherwise it is committed at its bound, unless it was closed inside.
    """

    tracker: BudgetTracker
    n: int
    bound_micro_cents: int

    def __enter__(self) -> BudgetGrant:
        """Returns itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> Literal[False]:
        """Closes what was left open."""
        if self.tracker.is_open(self):
            actual = 0 if kind is not None else self.bound_micro_cents
            self.tracker.commit(self, micro_cents=actual)
        return False


class BudgetTracker:
    """A ceiling in cents that is never passed, however many reserve at once.

    Amounts are given in whole cents, or in ``micro_cents`` (10**-6 cent); ``remaining``, ``spent``
    and ``reserved`` are micro-cents, as all amounts that workc tells.
    """

    def __init__(self, ceiling_cents: int = 1000) -> None:
        self._ledger = Ledger(
            whole("ceiling_cents", ceiling_cents, most=MAX_CENTS) * MICRO_CENTS_PER_CENT
        )
        self._lock = Lock()
        self._shares: dict[str, BudgetShare] = {}

    @property
    def ceiling_micro_cents(self) -> int:
        """Returns the ceiling."""
        return self._ledger.ceiling

    @property
    def remaining(self) -> int:
        """Returns what may still be reserved; 0 if more was billed than was reserved."""
        with self._lock:
            return max(0, self._ledger.left)

    @property
    def spent(self) -> int:
        """Returns what was committed."""
        with self._lock:
            return self._ledger.spent

    @property
    def reserved(self) -> int:
        """Returns what is set aside and neither committed nor released."""
        with self._lock:
            return self._ledger.reserved

    def reserve(self, cents: int | None = None, *, micro_cents: int | None = None) -> BudgetGrant:
        """Sets the most that something may cost aside.

        Raises:
            Refusal: ``BUDGET_EXCEEDED``: it did not fit into what was left at that moment.
            Misuse: no amount, two, or one that is no whole number from 0.
        """
        bound = _amount(cents, micro_cents)
        with self._lock:
            move, left = self._ledger.reserve(bound), max(0, self._ledger.left)
        if move.granted:
            return BudgetGrant(self, move.n, bound)
        raise refuse(
            "BUDGET_EXCEEDED",
            f"{money(bound)} were asked for; {money(left)} are left of the budget",
            bound_micro_cents=bound,
            left_micro_cents=left,
            n=move.n,
            reserved_micro_cents=move.reserved,
            spent_micro_cents=move.spent,
        )

    def commit(
        self, grant: BudgetGrant, cents: int | None = None, *, micro_cents: int | None = None
    ) -> Move:
        """Spends what it did cost and frees the rest; returns the move.

        A cost above the bound is kept as it is and the move not ``granted``: the ceiling may then
        be passed, and nothing fits any more.

        Raises:
            Misuse: the grant is not open here, or the amount is none.
        """
        _expect_grant(grant)
        actual = _amount(cents, micro_cents)
        with self._lock:
            if grant.tracker is not self or not self._ledger.is_open(grant.n):
                raise Misuse("the grant is not open: commit or release it once, where it was made")
            return self._ledger.settle(grant.n, actual)

    def release(self, grant: BudgetGrant) -> Move:
        """Frees a reservation that cost nothing; raises as :meth:`commit`."""
        return self.commit(grant, micro_cents=0)

    def is_open(self, grant: BudgetGrant) -> bool:
        """Returns whether a grant of this tracker was neither committed nor released."""
        _expect_grant(grant)
        with self._lock:
            return grant.tracker is self and self._ledger.is_open(grant.n)

    def share(self, run_id: str) -> BudgetShare:
        """Returns the share of a run: the same one if it is resumed, until it is forgotten."""
        instance("run_id", run_id, str, "a text")
        with self._lock:
            return self._shares.setdefault(run_id, BudgetShare(self._ledger, self._lock))

    def forget(self, run_id: str) -> None:
        """Forgets the share of a run that has ended; what it spent stays spent."""
        instance("run_id", run_id, str, "a text")
        with self._lock:
            self._shares.pop(run_id, None)


class BudgetShare:
    """What one run has of a tracker, by the numbers of its moves (``workc.runtime.ports.Pool``).

    A resumed run tells all its moves again. What is known is not counted twice; what is not was
    spent by a process that is gone, and counts whether it fits or not.
    """

    def __init__(self, ledger: Ledger, lock: Lock) -> None:
        self._ledger = ledger
        self._lock = lock
        # The run's move -> the tracker's and its bound.
        self._held: dict[int, tuple[int, int]] = {}
        self._settled: set[int] = set()

    def reserve(self, n: int, bound: int) -> int:
        """Sets ``bound`` aside for the move ``n`` if it fits; returns what was left before."""
        with self._lock:
            left = max(0, self._ledger.left)
            if n in self._held:
                return left + self._held[n][1]
            move = self._ledger.reserve(bound)
            if move.granted:
                self._held[n] = (move.n, bound)
            return left

    def settle(self, n: int, actual: int) -> None:
        """Commits what the move ``n`` did cost and frees the rest, once."""
        with self._lock:
            if n in self._settled:
                return
            self._settled.add(n)
            if n in self._held:
                self._ledger.settle(self._held[n][0], actual)
            else:
                # It was reserved by a process that is gone, and does not fit any more.
                self._ledger.charge(actual)


def _expect_grant(grant: object) -> None:
    instance("grant", grant, BudgetGrant, "what reserve() gave")


def _amount(cents: int | None, micro_cents: int | None) -> int:
    if (cents is None) == (micro_cents is None):
        raise Misuse("give an amount once: in cents or as micro_cents")
    if micro_cents is not None:
        return whole("micro_cents", micro_cents)
    return whole("cents", cents, most=MAX_CENTS) * MICRO_CENTS_PER_CENT
