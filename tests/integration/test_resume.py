"""A run that stopped goes on: interrupted, in doubt, locked, torn, damaged."""

import json
import shutil
import threading

import pytest

import workc
from workc import Runtime
from workc.adapters.driver import Interrupted
from workc.adapters.run_folder import RunWriter
from workc.api.replay import replay
from workc.api.resume import resume
from workc.api.settings import Settings
from workc.api.store import Store
from workc.stages.effects import HttpRequest
from workc.testkit.servers import LoopbackServer, Reply


def settings():
    return Settings(environment={}, ceiling_micro_cents=10**6)


def stop_at(kind, count=1):
    """Returns a watcher and a taker of drivers: they interrupt at the count-th record of a kind."""
    drivers = []
    seen = [0]

    def watch(entry):
        seen[0] += entry.kind == kind
        if seen[0] == count:
            drivers[0].interrupt()

    return {"watch": watch, "on_driver": drivers.append}


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "store")


def begin(store, workflow, inputs=None, **stop):
    runtime = Runtime(store=store.path, budget_cents=1)
    with pytest.raises(Interrupted):
        runtime.run(workflow, inputs, **stop)


def kinds(store):
    return [json.loads(line)["kind"] for line in store.find("last").lines()]


def test_an_interrupted_run_can_be_resumed_and_gives_what_it_would_have_given(store, flows, proven):
    begin(store, flows.succeeds, {"n": 4}, **stop_at("SkillExecuted", 2))
    assert "Locked" not in kinds(store)
    outcome = resume(store, "last", settings(), workflow=flows.succeeds)
    assert outcome.output == {"values": [0, 2, 4, 6], "more": 10}
    proven(outcome.bundle, workflow=flows.succeeds)


@pytest.mark.parametrize(
    "name", ["empty", "succeeds", "fails", "times_out", "halted", "large", "derives"]
)
def test_a_finished_run_is_told_again_and_nothing_is_done(store, flows, tmp_path, name):
    inputs = {"n": 2} if name == "succeeds" else None
    given = Runtime(store=store.path, budget_cents=1).run(getattr(flows, name), inputs)
    folder = store.find("last")
    before = (folder.path / "journal.jsonl").read_bytes()
    assert resume(store, "last", settings()) == given
    assert (folder.path / "journal.jsonl").read_bytes() == before
    again = resume(store, "last", settings(), out=tmp_path / "again")
    assert again.bundle == str(tmp_path / "again")
    assert workc.verify_bundle(again.bundle).proof_digest == given.proof_digest


CHECKED = """
workc: 1
name: checked
steps:
  one: {skill: json_transform, with: {data: [1], expression: "[0]"}}
  two: {skill: json_transform, with: {data: "x", expression: "abs(@)"}}
verify:
  - {id: low, level: Semantic, that: "steps.one.result < `2`"}
  - {id: high, level: Semantic, that: "steps.one.result > `2`"}
output: "${steps.one}"
"""


@pytest.mark.parametrize("checks", [CHECKED, CHECKED.replace(" > `2`", " > `0`")])
def test_a_finished_run_that_failed_its_checks_or_a_step_is_told_again(store, tmp_path, checks):
    (tmp_path / "checked.yaml").write_text(checks)
    given = Runtime(store=store.path).run(tmp_path / "checked.yaml")
    assert given.code in {"VERIFICATION_FAILED", "TRANSFORM_FAILED"}
    assert resume(store, "last", settings()) == given


def test_a_finished_run_whose_folder_was_damaged_says_so(store, flows):
    Runtime(store=store.path).run(flows.empty)
    folder = store.find("last").path
    receipt = (folder / "bundle" / "receipt.json").read_bytes()
    (folder / "bundle" / "receipt.json").write_bytes(receipt[:-1])
    assert resume(store, "last", settings()).code == "STORE_UNAVAILABLE"
    lines = (folder / "journal.jsonl").read_bytes().splitlines(keepends=True)
    (folder / "journal.jsonl").write_bytes(b"".join(lines[:-1]))
    assert resume(store, "last", settings()).code == "JOURNAL_CORRUPT"


