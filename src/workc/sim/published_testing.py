"""The JSON Schemas of scenarios and reports, made of their types."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import msgspec

from workc.kernel.values import Json, JsonObject
from workc.runtime.workflow.schema_words import DIALECT
from workc.sim.report import BenchReport, TestReport
from workc.sim.scenario.scenario import Scenario
from workc.sim.scenario.variant import Variant

#: Of each published name: the type, the name of the format, what it is.
_TYPES: Mapping[str, tuple[type[msgspec.Struct], str, str]] = {
    "scenario": (
        Scenario,
        "workc.scenario/1",
        "A scenario: what a simulated run is told, and what is expected of it.",
    ),
    "test-report": (TestReport, "workc-test-report-0.1", "What a run of test suites found."),
    "bench-report": (BenchReport, "workc-bench-report-0.1", "What benchmarks found."),
}
#: Members that a file may spell otherwise than its type has them: a seed that not every reader of YAML holds.
_SPELLED: Mapping[str, JsonObject] = {
    "scenario": {
        "seed": {
            "anyOf": [
                {"type": "integer", "minimum": 0},
                {"type": "string", "pattern": "^[1-9][0-9]{15,19}$"},
            ],
            "default": 1,
        }
    }
}
#: What holds values of its own kind.
_NESTING = frozenset({"scenario"})


def schema_of(name: str) -> JsonObject:
    """Returns the schema of ``scenario``, ``test-report`` or ``bench-report``."""
    kind, title, description = _TYPES[name]
    (reference,), parts = msgspec.json.schema_components([kind], schema_hook=_variants)
    own = str(reference["$ref"]).rpartition("/")[2]
    top = cast("JsonObject", parts[own])
    if name not in _NESTING:
        del parts[own]
    head: JsonObject = {"$schema": DIALECT, "title": title, "description": description}
    rest = {member: value for member, value in top.items() if member not in head}
    properties = {**cast("JsonObject", top["properties"]), **_SPELLED.get(name, {})}
    made: JsonObject = {**head, **rest, "properties": properties, "$defs": cast("Json", parts)}
    # Defaults are values of the types: lists here, and objects.
    return cast("JsonObject", msgspec.json.decode(msgspec.json.encode(made)))


def _variants(kind: type) -> JsonObject:
    """Returns the schema of a value of one of several kinds."""
    if not issubclass(kind, Variant):
        raise NotImplementedError
    found = [_variant(name, each) for name, each in kind.VARIANTS.items()]
    bare: list[Json] = [
        {"const": name} for name, each in kind.VARIANTS.items() if not each.__struct_fields__
    ]
    return {"oneOf": [*bare, *found]}


def _variant(name: str, kind: type[msgspec.Struct]) -> Json:
    """Returns the schema of a kind as an object; one without fields holds null or nothing."""
    _, parts = msgspec.json.schema_components([kind])
    fields = cast("Json", parts[kind.__name__] if kind.__struct_fields__ else {"enum": [None, {}]})
    return {
        "type": "object",
        "properties": {name: fields},
        "required": [name],
        "additionalProperties": False,
    }
