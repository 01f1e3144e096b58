"""Runs that a run starts: what they give, cost and break, with real threads, files and servers."""

import json
import shutil
import threading

import pytest

import workc
from workc import Runtime
from workc.adapters.driver import Interrupted
from workc.adapters.run_folder import RunWriter
from workc.api.approvals import decide
from workc.api.contracts import Quota
from workc.api.replay import replay
from workc.api.resume import resume
from workc.api.settings import Settings
from workc.api.simulation import simulated
from workc.api.store import Store
from workc.testkit.servers import LoopbackServer, Reply

CHILD = """
workc: 1
name: child
inputs: {n: {type: integer, default: 1}}
steps:
  one: {skill: json_transform, with: {data: {n: "${inputs.n}"}, expression: n}}
output: {n: "${steps.one.result}"}
"""
FAILING = """
workc: 1
name: failing
steps:
  one: {skill: json_transform, with: {data: 1, expression: "abs('a')"}}
output: "${steps.one.result}"
"""
UNSURE = """
workc: 1
name: unsure
steps:
  one: {skill: json_transform, with: {data: 1, expression: "abs('a')"}}
  two: {skill: json_transform, with: {data: 2, expression: "@"}}
output: "${steps.two.result}"
"""
PAID = """
workc: 1
name: paid
inputs: {word: {type: string, default: alpha}}
budget: {ceiling_cents: 9}
steps:
  ask: {skill: llm_invoke, with: {model: gpt-4o-mini, prompt: "${inputs.word}", max_tokens: 100}}
output: "${steps.ask.text}"
"""
MODEL = {"alpha": [{"text": "yes"}], "beta": [{"text": "no"}]}


def head(name="parent", cents=50):
    return f"workc: 1\nname: {name}\nbudget: {{ceiling_cents: {cents}}}\n"


@pytest.fixture
def place(tmp_path):
    """Returns the folder with the children's files."""
    files = {"child": CHILD, "failing": FAILING, "unsure": UNSURE, "paid": PAID}
    for name, text in files.items():
        (tmp_path / f"{name}.yaml").write_text(text)
    return tmp_path


def run(place, text, **more):
    (place / "flow.yaml").write_text(text)
    runtime = Runtime(store=place / "store", **more)
    return runtime.run(place / "flow.yaml")


def proven(outcome, place, *, code=None):
    """Verifies the bundle of a run with those of its family and replays each of them."""
    folder = place / "store/runs" / outcome.run_id
    verdict = workc.verify_bundle(folder / "bundle", recursive=True)
    assert verdict.ok, verdict.failures
    for bundle in (folder / "bundle", *folder.glob("children/*/bundle")):
        report = replay(bundle, code=code or place)
        assert report.identical, report.divergences
    return verdict


def events_of(place, run_id):
    folder = Store(place / "store").folder(run_id)
    return [json.loads(line) for line in (folder / "bundle/events.jsonl").read_bytes().splitlines()]


def receipt_of(place, run_id):
    folder = Store(place / "store").folder(run_id)
    return json.loads((folder / "bundle/receipt.json").read_bytes())


# --- what a child gives --------------------------------------------------------------------------


def test_the_value_of_the_step_is_the_output_of_the_child(place):
    outcome = run(
        place,
        head() + 'steps: {a: {workflow: child.yaml, with: {n: 7}}}\noutput: "${steps.a.n}"',
    )
    assert (outcome.code, outcome.output) == ("OK", 7)
    (child,) = outcome.children
    assert (child.step, child.outcome, child.critical) == ("a", "success", True)
    receipt = receipt_of(place, child.run_id)
    assert receipt["proof_digest"] == child.proof_digest
    assert receipt["parent"] == {"run_id": outcome.run_id, "spawn_index": 0, "step": "a"}
    assert receipt["intent"]["source"] == "parent_loop"
    verdict = proven(outcome, place)
    assert [each.run_id for each in verdict.children] == [child.run_id]


def test_children_at_once_are_numbered_without_a_gap_and_are_runs_of_their_own(place):
    steps = "".join(f"  s{n}: {{workflow: child.yaml, with: {{n: {n}}}}}\n" for n in range(12))
    outcome = run(place, head() + f"steps:\n{steps}output: 1", max_parallel=4)
    spawned = [
        e["payload"] for e in events_of(place, outcome.run_id) if e["kind"] == "ChildSpawned"
    ]
    assert sorted(each["spawn_index"] for each in spawned) == [*range(12)]
    runs = {each["child_run_id"] for each in spawned}
    assert len(runs) == 12
    own = [receipt_of(place, each) for each in runs]
    assert len({each["seed"] for each in own} | {each["nonce"] for each in own}) == 24
    assert [each.step for each in outcome.children] == [
        each["step"] for each in sorted(spawned, key=lambda each: each["spawn_index"])
    ]
    proven(outcome, place)


