"""Steps that a human lets begin: the run pauses, is decided on, and goes on to its lock."""

import json
import threading

import pytest

import workc
from workc import Runtime
from workc.adapters.run_folder import RunWriter
from workc.api.approvals import decide
from workc.api.resume import resume
from workc.api.settings import Settings
from workc.api.simulation import simulated
from workc.api.store import Store
from workc.runtime.workflow.model import ApprovalSpec
from workc.testkit.servers import LoopbackServer, Reply

FLOW = """
workc: 1
name: release
inputs: {base: {type: string}}
steps:
  build: {skill: json_transform, with: {data: [7], expression: "[0]"}}
  deploy:
    skill: http_call
    with: {method: POST, url: "${inputs.base}/deploy"}
    approval: {question: "Deploy build ${steps.build.result}?"%s}
  tell: {skill: http_call, depends_on: [deploy], with: {url: "${inputs.base}/tell"}}
  other: {skill: http_call, with: {url: "${inputs.base}/other"}}
output: {deployed: "${steps.build.result}"}
"""


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "store")


@pytest.fixture
def server():
    with LoopbackServer({"/deploy": Reply(), "/tell": Reply(), "/other": Reply()}) as server:
        yield server


class Clock:
    """A clock that stands where it is put."""

    def __init__(self, now):
        self.now = now

    def __call__(self, floor):
        return self

    def now_ms(self):
        return self.now


def settings(clock=None):
    return Settings(environment={}, **({"clock": clock} if clock else {}))


def begin(tmp_path, store, server, more="", clock=None):
    (tmp_path / "release.yaml").write_text(FLOW % more)
    using = Settings(store=store.path, **({"clock": clock} if clock else {}))
    return Runtime(settings=using).run(tmp_path / "release.yaml", {"base": server.base_url})


def asked(server):
    return sorted(request.path for request in server.requests)


def test_a_run_pauses_before_the_step_and_the_other_lanes_finish(tmp_path, store, server):
    outcome = begin(tmp_path, store, server)
    assert (outcome.status, outcome.code, outcome.exit_code) == ("paused", "APPROVAL_PENDING", 7)
    assert asked(server) == ["/other"]
    [waiting] = outcome.error["details"]["waiting"]
    assert (waiting["step"], waiting["question"]) == ("deploy", "Deploy build 7?")
    assert waiting["deadline_ms"] is None
    assert store.summaries()[0].status == "paused"
    assert outcome.bundle is None


def test_an_approved_step_runs_when_the_run_is_resumed(tmp_path, store, server, proven):
    begin(tmp_path, store, server)
    decided = decide(store, "last", "approved", by="ann", note="go", step="deploy")
    assert (decided.step, decided.open, asked(server)) == ("deploy", 0, ["/other"])
    outcome = resume(store, "last", settings())
    assert (outcome.status, outcome.output) == ("success", {"deployed": 7})
    assert asked(server) == ["/deploy", "/other", "/tell"]
    proven(outcome.bundle)
    receipt = json.loads((store.find("last").bundle / "receipt.json").read_bytes())
    assert receipt["gates"] == [
        {"gate": "approval", "kind": "human", "passed": True, "step": "deploy", "when": "pre_step"}
    ]


@pytest.mark.parametrize(("note", "said"), [("not on a Friday", ": not on a Friday"), ("", "")])
def test_a_denied_step_is_skipped_and_the_run_reaches_its_lock(
    tmp_path, store, server, proven, note, said
):
    begin(tmp_path, store, server)
    decide(store, "last", "denied", by="bob", note=note)
    outcome = resume(store, "last", settings())
    assert (outcome.status, outcome.code, outcome.step) == ("partial", "APPROVAL_DENIED", "deploy")
    assert outcome.exit_code == 1
    assert outcome.error["message"] == f"bob did not approve{said}"
    assert outcome.error["details"] == {"by": "bob", "note": note}
    assert asked(server) == ["/other"]
    proven(outcome.bundle)


