"""What a planner gives is a plan or one error, whatever it is."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workc.kernel import jcs
from workc.runtime.planning.answer import (
    MAX_ALTERNATIVES,
    MAX_PLAN_BYTES,
    MAX_WORDS,
    BadPlan,
    PlanAnswer,
    read_answer,
)
from workc.runtime.workflow.source import MAX_DEPTH

STEP = {"id": "a", "skill": "http_call"}
PLAN = {"steps": [STEP]}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["steps", "id", "text", "output", "rationale", "alternatives", "what"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@pytest.mark.parametrize(
    "value",
    [
        PLAN,
        [STEP],
        json.dumps(PLAN),
        {"text": json.dumps(PLAN), "tokens": 3},
        f"```json\n{json.dumps(PLAN)}\n```",
        f"```\n{json.dumps([STEP])}```\n",
    ],
)
def test_a_plan_is_read_however_it_is_wrapped(value):
    assert read_answer(value) == PlanAnswer(steps={"a": {"skill": "http_call"}})


def test_all_that_a_plan_says_is_kept():
    others = [{"what": "x", "rejected": "y"}]
    found = read_answer({**PLAN, "output": None, "rationale": "r", "alternatives": others})
    assert (found.output, found.has_output) == (None, True)
    assert (found.rationale, found.alternatives) == ("r", others)


def read_or_refused(value):
    """Returns the steps of a plan, or what is wrong with what is none."""
    try:
        return [*read_answer(value).steps.values()]
    except BadPlan as bad:
        return [(each.code, each.message) for each in bad.problems]


@given(JSON)
def test_any_json_is_a_plan_or_one_error(value):
    for each in read_or_refused(value):
        assert isinstance(each, dict) or all(each)


@given(st.text(max_size=60))
def test_any_text_is_a_plan_or_one_error(text):
    for each in read_or_refused(text):
        assert isinstance(each, dict) or all(each)


def nested(levels):
    value = 1
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (None, "INVALID_OUTPUT"),
        ("", "NOT_JSON"),
        ('{"a": 1, "a": 2}', "NOT_JSON"),
        ({"steps": {}}, "INVALID_OUTPUT"),
        ({"steps": [STEP], "rationale": 1}, "INVALID_OUTPUT"),
        ({"steps": [STEP], "rationale": "x" * (MAX_WORDS + 1)}, "INVALID_OUTPUT"),
        ({"steps": [STEP], "alternatives": {}}, "INVALID_OUTPUT"),
        ({"steps": [STEP], "alternatives": [{}] * (MAX_ALTERNATIVES + 1)}, "INVALID_OUTPUT"),
        ({"steps": [STEP], "alternatives": [{"what": 1, "rejected": ""}]}, "INVALID_OUTPUT"),
        ({"steps": [STEP], "output": nested(MAX_DEPTH)}, "INVALID_OUTPUT"),
        ({"steps": [STEP], "output": "x" * MAX_PLAN_BYTES}, "OUTPUT_TOO_LARGE"),
        (json.dumps(PLAN) + " " * MAX_PLAN_BYTES, "OUTPUT_TOO_LARGE"),
    ],
)
def test_what_is_no_plan_is_refused_with_a_code(value, code):
    with pytest.raises(BadPlan) as refused:
        read_answer(value)
    assert [each.code for each in refused.value.problems] == [code]


def test_a_plan_at_its_limits_is_read():
    room = MAX_PLAN_BYTES - len(jcs.encode({"steps": [STEP], "output": ""}))
    assert read_answer({"steps": [STEP], "output": "x" * room}).has_output
    assert read_answer({"steps": [STEP], "output": nested(MAX_DEPTH - 1)}).has_output
    assert read_answer({"steps": [STEP], "rationale": "x" * MAX_WORDS}).rationale