def test_the_same_seed_and_place_name_the_same_child(place):
    def seed_of(outcome):
        return receipt_of(place, outcome.children[0].run_id)["seed"]

    text = head() + "steps: {a: {workflow: child.yaml}}\noutput: 1"
    first, again, other = (run(place, text, seed=seed) for seed in (1, 1, 2))
    assert seed_of(first) == seed_of(again) != seed_of(other)
    assert first.children[0].run_id != again.children[0].run_id


def test_a_child_has_children_and_all_stand_in_the_folder_of_the_first(place):
    (place / "deep").mkdir()
    (place / "deep/leaf.yaml").write_text(CHILD)
    (place / "deep/middle.yaml").write_text(
        head("middle") + 'steps: {m: {workflow: leaf.yaml, with: {n: 5}}}\noutput: "${steps.m.n}"'
    )
    outcome = run(place, head() + 'steps: {a: {workflow: deep/middle.yaml}}\noutput: "${steps.a}"')
    assert outcome.output == 5
    started = events_of(place, outcome.run_id)[0]["payload"]
    assert sorted(started["programs"]) == ["deep/leaf.yaml", "deep/middle.yaml"]
    family = Store(place / "store").family(outcome.run_id)
    assert len(family) == 2
    verdict = proven(outcome, place)
    assert [len(each.children) for each in verdict.children] == [1]


def test_a_child_brings_its_own_skills_from_beside_itself(place):
    (place / "sub").mkdir()
    (place / "sub/mine.py").write_text(
        "import workc\n@workc.skill(pure=True)\ndef add(x: int) -> int:\n    return x + 1\n"
    )
    (place / "sub/own.yaml").write_text(
        'workc: 1\nname: own\nskills: [mine.py]\nsteps: {s: {skill: add, with: {x: 1}}}\noutput: "${steps.s}"'
    )
    outcome = run(place, head() + 'steps: {a: {workflow: sub/own.yaml}}\noutput: "${steps.a}"')
    assert outcome.output == 2
    folder = place / "store/runs" / outcome.run_id
    # The parent is replayed from its own bundle; the code of its child is not needed for that.
    assert replay(folder / "bundle", code=place / "store").identical
    (child,) = folder.glob("children/*/bundle")
    assert replay(child, code=place / "sub").identical


def test_a_replay_of_the_parent_reads_no_other_file(place, tmp_path_factory):
    outcome = run(place, head() + 'steps: {a: {workflow: child.yaml}}\noutput: "${steps.a.n}"')
    copy = tmp_path_factory.mktemp("elsewhere") / "bundle"
    (place / "store/runs" / outcome.run_id / "bundle").rename(copy)
    assert replay(copy, code=copy.parent).identical


def test_inputs_that_a_child_does_not_take_fail_its_step_before_it_begins(place):
    text = head() + (
        "steps:\n  give: {skill: json_transform, with: {data: x, expression: '@'}}\n"
        '  a: {workflow: child.yaml, with: {n: "${steps.give.result}"}}\noutput: 1'
    )
    outcome = run(place, text)
    assert (outcome.status, outcome.code, outcome.step) == ("partial", "INVALID_INPUT", "a")
    assert outcome.children == ()
    proven(outcome, place)


# --- what breaks ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("child", "critical", "status"),
    [
        ("child", True, "success"),
        ("child", False, "success"),
        ("unsure", True, "partial"),
        ("unsure", False, "partial"),
        ("failing", True, "failure"),
        ("failing", False, "partial"),
    ],
)
def test_what_a_child_comes_to_is_rolled_up(place, child, critical, status):
    text = head() + (
        f"steps:\n  a: {{workflow: {child}.yaml, critical: {str(critical).lower()}}}\n"
        "  b: {skill: json_transform, with: {data: 1, expression: '@'}}\noutput: 1"
    )
    outcome = run(place, text)
    assert outcome.status == status
    if child == "failing":
        assert (outcome.code, outcome.step) == ("CHILD_FAILED", "a")
        assert outcome.error["details"]["code"] == "TRANSFORM_FAILED"
    proven(outcome, place)


def test_a_critical_child_fails_a_function_that_went_on_without_it(place):
    (place / "flow.py").write_text(
        "import workc\n"
        "@workc.workflow(children=['failing.yaml'])\n"
        "async def flow(ctx) -> int:\n"
        "    try:\n"
        "        await ctx.child('failing.yaml', step='a')\n"
        "    except workc.StepFailed as error:\n"
        "        assert error.failure.code == 'CHILD_FAILED'\n"
        "    return 1\n"
    )
    outcome = Runtime(store=place / "store").run(f"{place}/flow.py:flow")
    assert (outcome.status, outcome.code, outcome.output) == ("failure", "CHILD_FAILED", 1)
    again = resume(Store(place / "store"), outcome.run_id, Settings(environment={}))
    assert (again.code, again.message) == (outcome.code, outcome.message)
    proven(outcome, place)


