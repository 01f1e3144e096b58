"""What the workflow tests share: stubbed runtimes, and the proof that every run leaves evidence."""

import json
from itertools import count

import pytest

from workc import (
    HttpCallSkill,
    JsonTransformSkill,
    LLMInvokeSkill,
    ReplayRecorder,
    Runtime,
    StructuredOutcome,
    replay,
    verify_bundle,
)


@pytest.fixture
def workflow_runtime():
    """Pre-configured runtime for workflow tests."""
    rt = Runtime(allow_external=False)  # Use stubs
    rt.register_skill("http_call", HttpCallSkill(allow_external=False))
    rt.register_skill("llm_invoke", LLMInvokeSkill(stub_mode=True))
    rt.register_skill("json_transform", JsonTransformSkill())
    return rt


@pytest.fixture
def budget_tracker():
    """Budget tracker with configurable ceiling."""
    from workc import BudgetTracker  # noqa: PLC0415 - the tests of budgets alone need it

    return BudgetTracker(ceiling_cents=1000)


@pytest.fixture
def replay_recorder():
    """Records events for replay testing."""
    return ReplayRecorder()


@pytest.fixture
def stub_runtime():
    """Makes a runtime like workflow_runtime with tables of the test's own."""

    def make(http=None, llm=None, **settings):
        rt = Runtime(allow_external=False, **settings)
        rt.register_skill("http_call", HttpCallSkill(allow_external=False, responses=http))
        rt.register_skill("llm_invoke", LLMInvokeSkill(stub_mode=True, responses=llm))
        return rt

    return make


@pytest.fixture
def run_workflow(tmp_path):
    """Runs the text of a workflow file; whatever becomes of it must be an outcome with evidence."""
    number = count()

    def run(runtime, text, inputs=None):
        folder = tmp_path / f"run-{next(number)}"
        folder.mkdir()
        file, bundle = folder / "workflow.yaml", folder / "bundle"
        file.write_text(text, "utf-8")
        outcome = runtime.run(file, inputs, out=bundle)
        assert isinstance(outcome, StructuredOutcome)
        assert outcome.bundle == str(bundle), outcome.message
        assert_evidence(bundle, outcome)
        return outcome

    return run


def assert_evidence(bundle, outcome):
    """Asserts that a bundle verifies, replays to the same bytes, and holds each side effect told."""
    verdict = verify_bundle(bundle)
    assert (verdict.verdict, verdict.proof_digest) == ("PASS", outcome.proof_digest)
    report = replay(bundle)
    assert (report.divergences, report.replayed_digest) == ((), outcome.proof_digest)
    told = [(effect.type, effect.target) for effect in outcome.side_effects]
    assert told == [effect_of(event["payload"]) for event in asked(bundle)]


def asked(bundle):
    """Returns the recorded requests, read without any code of the project."""
    lines = (bundle / "events.jsonl").read_text("utf-8").splitlines()
    return [event for event in map(json.loads, lines) if event["kind"] == "EffectAsked"]


def effect_of(payload):
    request = json.loads(payload["request"]["inline"])
    if payload["port"] == "http":
        return "http", f"{request['method']} {request['url']}"
    return "model", f"{request['provider']} {request['base_url'] or ''}{request['path']}"
