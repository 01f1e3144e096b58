"""References: the grammar, types, secrets, and one pass only."""

from __future__ import annotations

import pytest

from workc.kernel.failure import Refusal
from workc.runtime.workflow.references import (
    MAX_DEPTH,
    MAX_LISTED_KEYS,
    MalformedReference,
    Reference,
    parse_template,
    references_of,
    resolve,
    resolve_plain,
)
from workc.stages.effects import SecretName, SecretText

SCOPE = {
    "inputs": {"s": "text", "n": 3, "f": 1.5, "t": True, "x": None, "evil": "${secrets.KEY}"},
    "steps": {"a": {"body": [{"odd key}": "deep"}], "b-c": {"d": 1}}, "long": {"k": ["x"]}},
}


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", ("",)),
        ("plain $ {x} $x", ("plain $ {x} $x",)),
        ("${inputs.a}", (Reference("inputs", ("a",), "${inputs.a}"),)),
        ("$${inputs.a}", ("${inputs.a}",)),
        ("$$${inputs.a}", ("$${inputs.a}",)),
        ("x${steps.a.b}y", ("x", Reference("steps", ("a", "b"), "${steps.a.b}"), "y")),
        ("${steps.a[0][10]}", (Reference("steps", ("a", 0, 10), "${steps.a[0][10]}"),)),
        (
            '${steps.a["k}\\n\\""].b}',
            (Reference("steps", ("a", 'k}\n"', "b"), '${steps.a["k}\\n\\""].b}'),),
        ),
        ('${inputs["a b"]}', (Reference("inputs", ("a b",), '${inputs["a b"]}'),)),
        ("${secrets.K_1}", (Reference("secrets", ("K_1",), "${secrets.K_1}"),)),
    ],
)
def test_templates_are_parsed(text, parts):
    assert parse_template(text).parts == parts


@pytest.mark.parametrize(
    "text",
    ["${", "a ${}", "${nope.x}", "${inputs}", "${inputs.}", "${inputs.a", "${inputs .a}",
     "${ inputs.a}", "${inputs.a }", "${inputs.0}", "${inputs[0]}", "${steps.a[01]}",
     "${steps.a[-1]}", "${steps.a[x]}", "${steps.a['x']}", '${steps.a["x]}', '${steps.a["\\q"]}',
     "${secrets.A.b}", "${secrets.A-B}", "${secrets}", "${Inputs.a}", "${steps.a[9999999999]}",
     "${env.HOME}", "${inputs.a$}", "${${inputs.a}}"],
)  # fmt: skip
def test_malformed_references_are_refused_with_offset_and_fix(text):
    with pytest.raises(MalformedReference) as caught:
        parse_template(text)
    assert caught.value.failure.code == "UNRESOLVED_REFERENCE"
    assert text[caught.value.offset :].startswith("${")
    assert caught.value.fix


def test_one_reference_gives_the_value_with_its_type():
    given = {"a": ["${inputs.n}", "${inputs.t}", "${inputs.x}", "${steps.a}"]}
    assert resolve(given, SCOPE) == {"a": [3, True, None, SCOPE["steps"]["a"]]}


def test_inside_a_longer_text_values_are_canonical_json():
    text = "${inputs.s}|${inputs.n}|${inputs.f}|${inputs.t}|${inputs.x}|${steps.a}"
    assert resolve(text, SCOPE) == (
        'text|3|1.5|true|null|{"b-c":{"d":1},"body":[{"odd key}":"deep"}]}'
    )


def test_nested_references_resolve_at_any_depth():
    """Pitfall 8: nested references resolve."""
    value = {"a": [{"b": {"c": ["x", "${steps.a.b-c.d}"]}}]}
    assert resolve(value, SCOPE) == {"a": [{"b": {"c": ["x", 1]}}]}
    assert resolve('${steps.a.body[0]["odd key}"]}', SCOPE) == "deep"


def test_data_from_outside_is_never_read_for_references():
    assert resolve("${inputs.evil}", SCOPE) == "${secrets.KEY}"
    assert resolve("<${inputs.evil}>", SCOPE) == "<${secrets.KEY}>"
    assert resolve("$${secrets.KEY}", SCOPE) == "${secrets.KEY}"
    assert resolve({"${inputs.n}": 1}, SCOPE) == {"${inputs.n}": 1}


def test_secrets_become_names_and_never_values():
    secret = SecretName("KEY")
    assert resolve("${secrets.KEY}", SCOPE) == SecretText((secret,))
    found = resolve("Bearer ${secrets.KEY}-${inputs.n} ${inputs.evil}", SCOPE)
    assert found == SecretText(("Bearer ", secret, "-", "3", " ", "${secrets.KEY}"))


def test_plain_values_may_not_hold_secrets():
    assert resolve_plain(["${inputs.n}"], SCOPE) == [3]
    with pytest.raises(Refusal, match="secret cannot stand here"):
        resolve_plain({"a": ["x ${secrets.KEY}"]}, SCOPE)


@pytest.mark.parametrize(
    ("text", "missing", "words"),
    [
        ("${inputs.nope}", "nope", "an object with"),
        ("${steps.zzz.a}", "zzz", 'an object with "a", "long"'),
        ("${steps.a.body[3]}", 3, "a list of 1"),
        ("${steps.a.body.x}", "x", "a list of 1"),
        ("${inputs.s.x}", "x", "a string"),
        ("${inputs.n[0]}", 0, "a number"),
        ("${inputs.x.y}", "y", "null"),
        ("${steps.a[0]}", 0, "an object"),
    ],
)
def test_what_is_missing_is_named(text, missing, words):
    with pytest.raises(Refusal) as caught:
        resolve(f"x {text}", SCOPE)
    failure = caught.value.failure
    assert failure.code == "UNRESOLVED_REFERENCE"
    assert failure.details["reference"] == text
    assert failure.details["missing"] == missing
    assert words in failure.message


def test_the_keys_that_are_listed_are_bounded():
    scope = {"inputs": {f"k{i}": i for i in range(MAX_LISTED_KEYS + 1)}, "steps": {}}
    with pytest.raises(Refusal, match=r"\.\.\.") as caught:
        resolve("${inputs.x}", scope)
    assert len(caught.value.failure.details["keys"]) == MAX_LISTED_KEYS
    with pytest.raises(Refusal, match="an empty object"):
        resolve("${steps.x}", scope)
    with pytest.raises(Refusal, match="an empty object"):
        resolve("${steps.x}", {})


def test_values_that_are_not_json_do_not_leak_an_exception():
    with pytest.raises(Refusal, match="not JSON"):
        resolve("x ${inputs.a}", {"inputs": {"a": float("nan")}})


def test_depth_is_accepted_at_the_limit_and_refused_one_past_it():
    deep = "${inputs.n}"
    for _ in range(MAX_DEPTH):
        deep = [deep]
    resolve(deep, SCOPE)
    with pytest.raises(Refusal) as caught:
        resolve([deep], SCOPE)
    assert caught.value.failure.code == "INVALID_INPUT"


def test_references_are_listed_in_document_order():
    value = {"a": "${inputs.x} ${steps.b}", "c": [1, {"d": "${secrets.E}"}], "f": "$${inputs.no}"}
    assert [r.text for r in references_of(value)] == ["${inputs.x}", "${steps.b}", "${secrets.E}"]