def test_an_unknown_run_is_refused(store, flows):
    assert resume(store, "nothing", settings()).code == "INVALID_INPUT"


def test_answers_that_came_before_the_interruption_are_kept(store, flows):
    """The answer and the interruption are in the queue together; the answer must not be lost."""
    stop = {}
    with LoopbackServer({"/": Reply(status=200)}) as server:
        drivers = []

        def watch(entry):
            if entry.kind == "EffectAsked":
                threading.Timer(0, lambda: None)
                drivers[0].interrupt()

        stop = {"watch": watch, "on_driver": drivers.append}
        begin(store, flows.retried, {"url": server.base_url + "/"}, **stop)
        before = kinds(store)
        outcome = resume(store, "last", settings(), workflow=flows.retried)
        if "EffectAnswered" in before:
            assert outcome.ok
            assert len(server.requests) == 1


def crash_after(store, kind, count=1):
    """Cuts the journal of the newest run behind the count-th record of a kind and unseals it."""
    folder = store.find("last")
    lines = [*folder.lines()]
    at = [i for i, line in enumerate(lines) if json.loads(line)["kind"] == kind][count - 1]
    (folder.path / "journal.jsonl").write_bytes(b"\n".join(lines[: at + 1]) + b"\n")

    shutil.rmtree(folder.bundle)


@workc.skill(effects=("Network",), name="ask")
async def ask(ctx: workc.Context, url: str, methods: list[str]) -> list[int]:
    found = []
    for method in methods:
        response = await ctx.http(
            HttpRequest(method=method, url=url, body=b"" if method == "POST" else None)
        )
        found.append(response.status)
    return found


@workc.skill(effects=("Network",), name="ask_safely", idempotent=True)
async def ask_safely(ctx: workc.Context, url: str, methods: list[str]) -> list[int]:
    return await ask.function(ctx, url, methods)


@workc.workflow
async def asks(ctx, skill: str, url: str, methods: list[str]):
    return await ctx.call(skill, url=url, methods=methods)


def doubted(store, skill, methods, answers_before):
    with LoopbackServer({"/": Reply()}) as server:
        inputs = {"skill": skill, "url": server.base_url + "/", "methods": methods}
        assert Runtime(store=store.path).run(asks, inputs).ok
        crash_after(store, "EffectAsked", answers_before + 1)
        server.requests.clear()
        outcome = resume(store, "last", settings(), workflow=asks)
        return outcome, [request.method for request in server.requests]


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "OPTIONS"])
def test_an_idempotent_request_in_doubt_is_made_again(store, method, proven):
    outcome, requests = doubted(store, "ask", [method], 0)
    assert outcome.ok
    assert requests == [method]
    assert outcome.attempts == 2, "the attempt in doubt is recorded and visible"
    assert "RetryScheduled" in kinds(store)
    proven(outcome.bundle, workflow=asks)


@pytest.mark.parametrize(
    ("methods", "answered"), [(["POST"], 0), (["PATCH"], 0), (["POST", "GET"], 1)]
)
def test_what_is_not_idempotent_is_never_made_again(store, methods, answered, proven):
    outcome, requests = doubted(store, "ask", methods, answered)
    assert outcome.code == "IN_DOUBT"
    assert requests == []
    proven(outcome.bundle, workflow=asks)


def test_a_skill_that_says_it_is_idempotent_is_tried_again(store):
    outcome, requests = doubted(store, "ask_safely", ["POST"], 0)
    assert outcome.ok
    assert requests == ["POST"]


def cut_behind_last(store, kind):
    folder = store.find("last")
    lines = [*folder.lines()]
    while json.loads(lines[-1])["kind"] != kind:
        lines.pop()
    (folder.path / "journal.jsonl").write_bytes(b"\n".join(lines) + b"\n")


