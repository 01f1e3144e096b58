"""What a run must say of its stages (docs/spec/bundle-0.2.md, section 6)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from workc.kernel.digest import is_hex_digest
from workc.kernel.stage_ids import StageIds
from workc.verify.rules import Rule
from workc.verify.v02 import rules


def stage_problems(
    stages: Mapping[str, StageIds], code: Mapping[str, str]
) -> Iterator[tuple[Rule, str]]:
    """Yields what is wrong with the ids of stages, each with its place in the payload."""
    if not stages or not all(map(_is_spelled, stages.values())):
        yield rules.STAGES_FORM, "/stages"
    if not stages.keys() <= code.keys():
        yield rules.STAGES_ARE_CODE, "/stages"


def _is_spelled(ids: StageIds) -> bool:
    return all(map(is_hex_digest, (ids.evidence_id, ids.signature_id, ids.stage_id)))
