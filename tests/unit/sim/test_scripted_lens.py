"""What a script says a lens is worth, in a simulated run."""

import json

import pytest

import workc
from workc import Misuse
from workc.api.replay import replay
from workc.api.settings import Settings
from workc.api.simulation import simulated
from workc.kernel.payloads import ScriptedQuality

FLOW = {
    "workc": 1,
    "name": "flow",
    "lens": {
        "items": {"a": {"text": "1"}},
        "at_least": {"deciding": 500, "Staged": 600},
        "max_observations": 3,
    },
    "steps": {"s": {"skill": "json_transform", "with": {"data": 1, "expression": "@"}}},
}


def run(tmp_path, *qualities):
    path = tmp_path / "flow.json"
    path.write_text(json.dumps(FLOW))
    outcome = simulated({}, lens_quality=qualities or None).run(path, out=tmp_path / "bundle")
    events = [
        json.loads(line) for line in (tmp_path / "bundle/events.jsonl").read_bytes().splitlines()
    ]
    assert workc.verify_bundle(tmp_path / "bundle").ok
    assert replay(tmp_path / "bundle").identical
    lens = next(event["payload"] for event in events if event["kind"] == "LensAssembled")
    return outcome, lens


def test_each_round_is_worth_what_the_script_says_then_the_last_again(tmp_path):
    outcome, lens = run(tmp_path, (1000, 400, 1000, 1000), (900, 580, 700, 1000))
    assert outcome.ok
    assert lens["scripted"] is True
    assert lens["quality"] == {
        "aggregate": 580,
        "conflict": 700,
        "coverage": 900,
        "freshness": 580,
        "provenance": 1000,
    }


def test_one_number_of_each_is_for_all_rounds(tmp_path):
    outcome, lens = run(tmp_path, (1000, 1000, 400, 1000))
    assert outcome.code == "LENS_INSUFFICIENT"
    assert outcome.message.startswith("the lens reaches 400 of the 500")
    assert lens["quality"]["aggregate"] == 400


def test_without_a_script_the_formulas_say_it(tmp_path):
    _, lens = run(tmp_path)
    assert "scripted" not in lens
    assert lens["quality"]["aggregate"] == 1000


@pytest.mark.parametrize("said", [[], [(1, 2, 3)], [(1001, 0, 0, 0)], [(0, 0, 0, -1)]])
def test_what_is_no_quality_is_refused(said):
    with pytest.raises(Misuse):
        simulated({}, lens_quality=said)


def test_a_live_run_is_given_none():
    said = ScriptedQuality(conflict=1, coverage=1, freshness=1, provenance=1)
    with pytest.raises(Misuse, match="for simulated runs alone"):
        Settings(lens_script=(said,))
