"""Scenarios as runs: what they are compiled to, what becomes of them, what is refused."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from workc.api.replay import replay
from workc.kernel.digest import sha256_hex
from workc.kernel.rng import SeededRng
from workc.sim.scenario.actions import declared, place
from workc.sim.scenario.scripts import EffectScript
from workc.testkit import (
    ActionScript,
    FakeClock,
    IntentScript,
    PlanScript,
    PlanStepScript,
    Scenario,
    ScenarioError,
    ScenarioRunner,
    SimMemory,
    SimRuntime,
    assert_bundle_fail_codes,
    assert_bundle_pass,
)

BY_HAND = Path(__file__).with_name("scenario_by_hand.json")
INTENT = IntentScript(description="Write.")


def scenario(**said):
    return Scenario.from_json({"id": "it", "intent": {"description": "x"}, **said})


def write(path="src/a", digest="00"):
    return {"WriteFile": {"path": path, "contents_sha256": digest}}


def steps(*actions, **more):
    listed = [{"name": f"s{n}", "action": action} for n, action in enumerate(actions)]
    return {"plan": {"steps": listed}, **more}


def ran(**said):
    return ScenarioRunner().run(scenario(**said))


def test_a_scenario_written_by_the_specification_alone_runs_and_verifies():
    found = ScenarioRunner().run(Scenario.parse(BY_HAND.read_bytes()))
    assert (found.became.status, found.became.verdict) == ("failed", "PASS")
    assert found.became.codes == {"GATE_FAILED", "VERIFICATION_FAILED"}
    assert found.became.backtracked_on_verify
    assert_bundle_pass(found.run.bundle)


def test_the_bundle_of_a_scenario_replays_from_itself_alone():
    found = ran(**steps(write(), {"Exec": {"program": "make"}}))
    assert replay(found.run.bundle).divergences == ()


def test_a_step_reads_what_one_before_it_wrote_and_known_contents_are_written():
    data = b"known contents\n"
    runtime = SimRuntime(
        plan=PlanScript(
            steps=(
                PlanStepScript(
                    name="write",
                    action=ActionScript.WriteFile(path="out/a", contents_sha256=sha256_hex(data)),
                ),
                PlanStepScript(name="read", action=ActionScript.ReadFile(path="out/a")),
            )
        ),
        mem=SimMemory(evidence_files={"given": data}),
    )
    found = runtime.run(INTENT)
    assert found.outcome.output["read"]["text"] == data.decode()
    assert data in runtime.mem.artifacts.values()


def test_the_same_values_give_the_same_bytes_and_another_seed_others():
    def bundle(seed):
        clock = FakeClock(datetime(2026, 5, 1, tzinfo=UTC), 2)
        return SimRuntime(clock=clock, rng=SeededRng(seed)).run(INTENT).bundle

    assert bundle(1) == bundle(1)
    assert bundle(1) != bundle(2)
    started = json.loads(bundle(1)["receipt.json"])["started_ms"]
    assert (
        datetime.fromtimestamp(started / 1000, UTC).date()
        == datetime(2026, 5, 1, tzinfo=UTC).date()
    )


@pytest.mark.parametrize(
    ("path", "where"),
    [
        ("src/a", "src/a"),
        ("/src/a", "src/a"),
        ("a.txt", "work/a.txt"),
        ("A/b", "work/A/b"),
        (".github/x", "work/.github/x"),
    ],
)
def test_paths_stand_below_roots(path, where):
    assert place(path) == where


@pytest.mark.parametrize(
    ("op", "selector", "line"),
    [
        ("WriteFS", "fs:src/a", "WriteFS fs:src/a"),
        ("WriteFile", "src/", "WriteFS fs:src/"),
        ("ReadFS", "fs:/", "ReadFS fs:/"),
        ("network", "api.example.com/v1", "Network net:https://api.example.com/v1"),
        ("Network", "net:http://a.example/", "Network net:http://a.example/"),
        ("Exec", "make", "Exec exec:make"),
        ("Publish", "prod", "Publish pub:work/prod"),
        ("Publish", "https://a.example/x", "Publish pub:https://a.example/x"),
    ],
)
def test_effects_are_declared_in_the_spelling_of_workflow_files(op, selector, line):
    assert declared(EffectScript(op=op, selector=selector)) == line


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (steps(write(), write(), act_errors=[{"at_step": 1}]), "step that does the same"),
        ({"plan": {"complex_decompose": [{"description": "x"}] * 9}}, "max_fanout"),
        (
            {
                "plan": {"complex_decompose": [{"description": "x"}]},
                "budgets": {"max_depth": 0},
            },
            "max_depth",
        ),
    ],
)
def test_what_cannot_be_run_is_told_and_not_run(said, words):
    found = ran(**said)
    assert found.run.bundle is None
    assert words in found.run.outcome.message
    assert found.became.codes == {"INVALID_INPUT"}
    assert not found.passed


def test_a_policy_that_is_none_is_told():
    found = ran(policy={"approvl": {}})
    assert "approvl" in found.run.outcome.message


def test_an_item_whose_digest_is_another_is_not_had():
    item = {"key": "a", "value": "x", "source": "s", "ts_utc": "2025-12-30T00:00:00Z"}
    good = {**item, "sha256": sha256_hex(b"x")}
    needs = {"deciding": 500}
    assert ran(lens={"items": [good]}, needs=needs).became.status == "success"
    found = ran(lens={"items": [{**item, "sha256": "0" * 64}]}, needs=needs)
    assert found.became.codes == {"LENS_INSUFFICIENT"}


def test_the_child_of_an_intent_is_judged_by_its_own_scenario():
    child = {"id": "c", "intent": {"description": "x"}, "expect": {"max_retries": 0}}
    said = {"plan": {"complex_decompose": [{"description": "x"}]}}
    assert ran(**said, children=[{"scenario": child}]).passed
    wrong = {**child, "expect": {"expect_outcome_status": "failed"}}
    failures = ran(**said, children=[{"scenario": wrong}]).result.failures
    assert [each.message for each in failures] == ["child 0: another outcome"]


def test_children_begin_in_the_order_of_their_delays_and_are_listed_in_that():
    said = {"plan": {"complex_decompose": [{"description": "x"}] * 2}}
    found = ran(**said, children=[{"delay_ms": 50}, {}])
    assert found.passed
    receipt = json.loads(found.run.bundle["receipt.json"])
    assert [each["step"] for each in receipt["children"]] == ["child-0", "child-1"]


@pytest.mark.parametrize("crashes", [[0], [1], [4], [2, 5], [3, 3]])
def test_a_run_that_crashes_goes_on_to_the_same_end(crashes):
    said = steps(
        write(), {"Exec": {"program": "make"}}, {"Network": {"host": "a.example", "path": "/"}}
    )
    found = ran(**said, faults={"crash_at": crashes})
    assert found.passed
    assert found.run.outcome.output == ran(**said).run.outcome.output


def test_a_clock_that_jumps_ends_what_had_too_little_time():
    said = steps(write(), {"Exec": {"program": "make"}}, budgets={"wall_ms": 1000})
    assert ran(**said).became.status == "success"
    jumps = [{"at_look": look, "ms": 5000} for look in range(12)]
    ends = [ran(**said, faults={"clock_jumps": [jump]}).became for jump in jumps]
    assert all(end.verdict == "PASS" for end in ends)
    assert {"TIMEOUT"} in [end.codes for end in ends]


def test_a_model_is_asked_and_paid_for():
    found = ran(**steps({"Ask": {"model": "gpt-4o-mini"}}), budgets={"ceiling_cents": 1})
    assert found.run.outcome.cost_micro_cents > 0
    refused = ran(**steps({"Ask": {"model": "gpt-4o-mini"}}))
    assert refused.became.codes == {"BUDGET_EXCEEDED"}


def test_bundles_are_kept_where_it_is_asked(tmp_path):
    plan = {"complex_decompose": [{"description": "x"}]}
    found = ScenarioRunner(tmp_path / "kept").run(scenario(plan=plan))
    assert_bundle_pass(found.result.bundle.bundle_dir)
    (child,) = (tmp_path / "kept/it/children").iterdir()
    assert_bundle_pass(child)


def test_assertions_about_bundles_tell_what_was_found():
    bundle = ran().run.bundle
    broken = {**bundle, "more.txt": b"x"}
    assert_bundle_fail_codes(broken, ["UNLISTED_FILE"])
    with pytest.raises(AssertionError, match=r"(?s)does not verify.*UNLISTED_FILE more.txt"):
        assert_bundle_pass(broken)
    with pytest.raises(AssertionError, match=r"(?s)expected HASH_MISMATCH.*UNLISTED_FILE"):
        assert_bundle_fail_codes(broken, ["HASH_MISMATCH"])
    with pytest.raises(AssertionError, match="actual   PASS"):
        assert_bundle_fail_codes(bundle, ["HASH_MISMATCH"])


def test_nothing_is_said_of_a_name_that_two_steps_have():
    listed = [{"name": "a", "action": write()}, {"name": "a", "action": write("src/b")}]
    assert ran(plan={"steps": listed}).passed
    with pytest.raises(ScenarioError, match="two steps are named 'a'"):
        scenario(plan={"steps": listed}, approvals=[{"step": "a", "decision": "denied"}])


def test_a_child_has_no_policy_and_no_faults_of_its_own():
    child = {"id": "c", "intent": {"description": "x"}, "faults": {"crash_at": [1]}}
    plan = {"complex_decompose": [{"description": "x"}]}
    with pytest.raises(ScenarioError, match="c is a child"):
        scenario(plan=plan, children=[{"scenario": child}])


def test_why_a_run_did_not_begin_is_told():
    plan = {"steps": [{"name": "a", "after": ["b"], "action": {"Exec": {"program": "x"}}},
                      {"name": "b", "after": ["a"], "action": {"Exec": {"program": "y"}}}]}  # fmt: skip
    failures = ran(plan=plan).result.failures
    assert failures[0].code == "INVALID_WORKFLOW"
    assert "wait for each other" in failures[0].message


@pytest.mark.parametrize(
    "action", [{"Publish": {"destination": ".."}}, {"Exec": {"program": "../x"}}]
)
def test_an_action_that_nothing_can_be_granted_for_is_told_and_not_raised(action):
    found = ran(**steps(action))
    assert not found.passed
    assert found.run.bundle is None


def test_a_lock_of_a_dead_process_is_had_again_by_who_goes_on():
    said = {
        "plan": {
            "steps": [{"name": "a", "resources": ["db"], "action": {"Exec": {"program": "x"}}}]
        }
    }
    conflicts = [
        {"resource": "db", "on_claim_n": 1, "resolution": {"WaitThenAcquire": {"wait_ms": 5}}}
    ]
    for crash in range(12):
        found = ran(**said, coord={"conflicts": conflicts}, faults={"crash_at": [crash]})
        assert found.passed, crash


def test_a_scripted_quality_of_the_lens_decides():
    override = {
        f"{part}_permille": 400 for part in ("coverage", "freshness", "conflict", "provenance")
    }
    found = ran(lens={"quality_override": override}, needs={"deciding": 500})
    assert found.became.codes == {"LENS_INSUFFICIENT"}
    assert ran(lens={"quality_override": override}, needs={"deciding": 400}).passed
