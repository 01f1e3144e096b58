"""Workflow files from end to end."""

import json
import tracemalloc

import pytest

import workc
from workc import Runtime


def run(tmp_path, text, inputs=None, **settings):
    path = tmp_path / "flow.yaml"
    path.write_text("workc: 1\nname: flow\n" + text)
    outcome = Runtime(**settings).run(path, inputs, out=tmp_path / "bundle")
    if outcome.proof_digest:
        verdict = workc.verify_bundle(tmp_path / "bundle")
        assert verdict.ok, verdict.failures
    return outcome


STEP = "{skill: json_transform, with: {data: %s, expression: '%s'}}"


def test_steps_run_in_the_order_of_their_needs(tmp_path):
    text = f"""steps:
  b: {STEP % ('"${steps.a.result}"', "[@, @]")}
  a: {STEP % (1, "@")}
output: ${{steps.b.result}}
"""
    assert run(tmp_path, text).output == [1, 1]


def test_a_failed_step_skips_its_dependents_only(tmp_path):
    text = f"""steps:
  bad: {STEP % (1, "length(@)")}
  after: {STEP % ('"${steps.bad.result}"', "@")}
  other: {STEP % (2, "@")}
output: ${{steps.other.result}}
"""
    outcome = run(tmp_path, text)
    assert (outcome.status, outcome.code, outcome.step) == ("partial", "TRANSFORM_FAILED", "bad")
    assert outcome.output == 2


def test_an_output_that_needs_a_failed_step_is_a_failure(tmp_path):
    text = f"steps:\n  bad: {STEP % (1, 'length(@)')}\noutput: ${{steps.bad.result}}\n"
    outcome = run(tmp_path, text)
    assert (outcome.status, outcome.code) == ("failure", "TRANSFORM_FAILED")


def test_a_step_that_refers_to_what_an_answer_lacks_fails_before_its_skill_is_called(tmp_path):
    text = f"""steps:
  a: {STEP % ("{x: 1}", "@")}
  b: {STEP % ('"${steps.a.result.y}"', "@")}
  c: {STEP % ('"${steps.b.result}"', "@")}
output: ${{steps.a.result}}
"""
    outcome = run(tmp_path, text)
    assert (outcome.status, outcome.code, outcome.step) == ("partial", "UNRESOLVED_REFERENCE", "b")
    lines = (tmp_path / "bundle" / "events.jsonl").read_bytes().splitlines()
    events = map(json.loads, lines)
    failed = next(event for event in events if event["payload"].get("step") == "b")
    assert (failed["kind"], failed["payload"]["attempt"]) == ("SkillExecuted", 1)
    assert failed["payload"]["mode"] == "context"
    assert failed["payload"]["skill"] == "json_transform"
    assert failed["payload"]["failure"]["code"] == "UNRESOLVED_REFERENCE"
    assert outcome.attempts == 2, "that of a, and the one that never came to its call"


def test_a_check_that_does_not_hold_fails_the_run(tmp_path):
    text = f"steps:\n  a: {STEP % (1, '@')}\nverify:\n  - {{id: c, that: 'steps.a.result == `2`'}}\noutput: 1\n"
    assert run(tmp_path, text).code == "VERIFICATION_FAILED"


def test_a_check_that_gives_infinity_fails_and_nothing_breaks(tmp_path):
    text = f"steps:\n  a: {STEP % ('[1.0e+308, 1.0e+308]', '@')}\nverify:\n  - {{id: c, that: 'sum(steps.a.result)'}}\noutput: 1\n"
    assert run(tmp_path, text).code == "VERIFICATION_FAILED"


@pytest.mark.parametrize("zero", ["timeout_ms: 0\n", ""])
def test_no_time_is_no_time(tmp_path, zero):
    step = STEP % (1, "@")
    text = f"{zero}steps:\n  a: {step if zero else step[:-1] + ', timeout_ms: 0}'}\noutput: 1\n"
    outcome = run(tmp_path, text)
    assert (outcome.status, outcome.code, outcome.attempts) == ("failure", "TIMEOUT", 1)


def test_a_run_whose_time_is_over_is_halted_and_not_partial(tmp_path):
    (tmp_path / "slow.py").write_text(
        "import time, workc\n@workc.skill\ndef slow(x: int) -> int:\n    time.sleep(0.5)\n    return x\n"
    )
    text = f"""timeout_ms: 60
skills: [slow.py]
steps:
  fast: {STEP % (1, "@")}
  slow: {{skill: slow, with: {{x: 1}}}}
output: ${{steps.fast.result}}
"""
    outcome = run(tmp_path, text)
    assert (outcome.status, outcome.code, outcome.step) == ("failure", "TIMEOUT", "slow")


def test_no_steps_at_all_is_no_crash(tmp_path):
    outcome = run(tmp_path, "steps: {}\noutput: 1\n")
    assert outcome.code in {"OK", "INVALID_WORKFLOW"}
    assert outcome.ok == (outcome.code == "OK")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("steps: {a: {skill: nope}}", "INVALID_WORKFLOW"),
        ("steps: {a: {skill: json_transform, depends_on: [b]}}", "INVALID_WORKFLOW"),
        ("skills: [gone.py]\nsteps: {a: {skill: x}}", "SKILL_NOT_FOUND"),
        ("nonsense", "INVALID_WORKFLOW"),
    ],
)
def test_what_is_wrong_is_refused_before_anything_runs(tmp_path, text, code):
    outcome = run(tmp_path, text)
    assert outcome.code in {code, "SKILL_NOT_FOUND"}
    assert not (tmp_path / "bundle").exists()


def test_a_file_of_skills_that_ends_the_process_is_refused(tmp_path):
    (tmp_path / "ends.py").write_text("raise SystemExit(3)")
    assert run(tmp_path, "skills: [ends.py]\nsteps: {a: {skill: x}}").code == "SKILL_NOT_FOUND"


@pytest.mark.parametrize("path", ["no/such.yaml", "a\0b", ".", ""])
def test_a_file_that_is_none_is_an_outcome(path):
    assert Runtime().run(path).code == "INVALID_WORKFLOW"


def test_five_thousand_steps_run_in_bounded_memory(tmp_path):
    steps = "".join(f"  s{i}: {STEP % (i, '@')}\n" for i in range(5_000))
    path = tmp_path / "flow.yaml"
    path.write_text(f"workc: 1\nname: flow\nsteps:\n{steps}output: ${{steps.s4999.result}}\n")
    runtime = Runtime(store=tmp_path / "store")
    job = runtime.prepare(path, {})
    tracemalloc.start()
    outcome = runtime.start(job)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert outcome.output == 4999
    assert peak < 64_000_000, f"{peak / 5_000:.0f} bytes a step"