def test_a_step_in_doubt_again_and_again_is_tried_three_times(store):
    with LoopbackServer({"/": Reply()}) as server:
        inputs = {"skill": "ask", "url": server.base_url + "/", "methods": ["GET"]}
        assert Runtime(store=store.path).run(asks, inputs).ok
        crash_after(store, "EffectAsked")
        for _ in range(2):
            stop = stop_at("EffectAsked")
            with pytest.raises(Interrupted):
                resume(store, "last", settings(), workflow=asks, **stop)
            cut_behind_last(store, "EffectAsked")
        outcome = resume(store, "last", settings(), workflow=asks)
    assert (outcome.code, outcome.attempts) == ("IN_DOUBT", 3)


@workc.skill(name="paying", effects=("Cost", "Network"))
async def paying(ctx: workc.Context, url: str) -> int:
    grant = await ctx.reserve(700)
    response = await ctx.http(HttpRequest(method="POST", url=url, body=b""))
    await ctx.settle(grant, 100, "usage")
    return response.status


@workc.workflow
async def pays(ctx, url: str):
    return await ctx.call(paying, url=url)


def test_the_reservation_of_a_call_in_doubt_is_settled_at_its_bound(store, proven):
    with LoopbackServer({"/": Reply()}) as server:
        outcome = Runtime(store=store.path, budget_cents=1).run(
            pays, {"url": server.base_url + "/"}
        )
        assert outcome.cost_micro_cents == 100
        crash_after(store, "EffectAsked")
        outcome = resume(store, "last", settings(), workflow=pays)
    assert outcome.code == "IN_DOUBT"
    assert outcome.cost_micro_cents == 700
    proven(outcome.bundle, workflow=pays)


TAKEN_OVER = """
workc: 1
name: taken
inputs: {base: {type: string}}
steps:
  first: {skill: http_call, with: {url: "${inputs.base}/first"}}
  then: {skill: http_call, depends_on: [first], with: {url: "${inputs.base}/then"}}
output: done
"""


def test_a_writer_whose_lease_another_process_took_does_nothing_more(store, tmp_path):
    (tmp_path / "taken.yaml").write_text(TAKEN_OVER)

    def take_over(entry):
        if entry.kind == "EffectAnswered":
            # As a second process does that does not see the lock of the first.
            folder = store.find("last").path
            (folder / "lock").unlink()
            RunWriter(folder, "flush").close()

    with LoopbackServer({"/first": Reply(), "/then": Reply()}) as server:
        runtime = Runtime(store=store.path)
        job = runtime.prepare(tmp_path / "taken.yaml", {"base": server.base_url})
        outcome = runtime.start(job, watch=take_over)
        assert [request.path for request in server.requests] == ["/first"]
        assert outcome.code == "RUN_LOCKED"
        assert kinds(store)[-1] == "EffectAsked"
        outcome = resume(store, "last", settings())
        assert [request.path for request in server.requests] == ["/first", "/first", "/then"]
    assert outcome.ok


def test_a_second_writer_is_refused_and_told_who_writes(store, flows):
    begin(store, flows.succeeds, {"n": 2}, **stop_at("SkillExecuted"))
    folder = store.find("last")
    writer = RunWriter(folder.path, "flush")
    try:
        outcome = resume(store, "last", settings(), workflow=flows.succeeds)
        assert outcome.code == "RUN_LOCKED"
        assert "process" in outcome.message
        assert store.summaries()[0].status == "running"
    finally:
        writer.close()
    assert store.summaries()[0].status == "interrupted"
    assert resume(store, "last", settings(), workflow=flows.succeeds).ok


