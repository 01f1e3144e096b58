"""The schema subset: what it accepts as a schema, and what it says about values."""

import json
from pathlib import Path

import pytest

from workc.kernel.failure import Misuse
from workc.stages import evaluation
from workc.stages.effects import SecretName, SecretText
from workc.stages.evaluation import MAX_PROBLEMS, Part, Run, Spent
from workc.stages.problem import (
    MAX_DEPTH,
    MAX_NODES,
    MAX_SHOWN,
    Problem,
    foreign,
    listed,
    quoted,
    show,
)
from workc.stages.schema import Schema, check_schema, problems

VECTORS = Path(__file__).parents[2] / "vectors" / "json-schema-test-suite"
SECRET = SecretText((SecretName("KEY"),))


def texts(schema, value):
    return [str(problem) for problem in problems(schema, value)]


def nested(depth):
    value = []
    for _ in range(depth - 1):
        value = [value]
    return value


# How many groups of each file are in the subset; the others must be refused.
GROUPS = {
    "additionalProperties": (5, 4),
    "allOf": (8, 4),
    "anyOf": (5, 3),
    "const": (14, 3),
    "default": (3, 0),
    "enum": (14, 1),
    "exclusiveMaximum": (1, 0),
    "exclusiveMinimum": (1, 0),
    "format": (19, 0),
    "infinite-loop-detection": (1, 0),
    "items": (5, 5),
    "maxItems": (1, 1),
    "maxLength": (1, 1),
    "maximum": (2, 0),
    "minItems": (1, 1),
    "minLength": (1, 1),
    "minimum": (2, 0),
    "oneOf": (6, 5),
    "pattern": (2, 1),
    "prefixItems": (3, 1),
    "properties": (4, 2),
    "ref": (5, 31),
    "required": (5, 0),
    "type": (11, 0),
    "uniqueItems": (4, 2),
}


def without_dialect(schema):
    if isinstance(schema, dict):
        return {word: value for word, value in schema.items() if word != "$schema"}
    return schema


@pytest.mark.parametrize("name", sorted(GROUPS))
def test_the_official_suite_agrees_on_every_schema_of_the_subset(name):
    groups = json.loads((VECTORS / f"{name}.json").read_text())
    inside = [g for g in groups if not check_schema(without_dialect(g["schema"]))]
    for group in inside:
        schema = Schema(without_dialect(group["schema"]))
        for case in group["tests"]:
            valid = not schema.problems(case["data"])
            assert valid == case["valid"], (group["description"], case["description"])
    assert (len(inside), len(groups) - len(inside)) == GROUPS[name]


@pytest.mark.parametrize(
    ("schema", "value", "expected"),
    [
        ({"type": "integer"}, "ten", '(the value): expected integer, got string "ten"'),
        ({"type": "integer"}, True, "(the value): expected integer, got true"),
        ({"type": "boolean"}, 1, "(the value): expected boolean, got integer 1"),
        ({"type": "integer"}, 1.5, "(the value): expected integer, got number 1.5"),
        ({"type": ["string", "null"]}, 1, "(the value): expected string or null, got integer 1"),
        ({"const": 1}, True, "(the value): expected 1, got true"),
        ({"enum": [True, "a"]}, 1, '(the value): expected one of true, "a", got integer 1'),
        ({"minimum": 1}, 0, "(the value): expected at least 1, got integer 0"),
        ({"maximum": 1}, 2, "(the value): expected at most 1, got integer 2"),
        ({"exclusiveMinimum": 1}, 1, "(the value): expected more than 1, got integer 1"),
        ({"exclusiveMaximum": 1}, 1, "(the value): expected less than 1, got integer 1"),
        ({"minLength": 2}, "é", '(the value): expected at least 2 characters, got string "é"'),
        ({"maxLength": 1}, "ab", '(the value): expected at most 1 characters, got string "ab"'),
        ({"pattern": "^a$"}, "b", '(the value): expected text that matches ^a$, got string "b"'),
        ({"minItems": 1}, [], "(the value): expected at least 1 items, got array of 0"),
        ({"maxItems": 0}, [1], "(the value): expected at most 0 items, got array of 1"),
        (
            {"uniqueItems": True},
            [{"a": 1}, 2, {"a": 1.0}],
            "(the value): expected items that differ, got items 0 and 2 alike",
        ),
        ({"required": ["a/b"]}, {}, "/a~1b: expected a value, got nothing"),
        (
            {"properties": {"a": {}}, "additionalProperties": False},
            {"b": 1},
            '/b: expected only "a", got a member of another name',
        ),
        (
            {"additionalProperties": False},
            {"b": 1},
            "/b: expected no members, got a member of another name",
        ),
        (
            {"additionalProperties": {"type": "null"}},
            {"~": 1},
            "/~0: expected null, got integer 1",
        ),
        ({"items": {"type": "null"}}, [None, 1], "/1: expected null, got integer 1"),
        (
            {"prefixItems": [{}, {"type": "null"}], "items": {"type": "string"}},
            [1, None, 2],
            "/2: expected string, got integer 2",
        ),
        (
            {"oneOf": [{"minimum": 1}, {"minimum": 2}]},
            3,
            "(the value): expected exactly one alternative to fit, got alternatives 0, 1",
        ),
        (
            {"anyOf": [{"type": "string"}, {"const": 1}, {"enum": [2, 3]}, {"title": "T"}, {}]},
            0,
            None,
        ),
        (
            {"anyOf": [{"type": "string"}, {"const": 1}, {"enum": [2, 3]}]},
            0,
            "(the value): expected string or 1 or one of 2, 3, got integer 0",
        ),
        (
            {"anyOf": [{"minimum": 1, "title": "T"}, {"minimum": 2}]},
            0,
            "(the value): expected T or another form, got integer 0",
        ),
        ({"allOf": [{"type": "null"}]}, 1, "(the value): expected null, got integer 1"),
    ],
)
def test_each_keyword_says_where_what_was_expected_and_what_came(schema, value, expected):
    assert texts(schema, value) == ([] if expected is None else [expected])


