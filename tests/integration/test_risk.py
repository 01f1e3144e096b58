"""What a policy wants of risk, live: more checks of a run, and a decision about a step."""

import json

import pytest

import workc
from workc import Runtime
from workc.api.approvals import decide
from workc.api.store import Store
from workc.runtime.policy.loader import InvalidPolicy, load_policy
from workc.runtime.policy.model import rules_of

CHECK = {"id": "c", "level": "Semantic", "that": "output == `1`"}
#: prod/ is production by its name.
WRITE = {"skill": "write_file", "with": {"path": "prod/a.txt", "text": "a"}}
BESIDE = {"skill": "write_file", "with": {"path": "repo/a.txt", "text": "a"}}
HIGH_RISK = '[verify.high_risk]\nCommitted = ["Acceptance"]\nStaged = ["Syntactic"]\n'
LOW = '[decide]\nimplicit = "low"\n'
NEVER = '[decide]\nimplicit = "never"\n'


def policy(text):
    return load_policy(f'schema = "workc.policy/1"\nname = "p"\n{text}'.encode(), "p.toml")


@workc.skill
def touch() -> int:
    """Does nobody knows what."""
    return 1


@workc.workflow(skills=[touch])
async def calls(ctx, gated: bool) -> int:
    """Calls a function."""
    gates = {"pre": [{"id": "g", "check": "`true`"}]} if gated else None
    value: int = await ctx.call(touch, gates=gates)
    return value


@pytest.fixture
def run(tmp_path):
    for name in ("repo", "prod"):
        (tmp_path / name).mkdir()
    roots = {name: (tmp_path / name, "rw") for name in ("repo", "prod")}

    def run(rules, steps, *, effects=None, checks=(CHECK,), **more):
        flow = {"workc": 1, "name": "flow", "steps": steps, "output": 1, **more}
        flow |= {"verify": list(checks)} if checks else {}
        flow |= {} if effects is None else {"effects": effects}
        path = tmp_path / "flow.json"
        path.write_text(json.dumps(flow))
        runtime = Runtime(store=tmp_path / "store", roots=roots, policy=policy(rules))
        return runtime.run(path, out=tmp_path / "bundle")

    return run


@pytest.mark.parametrize(
    ("effects", "checks", "level"),
    [
        (["WriteFS fs:repo/"], [CHECK], "Committed"),
        (["WriteFS fs:repo/", "WriteFS fs:prod/x"], [CHECK], None),
        (["WriteFS fs:/"], [CHECK], None),
        (None, [CHECK], None),
        (["WriteFS fs:/"], [CHECK, {**CHECK, "id": "d", "level": "Acceptance"}], "Committed"),
        (["WriteFS fs:repo/"], [], "Staged"),
        (["WriteFS fs:/"], [], None),
    ],
)
def test_a_run_of_high_risk_takes_more_checks_or_does_not_begin(
    run, tmp_path, proven, effects, checks, level
):
    outcome = run(HIGH_RISK, {"s": BESIDE}, effects=effects, checks=checks)
    if level is None:
        assert (outcome.code, outcome.run_id and outcome.bundle) == ("POLICY_VIOLATION", None)
        assert "of a run of high risk; add one to verify" in outcome.message
        assert not (tmp_path / "repo/a.txt").exists()
        return
    assert outcome.ok, outcome
    proven(tmp_path / "bundle")
    assert json.loads((tmp_path / "bundle/receipt.json").read_bytes())["lock_level"] == level


def test_a_run_of_high_risk_is_lowered_where_the_policy_says_so(run, tmp_path, proven):
    rules = '[verify]\nunmet = "lower"\n[verify.high_risk]\nCommitted = ["Acceptance"]\n'
    outcome = run(rules, {"s": BESIDE}, effects=["WriteFS fs:/"])
    assert outcome.ok
    proven(tmp_path / "bundle")
    assert json.loads((tmp_path / "bundle/receipt.json").read_bytes())["lock_level"] == "Staged"


def test_the_risk_of_a_child_is_that_of_what_it_may_do(tmp_path, run):
    child = {"workc": 1, "name": "c", "steps": {"s": BESIDE}, "output": 1, "verify": [CHECK]}
    (tmp_path / "child.json").write_text(json.dumps(child))
    step = {"workflow": "child.json"}
    more = [CHECK, {**CHECK, "id": "d", "level": "Acceptance"}]
    narrow = {**step, "effects": ["WriteFS fs:repo/"]}
    refused = run(HIGH_RISK, {"s": step}, effects=["WriteFS fs:/"], checks=more)
    assert refused.code == "POLICY_VIOLATION"
    assert run(HIGH_RISK, {"s": narrow}, effects=["WriteFS fs:/"], checks=more).ok


GATED = {"gates": {"pre": [{"id": "g", "check": "`true`"}]}}


@pytest.mark.parametrize(
    ("rules", "step", "effects", "is_done"),
    [
        (LOW, BESIDE, ["WriteFS fs:/"], True),
        (LOW, WRITE, ["WriteFS fs:/"], False),
        (LOW, {**WRITE, **GATED}, ["WriteFS fs:/"], True),
        (LOW, BESIDE, None, False),
        (NEVER, BESIDE, ["WriteFS fs:/"], False),
        (NEVER, {**BESIDE, **GATED}, None, True),
        ('[decide]\nimplicit = "always"\n', WRITE, None, True),
        ("[decide]\n", WRITE, None, True),
    ],
)
def test_what_nobody_decided_about_is_refused_before_it_is_done(
    run, tmp_path, proven, rules, step, effects, is_done
):
    outcome = run(rules, {"s": step}, effects=effects)
    written = tmp_path / step["with"]["path"]
    assert written.exists() == is_done
    proven(tmp_path / "bundle")
    assert outcome.ok == is_done
    if not is_done:
        assert outcome.code == "POLICY_VIOLATION"
        assert "nobody decided about" in outcome.message
        assert "or let a planner plan it" in outcome.message


