"""The schema evaluator against a naive second one, and what it makes of arbitrary input."""

import re

from hypothesis import example, given, settings
from hypothesis import strategies as st

from workc.kernel.failure import Misuse
from workc.stages.evaluation import MAX_PROBLEMS
from workc.stages.schema import check_schema, problems

TYPES = ["null", "boolean", "integer", "number", "string", "array", "object"]
NAMES = st.sampled_from(["a", "b", "c"])
SCALARS = st.sampled_from([None, True, False, 0, 1, 2, 1.0, 0.5, -1, "", "a", "ab", "1"])
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=6,
)
NUMBERS = st.sampled_from([-1, 0, 0.5, 1, 2])
COUNTS = st.integers(0, 3)
REFERENCES = st.sampled_from(["#/$defs/X", "#/$defs/Y"])


def keywords(schema):
    several = st.lists(schema, min_size=1, max_size=3)
    return {
        "type": st.sampled_from(TYPES) | st.lists(st.sampled_from(TYPES), min_size=1, unique=True),
        "properties": st.dictionaries(NAMES, schema, max_size=3),
        "required": st.lists(NAMES, unique=True),
        "additionalProperties": st.booleans() | schema,
        "items": schema,
        "prefixItems": several,
        "enum": st.lists(SCALARS, min_size=1, max_size=3, unique_by=naive_key),
        "const": VALUES,
        "minimum": NUMBERS,
        "maximum": NUMBERS,
        "exclusiveMinimum": NUMBERS,
        "exclusiveMaximum": NUMBERS,
        "minLength": COUNTS,
        "maxLength": COUNTS,
        "minItems": COUNTS,
        "maxItems": COUNTS,
        "pattern": st.sampled_from(["a", "^a$", "b$"]),
        "uniqueItems": st.booleans(),
        "anyOf": several,
        "oneOf": several,
        "allOf": several,
        "title": st.just("T"),
        "$ref": REFERENCES,
    }


def naive_key(value):
    """Spells a value so that equal JSON values, and only those, are spelt alike."""
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return f"{type(value).__name__} {value!r}"
    if isinstance(value, (int, float)):
        return f"number {float(value) + 0.0!r}"
    if isinstance(value, list):
        return "[" + ",".join(naive_key(each) for each in value) + "]"
    return "{" + ",".join(f"{name!r}:{naive_key(value[name])}" for name in sorted(value)) + "}"


@st.composite
def small_schemas(draw, depth=0):
    inner = small_schemas(depth + 1) if depth < 2 else st.just({"type": "integer"})
    table = keywords(inner)
    chosen = draw(st.lists(st.sampled_from(sorted(table)), max_size=3, unique=True))
    return {word: draw(table[word]) for word in chosen}


@st.composite
def documents(draw):
    schema = draw(small_schemas())
    schema["$defs"] = {"X": draw(small_schemas()), "Y": draw(small_schemas(1))}
    return schema


def has_type(value, name):
    if isinstance(value, bool):
        return name == "boolean"
    if isinstance(value, (int, float)):
        return name == "number" or (name == "integer" and float(value).is_integer())
    python = {"null": type(None), "string": str, "array": list, "object": dict}
    return isinstance(value, python.get(name, ()))


