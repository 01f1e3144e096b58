"""The scenarios of the project: each is as it expects, and none is when its expectation is falsified."""

from pathlib import Path

import msgspec
import pytest

from workc.sim.scenario.scenario_file import read_scenario
from workc.testkit.scenario_runner import ScenarioRunner

ROOT = Path(__file__).resolve().parents[2] / "scenarios"
FILES = sorted(ROOT.rglob("*.yaml"))
OTHER = {"success": "failed", "failed": "success", "partial": "success"}


def falsified(scenario, found):
    """Yields the scenario with each of its expectations turned into one that does not hold."""
    expect, also = scenario.expect, scenario.also
    changes = [
        {"expect_outcome_status": OTHER[expect.expect_outcome_status]},
        {"expect_bundle_verdict": "FAIL"},
        {"expect_failure_codes": (*expect.expect_failure_codes, "TLS_ERROR")},
        {"must_require_human_approval": True} if not found.metrics.hitl_prompts else None,
        {"must_backtrack_on_verify_fail": True} if not found.backtracked_on_verify else None,
        {"max_retries": found.most_retries - 1} if found.most_retries else None,
    ]
    if expect.expect_failure_codes:
        changes.append({"expect_failure_codes": expect.expect_failure_codes[1:]})
    for change in filter(None, changes):
        wrong = msgspec.structs.replace(expect, **change)
        yield change, msgspec.structs.replace(scenario, expect=wrong)
    more = [
        {"events": (*also.events, "Locked", "IntentSet")},
        {"lock_level": "Immutable"},
        {"always": ("`false`",)},
    ]
    for change in more:
        wrong = msgspec.structs.replace(also, **change)
        yield change, msgspec.structs.replace(scenario, also=wrong)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_scenario_is_as_it_expects_and_not_when_that_is_falsified(path):
    scenario = read_scenario(path.read_bytes(), path.name)
    ran = ScenarioRunner().run(scenario)
    assert ran.result.failures == ()
    for change, wrong in falsified(scenario, ran.became):
        assert ScenarioRunner().run(wrong).result.failures, change


def test_ids_are_those_of_the_files():
    found = [read_scenario(path.read_bytes(), path.name).id for path in FILES]
    assert len(set(found)) == len(found)
    assert {each.partition("/")[0] for each in found} <= {"core", "parallel", "smoke"}


def test_the_ten_categories_are_there():
    numbers = {path.name[:2] for path in FILES if path.parent.name == "core"}
    assert numbers == {f"{number:02}" for number in range(1, 11)}
    assert sum(path.parent.name == "smoke" for path in FILES) == 10
