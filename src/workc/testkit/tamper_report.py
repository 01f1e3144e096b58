"""What the tamper suite found: three numbers, every class with its codes, every surprise.

*Detection* says how many mutants were found at all; *exactness* how many with the very step and code
that the format's page gives, and only this is the mutation score; *coverage* how many classes had a
mutant in this bundle. A survivor is a mutant that passed: a defect of the verifier, always.
"""

from __future__ import annotations

from collections import Counter

import msgspec

from workc.kernel.values import Json, JsonObject
from workc.sim.tamper.mutant import Group
from workc.sim.tamper.operation import TamperOp
from workc.sim.tamper.place import Place

#: So many surprises are kept: a verifier without a rule has thousands.
MAX_SURPRISES = 100
#: What stands for the finding of a mutant that passed.
PASSED = "PASS"
#: What stands before the name of an exception: no verdict at all, which is no detection.
RAISED = "raised"


class Surprise(msgspec.Struct, frozen=True, kw_only=True):
    """A mutant that was not found, or not as it must be; ``op`` makes it again, if one can."""

    group: Group
    at: str
    expected: str
    actual: str
    op: TamperOp | None

    def to_json(self) -> JsonObject:
        """Returns the surprise as JSON."""
        return {
            "operator": self.group.operator,
            "component": self.group.component,
            "rung": self.group.rung,
            "at": self.at,
            "expected": self.expected,
            "actual": self.actual,
            "op": None if self.op is None else self.op.to_json(),
        }


class ClassResult(msgspec.Struct, kw_only=True):
    """What became of the mutants of one class, counted; findings are ``step CODE``."""

    group: Group
    mutants: int = 0
    detected: int = 0
    exact: int = 0
    expected: Counter[str] = msgspec.field(default_factory=Counter[str])
    actual: Counter[str] = msgspec.field(default_factory=Counter[str])

    def to_json(self) -> JsonObject:
        """Returns the counts as JSON."""
        return {
            "operator": self.group.operator,
            "component": self.group.component,
            "rung": self.group.rung,
            "mutants": self.mutants,
            "detected": self.detected,
            "exact": self.exact,
            "expected": {found: number for found, number in sorted(self.expected.items())},
            "actual": {found: number for found, number in sorted(self.actual.items())},
        }


class TamperReport:
    """Collects what was found of each mutant; all its answers stand in the order of the classes."""

    def __init__(self, groups: tuple[Group, ...]) -> None:
        self._classes = {group: ClassResult(group=group) for group in groups}
        self.bundle_version = ""
        self.run_id: str | None = None
        self.proof_digest: str | None = None
        self.is_sampled = False
        self.surprises: list[Surprise] = []

    def take(
        self, group: Group, expected: Place, actual: str, at: str, op: TamperOp | None = None
    ) -> None:
        """Counts a mutant: what must be found of it, and what was."""
        wanted, result = spelled(expected), self._classes[group]
        result.mutants += 1
        result.detected += actual != PASSED and not actual.startswith(RAISED)
        result.exact += actual == wanted
        result.expected[wanted] += 1
        result.actual[actual] += 1
        if actual != wanted and len(self.surprises) < MAX_SURPRISES:
            surprise = Surprise(group=group, at=at, expected=wanted, actual=actual, op=op)
            self.surprises.append(surprise)

    @property
    def classes(self) -> list[ClassResult]:
        """Returns every class that had a mutant."""
        return [result for result in self._classes.values() if result.mutants]

    @property
    def missed(self) -> list[Group]:
        """Returns the classes for which this bundle has no place."""
        return [group for group, result in self._classes.items() if not result.mutants]

    @property
    def mutants(self) -> int:
        """Returns how many mutants were judged."""
        return sum(result.mutants for result in self._classes.values())

    @property
    def detected(self) -> int:
        """Returns how many did not pass."""
        return sum(result.detected for result in self._classes.values())

    @property
    def exact(self) -> int:
        """Returns how many were found first in the step and with the code that must come first."""
        return sum(result.exact for result in self._classes.values())

    @property
    def size(self) -> int:
        """Returns how many classes there are."""
        return len(self._classes)

    @property
    def ok(self) -> bool:
        """Returns whether every mutant was found as it must be, and there was one."""
        return 0 < self.mutants == self.detected == self.exact

    def matrix(self) -> dict[str, dict[str, int]]:
        """Returns the number of mutants by operator and component.

        Resealed edits are one row, and so are the edits of the fields of one kind of event.
        """
        rows: dict[str, dict[str, int]] = {}
        for result in self.classes:
            family, *parts = result.group.operator.split(".")
            row = rows.setdefault(
                ".".join([family, *(parts[:1] if family != "reseal" else ())]), {}
            )
            component = result.group.component
            row[component] = row.get(component, 0) + result.mutants
        return rows

    def to_json(self) -> JsonObject:
        """Returns the report as JSON, schema ``workc.tamper/1``."""
        missed: list[Json] = [
            {"operator": group.operator, "component": group.component, "rung": group.rung}
            for group in self.missed
        ]
        return {
            "schema": "workc.tamper/1",
            "ok": self.ok,
            "bundle_version": self.bundle_version,
            "run_id": self.run_id,
            "proof_digest": self.proof_digest,
            "is_sampled": self.is_sampled,
            "mutants": self.mutants,
            "detected": self.detected,
            "exact": self.exact,
            "classes_hit": len(self.classes),
            "classes_all": self.size,
            "classes": [result.to_json() for result in self.classes],
            "missed": missed,
            "surprises": [surprise.to_json() for surprise in self.surprises],
        }


def spelled(place: Place) -> str:
    """Returns a finding as the report has it."""
    return f"{place.step} {place.code}"
