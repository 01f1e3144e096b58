"""What a test of stages found, as values: one result a stage, and the report of all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import get_args

import msgspec

from workc.kernel.values import Json, JsonObject
from workc.stages.stage.examples import StageVerdict
from workc.stages.stage.judging import Finding, Word
from workc.stages.stage.trial import Survivor

VERDICTS: tuple[StageVerdict, ...] = get_args(StageVerdict)

#: What is found before anything is run.
_NOT_RUN: frozenset[Word] = frozenset({"FORGED_ID", "INVALID_DECLARATION", "UNLOADABLE"})


class StageResult(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one stage. ``reason`` says why it was not tested.

    ``mutants`` is None unless changes of the code were tried; ``survivors`` are those that no example
    noticed. ``generated`` is how many inputs were made and judged. ``implementation_hash`` is the digest of
    its code; ``built_in`` is the one by which bundles name it instead, if it comes with workc.
    """

    name: str
    where: str
    verdict: StageVerdict
    reason: str = ""
    stage_id: str = ""
    evidence_id: str = ""
    implementation_hash: str = ""
    built_in: str = ""
    examples: int = 0
    generated: int = 0
    mutants: int | None = None
    survivors: tuple[Survivor, ...] = ()
    findings: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()
    duration_ms: int = 0
    cached: bool = False

    @property
    def weak(self) -> bool:
        """Returns whether a change of the code went unnoticed."""
        return bool(self.survivors)

    @property
    def tested(self) -> bool:
        """Returns whether its code was run against its examples."""
        words = {each.word for each in self.findings}
        return self.verdict in ("verified", "failed", "errored") and not words & _NOT_RUN

    @property
    def declared_wrong(self) -> bool:
        """Returns whether nothing was run, because of how it is declared."""
        return any(each.word == "INVALID_DECLARATION" for each in self.findings)

    @property
    def broken(self) -> bool:
        """Returns whether the stage is not what it declares, or cannot be run."""
        return self.verdict in ("failed", "errored") and not self.declared_wrong

    def to_json(self) -> JsonObject:
        """Returns the result as JSON."""
        return {
            "name": self.name,
            "where": self.where,
            "verdict": self.verdict,
            "reason": self.reason,
            "stage_id": self.stage_id,
            "evidence_id": self.evidence_id,
            "implementation_hash": self.implementation_hash,
            "built_in": self.built_in,
            "examples": self.examples,
            "generated": self.generated,
            "mutants": self.mutants,
            "weak": self.weak,
            "survivors": [{"line": s.line, "change": s.change} for s in self.survivors],
            "findings": [finding_json(each) for each in self.findings],
            "notes": list[Json](self.notes),
            "duration_ms": self.duration_ms,
            "cached": self.cached,
        }


def finding_json(finding: Finding) -> JsonObject:
    """Returns a finding as JSON; what it does not have is left out, and values are JSON text."""
    said: JsonObject = msgspec.to_builtins(finding)
    return said


class StageTests(msgspec.Struct, frozen=True, kw_only=True):
    """All results, in the order in which the stages were named."""

    results: tuple[StageResult, ...]

    @property
    def counts(self) -> Mapping[StageVerdict, int]:
        """Returns how many stages have each verdict."""
        return {each: sum(r.verdict == each for r in self.results) for each in VERDICTS}

    @property
    def tested(self) -> int:
        """Returns how many stages were tested."""
        return sum(each.tested for each in self.results)

    @property
    def mutants(self) -> int:
        """Returns how many changes of code were tried."""
        return sum(each.mutants or 0 for each in self.results)

    @property
    def survivors(self) -> int:
        """Returns how many of them no example noticed."""
        return sum(len(each.survivors) for each in self.results)

    @property
    def score_permille(self) -> int | None:
        """Returns how many of a thousand changes were noticed, rounded down; None without any."""
        if not self.mutants:
            return None
        return (self.mutants - self.survivors) * 1000 // self.mutants

    def to_json(self) -> JsonObject:
        """Returns all of it as JSON, but for ``schema``, ``ok`` and ``exit``."""
        return {
            "counts": {str(verdict): number for verdict, number in self.counts.items()},
            "tested": self.tested,
            "examples": sum(each.examples for each in self.results if each.tested),
            "mutation_score_permille": self.score_permille,
            "stages": [each.to_json() for each in self.results],
        }
