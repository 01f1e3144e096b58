"""Properties: each holds and is broken, each says why, and none that is misspelt is read."""

import pytest

from workc.stages.stage.properties import (
    KINDS,
    is_broken,
    no_run,
    property_json,
    property_of_json,
)
from workc.stages.stage.refinements import StageError


def prop(kind, **members):
    return {"kind": kind, **members}


IN, OUT = "input", "output"
NON_NEGATIVE = prop("range", field=OUT, min=0)


@pytest.mark.parametrize(
    ("said", "given", "made", "broken"),
    [
        (prop("set_member", field="output.level", set=["a", 1]), {}, {"level": "a"}, None),
        (prop("set_member", field="output.level", set=["a", 1]), {}, {"level": 1.0}, None),
        (prop("set_member", field="output.level", set=["a", 1]), {}, {"level": True}, "none of"),
        (prop("set_member", field="output.level", set=["a"]), {}, {}, "output.level is not there"),
        (prop("range", field=OUT, min=0, max=9), 0, 9, None),
        (prop("range", field=OUT, min=0, max=9), 0, 9.5, "above 9"),
        (prop("range", field=OUT, min=0), 0, -1, "below 0"),
        (prop("range", field=OUT), 0, True, "no number"),
        (prop("field_length_eq", left_field=IN, right_field=OUT), "é", "a", None),
        (prop("field_length_eq", left_field=IN, right_field=OUT), [1], {}, "has length 1"),
        (prop("field_length_eq", left_field=IN, right_field=OUT), 1, "", "which has no length"),
        (prop("field_length_max", subject_field=OUT, bound_field=IN), [1, 2], [1], None),
        (prop("field_length_max", subject_field=OUT, bound_field=IN), [1], [1, 2], "more than"),
        (prop("subset_of", subject_field=OUT, super_field=IN), [1, 2], [2, 2], None),
        (prop("subset_of", subject_field=OUT, super_field=IN), [1, 2], [True], "has not"),
        (prop("subset_of", subject_field=OUT, super_field=IN), {"a": 1}, {"a": 2}, "has not"),
        (prop("subset_of", subject_field=OUT, super_field=IN), {"a": 1, "b": 2}, {"a": 1}, None),
        (prop("subset_of", subject_field=OUT, super_field=IN), "bac", "abc", "has not"),
        (prop("subset_of", subject_field=OUT, super_field=IN), "bac", "ac", None),
        (prop("subset_of", subject_field=OUT, super_field=IN), [1], {"a": 1}, "two lists"),
        (prop("subset_of", subject_field=OUT, super_field=IN), 1, 1, "two lists"),
        (prop("equals", left_field=IN, right_field=OUT), {"a": 1, "b": 2}, {"b": 2, "a": 1}, None),
        (prop("equals", left_field=IN, right_field=OUT), 1, True, "input is"),
        (prop("field_type_in", field=OUT, allowed=["null", "array"]), 0, [], None),
        (prop("field_type_in", field=OUT, allowed=["null", "array"]), 0, {}, "of kind object"),
        (prop("field_type_in", field=OUT, allowed=["bool"]), 0, 1, "of kind number"),
        (prop("unique", field=OUT), 0, [1, True, "1"], None),
        (prop("unique", field=OUT), 0, [1, 1.0], "twice"),
        (prop("unique", field=OUT), 0, "aa", "no list"),
        (prop("sorted", field=OUT), 0, [1, 1, 2.5], None),
        (prop("sorted", field=OUT), 0, ["a", "é"], None),
        (prop("sorted", field=OUT), 0, [2, 1], "not in order"),
        (prop("sorted", field=OUT, descending=True), 0, [2, 1], None),
        (prop("sorted", field=OUT, descending=True), 0, [1, 2], "not in order"),
        (prop("sorted", field=OUT), 0, [1, "a"], "no list of numbers"),
        (prop("sorted", field=OUT), 0, [], None),
        (prop("not", property=NON_NEGATIVE), 0, -1, None),
        (prop("not", property=NON_NEGATIVE), 0, 1, "range holds"),
        (prop("not", property=prop("range", field="output.a", min=0)), 0, 1, "is not there"),
        (prop("implies", **{"if": prop("range", field=IN, min=1), "then": NON_NEGATIVE}), 1, 1, None),
        (prop("implies", **{"if": prop("range", field=IN, min=1), "then": NON_NEGATIVE}), 0, -1, None),
        (prop("implies", **{"if": prop("range", field=IN, min=1), "then": NON_NEGATIVE}), 1, -1, "below"),
        (prop("equals", left_field="input.0.a", right_field=OUT), [{"a": 1}], 1, None),
        (prop("equals", left_field="input.1.a", right_field=OUT), [{"a": 1}], 1, "not there"),
    ],
)  # fmt: skip
def test_what_holds_and_what_does_not(said, given, made, broken):
    why = is_broken(property_of_json(said), given, made, no_run)
    assert (why is None) == (broken is None), why
    assert broken is None or broken in why