def test_a_child_that_is_not_critical_may_be_tolerated(place):
    text = head() + (
        "steps:\n  a: {workflow: failing.yaml, critical: false, on_failure: {value: 3}}\n"
        'output: "${steps.a}"'
    )
    outcome = run(place, text)
    assert (outcome.status, outcome.ok, outcome.output) == ("partial", True, 3)
    proven(outcome, place)


# --- money ---------------------------------------------------------------------------------------


def stubbed(place, **more):
    runtime = Runtime(store=place / "store", **more)
    runtime.register_skill("llm_invoke", workc.LLMInvokeSkill(stub_mode=True, responses=MODEL))
    return runtime


def test_what_a_child_spends_is_reserved_and_settled_by_its_step_and_counted_once(place):
    (place / "flow.yaml").write_text(
        head(cents=20) + "steps:\n  a: {workflow: paid.yaml, budget_cents: 6}\n"
        '  b: {workflow: paid.yaml, with: {word: beta}}\noutput: ["${steps.a}", "${steps.b}"]'
    )
    runtime = stubbed(place)
    outcome = runtime.run(place / "flow.yaml")
    assert outcome.output == ["yes", "no"]
    spent = sum(child.cost_micro_cents for child in outcome.children)
    assert outcome.cost_micro_cents == spent > 0
    bounds = {
        e["payload"]["step"]: e["payload"]["bound"]
        for e in events_of(place, outcome.run_id)
        if e["kind"] == "BudgetReserved"
    }
    assert bounds == {"a": 6_000_000, "b": 9_000_000}
    metrics = runtime.metrics()
    assert metrics.value("workc_runs_ended_total", mode="live", outcome="success") == 3
    assert metrics.value("workc_children_total", mode="live", outcome="success") == 2
    assert (
        metrics.value("workc_budget_spent_micro_cents_total", mode="live", basis="usage") == spent
    )
    proven(outcome, place)


def test_a_ceiling_that_runs_share_is_charged_once_for_a_child(place):
    (place / "flow.yaml").write_text(
        head(cents=20) + "steps: {a: {workflow: paid.yaml}}\noutput: 1"
    )
    tracker = workc.BudgetTracker(ceiling_cents=20)
    outcome = stubbed(place, budget=tracker).run(place / "flow.yaml")
    assert outcome.ok
    assert tracker.spent == outcome.cost_micro_cents > 0
    assert tracker.reserved == 0


def test_a_child_that_does_not_fit_is_not_started(place):
    (place / "flow.yaml").write_text(head(cents=5) + "steps: {a: {workflow: paid.yaml}}\noutput: 1")
    outcome = stubbed(place).run(place / "flow.yaml")
    assert (outcome.status, outcome.code, outcome.exit_code) == ("failure", "BUDGET_EXCEEDED", 3)
    assert outcome.children == ()
    assert Store(place / "store").family(outcome.run_id) == []
    proven(outcome, place)


def test_a_child_without_a_budget_may_spend_nothing(place):
    (place / "free.yaml").write_text(PAID.replace("budget: {ceiling_cents: 9}\n", ""))
    (place / "flow.yaml").write_text(head() + "steps: {a: {workflow: free.yaml}}\noutput: 1")
    outcome = stubbed(place).run(place / "flow.yaml")
    assert (outcome.status, outcome.code) == ("failure", "CHILD_FAILED")
    assert outcome.error["details"]["code"] == "BUDGET_EXCEEDED"
    proven(outcome, place)


def test_a_limit_of_tokens_holds_for_a_child_too(place):
    (place / "flow.yaml").write_text(
        "workc: 1\nname: p\nbudget: {ceiling_cents: 50, tokens: 20}\n"
        "steps: {a: {workflow: paid.yaml}}\noutput: 1"
    )
    outcome = stubbed(place).run(place / "flow.yaml")
    assert (outcome.code, outcome.error["details"]["code"]) == ("CHILD_FAILED", "QUOTA_EXCEEDED")
    proven(outcome, place)


# --- what reaches children -----------------------------------------------------------------------

SLOW = """
workc: 1
name: slow
inputs: {base: {type: string}}
steps:
  wait: {skill: http_call, with: {url: "${inputs.base}/slow", timeout_ms: 60000}}
output: 1
"""
REPLIES = {"/slow": Reply(length=9, then="hang"), "/gone": Reply(status=404), "/ok": Reply()}


