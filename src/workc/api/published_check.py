"""The published JSON Schemas of what is found wrong with a workflow file, and of its audit."""

from __future__ import annotations

from workc.api.published_shapes import (
    COUNT,
    COUNT_OR_NULL,
    FLAG,
    TEXT,
    TEXT_OR_NULL,
    list_of,
    record,
)
from workc.kernel.values import JsonObject

PROBLEM = record(code=TEXT, message=TEXT, fix=TEXT, line=COUNT, column=COUNT, path=TEXT, file=TEXT)
PROBLEMS = record(
    ok={"const": False},
    status={"const": "failure"},
    code=TEXT,
    message=TEXT,
    problems=list_of(PROBLEM),
    exit=COUNT,
)
LIMITS = record({"calls": COUNT, "tokens": COUNT, "wall_ms": COUNT})
_BOUND = record(
    bound_micro_cents=COUNT_OR_NULL,
    bound_tokens=COUNT_OR_NULL,
    known_part_micro_cents=COUNT_OR_NULL,
    known_part_tokens=COUNT_OR_NULL,
    worst_micro_cents=COUNT_OR_NULL,
    worst_tokens=COUNT_OR_NULL,
    attempts=COUNT,
    depends_on=list_of(TEXT),
    failure={"type": ["object", "null"]},
)
_USE: dict[str, JsonObject] = {
    "skill": TEXT,
    "effects": list_of(TEXT),
    "target": TEXT,
    "cost": {"anyOf": [{"type": "null"}, _BOUND]},
}
_PLANNED = record(
    **_USE,
    step=TEXT,
    wave=COUNT,
    needs=list_of(TEXT),
    on_failure=TEXT,
    instead={"anyOf": [{"type": "null"}, record(**_USE)]},
)
REMARK = record(
    level={"enum": ["problem", "warning"]},
    message=TEXT,
    step=TEXT_OR_NULL,
    code=TEXT_OR_NULL,
    skill=TEXT_OR_NULL,
    file=TEXT_OR_NULL,
    line=COUNT_OR_NULL,
    instead=TEXT_OR_NULL,
)
CHECK = record(
    {
        "name": TEXT,
        "kind": {"enum": ["file", "function"]},
        "plan": list_of(_PLANNED),
        "types": list_of(record(step=TEXT, type=TEXT, known=FLAG)),
        "remarks": list_of(REMARK),
        "secrets": list_of(record(name=TEXT, is_set=FLAG)),
        "declared": {"anyOf": [{"type": "null"}, list_of(TEXT)]},
        "ceiling_micro_cents": COUNT,
        "limits": LIMITS,
        "total_micro_cents": COUNT_OR_NULL,
        "total_tokens": COUNT_OR_NULL,
        "total_calls": COUNT_OR_NULL,
        "prices_date": TEXT,
        "prices_sha256": TEXT,
        "needs": record(options=list_of(TEXT), hosts=list_of(TEXT), unknown=list_of(TEXT)),
        "gates": list_of(record(gate=TEXT, kind=TEXT, when=TEXT, that=TEXT, step=TEXT_OR_NULL)),
    },
    ok=FLAG,
    file=TEXT,
    problems=list_of(PROBLEM),
    exit=COUNT,
)
