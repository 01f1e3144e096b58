"""The published schema: in the subset, described, and of one mind with the checks."""

from __future__ import annotations

import pytest

from workc.runtime.workflow.document import parse_document
from workc.runtime.workflow.json_schema import FILE_SCHEMA, published_schema
from workc.runtime.workflow.loader import find_problems
from workc.runtime.workflow.problems import Report
from workc.stages import schema

SUBSET = {"type", "properties", "required", "additionalProperties", "items", "enum", "const",
          "minimum", "maximum", "minLength", "maxLength", "pattern", "minItems", "anyOf", "$defs",
          "$ref", "description", "default", "title"}  # fmt: skip

GOOD = """\
workc: 1
name: n
inputs: {a: {type: array, items: {type: string}, default: [x]}}
steps: {s: {skill: anything, with: {x: 1}, retry: {max_attempts: 1}}}
verify: [{id: c, that: output}]
output: {x: 1}
"""

BAD = [
    ("workc: 1", "workc: 2"),
    ("name: n", "name: n o"),
    ("name: n\n", ""),
    ("type: array", "type: list"),
    ("type: array, ", ""),
    ("skill: anything, ", ""),
    ("skill: anything", "skill: 3"),
    ("with: {x: 1}", "with: 3"),
    ("max_attempts: 1", "max_attempts: 0"),
    ("max_attempts: 1", "max_attempts: 1.5"),
    ("max_attempts: 1", "attempts: 1"),
    ("steps: {s:", "steps: {s: 1, t:"),
    ("id: c, ", ""),
    ("that: output", "that: ''"),
    ("verify:", "verfy:"),
    ("verify: [{id: c, that: output}]", "verify: {}"),
    ("output: {x: 1}", "timeout_ms: -1"),
    ("output: {x: 1}", "budget: {calls: many}"),
    ("output: {x: 1}", "budget: {wall_ms: -1}"),
    ("output: {x: 1}", "budget: {wall: 30s}"),
    ("output: {x: 1}", "budget: {ceiling_cents: 9007199255}"),
    ("with: {x: 1}", "budget: {}"),
    ("with: {x: 1}", "budget: {tokens: 1, ceiling_cents: 1}"),
    ("output: {x: 1}", "policy: {network: {allow_hosts: ['a b']}}"),
    ("output: {x: 1}", "secrets: ['a-b']"),
    ("output: {x: 1}", "skills: ['/a.py']"),
]


def value_of(text):
    return parse_document(text.encode(), "f.yaml", Report("f.yaml")).value


def nodes(part):
    """Yields every schema in a schema."""
    yield part
    inner = [*part.get("properties", {}).values()]
    inner += [part[k] for k in ("items", "additionalProperties") if isinstance(part.get(k), dict)]
    for child in inner:
        yield from nodes(child)


def test_the_schema_is_in_the_subset_and_every_part_is_described():
    assert schema.check_schema(FILE_SCHEMA) == []
    for part in nodes(FILE_SCHEMA):
        assert set(part) <= SUBSET
        assert part["description"]


def test_the_published_schema_names_its_dialect():
    published = published_schema()
    assert published.pop("$schema") == "https://json-schema.org/draft/2020-12/schema"
    ways = [{"required": ["steps"]}, {"required": ["plan"]}]
    assert published == {**FILE_SCHEMA, "required": ["workc", "name"], "anyOf": ways}


def test_a_good_file_is_good_for_both(known):
    assert find_problems(GOOD.encode(), "f.yaml", known) == []
    assert schema.problems(FILE_SCHEMA, value_of(GOOD)) == []


@pytest.mark.parametrize(("old", "new"), BAD)
def test_a_bad_file_is_bad_for_both(known, old, new):
    text = GOOD.replace(old, new, 1)
    assert text != GOOD
    assert find_problems(text.encode(), "f.yaml", known)
    assert schema.problems(FILE_SCHEMA, value_of(text))