class InTurn(dict):
    """Replies; one for a path that ends with ``-after`` comes when /slow was asked for."""

    def __init__(self, replies):
        super().__init__(replies)
        self._begun = threading.Event()

    def get(self, path, default=None):
        if path == "/slow":
            self._begun.set()
        if path.endswith("-after"):
            self._begun.wait(60)
        return super().get(path.removesuffix("-after"), default)


@pytest.fixture
def server():
    with LoopbackServer(REPLIES) as server:
        server.replies = InTurn(REPLIES)
        yield server


#: An abort when the slow child is at work.
ABORT_AFTER = (
    '  b: {skill: http_call, with: {url: "${inputs.base}/gone-after"}, on_failure: abort}\n'
)
#: What costs more than there is, asked for when the slow child is at work.
PAID_AFTER = (
    "  b: {workflow: child.yaml}\n"
    '  w: {skill: http_call, with: {url: "${inputs.base}/ok-after"}}\n'
    "  c: {workflow: paid.yaml, depends_on: [b, w]}\n"
)


def slow(place, server, steps, **more):
    (place / "slow.yaml").write_text(SLOW)
    (place / "flow.yaml").write_text(
        head(cents=0) + f"inputs: {{base: {{type: string}}}}\nsteps:\n{steps}output: 1"
    )
    runtime = Runtime(store=place / "store", **more)
    return runtime, {"base": server.base_url}


def test_an_abort_of_the_parent_ends_its_children_in_lock(place, server):
    runtime, inputs = slow(
        place,
        server,
        f'  a: {{workflow: slow.yaml, with: {{base: "${{inputs.base}}"}}}}\n{ABORT_AFTER}',
    )
    outcome = runtime.run(place / "flow.yaml", inputs)
    assert (outcome.status, outcome.code, outcome.step) == ("failure", "ABORTED", "b")
    child = next(each for each in outcome.children if each.step == "a")
    assert child.outcome == "failed"
    assert receipt_of(place, child.run_id)["halt"] == "ABORTED"
    proven(outcome, place)


def test_a_budget_that_is_spent_ends_children_that_are_at_work(place, server):
    runtime, inputs = slow(
        place,
        server,
        f'  a: {{workflow: slow.yaml, with: {{base: "${{inputs.base}}"}}}}\n{PAID_AFTER}',
    )
    outcome = runtime.run(place / "flow.yaml", inputs)
    assert (outcome.status, outcome.code, outcome.step) == ("failure", "BUDGET_EXCEEDED", "c")
    assert {c.step: c.outcome for c in outcome.children} == {"a": "failed", "b": "success"}
    proven(outcome, place)


def test_an_abort_reaches_the_children_of_children(place, server):
    (place / "middle.yaml").write_text(
        "workc: 1\nname: middle\ninputs: {base: {type: string}}\n"
        'steps: {m: {workflow: slow.yaml, with: {base: "${inputs.base}"}}}\noutput: 1'
    )
    runtime, inputs = slow(
        place,
        server,
        f'  a: {{workflow: middle.yaml, with: {{base: "${{inputs.base}}"}}}}\n{ABORT_AFTER}',
    )
    outcome = runtime.run(place / "flow.yaml", inputs)
    assert outcome.code == "ABORTED"
    verdict = proven(outcome, place)
    assert [len(each.children) for each in verdict.children] == [1]


@pytest.mark.parametrize("whose", ["step", "run"])
def test_the_time_of_a_step_or_run_is_that_of_its_child(place, server, whose):
    runtime, inputs = slow(
        place,
        server,
        f'  a: {{workflow: slow.yaml, with: {{base: "${{inputs.base}}"}}'
        f"{', timeout_ms: 300' if whose == 'step' else ''}}}\n",
    )
    if whose == "run":
        text = (place / "flow.yaml").read_text()
        (place / "flow.yaml").write_text(text + "\ntimeout_ms: 300\n")
    outcome = runtime.run(place / "flow.yaml", inputs)
    assert (outcome.status, outcome.code) == ("failure", "TIMEOUT")
    assert outcome.error["details"]["scope"] == whose
    assert receipt_of(place, outcome.children[0].run_id)["outcome"] == "failed"
    proven(outcome, place)


def test_an_interruption_leaves_parent_and_child_to_be_resumed(place):
    with LoopbackServer(REPLIES) as server:
        runtime, inputs = slow(
            place, server, '  a: {workflow: slow.yaml, with: {base: "${inputs.base}"}}\n'
        )
        drivers = []

        def watch_child(run_id, entry):
            if entry.kind == "EffectAsked":
                threading.Thread(target=drivers[0].interrupt).start()

        job = runtime.prepare(place / "flow.yaml", inputs)
        with pytest.raises(Interrupted):
            runtime.start(job, watch_child=watch_child, on_driver=drivers.append)
    (place / "slow.yaml").unlink()
    outcome = resume(Store(place / "store"), "last", Settings(environment={}))
    assert outcome.code == "CHILD_FAILED", outcome
    assert len(outcome.children) == 1
    proven(outcome, place)


