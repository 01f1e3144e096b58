"""Failures that are injected: what follows is real, and the evidence says that they were."""

import json

import pytest

import workc
from workc import Runtime
from workc.adapters.driver import Interrupted
from workc.api.resume import resume
from workc.api.settings import Settings
from workc.api.store import Store
from workc.kernel.catalog import CATALOG
from workc.runtime.injection import parse_injection, refuse_unknown_steps
from workc.runtime.workflow.model import RetrySpec
from workc.testkit.servers import LoopbackServer, Reply

#: What becomes of runs and steps, and of no attempt.
OF_RUNS = {
    "ABORTED",
    "APPROVAL_DENIED",
    "APPROVAL_PENDING",
    "APPROVAL_TIMEOUT",
    "GATE_FAILED",
    "HALTED",
    "UPSTREAM_FAILED",
}
FLOW = """
workc: 1
name: rehearsed
inputs: {base: {type: string}}
steps:
  get:
    skill: http_call
    with: {url: "${inputs.base}/get"}
    retry: {base_delay_ms: 0, max_delay_ms: 0}
  sum: {skill: json_transform, with: {data: "${steps.get.status}", expression: "@"}}
  other: {skill: json_transform, with: {data: 1, expression: "@"}}
output: {sum: "${steps.sum.result}"}
"""


@pytest.fixture
def run(tmp_path):
    """Returns a function that runs the flow with failures; ``run.server`` saw the requests."""
    (tmp_path / "flow.yaml").write_text(FLOW)
    with LoopbackServer({"/get": Reply()}) as server:

        def run(*inject, **more):
            runtime = Runtime(inject=inject, **more)
            out = tmp_path / "bundle"
            return runtime.run(tmp_path / "flow.yaml", {"base": server.base_url}, out=out)

        run.server = server
        yield run


def test_an_injected_failure_is_tried_again_and_nothing_was_asked(run, proven):
    outcome = run("get:1:SERVICE_UNAVAILABLE", "get:2:TIMEOUT")
    assert (outcome.ok, outcome.output) == (True, {"sum": 200})
    assert len(run.server.requests) == 1
    events = proven(outcome.bundle)
    tried = [e["payload"] for e in events if e["kind"] == "SkillExecuted"]
    gets = [each for each in tried if each["step"] == "get"]
    assert [each.get("failure", {}).get("code") for each in gets] == [
        "SERVICE_UNAVAILABLE",
        "TIMEOUT",
        None,
    ]
    assert gets[0]["failure"]["message"].startswith("injected: ")
    assert json.loads(gets[0]["failure"]["details"]["inline"]) == {"injected": True}


def test_the_bundle_says_that_it_was_a_rehearsal(run, tmp_path):
    run("get:1:TIMEOUT")
    rules = json.loads((tmp_path / "bundle" / "evidence" / "policy.json").read_bytes())
    assert rules["injected"] == ["get:1:TIMEOUT"]


@pytest.mark.parametrize("code", ["NOT_FOUND", "BUDGET_EXCEEDED", "INTERNAL_ERROR"])
def test_a_failure_that_is_not_tried_again_ends_the_step_and_what_needs_it(run, proven, code):
    outcome = run(f"get:1:{code}")
    assert (outcome.code, outcome.step) == (code, "get")
    assert run.server.requests == []
    proven(outcome.bundle)


def test_a_pure_step_fails_too_and_its_code_did_not_run(run, proven):
    outcome = run("sum:1:TRANSFORM_FAILED")
    assert (outcome.code, outcome.step) == ("TRANSFORM_FAILED", "sum")
    proven(outcome.bundle)


@workc.skill(pure=True)
def one() -> int:
    """Gives one."""
    return 1


@workc.workflow
async def tries(ctx):
    """Does one thing, with retries that do not wait."""
    return await ctx.call(one, step="one", retry=RetrySpec(base_delay_ms=0, max_delay_ms=0))


def test_of_a_function_too_and_across_a_resume(tmp_path, proven):
    drivers = []

    def stop(entry):
        if entry.kind == "RetryScheduled":
            drivers[0].interrupt()

    runtime = Runtime(store=tmp_path / "store", inject=["one:1:TIMEOUT", "one:2:TIMEOUT"])
    with pytest.raises(Interrupted):
        runtime.run(tries, watch=stop, on_driver=drivers.append)
    outcome = resume(Store(tmp_path / "store"), "last", Settings(), workflow=tries)
    assert (outcome.output, outcome.attempts) == (1, 3)
    proven(outcome.bundle, workflow=tries)


def test_one_attempt_fails_once():
    assert len(Runtime(inject=["a:1:TIMEOUT", "a:1:TIMEOUT"]).settings.inject) == 1
    with pytest.raises(workc.Misuse, match="one attempt fails once"):
        Runtime(inject=["a:1:TIMEOUT", "a:1:NOT_FOUND"])


def test_an_unknown_step_is_refused_before_anything_runs(run):
    outcome = run("gte:1:TIMEOUT")
    assert outcome.code == "INVALID_INPUT"
    assert "there is no step gte; steps: get, sum, other" in outcome.message
    assert run.server.requests == []


def test_where_there_are_no_steps_none_is_named():
    with pytest.raises(workc.Refusal, match=r"there is no step a; steps: none$"):
        refuse_unknown_steps([parse_injection("a:1:TIMEOUT")], [])


@pytest.mark.parametrize(
    "text", ["", "get", "get:0:TIMEOUT", "get:1:", "get:x:TIMEOUT", "get:1:OOPS", 3]
)
def test_what_is_no_injection_is_misuse(text):
    with pytest.raises(workc.Misuse):
        Runtime(inject=[text])


@pytest.mark.parametrize("code", CATALOG)
def test_every_code_of_an_attempt_can_be_injected_and_is_written_as_it_is_read(code):
    if CATALOG[code].category == "INTEGRITY" or code in OF_RUNS:
        with pytest.raises(workc.Refusal, match="no failure of an attempt"):
            parse_injection(f"a-step:12:{code}")
        return
    injection = parse_injection(f"a-step:12:{code}")
    assert str(injection) == f"a-step:12:{code}"
    failure = injection.failure()
    assert (failure.code, failure.message) == (code, f"injected: {CATALOG[code].summary}")


@pytest.mark.parametrize("code", ["BUDGET_EXCEEDED", "QUOTA_EXCEEDED", "BUDGET_BOUND_VIOLATED"])
def test_what_stops_a_run_when_it_is_real_is_the_failure_of_the_attempt_alone(run, proven, code):
    outcome = run(f"get:1:{code}")
    assert (outcome.status, outcome.code, outcome.step) == ("failure", code, "get")
    events = proven(outcome.bundle)
    other = [e["payload"] for e in events if e["payload"].get("step") == "other"]
    assert [("failure" in each) for each in other] == [False]
    assert "CallHalted" not in {e["kind"] for e in events}
