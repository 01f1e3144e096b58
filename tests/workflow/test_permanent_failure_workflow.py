"""Failures that no retry mends: tried once, told with their code, dependents skipped."""

import json
from pathlib import Path

import pytest

TWO_BRANCHES = """
workc: 1
name: branches
steps:
  gone:
    skill: http_call
    with: {url: "https://shop.example/items"}
  names:
    skill: json_transform
    with: {data: "${steps.gone.body}", expression: "[].name"}
  other:
    skill: json_transform
    with: {data: {n: 1}, expression: "n"}
%s
"""
CODES = {
    400: "BAD_REQUEST",
    401: "UNAUTHORIZED",
    403: "FORBIDDEN",
    404: "NOT_FOUND",
    409: "CONFLICT",
    410: "HTTP_4XX",
    418: "HTTP_4XX",
}


def events_of(outcome, kind):
    lines = (Path(outcome.bundle) / "events.jsonl").read_text("utf-8").splitlines()
    found = [json.loads(line) for line in lines]
    return [event["payload"] for event in found if event["kind"] == kind]


@pytest.mark.parametrize("status", CODES)
def test_a_permanent_status_is_not_tried_again(status, stub_runtime, run_workflow):
    runtime = stub_runtime(http={"https://shop.example/items": {"status": status, "body": "no"}})
    outcome = run_workflow(runtime, TWO_BRANCHES % 'output: "${steps.names.result}"')
    assert (outcome.status, outcome.code, outcome.step) == ("failure", CODES[status], "gone")
    assert outcome.error["category"] == "PERMANENT"
    assert outcome.error["retryable"] is False
    assert outcome.error["hint"]
    assert outcome.error["details"] == {"status": status, "body": "no"}
    assert len(outcome.side_effects) == 1
    assert events_of(outcome, "RetryScheduled") == []
    [skipped] = events_of(outcome, "StepSkipped")
    assert (skipped["step"], skipped["code"]) == ("names", "UPSTREAM_FAILED")


def test_what_needs_nothing_of_it_is_a_partial_success(stub_runtime, run_workflow):
    runtime = stub_runtime(http={"https://shop.example/items": {"status": 404}})
    outcome = run_workflow(runtime, TWO_BRANCHES % 'output: "${steps.other.result}"')
    assert (outcome.ok, outcome.status, outcome.output) == (False, "partial", 1)
    assert (outcome.code, outcome.result) == ("NOT_FOUND", {"value": 1})


def test_data_that_does_not_fit_is_not_tried_again(stub_runtime, run_workflow):
    runtime = stub_runtime(http={"https://shop.example/items": {"body": "no list"}})
    text = TWO_BRANCHES.replace('expression: "[].name"', "op: sort")
    outcome = run_workflow(runtime, text % 'output: "${steps.names.result}"')
    assert (outcome.code, outcome.step, outcome.attempts) == ("TRANSFORM_FAILED", "names", 3)
    assert events_of(outcome, "RetryScheduled") == []


def test_an_invalid_workflow_is_an_outcome_before_anything_runs(workflow_runtime, tmp_path):
    for text in ("", "workc: 1", TWO_BRANCHES % "nonsense: 1", "\0", "- - -"):
        (tmp_path / "workflow.yaml").write_text(text, "utf-8")
        outcome = workflow_runtime.run(tmp_path / "workflow.yaml")
        assert (outcome.status, outcome.code) == ("failure", "INVALID_WORKFLOW")
        assert (outcome.run_id, outcome.side_effects) == (None, ())