# --- approvals -----------------------------------------------------------------------------------

ASKING = """
workc: 1
name: asking
steps:
  sure:
    skill: json_transform
    approval: {question: "Go on?"}
    with: {data: 1, expression: "@"}
output: "${steps.sure.result}"
"""


def asked(place):
    (place / "asking.yaml").write_text(ASKING)
    return run(
        place,
        head() + "steps:\n  a: {workflow: asking.yaml}\n  b: {workflow: child.yaml}\n"
        '  c: {skill: json_transform, with: {data: ["${steps.a}", "${steps.b.n}"], expression: "@"}}\n'
        'output: "${steps.c.result}"',
    )


@pytest.mark.parametrize("named", ["parent", "child"])
def test_a_child_that_waits_for_a_human_pauses_its_parent(place, named):
    paused = asked(place)
    assert (paused.status, paused.code, paused.exit_code) == ("paused", "APPROVAL_PENDING", 7)
    (waiting,) = paused.error["details"]["waiting"]
    store = Store(place / "store")
    run_id = paused.run_id if named == "parent" else waiting["run_id"]
    decided = decide(store, run_id, "approved", by="Ada")
    assert (decided.run_id, decided.step) == (waiting["run_id"], "sure")
    outcome = resume(store, paused.run_id, Settings(environment={}))
    assert (outcome.code, outcome.output) == ("OK", [1, 1])
    assert len(outcome.children) == 2
    proven(outcome, place)


def test_a_paused_child_is_ended_when_its_parent_is_halted(place, server):
    (place / "asking.yaml").write_text(ASKING)
    runtime, inputs = slow(
        place,
        server,
        "  a: {workflow: asking.yaml}\n  b: {workflow: child.yaml}\n"
        "  c: {workflow: child.yaml, depends_on: [b]}\n"
        '  d: {skill: http_call, with: {url: "${inputs.base}/gone"}, depends_on: [c], on_failure: abort}\n',
    )
    outcome = runtime.run(place / "flow.yaml", inputs)
    assert (outcome.code, outcome.step) == ("ABORTED", "d")
    assert {c.step: c.outcome for c in outcome.children}["a"] == "failed"
    proven(outcome, place)


def test_a_child_is_not_resumed_without_its_parent(place):
    paused = asked(place)
    (waiting,) = paused.error["details"]["waiting"]
    outcome = resume(Store(place / "store"), waiting["run_id"], Settings(environment={}))
    assert (outcome.code, outcome.error["details"]["resume"]) == ("INVALID_INPUT", paused.run_id)


# --- where it stands -----------------------------------------------------------------------------


def test_without_a_store_the_children_go_beside_the_bundle(place):
    (place / "flow.yaml").write_text(head() + "steps: {a: {workflow: child.yaml}}\noutput: 1")
    outcome = Runtime().run(place / "flow.yaml", out=place / "out/evidence")
    (child,) = outcome.children
    assert (place / "out/children" / child.run_id / "receipt.json").is_file()
    verdict = workc.verify_bundle(place / "out/evidence", recursive=True)
    assert verdict.ok
    assert len(verdict.children) == 1


# --- Python --------------------------------------------------------------------------------------


@workc.workflow
async def half(ctx, n: int) -> int:
    """Halves a number."""
    return n // 2


@workc.workflow(children=[half, "child.yaml"])
async def many(ctx, place: str) -> list[object]:
    """Runs others at once, and one after another."""
    one, two = await ctx.gather(ctx.child(half, {"n": 8}), ctx.child("half", {"n": 6}, step="six"))
    return [one, two, await ctx.child(half, {"n": one})]


@pytest.fixture
def beside(monkeypatch, place):
    """Puts the workflow file that ``many`` names beside this module, as far as it is asked for."""
    monkeypatch.setattr("workc.api.programs.home_of", lambda workflow: place)
    return place


def test_a_function_runs_others_at_once(beside):
    outcome = Runtime(store=beside / "store").run(many, {"place": "x"})
    assert (outcome.code, outcome.output) == ("OK", [4, 3, 2])
    assert [child.outcome for child in outcome.children] == ["success"] * 3
    folder = beside / "store/runs" / outcome.run_id
    assert replay(folder / "bundle", workflow=many).identical
    for bundle in folder.glob("children/*/bundle"):
        assert replay(bundle, workflow=half).identical


@workc.workflow
async def wrong(ctx) -> int:
    return await ctx.child("other.yaml")


def test_a_function_runs_none_but_its_children():
    outcome = Runtime().run(wrong)
    assert outcome.status == "failure"
    assert "'other.yaml' is no child of this workflow" in outcome.message