def test_a_torn_last_line_is_cut_and_reported(store, flows):
    begin(store, flows.succeeds, {"n": 2}, **stop_at("SkillExecuted"))
    with (store.find("last").path / "journal.jsonl").open("ab") as file:
        file.write(b'{"at":[4,')
    outcome = resume(store, "last", settings(), workflow=flows.succeeds)
    assert outcome.ok
    assert "a torn last line of 9 bytes" in outcome.message


@pytest.mark.parametrize("line", [1, 3, 4])
def test_a_damaged_line_in_the_middle_is_named(store, flows, line):
    begin(store, flows.succeeds, {"n": 2}, **stop_at("SkillExecuted"))
    path = store.find("last").path / "journal.jsonl"
    lines = path.read_bytes().split(b"\n")
    lines[line - 1] = lines[line - 1].replace(b'"at":[', b'"at":[1', 1)
    path.write_bytes(b"\n".join(lines))
    before = path.read_bytes()
    outcome = resume(store, "last", settings(), workflow=flows.succeeds)
    assert outcome.code == "JOURNAL_CORRUPT"
    assert outcome.error["details"]["line"] in {line, line + 1}
    assert path.read_bytes() == before, "a damaged journal stays as it is"


def test_a_last_line_at_a_place_where_nothing_is_asked_is_named(store, flows):
    begin(store, flows.succeeds, {"n": 2}, **stop_at("SkillExecuted"))
    path = store.find("last").path / "journal.jsonl"
    lines = path.read_bytes().split(b"\n")
    lines[-2] = lines[-2].replace(b'"at":[', b'"at":[1', 1)
    path.write_bytes(b"\n".join(lines))
    assert resume(store, "last", settings(), workflow=flows.succeeds).code == "CAPTURE_UNUSED"
    assert not store.find("last").bundle.exists()


def test_changed_code_is_named_and_nothing_runs(store, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sub").mkdir()
    path = tmp_path / "sub" / "flow.py"
    text = (
        "import workc\n@workc.skill(pure=True)\ndef add(x: int) -> int:\n    return x + 1\n"
        "@workc.workflow\nasync def main(ctx):\n"
        "    return [await ctx.call(add, x=i) for i in range(3)]\n"
    )
    path.write_text(text)
    begin(store, "sub/flow.py:main", **stop_at("SkillExecuted"))
    path.write_text(text.replace("x + 1", "x + 2"))
    before = kinds(store)
    assert resume(store, "last", settings()).code == "CODE_CHANGED"
    assert kinds(store) == before
    path.write_text(text)
    outcome = resume(store, "last", settings())
    assert outcome.output == [1, 2, 3], "a function in a sub-folder is found again"
    assert replay(outcome.bundle, code=tmp_path / "sub").identical


def test_a_file_that_a_record_names_is_checked_when_it_is_read_again(store, flows):
    begin(store, flows.large, **stop_at("SkillExecuted", 1))
    folder = store.find("last").path
    (path,) = [p for p in (folder / "files" / "evidence").iterdir() if p.stat().st_size > 100_000]
    path.write_bytes(path.read_bytes()[:-1] + b"!")
    assert resume(store, "last", settings(), workflow=flows.large).code == "CAPTURE_EDITED"
    path.unlink()
    assert resume(store, "last", settings(), workflow=flows.large).code == "CAPTURE_MISSING"


def test_failure_then_resume_of_a_budget_halt_keeps_the_halt(store, flows, proven):
    begin(store, flows.halted, **stop_at("TimerSet", 1))
    outcome = resume(store, "last", settings(), workflow=flows.halted)
    assert outcome.code == "BUDGET_EXCEEDED"
    proven(outcome.bundle, workflow=flows.halted)


def test_times_never_go_back_across_a_resume(store, flows):
    begin(store, flows.derives, **stop_at("TimerFired", 1))
    outcome = resume(store, "last", settings(), workflow=flows.derives)
    times = [json.loads(line).get("at_ms") for line in store.find("last").lines()]
    times = [time for time in times if time is not None]
    assert times == sorted(times)
    assert outcome.ok
