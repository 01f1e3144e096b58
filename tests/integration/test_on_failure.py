"""What a step says of its failure, with real servers, processes and crashes: and that it is never hidden."""

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

import workc
from workc import Runtime
from workc.api.replay import replay
from workc.api.resume import resume
from workc.api.settings import Settings
from workc.api.simulation import simulated
from workc.api.store import Store
from workc.testkit.servers import LoopbackServer, Reply

SCRIPT = Path(__file__).with_name("killed_run.py")
HEAD = "workc: 1\nname: falls\ninputs: {base: {type: string}}\n"
#: Every action but abort; ``ask`` is tried twice, and so is what stands in for it.
FALLING = (
    HEAD
    + """
steps:
  value: {skill: http_call, with: {url: "${inputs.base}/gone"}, on_failure: {value: {n: [1]}}}
  ask:
    skill: http_call
    with: {url: "${inputs.base}/down", method: PUT, json: 1}
    retry: {max_attempts: 2, base_delay_ms: 0, max_delay_ms: 0}
    on_failure:
      skill: http_call
      with: {url: "${inputs.base}/up", method: PUT, json: "${steps.value.n}"}
      retry: {base_delay_ms: 0, max_delay_ms: 0}
      when: [TRANSIENT]
  skip: {skill: http_call, with: {url: "${inputs.base}/gone"}, on_failure: skip}
  takes: {skill: json_transform, with: {data: "${steps.skip.body}", expression: "@"}}
  waits: {skill: json_transform, depends_on: [skip, takes], with: {data: 1, expression: "@"}}
output: {ask: "${steps.ask.body}", value: "${steps.value.n}", waits: "${steps.waits.result}"}
"""
)
OUTPUT = {"ask": "up", "value": [1], "waits": 1}
JSON = (("content-type", "application/json"),)


REPLIES = {
    "/down": Reply(status=503),
    "/up": Reply(body=b'"up"', headers=JSON),
    "/slow": Reply(length=9, then="hang"),
}


@pytest.fixture
def run(tmp_path):
    """Returns a function that runs a workflow; ``run.server`` saw the requests."""
    with LoopbackServer(REPLIES) as server:

        def run(text, **more):
            (tmp_path / "flow.yaml").write_text(text)
            runtime = Runtime(
                **({"store": tmp_path / "store"} if "settings" not in more else {}), **more
            )
            return runtime.run(
                tmp_path / "flow.yaml", {"base": server.base_url}, out=tmp_path / "bundle"
            )

        run.server = server
        yield run


def kinds(events, step):
    lanes = {
        tuple(e["at"][:-1]) for e in events if e["payload"].get("step") == step and e["at"][1:]
    }
    return [e["kind"] for e in events if tuple(e["at"][:-1]) in lanes]


def test_a_run_that_fell_back_is_partial_and_says_on_what(run, proven):
    outcome = run(FALLING)
    assert (outcome.status, outcome.code, outcome.ok, outcome.exit_code) == (
        "partial",
        "OK",
        True,
        0,
    )
    assert outcome.output == OUTPUT
    assert [(t.step, t.action, t.code, t.attempts, t.skill) for t in outcome.fallbacks] == [
        ("value", "value", "NOT_FOUND", 1, None),
        ("ask", "skill", "SERVICE_UNAVAILABLE", 2, "http_call"),
        ("skip", "skip", "NOT_FOUND", 1, None),
    ]
    events = proven(outcome.bundle)
    taken = [e["payload"] for e in events if e["kind"] == "FallbackTaken"]
    assert Counter(each["step"] for each in taken) == {"value": 1, "ask": 1, "skip": 1}
    receipt = json.loads((Path(outcome.bundle) / "receipt.json").read_bytes())
    bare = [{k: v for k, v in each.items() if k != "value"} for each in taken]
    assert receipt["fallbacks"] == bare
    assert (receipt["outcome"], receipt["lock_level"]) == ("partial", "Draft")


def test_attempts_count_on_and_the_other_skill_has_a_key_of_its_own(run, proven):
    outcome = run(FALLING, inject=("ask:3:TIMEOUT", "ask:4:SERVICE_UNAVAILABLE"))
    events = proven(outcome.bundle)
    tried = [
        (e["payload"]["attempt"], e["payload"].get("failure", {}).get("code"))
        for e in events
        if e["kind"] == "SkillExecuted" and e["payload"]["step"] == "ask"
    ]
    assert tried == [
        (1, "SERVICE_UNAVAILABLE"),
        (2, "SERVICE_UNAVAILABLE"),
        (3, "TIMEOUT"),
        (4, "SERVICE_UNAVAILABLE"),
        (5, None),
    ]
    asked = [
        e["payload"] for e in events if e["kind"] == "EffectAsked" and e["payload"]["step"] == "ask"
    ]
    assert [each["attempt"] for each in asked] == [1, 2, 5]
    found = [dict(json.loads(each["request"]["inline"])["headers"]) for each in asked]
    keys = [
        {name.lower(): value for name, value in each.items()}.get("idempotency-key")
        for each in found
    ]
    assert all(keys)
    assert keys[0] == keys[1] != keys[2]
    assert Counter(request.path for request in run.server.requests)["/down"] == 2


