"""The rules of children: each is paid for, joins once, is counted, and is a run of its own.

A fold over what lanes say of children (docs/spec/bundle-0.2.md, section 5). What their bundles say,
``workc.verify.family`` compares.
"""

from __future__ import annotations

from collections.abc import Iterator

from workc.kernel.children import ChildJoined, ChildSpawned
from workc.kernel.kinds import Payload
from workc.kernel.payloads import BudgetReserved, BudgetSettled
from workc.verify.v02 import rules
from workc.verify.v02.pair_rules import Difference


class ChildRules:
    """Takes what concerns children, in order; memory follows their number."""

    def __init__(self) -> None:
        # The number of the reservation of the child at hand, and what it may not be: a known run.
        self._grant = -1
        self._runs: set[str] = set()
        self._indexes: set[int] = set()

    def start(self, run_id: str) -> None:
        """Begins the run itself."""
        self._runs.add(run_id)

    def spawned(self, before: Payload | None, child: ChildSpawned) -> Iterator[Difference]:
        """Yields what does not fit the reservation before a child, or the children before it."""
        if isinstance(before, BudgetReserved):
            self._grant = before.n
            bound = before.bound if before.granted else None
            if child.ceiling_micro_cents != bound:
                field = "ceiling_micro_cents"
                actual = child.ceiling_micro_cents
                yield Difference(rules.CHILD_IS_RESERVED, field, bound, actual)
        if child.child_run_id in self._runs:
            field = "child_run_id"
            yield Difference(rules.CHILD_IS_ANOTHER_RUN, field, "another", child.child_run_id)
        if child.spawn_index in self._indexes:
            field = "spawn_index"
            yield Difference(rules.CHILDREN_ARE_COUNTED, field, "another", child.spawn_index)
        self._runs.add(child.child_run_id)
        self._indexes.add(child.spawn_index)

    def settled(self, child: ChildJoined, settled: BudgetSettled) -> Iterator[Difference]:
        """Yields what does not fit the child before a settlement."""
        for field, expected, actual in (
            ("grant", self._grant, settled.grant),
            ("basis", "usage", settled.basis),
            ("actual", child.spent_micro_cents, settled.actual),
        ):
            if expected != actual:
                yield Difference(rules.CHILD_IS_SETTLED, field, expected, actual)

    def first_missing(self) -> int | None:
        """Returns the first number that no child has although a later one has, or None."""
        count = len(self._indexes)
        return next((n for n in range(count) if n not in self._indexes), None)


def joined(before: Payload | None, child: ChildJoined) -> Iterator[Difference]:
    """Yields what does not fit the child that joins."""
    if not isinstance(before, ChildSpawned):
        return
    for field, expected, actual in (
        ("child_run_id", before.child_run_id, child.child_run_id),
        ("spawn_index", before.spawn_index, child.spawn_index),
    ):
        if expected != actual:
            yield Difference(rules.CHILD_JOINS, field, expected, actual)