def test_nobody_in_time_is_a_timeout_and_reaches_its_lock(tmp_path, store, server, proven):
    clock = Clock(1_000_000)
    assert begin(tmp_path, store, server, ", timeout_ms: 5000", clock).status == "paused"
    clock.now += 4_999
    assert resume(store, "last", settings(clock)).status == "paused"
    clock.now += 1
    with pytest.raises(workc.Refusal, match="is over"):
        decide(store, "last", "approved", by="ann", settings=settings(clock))
    outcome = resume(store, "last", settings(clock))
    assert (outcome.status, outcome.code) == ("partial", "APPROVAL_TIMEOUT")
    assert asked(server) == ["/other"]
    proven(outcome.bundle)


def test_a_time_that_is_over_while_another_lane_works_needs_no_pause(tmp_path, store, server):
    outcome = begin(tmp_path, store, server, ", timeout_ms: 0")
    assert (outcome.status, outcome.code) == ("partial", "APPROVAL_TIMEOUT")


def test_resuming_before_anybody_decided_pauses_again_and_does_nothing_twice(
    tmp_path, store, server
):
    begin(tmp_path, store, server)
    journal = store.find("last").path / "journal.jsonl"
    before = journal.read_bytes()
    assert resume(store, "last", settings()).status == "paused"
    assert journal.read_bytes() == before
    assert asked(server) == ["/other"]