def test_the_problems_of_the_one_alternative_of_the_right_type_are_told():
    point = {"type": "object", "properties": {"x": {"type": "integer"}}}
    for word in ("anyOf", "oneOf"):
        schema = {
            word: [{"$ref": "#/$defs/P"}, {"type": ["null", "string"]}],
            "$defs": {"P": point},
        }
        assert texts(schema, {"x": "1"}) == ['/x: expected integer, got string "1"']


@pytest.mark.parametrize(
    "schema",
    [
        {"minimum": 5, "maximum": 1, "exclusiveMinimum": 9, "exclusiveMaximum": 0},
        {"minLength": 5, "maxLength": 0, "pattern": "x"},
        {"minItems": 5, "maxItems": 0, "uniqueItems": True, "items": {"type": "null"}},
        {"required": ["a"], "properties": {"a": {"type": "null"}}, "additionalProperties": False},
        {"prefixItems": [{"type": "null"}]},
    ],
)
def test_a_keyword_says_nothing_about_values_of_another_type(schema):
    others = [None, True, "abcdef", 3, [1], {"b": 1}]
    speaks = [value for value in others if problems(schema, value)]
    assert len(speaks) <= 1


def test_an_integer_valued_float_is_an_integer_and_a_boolean_is_no_number():
    assert problems({"type": "integer"}, 2.0) == []
    assert problems({"type": "number"}, 2) == []
    assert problems({"enum": [2]}, 2.0) == []
    assert problems({"const": [1, {"a": True}]}, [1.0, {"a": True}]) == []
    assert problems({"const": [1, {"a": True}]}, [1, {"a": 1}]) != []
    assert problems({"uniqueItems": True}, [1, True, "1", [1], [True]]) == []
    assert problems({"type": "number"}, True) != []
    assert problems({"minimum": 5}, True) == []


def test_the_order_of_members_and_keywords_does_not_show():
    schema = {
        "required": ["z", "y"],
        "properties": {"b": {"type": "null"}, "a": {"type": "null"}},
        "additionalProperties": False,
        "type": "object",
    }
    turned = {word: schema[word] for word in reversed(schema)}
    value = {"b": 1, "x": 1, "a": 1, "w": 1}
    mirrored = {name: value[name] for name in reversed(value)}
    assert problems(schema, value) == problems(turned, mirrored)
    pointers = [problem.pointer for problem in problems(schema, value)]
    assert pointers == ["/y", "/z", "/w", "/x", "/a", "/b"]


def test_at_most_twenty_problems_are_told():
    schema = {"items": {"type": "null"}}
    assert len(problems(schema, [0] * MAX_PROBLEMS)) == MAX_PROBLEMS
    assert len(problems(schema, [0] * (MAX_PROBLEMS + 1))) == MAX_PROBLEMS
    closed = {"additionalProperties": False}
    assert len(problems(closed, {str(n): n for n in range(99)})) == MAX_PROBLEMS


def test_a_schema_may_contain_itself():
    schema = {
        "$ref": "#/$defs/node",
        "$defs": {
            "node": {
                "type": "object",
                "properties": {"next": {"anyOf": [{"type": "null"}, {"$ref": "#/$defs/node"}]}},
                "required": ["next"],
            }
        },
    }
    value = None
    for _ in range(MAX_DEPTH):
        value = {"next": value}
    assert problems(schema, value) == []
    wrong = {"next": {"next": {"next": 5}}}
    assert [p.pointer for p in problems(schema, wrong)] == ["/next/next/next"]


