"""The published JSON Schemas of what the commands of suites and swarms print."""

from __future__ import annotations

from workc.api.published_check import PROBLEM
from workc.api.published_shapes import COUNT, FLAG, TEXT, list_of, record
from workc.kernel.values import JsonObject

_COUNTS: JsonObject = {"type": "object", "additionalProperties": COUNT}
_SUITES = record(
    suites=list_of(
        record(
            name=TEXT,
            kind={"enum": ["scenarios", "tamper", "versioning", "scale"]},
            description=TEXT,
            tests=COUNT,
        )
    ),
    problems=list_of(PROBLEM),
)
_SWARM = record(
    ok=FLAG,
    seeds=COUNT,
    found=list_of(
        record(
            seed=COUNT,
            again=TEXT,
            failures=list_of(record(code=TEXT, message=TEXT)),
            scenario={"anyOf": [{"type": "null"}, TEXT]},
        )
    ),
    outcomes=_COUNTS,
    codes=_COUNTS,
    unreached=list_of(record(move=TEXT, fault=TEXT)),
)
#: The documents by published name.
TESTING_DOCUMENTS: dict[str, tuple[str, str, JsonObject]] = {
    "suites": ("workc.suites/1", "What `suite list` prints with --json.", _SUITES),
    "swarm": ("workc.swarm/1", "What `swarm` prints with --json.", _SWARM),
}
