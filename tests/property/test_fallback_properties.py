"""Whatever steps say of their failures, and however they fail: evidence, replay and money hold."""

import importlib.util
import json
import sys
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

import workc
from workc.api.replay import replay
from workc.api.settings import Settings
from workc.api.simulation import simulated
from workc.kernel.fallbacks import NEVER_TOLERATED
from workc.runtime.injection import Injection
from workc.sim.ports import Scripted

_SPEC = importlib.util.spec_from_file_location(
    "workc_tests_second", Path(__file__).parents[1] / "second_verifier/verifier.py"
)
sys.path.insert(0, str(Path(_SPEC.origin).parent))
second = importlib.util.module_from_spec(_SPEC)
sys.modules["workc_tests_second"] = second
_SPEC.loader.exec_module(second)

SITE = "http://93.184.216.34/"
ANSWER = (
    b'{"id":"c","object":"chat.completion","created":1,"model":"gpt-4o-mini","choices":[{"index":0,'
    b'"message":{"role":"assistant","content":"hello"},"finish_reason":"stop"}],'
    b'"usage":{"prompt_tokens":12,"completion_tokens":3,"total_tokens":15}}'
)
CODES = ("TIMEOUT", "NOT_FOUND", "SKILL_FAILED", "BUDGET_EXCEEDED", "EXTERNAL_CALL_BLOCKED")
RETRY = {"max_attempts": 2, "base_delay_ms": 1, "max_delay_ms": 2}
MODEL = {"model": "gpt-4o-mini", "prompt": "hi", "max_tokens": 50}


def uses(earlier):
    """Returns a strategy of a skill and its parameters; what is earlier may be referred to."""
    value = st.sampled_from([1, *(f"${{steps.{name}}}" for name in earlier)])
    return st.one_of(
        st.sampled_from(["ok", "gone", "down", "late"]).map(
            lambda path: {"skill": "http_call", "with": {"url": SITE + path}, "retry": RETRY}
        ),
        st.just({"skill": "llm_invoke", "with": MODEL, "retry": RETRY}),
        value.map(lambda data: {"skill": "json_transform", "with": {"data": data, "expression": "@"}}),
    )  # fmt: skip


def said(earlier):
    """Returns a strategy of what a step says of its failure; None: nothing."""
    when = st.sampled_from([{}, {}, {"when": ["TRANSIENT"]}, {"when": ["NOT_FOUND", "TIMEOUT"]}])
    value = st.sampled_from([None, [1], *(f"${{steps.{name}}}" for name in earlier)])
    mapping = st.one_of(
        st.sampled_from(["fail", "skip", "abort"]).map(lambda word: {"then": word}),
        value.map(lambda value: {"value": value}),
        uses(earlier),
    )
    return st.one_of(st.none(), st.sampled_from(["skip", "abort"]), st.builds(dict.__or__, mapping, when))  # fmt: skip


@st.composite
def workflows(draw):
    steps = {}
    for number in range(draw(st.integers(1, 5))):
        earlier = [*steps]
        step = draw(uses(earlier))
        fallback = draw(said(earlier))
        if fallback is not None:
            step = {**step, "on_failure": fallback}
        if earlier and draw(st.booleans()):
            step = {**step, "depends_on": [draw(st.sampled_from(earlier))]}
        steps[f"s{number}"] = step
    cents = draw(st.sampled_from([0, 1, 50]))
    output = draw(st.sampled_from([1, *(f"${{steps.{name}}}" for name in steps)]))
    return {"workc": 1, "name": "any", "steps": steps, "budget": {"ceiling_cents": cents}, "output": output}  # fmt: skip


injections = st.dictionaries(
    st.tuples(st.integers(0, 4), st.integers(1, 3)), st.sampled_from(CODES), max_size=5
)


def script():
    return {
        f"GET {SITE}ok": [Scripted(chunks=(b"[1]",))],
        f"GET {SITE}gone": [Scripted(status=404)],
        f"GET {SITE}down": [Scripted(status=503)],
        f"GET {SITE}late": [Scripted(chunks=(b"[2]",), delay_ms=500)],
        "openai gpt-4o-mini": [Scripted(chunks=(ANSWER,), delay_ms=20)],
    }


def runtime(workflow, injected):
    inject = tuple(
        Injection(step=f"s{step}", attempt=attempt, code=code)
        for (step, attempt), code in injected.items()
        if f"s{step}" in workflow["steps"]
    )
    key = {"OPENAI_API_KEY": "-".join(["sk", "test", "0123456789abcdef"])}
    return simulated(script(), settings=Settings(inject=inject, seed=3), environment=key)


@settings(max_examples=60, deadline=None)
@given(workflow=workflows(), injected=injections)
def test_any_workflow_with_any_fallbacks_is_proven_replayed_and_within_its_bounds(workflow, injected):  # fmt: skip
    with tempfile.TemporaryDirectory() as name:
        file, out = Path(name) / "any.json", Path(name) / "out"
        file.write_text(json.dumps(workflow))
        outcome = runtime(workflow, injected).run(file, out=out)
        assert outcome.bundle is not None, outcome
        verdict = workc.verify_bundle(out)
        assert verdict.ok, verdict.failures
        files = {p.relative_to(out).as_posix(): p.read_bytes() for p in out.rglob("*") if p.is_file()}  # fmt: skip
        assert second.verify(files) == []
        again = Path(name) / "again"
        assert replay(out, out=again).identical
        assert all((again / path).read_bytes() == data for path, data in files.items())
        same = runtime(workflow, injected).run(file, out=Path(name) / "same")
        assert same.status == outcome.status
        plan = runtime(workflow, injected).simulate(file)
        if plan.cost_micro_cents is not None:
            assert outcome.cost_micro_cents <= plan.cost_micro_cents
        check(outcome, json.loads(files["receipt.json"]))


def check(outcome, receipt):
    """Checks that nothing is hidden, and that no more was spent than may be."""
    money = receipt["money"]
    assert money["spent_micro_cents"] <= money["ceiling_micro_cents"]
    assert money["reserved_micro_cents"] == 0
    taken = receipt.get("fallbacks", [])
    assert [t.step for t in outcome.fallbacks] == [t["step"] for t in taken]
    assert not taken or outcome.status in {"partial", "failure"}
    assert all(t["action"] == "abort" or t["code"] not in NEVER_TOLERATED for t in taken)
    if any(t["action"] == "abort" for t in taken):
        assert (outcome.status, receipt["halt"]) in {
            ("failure", "ABORTED"),
            ("failure", "BUDGET_EXCEEDED"),
        }
    assert outcome.ok == (outcome.code == "OK") == (outcome.exit_code == 0)
    if outcome.status == "success":
        assert receipt["step_failures"] == []