def test_a_gate_before_one_step_decides_about_no_other(run, tmp_path, proven):
    other = {**WRITE, "with": {"path": "prod/b.txt", "text": "b"}, "depends_on": ["s"]}
    outcome = run(LOW, {"s": {**WRITE, **GATED}, "t": other}, effects=["WriteFS fs:/"])
    assert (outcome.status, outcome.code, outcome.step) == ("partial", "POLICY_VIOLATION", "t")
    assert (tmp_path / "prod/a.txt").exists()
    assert not (tmp_path / "prod/b.txt").exists()
    proven(tmp_path / "bundle")


def test_a_gate_before_the_run_decides_about_all_of_it(run, tmp_path, proven):
    gates = {"pre": [{"id": "g", "check": "`true`"}]}
    assert run(LOW, {"s": WRITE}, effects=["WriteFS fs:/"], gates=gates).ok
    proven(tmp_path / "bundle")


def test_a_human_decides(run, tmp_path, proven):
    asked = run(
        LOW, {"s": {**WRITE, "approval": {"question": "May it?"}}}, effects=["WriteFS fs:/"]
    )
    assert asked.status == "paused"
    runtime = Runtime(
        store=tmp_path / "store",
        roots={name: (tmp_path / name, "rw") for name in ("repo", "prod")},
    )
    decide(Store(tmp_path / "store"), "last", "approved", by="ann")
    assert runtime.resume("last", out=tmp_path / "done").ok
    proven(tmp_path / "done")
    assert (tmp_path / "prod/a.txt").read_text() == "a"


def test_a_human_whom_the_policy_asks_decides_too(run, tmp_path):
    asked = run(f"{LOW}[approval]\n", {"s": WRITE}, effects=["WriteFS fs:/"])
    assert asked.status == "paused"


def test_what_stands_in_for_a_step_that_was_let_begin_is_decided_too(run, tmp_path, proven):
    gone = {"skill": "read_file", "with": {"path": "repo/gone"}, **GATED}
    step = {**gone, "on_failure": WRITE}
    assert run(LOW, {"s": step}, effects=["WriteFS fs:/", "ReadFS fs:/"]).code == "OK"
    proven(tmp_path / "bundle")
    assert (tmp_path / "prod/a.txt").exists()


def test_about_what_stands_in_for_a_step_that_was_let_begin_nobody_is_asked_again(
    run, tmp_path, proven
):
    gone = {"skill": "read_file", "with": {"path": "repo/gone"}, "on_failure": WRITE}
    asked = run("[approval]\n", {"s": gone}, effects=["WriteFS fs:/", "ReadFS fs:/"])
    assert asked.status == "paused"
    roots = {name: (tmp_path / name, "rw") for name in ("repo", "prod")}
    decide(Store(tmp_path / "store"), "last", "approved", by="ann")
    resumed = Runtime(store=tmp_path / "store", roots=roots).resume("last", out=tmp_path / "done")
    assert resumed.code == "OK"
    assert (tmp_path / "prod/a.txt").exists()
    proven(tmp_path / "done")


@pytest.mark.parametrize(
    ("loss_ms", "checks", "is_asked"),
    [(54_000, [CHECK], False), (60_000, [CHECK], True), (60_000, [], False), (138_000, [], True)],
)
def test_a_human_is_asked_the_sooner_the_higher_a_run_will_lock(run, loss_ms, checks, is_asked):
    rules = f"[approval]\nloss_ms = {loss_ms}\ncost_ms = 20000\n"
    outcome = run(rules, {"s": BESIDE}, effects=["WriteFS fs:repo/"], checks=checks)
    assert outcome.status == ("paused" if is_asked else "success")


@pytest.mark.parametrize("rules", [LOW, NEVER])
def test_a_function_of_which_nobody_knows_what_it_does_needs_a_decision(tmp_path, proven, rules):
    runtime = Runtime(policy=policy(rules))
    refused = runtime.run(calls, {"gated": False}, out=tmp_path / "refused")
    assert refused.code == "POLICY_VIOLATION"
    assert "what its function does of touch" in refused.message
    assert runtime.run(calls, {"gated": True}, out=tmp_path / "done").ok
    for name in ("refused", "done"):
        proven(tmp_path / name)


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        ('[verify.high_risk]\nDraft = ["Semantic"]\n', "Draft takes no checks"),
        ('[verify.high_risk]\nStaged = ["Semantic", "Semantic"]\n', "stands here twice"),
        (
            '[verify]\nmax_lock_level = "Staged"\n[verify.high_risk]\nCommitted = ["Semantic"]\n',
            "no run reaches Committed",
        ),
        (
            '[verify.levels]\nStaged = ["Semantic"]\n[verify.high_risk]\nStaged = ["Semantic"]\n',
            "Staged takes Semantic of every run",
        ),
        ('[decide]\nimplicit = "sometimes"\n', "not one of"),
        ('[decide]\nexplicit = "low"\n', "explicit"),
    ],
)
def test_what_a_policy_cannot_say_of_risk_is_told_with_its_line(rules, words):
    with pytest.raises(InvalidPolicy) as refused:
        policy(rules)
    (problem,) = refused.value.problems
    assert words in f"{problem.message} {problem.fix}"
    assert problem.line >= 3


def test_a_policy_that_lets_all_be_decided_implicitly_adds_no_rule():
    assert rules_of(policy('[decide]\nimplicit = "always"\n')) == {}
    assert rules_of(policy(LOW))["decide"] == {"implicit": "low"}
