"""Scenarios as values and as JSON: each comes back as it went, and what is none is refused."""

import json
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workc.sim.scenario.scenario import MAX_SEED, Scenario, ScenarioError
from workc.sim.scenario.scripts import ActionScript, ConflictResolution
from workc.sim.scenario.variant import variant_json

#: Written by hand from the types of the testing specification, sections 4 and 5, as serde spells them.
BY_HAND = (Path(__file__).parent / "scenario_by_hand.json").read_text(encoding="utf-8")


def changed(pointer, value):
    """Returns the JSON of the scenario above with one place set, or taken out for ``...``."""
    made = json.loads(BY_HAND)
    *above, last = pointer
    box = made
    for key in above:
        box = box[key]
    if value is ...:
        del box[last]
    else:
        box[last] = value
    return made


def test_a_scenario_written_from_the_specification_alone_is_read_and_written_unchanged():
    scenario = Scenario.parse(BY_HAND)
    assert scenario.to_json() == json.loads(BY_HAND)
    assert scenario.plan.steps[1].action == ActionScript.ReadFile(path="src/a")
    assert scenario.coord.conflicts[2].resolution == ConflictResolution.ForceReleaseThenAcquire()
    assert scenario.gates.post[0].passed is False


def test_a_kind_without_fields_may_be_written_as_a_member_that_is_null():
    said = {"ForceReleaseThenAcquire": None}
    scenario = Scenario.from_json(changed(("coord", "conflicts", 0, "resolution"), said))
    assert scenario.coord.conflicts[0].resolution == ConflictResolution.ForceReleaseThenAcquire()
    with pytest.raises(ScenarioError, match="Fail: "):
        Scenario.from_json(changed(("coord", "conflicts", 0, "resolution"), {"Fail": None}))


def test_what_is_optional_may_be_left_out_and_is_null_when_written():
    made = changed(("plan", "complex_decompose"), ...)
    del made["lens"]["quality_override"], made["expect"]["max_retries"]
    written = Scenario.from_json(made).to_json()
    assert written["plan"]["complex_decompose"] is None
    assert written["lens"]["quality_override"] is None


BELOW = {"id": "b", "intent": {"description": ""}, "act_errors": [{"at_step": 3}]}


@pytest.mark.parametrize(
    ("pointer", "value", "words"),
    [
        (("seed",), -1, "$.seed"),
        (("seed",), MAX_SEED + 1, "seed is from 0 to 18446744073709551615"),
        (("seed",), 1.5, "$.seed"),
        (("seed",), True, "$.seed"),
        (("seed",), "1", "$.seed"),
        (("id",), "", "$.id"),
        (("id",), ..., "`id`"),
        (("sed",), 1, "`sed`"),
        (("lens", "items", 0, "ts"), "x", "`ts`"),
        (("lens", "items", 0, "ts_utc"), "yesterday", "ts_utc 'yesterday' is no date"),
        (("lens", "items", 0, "ts_utc"), "2026-02-30T00:00:00Z", "$.lens.items[0]"),
        (("lens", "items", 0, "ts_utc"), "2026-01-01T00:00:00", "in UTC, from 1970 to 9999"),
        (("lens", "items", 0, "ts_utc"), "1969-12-31T23:59:59Z", "is no date"),
        (("lens", "items", 0, "key"), 1, "$.lens.items[0].key"),
        (("lens", "quality_override", "coverage_permille"), 1001, "coverage_permille"),
        (("gates", "pre", 0, "at_step"), -1, "$.gates.pre[0].at_step"),
        (("gates", "pre", 0, "pass"), 1, "$.gates.pre[0].pass"),
        (("plan", "steps", 1, "action"), {"ReadFil": {"path": "a"}}, "WriteFile, ReadFile, Exec"),
        (("plan", "steps", 1, "action"), {"ReadFile": {"path": 1}}, "$.plan.steps[1].action"),
        (("plan", "steps", 1, "action"), {"ReadFile": {"path": "a", "x": 1}}, "`x`"),
        (("plan", "steps", 1, "action"), "ReadFile", "takes an object of path"),
        (("plan", "steps", 1, "action"), {"ReadFile": {}, "Exec": {}}, "is one of"),
        (("plan", "steps", 1, "action"), None, "is one of"),
        (("plan", "steps", 1, "action"), {}, "is one of"),
        (("coord", "conflicts", 0, "resolution"), "Fail", "takes an object of code"),
        (("coord", "conflicts", 0, "resolution"), "Wait", "ForceReleaseThenAcquire"),
        (("expect", "max_retries"), 2**32, "max_retries"),
        (("expect", "must_require_human_approval"), 1, "must_require_human_approval"),
        (("gates", "pre", 0, "at_step"), 5, "of the 5 steps - at `$.gates.pre[0].at_step`"),
        (("plan", "steps", 1, "after"), ["nobody"], "is no step - at `$.plan.steps[1].after`"),
        (("plan", "steps", 1, "action"), {"Exec": {"program": 1}}, "[1].action.Exec.program`"),
        (("children",), [{}, {}], "each of children needs an intent"),
        (("act_errors",), [{"at_step": 0, "code": "TIMEOTU"}], "TIMEOTU is no failure code"),
        (("act_errors",), [{"at_step": 0, "code": "TIMEOTU"}], "- at `$.act_errors[0].code`"),
        (
            ("children",),
            [{"scenario": BELOW}],
            "- at `$.children[0].scenario.act_errors[0].at_step`",
        ),
        (("approvals",), [{"step": "wrte", "decision": "denied"}], "there is no step 'wrte'"),
        (("faults",), {"clock_jumps": [{"at_look": 0, "ms": 2**53 - 1}]}, "$.faults.clock_jumps"),
    ],
)
def test_what_is_no_scenario_is_refused_with_its_place(pointer, value, words):
    with pytest.raises(ScenarioError) as raised:
        Scenario.from_json(changed(pointer, value))
    assert words in str(raised.value)


