"""A run that is continued is answered by whom it was answered before, or by nobody."""

import json

import pytest

import workc
from workc import HttpCallSkill, Refusal, ReplayRecorder, Runtime
from workc.adapters.driver import Interrupted
from workc.api.resume import resume
from workc.api.settings import Settings
from workc.api.standing_in import recorded_stand_in
from workc.api.store import Store

FILE = """
workc: 1
name: two
steps:
  first: {skill: json_transform, with: {data: 1, expression: "@"}}
  second: {skill: json_transform, depends_on: [first], with: {data: 1, expression: "@"}}
  then: {skill: http_call, depends_on: [second], with: {url: "http://127.0.0.1:9/"}}
output: "${steps.then.body}"
"""


@pytest.fixture
def begun(tmp_path):
    """Starts the workflow and stops it before its last step; returns the store."""

    def begin(runtime):
        (tmp_path / "two.yaml").write_text(FILE)
        drivers = []

        def watch(entry):
            if entry.kind == "SkillExecuted":
                drivers[0].interrupt()

        with pytest.raises(Interrupted):
            runtime.run(tmp_path / "two.yaml", watch=watch, on_driver=drivers.append)
        return Store(tmp_path / "store")

    return begin


def stubbed(tmp_path, **settings):
    runtime = Runtime(store=tmp_path / "store", **settings)
    responses = {"http://127.0.0.1:9/": {"body": "stubbed"}}
    runtime.register_skill("http_call", HttpCallSkill(allow_external=False, responses=responses))
    return runtime


def test_a_stubbed_run_goes_on_stubbed(tmp_path, begun):
    outcome = resume(begun(stubbed(tmp_path)), "last", Settings(), out=tmp_path / "out")
    assert (outcome.output, outcome.stubbed) == ("stubbed", True)
    told = resume(Store(tmp_path / "store"), "last", Settings())
    assert (told.side_effects, told.stubbed) == (outcome.side_effects, True)
    assert workc.verify_bundle(tmp_path / "out").ok
    assert workc.replay(tmp_path / "out").identical


def test_a_run_from_a_recording_does_not_go_on_without_it(tmp_path, begun):
    recorder = ReplayRecorder()
    runtime = stubbed(tmp_path, recorder=recorder)
    (tmp_path / "two.yaml").write_text(FILE)
    assert runtime.run(tmp_path / "two.yaml").ok
    outcome = resume(begun(runtime), "last", Settings(), out=tmp_path / "out")
    assert (outcome.code, outcome.step) == ("CAPTURE_MISSING", "then")
    assert workc.replay(tmp_path / "out").identical


def test_rules_that_name_nobody_leave_the_world():
    for rules in (None, [], {}, {"network": {}}):
        assert recorded_stand_in(rules, lambda: 0) is None


@pytest.mark.parametrize("text", ["", "{", '{"http":{"x":1}}', '{"model":{"a":{"status":3}}}'])
def test_stubs_that_cannot_be_read_are_a_corrupt_journal(text):
    with pytest.raises(Refusal) as caught:
        recorded_stand_in({"stubs": text}, lambda: 0)
    assert caught.value.failure.code == "JOURNAL_CORRUPT"


def test_a_stubbed_run_that_asks_nobody_is_answered_by_nobody(tmp_path):
    outcome = stubbed(tmp_path).execute("json_transform", {"data": 1, "expression": "@"})
    assert (outcome.stubbed, outcome.to_json()["stubbed"]) == (False, False)
    json.dumps(outcome.to_json())
