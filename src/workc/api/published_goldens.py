"""The JSON Schema of what is found of goldens."""

from __future__ import annotations

from workc.api.published_shapes import COUNT, FLAG, TEXT, TEXT_OR_NULL, list_of, record
from workc.kernel.values import JsonObject

_PATHS = list_of(TEXT)
GOLDEN: JsonObject = record(
    ok=FLAG,
    folder=TEXT,
    listed=COUNT,
    bundles=list_of(
        record(
            bundle=TEXT,
            verdict={"enum": ["PASS", "FAIL"]},
            codes=list_of(TEXT),
            proof_digest=TEXT_OR_NULL,
        )
    ),
    missing=_PATHS,
    changed=_PATHS,
    extra=_PATHS,
    new=_PATHS,
    odd=_PATHS,
    is_written=FLAG,
    exit=COUNT,
)