@pytest.mark.parametrize("child", ["../up.yaml", "/abs.yaml", "a.txt", 3])
def test_a_child_of_a_function_is_a_workflow_or_a_file_below_it(child):
    with pytest.raises(workc.Misuse, match="children are workflows"):
        workc.workflow(children=[child])(half.function)


# --- files that cannot be children ---------------------------------------------------------------


def problem(place, text, name="flow.yaml"):
    (place / name).write_text(text)
    outcome = Runtime().run(place / name)
    assert outcome.code == "INVALID_WORKFLOW", outcome
    return outcome.message


def test_a_workflow_that_would_run_itself_is_refused(place):
    (place / "one.yaml").write_text(head() + "steps: {a: {workflow: two.yaml}}\noutput: 1")
    message = problem(place, head() + "steps: {a: {workflow: one.yaml}}\noutput: 1", "two.yaml")
    assert "it would run itself: two.yaml -> one.yaml -> two.yaml" in message


def test_more_than_sixteen_generations_are_refused(place):
    for n in range(18):
        (place / f"g{n}.yaml").write_text(
            head() + f"steps: {{a: {{workflow: g{n + 1}.yaml}}}}\noutput: 1"
        )
    (place / "g18.yaml").write_text(CHILD)
    assert "more than 16 generations" in problem(place, (place / "g0.yaml").read_text(), "g0.yaml")
    assert Runtime().run(place / "g2.yaml").ok


def test_more_than_a_thousand_runs_are_refused(place):
    steps = "".join(f"  s{n}: {{workflow: child.yaml}}\n" for n in range(40))
    (place / "wide.yaml").write_text(head() + f"steps:\n{steps}output: 1")
    steps = steps.replace("child", "wide")
    assert "it would start 1640 runs" in problem(place, head() + f"steps:\n{steps}output: 1")


@pytest.mark.parametrize(
    ("step", "words"),
    [
        ("{workflow: gone.yaml}", "it cannot be read: No such file"),
        ("{workflow: ../up.yaml}", "does not match"),
        ("{workflow: child.yaml, skill: http_call}", "there is skill and workflow here"),
        (
            "{skill: json_transform, critical: true, with: {data: 1, expression: x}}",
            "critical is said of a workflow",
        ),
        ("{workflow: child.yaml, with: {m: 1}}", "there is no parameter"),
        ("{workflow: bad.yaml}", "this workflow cannot be run"),
        ("{workflow: link.yaml}", "outside the folder"),
    ],
)
def test_what_is_wrong_with_a_child_is_said_at_its_step(place, tmp_path_factory, step, words):
    (place / "bad.yaml").write_text("workc: 1\nname: bad\nsteps: {a: {skill: nothing}}\n")
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "child.yaml"
    elsewhere.write_text(CHILD)
    (place / "link.yaml").symlink_to(elsewhere)
    assert words in problem(place, head() + f"steps: {{a: {step}}}\noutput: 1")


# --- around it -----------------------------------------------------------------------------------


def test_what_a_child_may_cost_is_a_bound_of_its_step(place):
    (place / "flow.yaml").write_text(
        head(cents=12) + "steps:\n  a: {workflow: paid.yaml, budget_cents: 4}\n"
        "  b: {workflow: paid.yaml}\n  c: {workflow: child.yaml}\noutput: 1"
    )
    simulation = Runtime().simulate(place / "flow.yaml")
    costs = {step.step: (step.attempts, step.cost_micro_cents) for step in simulation.steps}
    assert costs == {"a": (1, 4_000_000), "b": (1, 9_000_000), "c": (1, 0)}
    assert simulation.cost_micro_cents == 12_000_000
    assert any("together may cost $0.13" in remark.message for remark in simulation.remarks)


def test_a_simulated_run_has_children_too(place):
    (place / "flow.yaml").write_text(head() + "steps: {a: {workflow: child.yaml}}\noutput: 1")
    one, two = (
        simulated({}, seed=3).run(place / "flow.yaml", out=place / name / "bundle")
        for name in ("one", "two")
    )
    assert one.proof_digest == two.proof_digest
    assert workc.verify_bundle(place / "one/bundle", recursive=True).ok


