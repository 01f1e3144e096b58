"""Step children: the work graph of the receipt, its events, and what the children's outcomes mean.

The children's own bundles are not here; nothing is compared with them, times least of all
(docs/spec/bundle-0.1.md, section 9).
"""

from __future__ import annotations

from collections import Counter
from typing import TypeAlias

from workc.bundle.layout import EVENTS, RECEIPT
from workc.bundle.v01.canonical import encode
from workc.kernel.rollup import rollup
from workc.kernel.values import Json, JsonObject
from workc.verify.case import Case
from workc.verify.rules import Rule
from workc.verify.v01 import rules
from workc.verify.v01.records import Receipt

#: The canonical bytes of what an event and the receipt must both say of a child.
_Said: TypeAlias = bytes


class Children:
    """Takes the events in order; of each child of the receipt it keeps what no event said yet."""

    def __init__(self, receipt: Receipt, case: Case) -> None:
        self._receipt = receipt
        self._case = case
        self._line = 0
        self._to_spawn = Counter(
            _said(child.spawn_index, child.child_loop_id, child.critical)
            for child in receipt.children
        )
        self._to_join = Counter(
            _said(child.child_loop_id, child.child_proof_digest) for child in receipt.children
        )
        # How often each id was spawned and not joined yet.
        self._at_work: Counter[_Said] = Counter()

    def take(self, kind: str, payload: JsonObject) -> None:
        """Compares the payload of the next event."""
        self._line += 1
        loop_id = payload.get("child_loop_id")
        if kind == "ChildSpawned":
            self._at_work[_said(loop_id)] += 1
            said = _said(payload.get("spawn_index"), loop_id, payload.get("critical"))
            self._cross_off(self._to_spawn, said, rules.CHILDREN_SPAWNED)
        elif kind == "ChildJoined":
            self._at_work[_said(loop_id)] -= 1
            if self._at_work[_said(loop_id)] < 0:
                self._fail(rules.CHILDREN_JOINED, "the child was not spawned before")
            said = _said(loop_id, payload.get("child_proof_digest"))
            self._cross_off(self._to_join, said, rules.CHILDREN_JOINED)

    def close(self) -> None:
        """Checks that every child was spawned and joined, and that the outcome bears theirs out."""
        for waiting, rule, what in (
            (self._to_spawn, rules.CHILDREN_SPAWNED, "spawned"),
            (self._to_join, rules.CHILDREN_JOINED, "joined"),
        ):
            if waiting.total():
                message = f"children of the receipt that no event {what}: {waiting.total()}"
                self._case.fail(rule, RECEIPT, message, pointer="/children")
        own = self._receipt.outcome.status
        allowed = rollup(
            own, [(child.outcome_status, child.critical) for child in self._receipt.children]
        )
        if allowed != own:
            self._case.fail(
                rules.OUTCOME_ROLLS_UP,
                RECEIPT,
                "the outcome is better than the children allow",
                pointer="/outcome/status",
                expected=allowed,
                actual=own,
            )

    def _cross_off(self, waiting: Counter[_Said], said: _Said, rule: Rule) -> None:
        if waiting[said] < 1:
            self._fail(rule, "the receipt holds no child for the event")
        else:
            waiting[said] -= 1

    def _fail(self, rule: Rule, message: str) -> None:
        self._case.fail(rule, EVENTS, message, line=self._line)


def _said(*values: Json) -> _Said:
    return encode(list(values))