def test_who_takes_what_is_not_there_is_skipped_and_who_waits_runs(run, proven):
    events = proven(run(FALLING).bundle)
    skipped = [e["payload"] for e in events if e["kind"] == "StepSkipped"]
    assert skipped == [{"because": ["skip"], "code": "UPSTREAM_FAILED", "step": "takes"}]
    assert kinds(events, "waits") == ["SkillExecuted"]


def test_other_failures_than_those_that_were_said_are_failures(run, proven):
    outcome = run(FALLING.replace("[TRANSIENT]", "[RATE_LIMITED]"))
    assert (outcome.status, outcome.code, outcome.step) == ("failure", "SERVICE_UNAVAILABLE", "ask")
    assert outcome.exit_code == 8
    events = proven(outcome.bundle)
    assert "FallbackTaken" not in kinds(events, "ask")


def test_a_skill_that_fails_too_fails_the_step_with_its_own_code(run, proven):
    outcome = run(FALLING.replace("/up", "/gone"))
    assert (outcome.status, outcome.code, outcome.step, outcome.ok) == (
        "failure", "NOT_FOUND", "ask", False,
    )  # fmt: skip
    proven(outcome.bundle)


def test_a_failure_that_was_not_tolerated_beside_others_that_were(run, proven):
    text = FALLING.replace(
        "output:", "  bad: {skill: http_call, with: {url: '${inputs.base}/gone'}}\noutput:"
    )
    outcome = run(text)
    assert (outcome.status, outcome.code, outcome.step) == ("partial", "NOT_FOUND", "bad")
    assert (outcome.ok, outcome.exit_code, outcome.output) == (False, 1, OUTPUT)
    proven(outcome.bundle)


def test_an_output_that_takes_what_was_skipped_fails_with_why_it_was(run, proven):
    outcome = run(
        FALLING.replace('waits: "${steps.waits.result}"', "skip: '${steps.takes.result}'")
    )
    assert (outcome.status, outcome.code, outcome.step) == ("failure", "NOT_FOUND", "skip")
    assert outcome.output is None
    proven(outcome.bundle)


def test_a_run_of_which_every_step_is_skipped_is_partial_still(run, proven):
    outcome = run(
        HEAD + "steps: {a: {skill: http_call, with: {url: '${inputs.base}/x'}, on_failure: skip}}"
    )
    assert (outcome.status, outcome.code, outcome.output) == ("partial", "OK", None)
    proven(outcome.bundle)


def test_a_value_that_cannot_be_made_leaves_the_failure_as_it_was(run, proven):
    text = (
        HEAD
        + """
steps:
  a: {skill: json_transform, with: {data: {}, expression: "@"}}
  b: {skill: http_call, with: {url: "${inputs.base}/x"}, on_failure: {value: "${steps.a.result.no}"}}
"""
    )
    outcome = run(text)
    assert (outcome.status, outcome.code, outcome.step) == ("partial", "NOT_FOUND", "b")
    assert "its fallback value could not be made" in outcome.message
    assert "FallbackTaken" not in kinds(proven(outcome.bundle), "b")


NEVER = HEAD + "steps: {a: {skill: http_call, with: {url: '${inputs.base}/x'}, on_failure: %s}}"


@pytest.mark.parametrize("code", ["EXTERNAL_CALL_BLOCKED", "BUDGET_EXCEEDED", "INTERNAL_ERROR"])
@pytest.mark.parametrize(
    "said", ["skip", "{value: 1}", "{skill: json_transform, with: {data: 1, expression: '@'}}"]
)
def test_what_may_not_be_tolerated_is_not(run, proven, code, said):
    outcome = run(NEVER % said, inject=(f"a:1:{code}",))
    assert (outcome.code, outcome.ok, outcome.fallbacks) == (code, False, ())
    proven(outcome.bundle)


def test_a_spent_budget_stops_the_run_whatever_is_said(run, proven):
    model = "{skill: llm_invoke, with: {model: gpt-4o-mini, prompt: hi, max_tokens: 9, base_url: '${inputs.base}'}"
    text = (
        HEAD
        + f"steps:\n  a: {model}, on_failure: skip}}\n  b: {model}, on_failure: {{value: 1}}}}\n"
    )
    outcome = run(text, settings=Settings(environment={"OPENAI_API_KEY": "k" * 9}))
    assert (outcome.status, outcome.code, outcome.exit_code) == ("failure", "BUDGET_EXCEEDED", 3)
    assert outcome.fallbacks == ()
    proven(outcome.bundle)


