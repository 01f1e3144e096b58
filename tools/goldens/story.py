"""Tells the run of a golden: events on a clock of its own, evidence files, artifacts.

Everything is made up and fixed here: no clock, no chance, no machine. So the same story gives the
same bytes for ever.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable

from workc.bundle.v01.records import Artifact, DoneEffect, LensItem, Quality
from workc.bundle.v01.run import Happening, Payload
from workc.kernel import freshness
from workc.kernel.human_approval import Risk, chance, strain
from workc.kernel.phases import Phase
from workc.kernel.selectors import EffectOp

SECOND = 1000
DAY = freshness.MS_PER_DAY

#: 2026-03-02T08:00:00Z: all goldens happen after it.
MORNING = 1_772_438_400_000


class Story:
    """Collects what happened, in order."""

    def __init__(self, start_ms: int) -> None:
        self.now_ms = start_ms
        self.happenings: list[Happening] = []
        self.evidence: dict[str, bytes] = {}

    def tell(self, phase: Phase, what: Payload, after_ms: int = 250, **more: object) -> None:
        """Adds an event, some time after the one before it; ``more`` are further payload keys."""
        if self.happenings:
            self.now_ms += after_ms
        self.happenings.append(
            Happening(at_ms=self.now_ms, phase=phase, what=what, more=dict(more))
        )

    def keep(self, name: str, text: str) -> str:
        """Keeps a text file as evidence and returns its path."""
        path = f"evidence/{name}"
        self.evidence[path] = text.encode()
        return path

    def keep_json(self, name: str, value: object) -> str:
        """Keeps a value as evidence, as JSON that people can read, and returns its path."""
        return self.keep(name, json.dumps(value, indent=2, sort_keys=True) + "\n")


def sha256(text: str) -> str:
    """Returns the SHA-256 of a text."""
    return hashlib.sha256(text.encode()).hexdigest()


def file(path: str, text: str) -> Artifact:
    """Returns a file as an artifact, from what is in it."""
    return Artifact(path=path, sha256=sha256(text), size_bytes=len(text.encode()), kind="File")


def effects(op: EffectOp, *selectors: str) -> tuple[DoneEffect, ...]:
    """Returns effects of one op."""
    return tuple(DoneEffect(op=op, selector=selector) for selector in selectors)


def quality(
    items: Iterable[LensItem], now_ms: int, *, coverage: int, conflict: int, provenance: int
) -> Quality:
    """Returns the quality of a lens; how fresh it is follows from its items."""
    pairs = [
        (
            freshness.score(freshness.whole_days(item.at_ms, now_ms)),
            item.weight if isinstance(item.weight, int) else freshness.DEFAULT_WEIGHT,
        )
        for item in items
    ]
    return Quality(
        coverage=coverage,
        freshness=freshness.median(pairs),
        conflict=conflict,
        provenance=provenance,
    )


def chance_of(risk: Risk) -> int:
    """Returns the chance that a human overrules, in permille."""
    return chance(strain(risk))
