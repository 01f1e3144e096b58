"""What a dry run would have written, as its bundle says."""

from __future__ import annotations

from pathlib import Path

from workc.api.sources import Source
from workc.kernel import jcs
from workc.kernel.canonical import CanonicalError
from workc.kernel.payloads import EffectAnswered


def diffs_of(bundle: Path) -> list[str]:
    """Returns the unified diff of every write of a dry run, in logical order; none of another run."""
    source = Source(bundle, sealed=True)
    found = (_diff(source, line.payload) for line in source.lines())
    return [diff for diff in found if diff]


def _diff(source: Source, payload: object) -> str:
    if not isinstance(payload, EffectAnswered) or not payload.result:
        return ""
    data = source.data(payload.result.facts)
    try:
        facts = jcs.parse(data or b"{}")
    except CanonicalError:
        return ""
    diff = facts.get("diff") if isinstance(facts, dict) else None
    return diff if isinstance(diff, str) else ""