ABORTING = (
    HEAD
    + """
steps:
  slow: {skill: http_call, with: {url: "${inputs.base}/slow"}}
  wait: {skill: http_call, with: {url: "${inputs.base}/down"}, retry: {base_delay_ms: 30000}}
  call: {skill: dozes, with: {s: 20}}
  asked: {skill: json_transform, with: {data: 1, expression: "@"}, approval: {question: "May it?"}}
  bad: {skill: http_call, with: {url: "${inputs.base}/gone"}, on_failure: abort}
  next: {skill: json_transform, depends_on: [bad], with: {data: 1, expression: "@"}}
skills: [dozing.py]
"""
)
DOZING = '''
import time
import workc

@workc.skill(idempotent=True)
def dozes(s: int) -> int:
    """Takes its time."""
    time.sleep(s)
    return s
'''


def test_an_abort_gives_up_what_is_under_way_and_begins_nothing(run, tmp_path, proven):
    (tmp_path / "dozing.py").write_text(DOZING)
    outcome = run(ABORTING)
    assert (outcome.status, outcome.code, outcome.step) == ("failure", "ABORTED", "bad")
    assert outcome.exit_code == 1
    assert outcome.error["details"] == {"cause": "NOT_FOUND", "step": "bad"}
    events = proven(outcome.bundle, code=tmp_path)
    assert kinds(events, "bad")[-2:] == ["FallbackTaken", "CallHalted"]
    assert kinds(events, "asked") == ["ApprovalAsked", "CallHalted", "StepSkipped"]
    assert kinds(events, "next") == ["StepSkipped"]
    failed = {e["payload"]["step"]: e["payload"]["failure"]["code"] for e in events
              if e["kind"] == "SkillExecuted"}  # fmt: skip
    assert failed["slow"] == failed["call"] == "ABORTED"
    ended = next(e["payload"] for e in events if e["kind"] == "WorkEnded")
    assert (ended["halt"], ended["failure"]["code"], ended["step"]) == ("ABORTED", "ABORTED", "bad")


def test_an_injected_failure_is_fallen_back_from_like_a_real_one(run, proven):
    outcome = run(FALLING, inject=("ask:1:DNS_FAILURE", "ask:2:TIMEOUT", "ask:3:TIMEOUT"))
    assert outcome.output == {**OUTPUT}
    taken = {each.step: each for each in outcome.fallbacks}
    assert (taken["ask"].code, taken["ask"].attempts) == ("TIMEOUT", 2)
    proven(outcome.bundle)


def test_five_simulated_runs_have_one_digest(tmp_path):
    (tmp_path / "flow.yaml").write_text(
        """
workc: 1
name: same
steps:
  a: {skill: json_transform, with: {data: 1, expression: "keys(@)"}, on_failure: {value: 2}}
  b: {skill: json_transform, with: {data: "${steps.a}", expression: "@"}}
  c: {skill: json_transform, with: {data: 1, expression: "keys(@)"}, on_failure: skip}
  d: {skill: json_transform, with: {data: "x", expression: "keys(@)"}, on_failure: {skill: json_transform, with: {data: 1, expression: "@"}}}
output: {b: "${steps.b.result}", d: "${steps.d.result}"}
"""
    )
    outcomes = [
        simulated({}, settings=Settings(seed=7)).run(tmp_path / "flow.yaml") for _ in range(5)
    ]
    assert len({outcome.proof_digest for outcome in outcomes}) == 1
    assert outcomes[0].output == {"b": 2, "d": 1}
    assert [taken.action for taken in outcomes[0].fallbacks] == ["value", "skip", "skill"]


#: Lines of the journal of FALLING when nobody kills it; asserted below.
LINES = 29


def killed(tmp_path, base, n, how):
    (tmp_path / "flow.yaml").write_text(FALLING)
    command = [sys.executable, str(SCRIPT), str(tmp_path / "store"), str(tmp_path / "flow.yaml"), base, str(n), how]  # fmt: skip
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def test_nobody_kills_it_and_it_has_so_many_lines(tmp_path):
    with LoopbackServer(REPLIES) as server:
        done = killed(tmp_path, server.base_url, 10_000, "after")
    assert done.stdout.split()[:2] == ["OK", str(LINES)], done