def test_alternatives_that_contain_each_other_take_polynomial_time():
    # Without a memory of what holds, this takes 3**100 steps.
    schema = {
        "$ref": "#/$defs/a",
        "$defs": {
            "a": {
                "anyOf": [
                    {"type": "array", "items": {"$ref": "#/$defs/a"}, "maxItems": n}
                    for n in (3, 4, 5)
                ]
            }
        },
    }
    assert problems(schema, nested(100)) == []
    deep = [1]
    for _ in range(99):
        deep = [deep]
    assert len(problems(schema, deep)) == 1


def test_a_long_chain_of_alternatives_needs_no_stack():
    inner = {"type": "null"}
    definitions = {}
    for n in range(2000):
        definitions[f"d{n}"] = {"anyOf": [inner]} if n % 2 else {"oneOf": [inner]}
        inner = {"$ref": f"#/$defs/d{n}"}
    schema = {**inner, "$defs": definitions}
    assert problems(schema, None) == []
    assert texts(schema, 1) == ["(the value): expected null, got integer 1"]


def test_an_evaluation_that_takes_too_long_is_a_problem(monkeypatch):
    value = [0, 0]
    part = Part({"items": {"type": "integer"}}, value, "")
    assert Run({}, steps=3).problems(part) == []
    with pytest.raises(Spent) as caught:
        Run({}, steps=2).problems(part)
    assert caught.value.pointer == "/1"
    # Many schemas over one large value exhaust the real bound; here the bound is made small.
    monkeypatch.setattr(evaluation.Run.__init__, "__defaults__", (2,))
    (problem,) = Schema({"items": {"type": "integer"}}).problems(value)
    assert problem == Problem("/1", "a value that can be checked in bounded time", "more")


def test_values_nest_as_deep_as_the_limit_and_no_deeper():
    assert problems({}, nested(MAX_DEPTH)) == []
    (problem,) = problems({}, nested(MAX_DEPTH + 1))
    assert problem == Problem("/0" * MAX_DEPTH, f"at most {MAX_DEPTH} levels", "more")


def test_values_are_counted_up_to_the_limit_and_no_further():
    assert problems({}, [0] * (MAX_NODES - 1)) == []
    (problem,) = problems({}, [0] * MAX_NODES)
    assert problem == Problem("", f"at most {MAX_NODES} values in all", "more")


def test_a_value_that_contains_itself_many_times_is_refused_soon():
    laughs = ["ha"]
    for _ in range(100):
        laughs = [laughs, laughs]
    (problem,) = problems({}, laughs)
    assert "in all" in problem.expected
    cyclic = {}
    cyclic["a"] = cyclic
    (problem,) = problems({}, cyclic)
    assert "levels" in problem.expected


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({1}, "(the value): expected a JSON value, got set (not JSON)"),
        (b"x", "(the value): expected a JSON value, got bytes (not JSON)"),
        ((1,), "(the value): expected a JSON value, got tuple (not JSON)"),
        ([object()], "/0: expected a JSON value, got object (not JSON)"),
        ({1: 2}, "(the value): expected strings as names, got a name of type int"),
        ({(): 2}, "(the value): expected strings as names, got a name of type tuple"),
        ({"a": float("nan")}, "/a: expected a finite number, got NaN"),
        (float("-inf"), "(the value): expected a finite number, got -Infinity"),
    ],
)
def test_what_is_no_json_is_a_problem_and_never_an_exception(value, text):
    assert texts({}, value) == [text]


def test_a_secret_counts_as_a_string_of_any_content():
    assert problems({"type": "string", "minLength": 9, "pattern": "^x$"}, SECRET) == []
    assert problems({"enum": [1, "a"]}, SECRET) == []
    assert texts({"enum": [1, 2]}, SECRET) == ["(the value): expected one of 1, 2, got a secret"]
    assert texts({"type": "null"}, [SECRET]) == ["(the value): expected null, got array of 1"]