WRONG = {
    "by": ({"by": ""}, "1 to 256"),
    "long": ({"by": "x" * 257}, "1 to 256"),
    "bidi": ({"by": "a\u202eb"}, "printable"),
    "note": ({"note": "x" * 5000}, "at most 4096"),
    "surrogate": ({"note": "\ud800"}, "UTF-8"),
    "step": ({"step": "build"}, "does not wait"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_decision_that_cannot_be_recorded_is_refused(tmp_path, store, server, case):
    begin(tmp_path, store, server)
    given, message = WRONG[case]
    journal = store.find("last").path / "journal.jsonl"
    before = journal.read_bytes()
    with pytest.raises(workc.Refusal, match=message):
        decide(store, "last", "approved", **{"by": "ann", **given})
    assert journal.read_bytes() == before


def test_a_decision_on_a_run_that_is_written_finished_or_decided_is_refused(
    tmp_path, store, server
):
    begin(tmp_path, store, server)
    writer = RunWriter(store.find("last").path, "flush")
    with pytest.raises(workc.Refusal, match="RUN_LOCKED"):
        decide(store, "last", "approved", by="ann")
    writer.close()
    decide(store, "last", "approved", by="ann")
    assert store.summaries()[0].status == "interrupted"
    with pytest.raises(workc.Refusal, match="no step of the run"):
        decide(store, "last", "denied", by="bob")
    assert resume(store, "last", settings()).ok
    with pytest.raises(workc.Refusal, match="is finished"):
        decide(store, "last", "denied", by="bob")


TWO = (
    FLOW.replace(
        "  other:",
        "  also:\n    skill: json_transform\n    with: {data: 1, expression: '@'}\n    approval: {question: 'And this?'}\n  other:",
    )
    % ""
)


def test_of_several_questions_one_must_be_named(tmp_path, store, server, proven):
    (tmp_path / "two.yaml").write_text(TWO)
    outcome = Runtime(store=store.path).run(tmp_path / "two.yaml", {"base": server.base_url})
    assert [one["step"] for one in outcome.error["details"]["waiting"]] == ["deploy", "also"]
    with pytest.raises(workc.Refusal, match="several steps wait, say which: deploy, also"):
        decide(store, "last", "approved", by="ann")
    assert decide(store, "last", "denied", by="ann", step="also").open == 1
    assert resume(store, "last", settings()).status == "paused"
    decide(store, "last", "approved", by="ann")
    outcome = resume(store, "last", settings())
    assert (outcome.code, outcome.step) == ("APPROVAL_DENIED", "also")
    proven(outcome.bundle)


@workc.skill(pure=True)
def act(x: int) -> int:
    """Acts."""
    return x + 1


@workc.workflow
async def asks(ctx):
    """Asks before it acts, and goes another way if it may not."""
    try:
        return await ctx.call(act, x=1, step="act", approval="Act on ${this}?")
    except workc.StepFailed as error:
        return error.failure.code


@pytest.mark.parametrize(("decision", "output"), [("approved", 2), ("denied", "APPROVAL_DENIED")])
def test_a_function_asks_and_may_go_another_way(store, proven, decision, output):
    outcome = Runtime(store=store.path).run(asks)
    assert outcome.error["details"]["waiting"][0]["question"] == "Act on ${this}?"
    decide(store, "last", decision, by="ann")
    outcome = resume(store, "last", settings(), workflow=asks)
    assert (outcome.ok, outcome.output) == (True, output)
    proven(outcome.bundle, workflow=asks)


@workc.workflow
async def asks_oddly(ctx):
    """Asks in more bytes than a record holds, one of them half a character."""
    return await ctx.call(act, x=1, step="act", approval="\ud800" + "?" * 70_000)


def test_a_question_may_be_long_and_what_is_no_text_in_it_is_replaced(store, proven):
    Runtime(store=store.path).run(asks_oddly)
    decide(store, "last", "approved", by="ann")
    outcome = resume(store, "last", settings(), workflow=asks_oddly)
    [asked] = [
        e for e in proven(outcome.bundle, workflow=asks_oddly) if e["kind"] == "ApprovalAsked"
    ]
    question = store.find("last").bundle / asked["payload"]["question"]["path"]
    assert question.read_text("utf-8") == "?" * 70_001


def test_without_a_store_the_outcome_says_that_the_run_is_lost():
    outcome = Runtime().run(asks)
    assert (outcome.status, "without a store it is lost" in outcome.message) == ("paused", True)


@pytest.mark.parametrize(
    ("approvals", "output"),
    [
        ({"act": "approved"}, 2),
        ({"act": "denied"}, "APPROVAL_DENIED"),
        ({}, "APPROVAL_TIMEOUT"),
    ],
)
def test_a_simulation_is_told_what_humans_decide(tmp_path, approvals, output):
    @workc.workflow
    async def waits(ctx):
        try:
            spec = ApprovalSpec(question="Act?", timeout_ms=86_400_000)
            return await ctx.call(act, x=1, step="act", approval=spec)
        except workc.StepFailed as error:
            return error.failure.code

    outcome = simulated({}, approvals=approvals).run(waits, out=tmp_path / "bundle")
    assert outcome.output == output
    assert (outcome.timings.duration_ms > 86_000_000) == (not approvals)
    assert workc.verify_bundle(tmp_path / "bundle").ok
    assert workc.replay(tmp_path / "bundle", workflow=waits).identical


def test_a_simulation_that_would_wait_for_ever_is_misuse():
    with pytest.raises(workc.Misuse, match="waits for ever"):
        simulated({}).run(asks)


@pytest.mark.parametrize(
    "approval", ["", 3, ApprovalSpec(question=""), ApprovalSpec(question="a", timeout_ms=-1)]
)
def test_what_is_no_question_is_misuse(approval):
    @workc.workflow
    async def wrong(ctx):
        return await ctx.call(act, x=1, approval=approval)

    outcome = Runtime().run(wrong)
    assert outcome.code == "SKILL_FAILED"
    assert "Misuse" in outcome.message


HELD = """
workc: 1
name: held
inputs: {base: {type: string}}
steps:
  slow: {skill: http_call, with: {url: "${inputs.base}/slow"}}
  act:
    skill: json_transform
    with: {data: 1, expression: "@"}
    approval: {question: 'Now?'}
  after: {skill: json_transform, depends_on: [slow], with: {data: 2, expression: "@"}}
output: done
"""


def test_a_run_does_not_pause_while_another_lane_works(tmp_path, store):
    seen = threading.Event()
    (tmp_path / "held.yaml").write_text(HELD)

    def watch(entry):
        if entry.kind == "ApprovalAsked":
            seen.set()

    with LoopbackServer({"/slow": Reply(body=b"late")}) as server:
        answer = server.replies["/slow"]

        class Replies(dict):
            def get(self, path, default=None):
                assert seen.wait(20)
                return answer

        server.replies = Replies(server.replies)
        runtime = Runtime(store=store.path)
        job = runtime.prepare(tmp_path / "held.yaml", {"base": server.base_url})
        assert runtime.start(job, watch=watch).status == "paused"
    kinds = [json.loads(line)["kind"] for line in store.find("last").lines()]
    assert kinds[-1] == "SkillExecuted"
    assert kinds.index("ApprovalAsked") < kinds.index("EffectAnswered")