@pytest.mark.parametrize(
    ("n", "how"), [*((n, "after") for n in range(5, LINES + 1)), (12, "torn"), (20, "torn")]
)
def test_a_run_that_is_killed_between_a_failure_and_its_fallback_goes_on(tmp_path, n, how):
    with LoopbackServer(REPLIES) as server:
        assert killed(tmp_path, server.base_url, n, how).returncode == -9
        outcome = resume(Store(tmp_path / "store"), "last", Settings(environment={}))
        requests = [request.path for request in server.requests]
    # A step whose request was in doubt is tried again, for all of them may be.
    assert (outcome.status, outcome.code) == ("partial", "OK"), outcome
    assert outcome.output == OUTPUT
    assert workc.verify_bundle(outcome.bundle).ok
    assert replay(outcome.bundle).identical
    assert {each.step for each in outcome.fallbacks} == {"value", "ask", "skip"}
    assert requests.count("/gone") <= 4


def nested(depth, value):
    return value if depth == 0 else {"a": nested(depth - 1, value)}


def test_values_that_references_make_too_deep_are_no_bug_of_ours(run, proven, tmp_path):
    failing = {"skill": "json_transform", "with": {"data": 1, "expression": "abs('x')"}}
    deep = {
        f"s{n}": {
            **failing,
            "on_failure": {"value": nested(50, f"${{steps.s{n - 1}}}" if n else 1)},
        }
        for n in range(3)
    }
    flow = {"workc": 1, "name": "deep", "inputs": {"base": {"type": "string"}}, "steps": deep}
    outcome = run(json.dumps({**flow, "output": 1}))
    assert (outcome.status, outcome.code, outcome.step) == ("partial", "TRANSFORM_FAILED", "s2")
    assert "its fallback value could not be made: containers more than 128 deep" in outcome.message
    proven(outcome.bundle)
    shallow = {**flow, "steps": {"s0": deep["s0"], "s1": deep["s1"]}}
    (tmp_path / "deep.json").write_text(
        json.dumps({**shallow, "inputs": {}, "output": nested(50, "${steps.s1}")})
    )
    outcome = workc.run(tmp_path / "deep.json")
    assert (outcome.status, outcome.code) == ("failure", "INVALID_OUTPUT")
    assert "the output cannot be kept: containers more than 128 deep" in outcome.message


def test_a_fallback_value_that_cannot_be_made_is_told_whatever_else_failed(run, proven):
    steps = """
steps:
  base: {skill: json_transform, with: {data: {x: 1}, expression: "@"}}
  first: {skill: http_call, with: {url: "${inputs.base}/gone"}}
  second:
    skill: http_call
    with: {url: "${inputs.base}/gone"}
    on_failure: {value: "${steps.base.nothere}"}
"""
    outcome = run(HEAD + steps)
    assert (outcome.code, outcome.step) == ("NOT_FOUND", "first")
    wanted = "; besides, the fallback value of step second could not be made: ${steps.base.nothere}"
    assert wanted in outcome.message
    events = proven(outcome.bundle)
    (ended,) = [e["payload"] for e in events if e["kind"] == "WorkEnded"]
    assert wanted in ended["failure"]["message"]


NEEDING = """
steps:
  other: {skill: http_call, with: {url: "${inputs.base}/down"}, retry: {max_attempts: 1}, on_failure: skip}
  a: {skill: http_call, with: {url: "${inputs.base}/gone"}, on_failure: skip}
  b: {skill: json_transform, with: {data: "${steps.a.body}", expression: "@"}}
  c: {skill: json_transform, with: {data: {}, expression: "@"}}
"""


@pytest.mark.parametrize(
    ("end", "code", "words"),
    [
        ('output: "${steps.a.body}"', "NOT_FOUND",
         "the output needs step a, which was skipped after NOT_FOUND: "),
        ('output: ["${steps.c.result}", "${steps.b.result}"]', "NOT_FOUND",
         "the output needs step b, which was skipped for a failed: "),
        ('output: "${steps.c.result.none}"', "UNRESOLVED_REFERENCE", '${steps.c.result.none}: no "none"'),
        ('verify: [{id: v, that: "steps.a.body == `1`"}]', "VERIFICATION_FAILED",
         "; it names step a, which was skipped after NOT_FOUND"),
        ('verify: [{id: v, that: "steps.c.a == `1`"}]', "VERIFICATION_FAILED", "steps.c.a == `1`"),
    ],
)  # fmt: skip
def test_who_needs_a_step_that_was_skipped_is_told(run, tmp_path, end, code, words):
    outcome = run(HEAD + NEEDING + end)
    assert (outcome.status, outcome.code) == ("failure", code)
    assert words in outcome.message
    assert ("which was skipped" in outcome.message) == ("skipped" in words)
    again = resume(Store(tmp_path / "store"), str(outcome.run_id), Settings(environment={}))
    assert again.message == outcome.message
