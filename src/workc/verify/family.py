"""Step children, when it is asked for: the bundles of the children, and of theirs.

A parent's bundle names each child by run and proof digest. Here the child's own bundle must be had
and must pass, have that digest, name that parent, and have the outcome that the parent recorded
(docs/spec/bundle-0.2.md, section 13). A child that is its own ancestor, and a family that is too
deep or too large, are refused, so this ends.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol

import msgspec

from workc.bundle.layout import LIMITS, RECEIPT, Limits
from workc.verify.case import Case
from workc.verify.expectations import Child, Expectations, Proven
from workc.verify.reader import Reader
from workc.verify.rules import Rule
from workc.verify.signatures.presence import Judge
from workc.verify.verdict import Verdict
from workc.verify.verifier import NOBODY_TRUSTED, verify_proven

_SECTION = "bundle-0.2, section 13"
MAX_DEPTH = 16
MAX_BUNDLES = 10_000

CHILD_IS_THERE = Rule(
    "13.01", "CHILD_MISMATCH", "children", _SECTION, "The bundle of every child is there."
)
CHILD_PASSES = Rule(
    "13.02", "CHILD_MISMATCH", "children", _SECTION, "The bundle of every child passes."
)
CHILD_DIGEST = Rule(
    "13.03", "CHILD_MISMATCH", "children", _SECTION, "A child has the digest that was recorded."
)
CHILD_PARENT = Rule(
    "13.04", "CHILD_MISMATCH", "children", _SECTION, "A child names the run that recorded it."
)
CHILD_OUTCOME = Rule(
    "13.05", "CHILD_MISMATCH", "children", _SECTION, "A child has the outcome that was recorded."
)
CHILD_IS_NO_ANCESTOR = Rule(
    "13.06", "CHILD_MISMATCH", "children", _SECTION, "No run is a descendant of itself."
)
FAMILY_IS_SHALLOW = Rule(
    "13.07", "LIMIT_EXCEEDED", "children", _SECTION, "Children are at most 16 generations deep."
)
FAMILY_IS_SMALL = Rule(
    "13.08", "LIMIT_EXCEEDED", "children", _SECTION, "There are at most 10,000 descendants."
)
CHILD_CEILING = Rule(
    "13.09", "CHILD_MISMATCH", "children", _SECTION, "A child has the ceiling that was recorded."
)
CHILD_SPENT = Rule(
    "13.10", "CHILD_MISMATCH", "children", _SECTION, "A child spent what was recorded."
)
CHILD_NONCE = Rule(
    "13.11", "CHILD_MISMATCH", "children", _SECTION, "A child has the nonce that was recorded."
)
CHILD_PLACE = Rule(
    "13.12", "CHILD_MISMATCH", "children", _SECTION, "A child names its step and its number there."
)
CHILD_VALUE = Rule(
    "13.13", "CHILD_MISMATCH", "children", _SECTION, "A child gave what was recorded."
)
FAMILY_RULES = (
    CHILD_IS_THERE,
    CHILD_PASSES,
    CHILD_DIGEST,
    CHILD_PARENT,
    CHILD_OUTCOME,
    CHILD_IS_NO_ANCESTOR,
    FAMILY_IS_SHALLOW,
    FAMILY_IS_SMALL,
    CHILD_CEILING,
    CHILD_SPENT,
    CHILD_NONCE,
    CHILD_PLACE,
    CHILD_VALUE,
)


class Relatives(Protocol):
    """Knows where bundles of children stand; what it says of them is not trusted."""

    def find(self, run_id: str) -> Iterable[Reader]:
        """Returns the bundles that say they are of this run."""
        ...


def verify_family(
    reader: Reader,
    relatives: Relatives,
    expect: Expectations | None = None,
    judge: Judge = NOBODY_TRUSTED,
    *,
    limits: Limits = LIMITS,
) -> Verdict:
    """Returns the verdict on a bundle and on those of all its descendants. It raises for nothing.

    ``judge`` judges the signatures of the bundle itself: its digest commits to its children's.
    """
    return _Family(relatives, limits).verify(reader, expect or Expectations(), judge, ())[0]


class _Family:
    """Counts the bundles that were looked at."""

    def __init__(self, relatives: Relatives, limits: Limits) -> None:
        self._relatives = relatives
        self._limits = limits
        self._count = 0
        self._known: dict[str, list[tuple[Verdict, Proven | None]]] = {}

    def verify(
        self, reader: Reader, wanted: Expectations, judge: Judge, ancestors: tuple[str, ...]
    ) -> tuple[Verdict, Proven | None]:
        verdict, said = verify_proven(reader, wanted, judge, limits=self._limits)
        if not verdict.ok or said is None:
            return verdict, said
        case, found = Case(), list[Verdict]()
        for child in said.children:
            of_child = self._child(child, said, (*ancestors, said.run_id), case)
            if of_child is not None:
                found.append(of_child)
        return _joined(verdict, tuple(found), case), said

    def _child(
        self, child: Child, parent: Proven, ancestors: tuple[str, ...], case: Case
    ) -> Verdict | None:
        if child.run_id in ancestors:
            _broken(case, CHILD_IS_NO_ANCESTOR, child, "it is among its own ancestors")
            return None
        if len(ancestors) > MAX_DEPTH:
            _broken(case, FAMILY_IS_SHALLOW, child, FAMILY_IS_SHALLOW.text)
            return None
        candidates = self._candidates(child.run_id, ancestors)
        if self._count > MAX_BUNDLES:
            _broken(case, FAMILY_IS_SMALL, child, FAMILY_IS_SMALL.text)
            return None
        if not candidates:
            _broken(case, CHILD_IS_THERE, child, "there is no bundle of it")
            return None
        verdict, said = min(candidates, key=lambda each: _distance(each[0], each[1], child))
        _compare(child, parent, verdict, said, case)
        return msgspec.structs.replace(verdict, run_id=child.run_id)

    def _candidates(
        self, run_id: str, ancestors: tuple[str, ...]
    ) -> list[tuple[Verdict, Proven | None]]:
        """Returns what the bundles of a run say; each is verified once, and counted."""
        if run_id not in self._known:
            found: list[tuple[Verdict, Proven | None]] = []
            for reader in self._relatives.find(run_id):
                self._count += 1
                if self._count > MAX_BUNDLES:
                    break
                found.append(self.verify(reader, Expectations(), NOBODY_TRUSTED, ancestors))
            self._known[run_id] = found
        return self._known[run_id]


def _distance(verdict: Verdict, said: Proven | None, child: Child) -> tuple[bool, bool]:
    """Returns how near a bundle comes to the one that was recorded: one that passes comes first."""
    return not verdict.ok, said is None or said.proof_digest != child.proof_digest


def _compare(
    child: Child, parent: Proven, verdict: Verdict, said: Proven | None, case: Case
) -> None:
    if not verdict.ok or said is None:
        codes = ", ".join(dict.fromkeys(verdict.codes()))
        _broken(case, CHILD_PASSES, child, f"its bundle does not pass: {codes}")
        return
    always = (
        (CHILD_DIGEST, child.proof_digest, said.proof_digest),
        (CHILD_PARENT, parent.run_id, said.parent_run_id),
        (CHILD_OUTCOME, child.outcome, said.outcome),
    )
    for rule, expected, actual in (*always, *_said_by_both(child, said)):
        if expected != actual:
            _broken(case, rule, child, f"not so: {rule.text}", expected, actual)


def _said_by_both(child: Child, said: Proven) -> Iterator[tuple[Rule, object, object]]:
    """Yields what parent and child both say, whichever format each is of."""
    if child.place is not None and said.place is not None:
        yield CHILD_PLACE, child.place, said.place
    if child.output_sha256 is not None:
        yield CHILD_VALUE, child.output_sha256, said.output_sha256
    given, had = child.account, said.account
    if given is not None and had is not None:
        yield CHILD_CEILING, given.ceiling_micro_cents, had.ceiling_micro_cents
        yield CHILD_SPENT, given.spent_micro_cents, had.spent_micro_cents
        yield CHILD_NONCE, given.nonce, had.nonce


def _broken(
    case: Case,
    rule: Rule,
    child: Child,
    message: str,
    expected: object = None,
    actual: object = None,
) -> None:
    message = f"{child.run_id}: {message}"
    case.fail(rule, RECEIPT, message, pointer="/children", expected=expected, actual=actual)


def _joined(verdict: Verdict, children: tuple[Verdict, ...], case: Case) -> Verdict:
    findings = case.findings()
    if not findings:
        return msgspec.structs.replace(verdict, children=children, not_checked=_rest(verdict))
    return msgspec.structs.replace(
        verdict,
        verdict="FAIL",
        bundle_version=None,
        run_id=None,
        proof_digest=None,
        signers=(),
        failures=findings,
        children=children,
        not_checked=_rest(verdict),
        notes=(*verdict.notes, *case.notes()),
    )


def _rest(verdict: Verdict) -> tuple[str, ...]:
    return tuple(text for text in verdict.not_checked if not text.startswith("children:"))
