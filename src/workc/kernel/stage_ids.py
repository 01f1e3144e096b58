"""The ids of a stage as a run records them: digests of what it promises, is, and is believed for."""

from __future__ import annotations

import msgspec


class StageIds(msgspec.Struct, frozen=True, forbid_unknown_fields=True, gc=False, kw_only=True):
    """The ids of one stage (docs/guides/stage-registry.md), 64 hex digits each."""

    evidence_id: str
    signature_id: str
    stage_id: str