def running(**stages):
    """Returns what runs stages by name; the stage itself is ``own``."""
    return lambda name, value: stages[name or "own"](value)


def test_idempotent_stages_give_their_own_output_again():
    of = property_of_json(prop("idempotent"))
    assert is_broken(of, " a ", "a", running(own=str.strip)) is None
    assert "'aaaa'" in is_broken(of, "a", "aa", running(own=lambda text: text * 2)).replace(
        '"', "'"
    )


def test_what_goes_round_comes_back():
    of = property_of_json(prop("round_trip", by="decode"))
    assert is_broken(of, "a", "A", running(decode=str.lower)) is None
    assert "not the input" in is_broken(of, "A", "A", running(decode=str.lower))


def test_what_needs_a_run_is_not_judged_without_one():
    with pytest.raises(StageError, match="nobody runs the stage"):
        is_broken(property_of_json(prop("idempotent")), 1, 1, no_run)


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (None, "no kind of property"),
        ({}, "no kind of property"),
        (prop("rnge", field=OUT), "did you mean range"),
        (prop("set_membr", field=OUT, set=[1]), "did you mean set_member"),
        (prop("range"), "field"),
        (prop("range", field=OUT, mn=0), "mn"),
        (prop("range", field=OUT, min="0"), "min"),
        (prop("range", field=OUT, min=2, max=1), "nothing would hold"),
        (prop("range", field="outptu.a"), "begins with input or output"),
        (prop("set_member", field=OUT, set=[]), "nothing would hold"),
        (prop("field_type_in", field=OUT, allowed=["bolean"]), "allowed"),
        (prop("field_type_in", field=OUT, allowed=[]), "nothing would hold"),
        (prop("not", property=prop("rnge", field=OUT)), "property"),
        (prop("not", property=prop("range", field="x")), "begins with input or output"),
        (prop("implies", **{"if": NON_NEGATIVE}), "then"),
        (prop("sorted", field=OUT, descending="yes"), "descending"),
    ],
)
def test_what_is_no_property_is_refused(said, words):
    with pytest.raises(StageError, match=words):
        property_of_json(said)


EXAMPLES = {
    "set_member": {"field": OUT, "set": [1, "a", None, [1]]},
    "range": {"field": OUT, "max": 0.5},
    "field_length_eq": {"left_field": IN, "right_field": OUT},
    "field_length_max": {"subject_field": IN, "bound_field": OUT},
    "subset_of": {"subject_field": IN, "super_field": OUT},
    "equals": {"left_field": IN, "right_field": OUT},
    "field_type_in": {"field": OUT, "allowed": ["null", "object"]},
    "unique": {"field": OUT},
    "sorted": {"field": OUT, "descending": True},
    "idempotent": {},
    "round_trip": {"by": "x"},
    "not": {"property": NON_NEGATIVE},
    "implies": {"if": NON_NEGATIVE, "then": {"kind": "unique", "field": OUT}},
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_comes_back_from_its_json(kind):
    said = prop(kind, **EXAMPLES[kind])
    assert property_json(property_of_json(said)) == said
