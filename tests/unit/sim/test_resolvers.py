"""Scenarios in which a child says what holds where the lens contradicts itself."""

from pathlib import Path

import pytest

from workc.sim.scenario.scenario import Scenario, ScenarioError
from workc.sim.scenario.scenario_file import read_scenario
from workc.sim.swarm.shrinking import smaller_ones
from workc.testkit.scenario_runner import ran_twice
from workc.testkit.swarm import Swarm, run_swarm

FILE = Path(__file__).resolve().parents[3] / "scenarios/core/03_lens_conflict_resolved.yaml"
RESOLVED = read_scenario(FILE.read_bytes(), FILE.name)


def changed(**changes):
    made = RESOLVED.to_json()
    return Scenario.from_json({**made, **changes})


def test_the_lens_is_good_enough_by_the_word_of_the_child_alone():
    assert ran_twice(RESOLVED).result.failures == ()
    ran = ran_twice(changed(resolver=None))
    assert (ran.became.status, ran.became.codes) == ("failed", {"LENS_INSUFFICIENT"})


@pytest.mark.parametrize(
    "resolver",
    [
        {"holds": {}},
        {"holds": {"style": "12"}},
        {
            "holds": {"price": "12"},
            "scenario": {
                "id": "below",
                "intent": {"description": "x"},
                "plan": {
                    "steps": [{"name": "ask", "action": {"Exec": {"program": "x", "argv": ["y"]}}}]
                },
                "act_errors": [{"at_step": 0, "class": "Unrecoverable", "times": 9}],
                "expect": {
                    "expect_outcome_status": "failed",
                    "expect_failure_codes": ["CONFLICT"],
                },
            },
        },
    ],
)
def test_who_does_not_speak_of_it_leaves_the_lens_as_it_was(resolver):
    ran = ran_twice(changed(resolver=resolver))
    assert ran.became.status == "failed"
    assert {"event ConflictResolved", "phase Decide>Orient"} <= ran.became.marks


def test_the_child_is_compared_with_what_its_own_scenario_expects():
    resolver = RESOLVED.to_json()["resolver"]
    resolver["scenario"]["expect"] = {"expect_outcome_status": "failed"}
    failures = ran_twice(changed(resolver=resolver)).result.failures
    assert [each.message for each in failures] == ["resolve: another outcome"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"lens": {"items": []}}, "resolver needs items"),
        (
            {
                "resolver": {
                    "scenario": {"id": "b", "intent": {"description": ""}, "policy": {"a": 1}}
                }
            },
            "has no policy",
        ),
        ({"resolver": {"says": {}}}, "unknown field"),
    ],
)
def test_what_cannot_be_asked_is_refused(changes, words):
    with pytest.raises(ScenarioError, match=words):
        changed(**changes)


def test_it_is_one_generation_of_children():
    ran = ran_twice(changed(budgets={"max_depth": 0}))
    assert "deeper than its max_depth" in ran.result.failures[0].message


def test_a_human_may_be_asked_whether_it_begins():
    assert changed(approvals=[{"step": "resolve", "decision": "denied"}]).approvals
    with pytest.raises(ScenarioError, match="no step"):
        changed(resolver=None, approvals=[{"step": "resolve", "decision": "denied"}])


def test_a_swarm_of_it_breaks_nothing_and_goes_back_from_decide_to_orient():
    batch = run_swarm(Swarm(seeds=60, scenarios=(RESOLVED,)))
    assert batch.found == []
    assert any(move == "Decide>Orient" for move, _ in batch.pairs)


def test_every_smaller_one_can_be_read():
    smaller = list(smaller_ones(RESOLVED))
    assert any(each.resolver is None for each in smaller)
    for each in smaller:
        assert Scenario.from_json(each.to_json()) == each