@pytest.mark.parametrize(
    ("schema", "text"),
    [
        ([], "(the value): expected a schema (an object), got array of 0"),
        (
            {"minLenght": 1},
            "/minLenght: expected a keyword of the subset (did you mean minLength?)",
        ),
        ({"if": {}}, '/if: expected a keyword of the subset, got "if"'),
        ({"items": True}, "/items: expected a schema, got true"),
        ({"properties": {"a": 1}}, "/properties/a: expected a schema (an object), got integer 1"),
        ({"properties": []}, "/properties: expected an object of schemas, got array of 0"),
        ({"items": {"a/b": 1}}, "/items/a~1b: expected a keyword of the subset"),
        ({"anyOf": []}, "/anyOf: expected a list of schemas, not empty, got array of 0"),
        ({"anyOf": [{"type": "int"}]}, "/anyOf/0/type: expected a type or a list"),
        ({"type": []}, "/type: expected a type"),
        ({"type": ["null", "null"]}, "/type: expected a type"),
        ({"type": [["null"]]}, "/type: expected a type"),
        ({"enum": [1, 1.0]}, "/enum: expected a list of different values"),
        ({"enum": []}, "/enum: expected a list of different values"),
        ({"required": ["a", "a"]}, "/required: expected a list of different names"),
        ({"required": "a"}, "/required: expected a list of different names"),
        ({"minLength": -1}, "/minLength: expected a whole number, 0 or more, got integer -1"),
        ({"minLength": True}, "/minLength: expected a whole number, 0 or more, got true"),
        ({"minimum": True}, "/minimum: expected a number, got true"),
        ({"uniqueItems": 1}, "/uniqueItems: expected true or false, got integer 1"),
        ({"pattern": "("}, "/pattern: expected a regular expression that Python can compile"),
        ({"pattern": "a{99999999999}"}, "/pattern: expected a regular expression"),
        ({"pattern": "(" * 5000 + ")" * 5000}, "/pattern: expected a regular expression"),
        ({"pattern": "[[a]"}, "/pattern: expected a regular expression"),
        ({"pattern": 1}, "/pattern: expected a regular expression"),
        ({"$ref": "#/$defs/a"}, "/$ref: expected one of , got"),
        ({"$ref": 1}, "/$ref: expected one of , got integer 1"),
        ({"$ref": "other.json", "$defs": {"a": {}}}, '/$ref: expected one of "#/$defs/a", got'),
        ({"items": {"$defs": {}}}, "/items/$defs: expected $defs at the top of the schema only"),
        ({"title": 1}, "/title: expected a text, got integer 1"),
        ({"examples": 1}, "/examples: expected a list of values, got integer 1"),
        ({"additionalProperties": 1}, "/additionalProperties: expected true, false or a schema"),
        ({"const": {1}}, "/const: expected a JSON value, got set (not JSON)"),
        ({"const": 2**53}, "(the value): expected a value with a canonical form"),
        ({"$defs": {"a": {"$ref": "#/$defs/a"}}}, "/$defs/a: expected a definition that does not"),
        (
            {"$defs": {"a": {"allOf": [{"anyOf": [{"$ref": "#/$defs/a"}]}]}}},
            "/$defs/a: expected a definition that does not consist of itself, got ",
        ),
    ],
)
def test_a_schema_outside_the_subset_is_an_error_when_loaded(schema, text):
    found = check_schema(schema)
    assert str(found[0]).startswith(text)
    with pytest.raises(Misuse, match="not a schema workc can check"):
        problems(schema, None)


def test_words_in_names_and_constants_are_no_keywords():
    schema = {"properties": {"minLenght": {}}, "const": {"if": 1}, "default": {"then": 2}}
    assert check_schema({**schema, "examples": [{"not": {}}], "enum": [{"else": 1}]}) == []


def test_a_definition_of_two_that_consist_of_each_other_is_refused():
    pair = {"a": {"$ref": "#/$defs/b"}, "b": {"oneOf": [{"$ref": "#/$defs/a"}, {}]}}
    assert [p.pointer for p in check_schema({"$defs": pair})] == ["/$defs/a", "/$defs/b"]
    ladder = {"a": {"$ref": "#/$defs/b"}, "b": {"items": {"$ref": "#/$defs/a"}}}
    assert check_schema({"$defs": ladder}) == []


def test_a_definition_may_have_a_name_with_a_slash():
    schema = {"$ref": "#/$defs/a~1b", "$defs": {"a/b": {"type": "null"}}}
    assert texts(schema, 1) == ["(the value): expected null, got integer 1"]


def test_a_loaded_schema_does_not_change_with_its_source():
    source = {"type": "null"}
    schema = Schema(source)
    source["type"] = "string"
    assert schema.problems(None) == []


def test_messages_are_bounded_and_can_be_encoded():
    assert quoted("x" * MAX_SHOWN) == '"' + "x" * MAX_SHOWN + '"'
    cut = quoted("x" * (MAX_SHOWN + 1))
    assert cut == '"' + "x" * MAX_SHOWN + f'..." ({MAX_SHOWN + 1} characters)'
    assert quoted('a"\\\n\x00\ud800') == '"a\\"\\\\\\n\\u0000\\ud800"'
    assert show(10**5000) == "integer of 16610 bits"
    assert listed(list(range(11))) == "0, 1, 2, 3, 4, 5, 6, 7, 8, 9, ..."
    assert listed([1.5, None, True, [1]]) == "1.5, null, true, array of 1"
    problem = foreign({"\ud800": {2}})
    assert problem.pointer.encode() == b"/\\ud800"