def test_a_contract_counts_what_children_use(place, server):
    (place / "call.yaml").write_text(
        "workc: 1\nname: call\ninputs: {base: {type: string}}\n"
        'steps: {get: {skill: http_call, with: {url: "${inputs.base}/ok"}}}\noutput: 1'
    )
    (place / "flow.yaml").write_text(
        head(cents=0) + "inputs: {base: {type: string}}\nsteps:\n"
        '  a: {workflow: call.yaml, with: {base: "${inputs.base}"}}\n'
        '  b: {workflow: call.yaml, depends_on: [a], with: {base: "${inputs.base}"}}\noutput: 1'
    )
    contract = workc.ResourceContract(
        contract_id="c",
        principal="p",
        budget_cents=0,
        allowed_operations=("http_call",),
        quotas={"http_call": Quota(uses=1)},
    )
    outcome = Runtime(store=place / "store", contract=contract).run(
        place / "flow.yaml", {"base": server.base_url}
    )
    assert {c.step: c.outcome for c in outcome.children} == {"a": "success", "b": "failed"}
    assert outcome.error["details"]["code"] == "QUOTA_EXCEEDED"
    none = workc.ResourceContract(
        contract_id="n", principal="p", budget_cents=0, allowed_operations=("json_transform",)
    )
    outcome = Runtime(contract=none).run(place / "flow.yaml", {"base": server.base_url})
    assert outcome.code == "OPERATION_NOT_ALLOWED"


def test_a_run_with_children_does_not_go_on_under_a_higher_budget(place):
    (place / "flow.yaml").write_text(
        head(cents=5) + "steps:\n  a: {workflow: child.yaml}\n"
        "  b: {workflow: paid.yaml, depends_on: [a]}\noutput: 1"
    )
    runtime = stubbed(place)
    outcome = runtime.run(place / "flow.yaml")
    assert outcome.code == "BUDGET_EXCEEDED"
    again = runtime.resume(outcome.run_id, budget_cents=50)
    assert again.code == "INVALID_INPUT"
    assert "started other runs" in again.message
    alone = runtime.resume(outcome.children[0].run_id, budget_cents=50)
    assert "is a child" in alone.message


def test_the_secrets_of_children_are_kept_out_of_all_bundles(place):
    secret = "-".join(["very", "secret", "value", "4711"])
    (place / "call.yaml").write_text(
        "workc: 1\nname: call\nsecrets: [TOKEN]\ninputs: {base: {type: string}}\n"
        'steps: {get: {skill: http_call, with: {url: "${inputs.base}/echo", '
        'headers: {x-token: "${secrets.TOKEN}"}}}}\noutput: "${steps.get.body}"'
    )
    (place / "flow.yaml").write_text(
        head(cents=0) + "inputs: {base: {type: string}}\n"
        'steps: {a: {workflow: call.yaml, with: {base: "${inputs.base}"}}}\noutput: "${steps.a}"'
    )
    settings = Settings(store=place / "store", environment={"TOKEN": secret})
    with LoopbackServer({"/echo": Reply(body=f"it is {secret}".encode())}) as echo:
        outcome = Runtime(settings=settings).run(place / "flow.yaml", {"base": echo.base_url})
        assert outcome.output is not None
    assert outcome.children[0].outcome == "success"
    for path in (place / "store").rglob("*"):
        assert not path.is_file() or secret.encode() not in path.read_bytes(), path
    unset = Runtime(settings=Settings(environment={}))
    assert unset.run(place / "flow.yaml", {"base": "http://127.0.0.1:1"}).code == "UNAUTHORIZED"


def test_what_a_guard_sees_in_a_child_is_noted(place):
    (place / "mine.py").write_text(
        "import time\nimport workc\n@workc.skill(pure=True)\ndef late(x: int) -> int:\n"
        "    time.time()\n    return x\n"
    )
    (place / "own.yaml").write_text(
        "workc: 1\nname: own\nskills: [mine.py]\nsteps: {s: {skill: late, with: {x: 1}}}\noutput: 1"
    )
    outcome = run(place, head() + "steps: {a: {workflow: own.yaml}}\noutput: 1", guard="warn")
    assert [note.partition(":")[0] for note in outcome.notes] == ["a"]
    refused = run(place, head() + "steps: {a: {workflow: own.yaml}}\noutput: 1", guard="refuse")
    assert refused.error["details"]["code"] == "NONDETERMINISTIC"
    proven(refused, place)


def test_a_disk_that_fails_under_a_child_stops_the_run_which_resumes(place, monkeypatch):
    (place / "flow.yaml").write_text(
        head()
        + 'steps:\n  a: {workflow: child.yaml}\n  b: {workflow: child.yaml}\noutput: "${steps.a}"'
    )
    commit, count = RunWriter.commit, []

    def failing(self, *, effect):
        count.extend(["of a child"] if "." in self.path.name else [])
        if "." in self.path.name and len(count) > 2:
            raise OSError(28, "No space left on device")
        commit(self, effect=effect)

    with monkeypatch.context() as patched:
        patched.setattr(RunWriter, "commit", failing)
        outcome = Runtime(store=place / "store").run(place / "flow.yaml")
    assert (outcome.code, outcome.exit_code) == ("STORE_UNAVAILABLE", 8)
    again = resume(Store(place / "store"), "last", Settings(environment={}))
    assert (again.code, again.output) == ("OK", {"n": 1})
    assert len(Store(place / "store").family(again.run_id)) == 2
    proven(again, place)