@pytest.mark.parametrize(
    "text", ["", "[", "[]", "null", '{"id":1,"id":2}', "\ud800", b"\xff", "[" * 999]
)
def test_what_is_no_json_is_refused(text):
    with pytest.raises(ScenarioError):
        Scenario.parse(text)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(st.sampled_from(list(json.loads(BY_HAND))), JSON)
def test_whatever_stands_in_a_place_is_read_or_refused(member, value):
    made = json.loads(BY_HAND)
    made[member] = value
    try:
        scenario = Scenario.from_json(made)
    except ScenarioError:
        return
    assert Scenario.parse(scenario.spelled()) == scenario


KINDS = [*ActionScript.VARIANTS.values(), *ConflictResolution.VARIANTS.values()]


#: Values of kinds whose numbers have bounds.
BOUNDED = {
    ActionScript.Ask: st.builds(
        ActionScript.Ask,
        model=st.text(),
        max_tokens=st.integers(1, 10**6),
        tokens_in=st.integers(0, 2**32 - 1),
        tokens_out=st.integers(0, 2**32 - 1),
    ),
    ActionScript.Call: st.builds(
        ActionScript.Call,
        skill=st.from_regex(r"[a-z_.]{1,9}:[a-z_]{1,9}", fullmatch=True),
        params=st.dictionaries(st.text(), st.integers(-(2**53) + 1, 2**53 - 1) | st.text()),
    ),
    ConflictResolution.WaitThenAcquire: st.builds(
        ConflictResolution.WaitThenAcquire, wait_ms=st.integers(0, 2**53 - 1)
    ),
}


@given(
    st.sampled_from(KINDS).flatmap(
        lambda kind: BOUNDED[kind] if kind in BOUNDED else st.from_type(kind)
    )
)
def test_every_kind_comes_back_from_its_json(value):
    base = ActionScript if isinstance(value, ActionScript) else ConflictResolution
    made = variant_json(value)
    assert isinstance(made, str) == (not value.__struct_fields__)
    scenario = (
        changed(("plan", "steps", 0, "action"), made)
        if base is ActionScript
        else changed(("coord", "conflicts", 0, "resolution"), made)
    )
    read = Scenario.from_json(scenario)
    found = (
        read.plan.steps[0].action if base is ActionScript else read.coord.conflicts[0].resolution
    )
    assert found == value
    assert msgspec.json.decode(read.spelled()) == scenario