def fits(schema, value, root):
    """Says whether a value fits: word by word as the specification reads, recursing freely."""

    def sub(inner, member):
        return fits(inner, member, root)

    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    checks = []
    for word, wanted in schema.items():
        if word == "type":
            names = [wanted] if isinstance(wanted, str) else wanted
            checks.append(any(has_type(value, name) for name in names))
        if word == "const":
            checks.append(naive_key(value) == naive_key(wanted))
        if word == "enum":
            checks.append(naive_key(value) in [naive_key(each) for each in wanted])
        if word == "anyOf":
            checks.append(any(sub(each, value) for each in wanted))
        if word == "oneOf":
            checks.append(sum(sub(each, value) for each in wanted) == 1)
        if word == "allOf":
            checks.append(all(sub(each, value) for each in wanted))
        if word == "$ref":
            checks.append(sub(root["$defs"][wanted[-1]], value))
        if number:
            if word == "minimum":
                checks.append(value >= wanted)
            if word == "maximum":
                checks.append(value <= wanted)
            if word == "exclusiveMinimum":
                checks.append(value > wanted)
            if word == "exclusiveMaximum":
                checks.append(value < wanted)
        if isinstance(value, str):
            if word == "minLength":
                checks.append(len(value) >= wanted)
            if word == "maxLength":
                checks.append(len(value) <= wanted)
            if word == "pattern":
                checks.append(re.search(wanted, value) is not None)
        if isinstance(value, list):
            if word == "minItems":
                checks.append(len(value) >= wanted)
            if word == "maxItems":
                checks.append(len(value) <= wanted)
            if word == "uniqueItems":
                checks.append(not wanted or len({naive_key(v) for v in value}) == len(value))
            if word == "prefixItems":
                checks.extend(sub(a, b) for a, b in zip(wanted, value, strict=False))
            if word == "items":
                start = len(schema.get("prefixItems", []))
                checks.extend(sub(wanted, each) for each in value[start:])
        if isinstance(value, dict):
            if word == "required":
                checks.extend(name in value for name in wanted)
            if word == "properties":
                checks.extend(sub(s, value[n]) for n, s in wanted.items() if n in value)
            if word == "additionalProperties":
                rest = [v for n, v in value.items() if n not in schema.get("properties", {})]
                if isinstance(wanted, bool):
                    checks.append(wanted or not rest)
                else:
                    checks.extend(sub(wanted, each) for each in rest)
    return all(checks)


def reverse_members(value):
    if isinstance(value, dict):
        return {name: reverse_members(value[name]) for name in reversed(value)}
    return [reverse_members(each) for each in value] if isinstance(value, list) else value


@settings(max_examples=400, deadline=None)
@given(documents(), VALUES)
@example({"enum": [1], "$defs": {}}, True)
@example({"uniqueItems": True, "$defs": {}}, [1, True])
def test_the_evaluator_agrees_with_a_naive_one(schema, value):
    try:
        found = problems(schema, value)
    except Misuse:
        # The only way to be outside the subset here: a definition that consists of itself.
        assert "consist of itself" in check_schema(schema)[0].expected
        return
    assert (not found) == fits(schema, value, schema)


@settings(max_examples=150, deadline=None)
@given(documents(), VALUES)
def test_problems_do_not_depend_on_the_order_of_members_and_point_at_places(schema, value):
    if check_schema(schema):
        return
    found = problems(schema, value)
    assert problems(reverse_members(schema), reverse_members(value)) == found
    assert len(found) <= MAX_PROBLEMS
    for problem in found:
        there, missing = value, False
        for token in problem.pointer.split("/")[1:]:
            missing = isinstance(there, dict) and token not in there
            there = None if missing else there[int(token) if isinstance(there, list) else token]
        assert problem.expected
        assert problem.actual == "nothing" or not missing


KEYS = st.text(max_size=3) | st.integers() | st.none() | st.tuples(st.booleans())
ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.binary(max_size=3)
    | st.just(object())
    | st.sampled_from([*TYPES, "#/$defs/X"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from([*sorted(keywords(st.none())), "$defs", "X"]) | KEYS, inner
        )
        | st.tuples(inner)
        | st.frozensets(st.integers(), max_size=2)
    ),
    max_leaves=10,
)


@settings(max_examples=300, deadline=None)
@given(ANYTHING, ANYTHING)
def test_any_schema_and_any_value_give_problems_or_misuse(schema, value):
    found = check_schema(schema)
    assert all(str(problem).encode() for problem in found)
    assert all(str(problem).encode() for problem in problems({}, value))
    if found:
        try:
            problems(schema, value)
        except Misuse:
            return
        raise AssertionError
    problems(schema, value)