def interrupted(runtime, flow, inputs, *, at):
    """Runs until a record of parent or child is one of ``at``, then stops all as Ctrl-C does."""
    drivers = []

    def watch(entry):
        if at(entry):
            drivers[0].interrupt()

    job = runtime.prepare(flow, inputs)
    with pytest.raises(Interrupted):
        runtime.start(
            job,
            watch=watch,
            watch_child=lambda _, entry: watch(entry),
            on_driver=drivers.append,
        )


def halted_at_work(place, server):
    """Interrupts a run when its budget has refused a step, and another step's child is at work."""
    runtime, inputs = slow(
        place,
        server,
        f'  a: {{workflow: slow.yaml, with: {{base: "${{inputs.base}}"}}}}\n{PAID_AFTER}',
    )
    interrupted(
        runtime,
        place / "flow.yaml",
        inputs,
        at=lambda entry: entry.kind == "BudgetReserved" and not entry.payload.granted,
    )


def test_a_child_that_had_begun_when_its_parent_was_halted_ends_in_lock_after_a_crash(
    place, server
):
    halted_at_work(place, server)
    outcome = resume(Store(place / "store"), "last", Settings(environment={}))
    assert (outcome.status, outcome.code) == ("failure", "BUDGET_EXCEEDED")
    assert {c.step: c.outcome for c in outcome.children} == {"a": "failed", "b": "success"}
    proven(outcome, place)


def test_a_child_that_had_not_begun_when_its_parent_was_halted_never_begins(place, server):
    halted_at_work(place, server)
    # As a crash leaves it that comes after a child was named, and before anything of it was written.
    children = (place / "store/runs").glob("*/children/*")
    [begun] = [each for each in children if '"slow"' in (each / "journal.jsonl").read_text()]
    shutil.rmtree(begun)
    outcome = resume(Store(place / "store"), "last", Settings(environment={}))
    assert (outcome.status, outcome.code) == ("failure", "BUDGET_EXCEEDED")
    assert {c.step: c.outcome for c in outcome.children} == {"a": None, "b": "success"}
    assert not (begun / "bundle").exists()
    proven(outcome, place)


def test_a_child_that_had_ended_before_a_crash_is_not_run_again(place):
    (place / "flow.yaml").write_text(
        head() + 'steps: {a: {workflow: child.yaml}}\noutput: "${steps.a.n}"'
    )
    runtime = Runtime(store=place / "store")
    interrupted(runtime, place / "flow.yaml", {}, at=lambda entry: entry.kind == "WorkEnded")
    (child,) = (place / "store/runs").glob("*/children/*")
    before = (child / "journal.jsonl").read_bytes()
    outcome = resume(Store(place / "store"), "last", Settings(environment={}))
    assert (outcome.code, outcome.output) == ("OK", 1)
    assert (child / "journal.jsonl").read_bytes().startswith(before)
    again = resume(Store(place / "store"), outcome.run_id, Settings(environment={}))
    assert again.children == outcome.children
    proven(outcome, place)


def test_a_child_that_was_sealed_but_not_joined_is_taken_as_it_is(place):
    outcome = run(place, head() + 'steps: {a: {workflow: child.yaml}}\noutput: "${steps.a.n}"')
    folder = place / "store/runs" / outcome.run_id
    (child,) = folder.glob("children/*")
    sealed = (child / "bundle/receipt.json").read_bytes()
    lines = (folder / "journal.jsonl").read_bytes().splitlines(keepends=True)
    joined = next(n for n, line in enumerate(lines) if b'"ChildJoined"' in line)
    # As a crash leaves it that comes right before the child's end is written down.
    (folder / "journal.jsonl").write_bytes(b"".join(lines[:joined]))
    (folder / "bundle").rename(folder / "gone")
    again = resume(Store(place / "store"), outcome.run_id, Settings(environment={}))
    assert (again.code, again.output) == ("OK", 1)
    assert (child / "bundle/receipt.json").read_bytes() == sealed
    assert again.children == outcome.children
    proven(again, place)


def test_a_run_that_goes_back_starts_other_children(place):
    text = head() + (
        'max_backtracks: 1\nsteps: {a: {workflow: child.yaml, with: {n: "${feedback.pass}"}}}\n'
        'verify: [{id: second, that: "output == `2`", on_fail: Act}]\noutput: "${steps.a.n}"'
    )
    outcome = run(place, text)
    assert (outcome.status, outcome.output) == ("success", 2)
    assert len({child.run_id for child in outcome.children}) == 2
    proven(outcome, place)
