"""The budget as a pure state machine: reserve the upper bound, commit the actual, release the rest.

Money is integer micro-cents (10**-6 cent). Every move takes the next number ``n``, dense from 0,
inside the move itself, so that the order of moves is part of the record. At every ``n``
``0 <= reserved + spent <= ceiling``, unless somebody billed more than the bound that was reserved:
that is kept as it is, because it is the truth, and marked (``granted`` False), and the caller must
stop the run (``BUDGET_BOUND_VIOLATED``).

A reservation is granted if and only if it fits in every dimension (docs/spec/bundle-0.2.md, section
7); what refuses it is the first that it does not fit, in the order of :data:`DIMENSIONS`.

>>> ledger = Ledger(ceiling=100)
>>> ledger.reserve(60).granted, ledger.reserve(60).refused_by
(True, 'run')
>>> ledger.settle(0, 45).spent
45
"""

from __future__ import annotations

from typing import Literal, get_args

import msgspec

from workc.kernel.values import MAX_SAFE_INTEGER

MICRO_CENTS_PER_CENT = 1_000_000
#: The most cents of a budget: its micro-cents are integers that any JSON reader holds exactly.
MAX_CENTS = MAX_SAFE_INTEGER // MICRO_CENTS_PER_CENT

#: What a reservation must fit: its step's own ceiling, the run's money, its tokens, its calls, its
#: time, and a ceiling that the run shares with others.
Dimension = Literal["step", "run", "tokens", "calls", "wall", "shared"]
#: The order in which they are asked. The step's own comes first: whether it refuses does not depend
#: on what other steps do at the same time.
DIMENSIONS: tuple[Dimension, ...] = get_args(Dimension)


class Move(msgspec.Struct, frozen=True, kw_only=True):
    """One move of the ledger, with what stood reserved and spent after it.

    ``refused_by`` is set if and only if a reservation was refused.
    """

    n: int
    granted: bool
    reserved: int
    spent: int
    refused_by: Dimension | None = None


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """What is said of a reservation beside its bound.

    ``step`` is whose it is and ``step_ceiling`` what that may cost in all, in micro-cents.
    ``shared_left`` is what a ceiling that is shared with others still has. ``is_late``: the time of
    the run is over.
    """

    tokens: int = 0
    step: str = ""
    step_ceiling: int | None = None
    shared_left: int | None = None
    is_late: bool = False


class LedgerError(ValueError):
    """A move that no honest record can hold: negative money, an unknown or settled grant."""


class _Open(msgspec.Struct, frozen=True):
    """A reservation that is not settled; ``step`` is None if no ceiling of a step is over it."""

    bound: int
    tokens: int
    step: str | None


_NO_TERMS = Terms()


class Ledger:
    """Keeps what is reserved and spent: money in micro-cents, tokens, calls.

    ``tokens`` and ``calls`` are limits; None is none. ``tokens_taken`` and ``calls_taken`` are what
    is reserved and used of them. A call that is released was none.
    """

    def __init__(
        self, ceiling: int, *, tokens: int | None = None, calls: int | None = None
    ) -> None:
        if min(ceiling, tokens or 0, calls or 0) < 0:
            raise LedgerError("a ceiling is never negative")
        self.ceiling = ceiling
        self.tokens = tokens
        self.calls = calls
        self.reserved = 0
        self.spent = 0
        self.tokens_taken = 0
        self.calls_taken = 0
        self._next = 0
        self._open: dict[int, _Open] = {}
        self._steps: dict[str, int] = {}

    @property
    def left(self) -> int:
        """Returns what a reservation may still take."""
        return self.ceiling - self.reserved - self.spent

    @property
    def next_n(self) -> int:
        """Returns the number that the next move takes."""
        return self._next

    def _step_left(self, terms: Terms) -> int | None:
        ceiling = terms.step_ceiling
        return None if ceiling is None else ceiling - self._steps.get(terms.step, 0)

    def refusal(self, bound: int, terms: Terms = _NO_TERMS) -> Dimension | None:
        """Returns what would refuse a reservation now, or None if it fits."""
        room: dict[Dimension, bool] = {
            "step": _fits(bound, self._step_left(terms)),
            "run": bound <= self.left,
            "tokens": _fits(self.tokens_taken + terms.tokens, self.tokens),
            "calls": _fits(self.calls_taken + 1, self.calls),
            "wall": not terms.is_late,
            "shared": _fits(bound, terms.shared_left),
        }
        return next((dimension for dimension in DIMENSIONS if not room[dimension]), None)

    def reserve(self, bound: int, terms: Terms = _NO_TERMS) -> Move:
        """Sets ``bound`` aside, or refuses when it does not fit; a refusal is a move too."""
        if min(bound, terms.tokens) < 0:
            raise LedgerError("a bound is never negative")
        refused_by = self.refusal(bound, terms)
        if refused_by is None:
            step = None if terms.step_ceiling is None else terms.step
            self._open[self._next] = _Open(bound, terms.tokens, step)
            self.reserved += bound
            self.tokens_taken += terms.tokens
            self.calls_taken += 1
            self._charge(step, bound)
        return self._move(granted=refused_by is None, refused_by=refused_by)

    def settle(self, grant: int, actual: int, *, tokens: int = 0, released: bool = False) -> Move:
        """Commits ``actual`` for the reservation made at ``n == grant`` and frees the rest.

        The move is not granted if ``actual`` is above what was reserved, or if tokens are limited
        and ``tokens`` is. ``released`` gives the call back as well.
        """
        if min(actual, tokens) < 0:
            raise LedgerError("a cost is never negative")
        if grant not in self._open:
            raise LedgerError(f"no open reservation has n = {grant}")
        held = self._open.pop(grant)
        self.reserved -= held.bound
        self.spent += actual
        self.tokens_taken += tokens - held.tokens
        self.calls_taken -= released
        self._charge(held.step, actual - held.bound)
        is_within = self.tokens is None or tokens <= held.tokens
        return self._move(granted=actual <= held.bound and is_within)

    def charge(self, actual: int) -> Move:
        """Commits ``actual`` without a reservation: it was spent, whether it fits or not."""
        if actual < 0:
            raise LedgerError("a cost is never negative")
        fits = actual <= self.left
        self.spent += actual
        return self._move(granted=fits)

    def is_open(self, grant: int) -> bool:
        """Returns whether the reservation made at ``n == grant`` stands and is not settled."""
        return grant in self._open

    def open_grants(self) -> dict[int, int]:
        """Returns the reservations not settled yet: ``n`` to bound."""
        return {n: held.bound for n, held in self._open.items()}

    def _charge(self, step: str | None, amount: int) -> None:
        if step is not None:
            self._steps[step] = self._steps.get(step, 0) + amount

    def _move(self, *, granted: bool, refused_by: Dimension | None = None) -> Move:
        move = Move(
            n=self._next,
            granted=granted,
            reserved=self.reserved,
            spent=self.spent,
            refused_by=refused_by,
        )
        self._next += 1
        return move


def _fits(amount: int, room: int | None) -> bool:
    return room is None or amount <= room
