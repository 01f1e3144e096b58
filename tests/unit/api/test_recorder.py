"""ReplayRecorder: the first run asks the world, later ones do not, and a recording is a bundle."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

import workc
from workc import Misuse, Refusal, ReplayRecorder, Runtime
from workc.runtime.workflow.model import RetrySpec
from workc.testkit.provider import Provider
from workc.testkit.servers import LoopbackServer, Reply

CALLS = []


@workc.skill
def dice(sides: int) -> int:
    """Has effects that nobody knows of."""
    CALLS.append(sides)
    return len(CALLS)


@workc.workflow(skills=[dice])
async def fetch(ctx, base: str, paths: list[str]) -> list[object]:
    """Fetches pages one after the other and throws a dice."""
    found: list[object] = [await ctx.call(dice, sides=6)]
    for path in paths:
        answer = await ctx.call("http_call", url=base + path, accept_status=[404])
        found.append(answer["body"])
    return found


@pytest.fixture
def server():
    with LoopbackServer({"/a": Reply(body=b"a"), "/b": Reply(body=b"b")}) as running:
        yield running


def inputs(server, *paths):
    return {"base": server.base_url, "paths": list(paths)}


def test_the_first_run_asks_and_the_next_ones_do_not(server):
    recorder = ReplayRecorder()
    assert (recorder.bundle, recorder.events) == (None, ())
    runtime = Runtime(recorder=recorder)
    first = runtime.run(fetch, inputs(server, "/a", "/b", "/a"))
    server.replies["/a"] = Reply(body=b"changed")
    asked, thrown = len(server.requests), len(CALLS)
    for _ in range(2):
        again = runtime.run(fetch, inputs(server, "/a", "/b", "/a"))
        assert again.output == first.output
        assert [effect.by for effect in again.side_effects] == ["recording"] * 3
    assert (len(server.requests), len(CALLS)) == (asked, thrown) == (3, thrown)
    assert recorder.events[0]["kind"] == "RunStarted"
    assert recorder.replay(workflow=fetch).identical


def test_other_code_may_ask_the_same_in_another_order_but_nothing_new(server):
    recorder = ReplayRecorder()
    runtime = Runtime(recorder=recorder)
    runtime.run(fetch, inputs(server, "/a", "/b"))
    assert runtime.run(fetch, inputs(server, "/b", "/a")).output[1:] == ["b", "a"]
    assert runtime.run(fetch, inputs(server, "/b")).ok
    for paths in (["/c"], ["/a", "/a"]):
        outcome = runtime.run(fetch, inputs(server, *paths))
        assert outcome.code == "CAPTURE_MISSING"
        assert f"GET {server.base_url}{paths[0]}" in outcome.message
    assert len(server.requests) == 2


def test_a_miss_says_what_it_is_most_like_and_where_it_differs(server):
    recorder = ReplayRecorder()
    runtime = Runtime(recorder=recorder)
    with Provider() as provider:
        asked = {"base_url": provider.openai_url, "model": "gpt-5-mini", "max_tokens": 9}
        runtime = Runtime(recorder=recorder, budget_cents=1, allow_private=True)
        environment = {**runtime.settings.environment, "OPENAI_API_KEY": "test-key-0000"}
        runtime.settings = replace(runtime.settings, environment=environment)
        assert runtime.execute("llm_invoke", {**asked, "prompt": "Name a fish."}).ok
        missed = runtime.execute("llm_invoke", {**asked, "prompt": "Name a bird."})
    assert missed.code == "CAPTURE_MISSING"
    assert "nearest: POST openai/chat/completions" in missed.message
    assert "/body/messages/0/content" in missed.message
    assert 'recorded "Name a fish.", now "Name a bird."' in missed.message


def test_a_request_that_was_made_once_too_often_has_no_difference(server):
    runtime = Runtime(recorder=ReplayRecorder())
    runtime.run(fetch, inputs(server, "/a"))
    missed = runtime.run(fetch, inputs(server, "/a", "/a"))
    assert missed.message.endswith("was not recorded, or not so often")
    assert missed.error["details"]["pointer"] == ""


def test_a_recorder_says_what_the_last_run_did_not_ask_for(server):
    recorder = ReplayRecorder()
    runtime = Runtime(recorder=recorder)
    runtime.run(fetch, inputs(server, "/a", "/b"))
    assert recorder.unused == ()
    runtime.run(fetch, inputs(server, "/b"))
    assert recorder.unused == (f"GET {server.base_url}/a",)
    runtime.run(fetch, inputs(server, "/a", "/b"))
    assert recorder.unused == ()


def test_a_function_that_was_not_recorded_is_not_called(server):
    recorder = ReplayRecorder()
    runtime = Runtime(recorder=recorder)
    runtime.run(fetch, inputs(server))
    thrown = len(CALLS)
    assert runtime.execute(dice, {"sides": 6}).code == "CAPTURE_MISSING"
    assert len(CALLS) == thrown


def test_failures_and_posts_are_played_back_too(server):
    @workc.skill
    def breaks() -> int:
        """Fails."""
        raise ValueError("broken")

    @workc.workflow(skills=[breaks])
    async def failing(ctx, base: str) -> object:
        """Fails twice and catches it."""
        codes = []
        for call in (
            ctx.call(breaks),
            ctx.call("http_call", url=base + "/none", method="POST", json={"a": 1}),
            ctx.call("http_call", url="http://127.0.0.1:1/", retry=retry),
        ):
            try:
                await call
            except workc.StepFailed as failed:
                codes.append(failed.failure.code)
        return codes

    retry = RetrySpec(max_attempts=1)
    runtime = Runtime(recorder=ReplayRecorder())
    first, second = (runtime.run(failing, {"base": server.base_url}) for _ in range(2))
    assert first.output == ["SKILL_FAILED", "NOT_FOUND", "CONNECTION_REFUSED"]
    assert second.output == first.output
    assert len(server.requests) == 1


def test_a_model_is_played_back_in_its_chunks():
    runtime = Runtime(recorder=ReplayRecorder(), budget_cents=5)
    with Provider() as provider:
        params = {
            "model": "gpt-5-mini",
            "prompt": "hi",
            "max_tokens": 20,
            "base_url": provider.openai_url,
            "api_key_env": "",
            "stream": True,
        }
        first = runtime.execute("llm_invoke", params)
    second = runtime.execute("llm_invoke", params)
    assert second.output == first.output
    assert second.cost_micro_cents == first.cost_micro_cents > 0


@pytest.mark.parametrize("name", ["recording", "recording.workc"])
def test_a_recording_is_kept_and_found_again(name, server, tmp_path):
    path = tmp_path / name
    Runtime(recorder=ReplayRecorder(path)).run(fetch, inputs(server, "/a"))
    assert workc.verify_bundle(path).ok
    again = Runtime(recorder=ReplayRecorder(path)).run(
        fetch, inputs(server, "/a"), out=tmp_path / "b"
    )
    assert (again.output[1:], len(server.requests)) == (["a"], 1)
    assert workc.verify_bundle(tmp_path / "b").ok
    assert workc.replay(tmp_path / "b", workflow=fetch).identical


@pytest.mark.parametrize("name", ["saved", "saved.workc"])
def test_a_recording_can_be_saved_loaded_and_cleared(name, server, tmp_path):
    recorder = ReplayRecorder()
    runtime = Runtime(recorder=recorder)
    runtime.run(fetch, inputs(server, "/a"))
    recorder.save(tmp_path / name)
    with pytest.raises(FileExistsError):
        recorder.save(tmp_path / name)
    recorder.clear()
    runtime.run(fetch, inputs(server, "/b"))
    recorder.load(tmp_path / name)
    assert runtime.run(fetch, inputs(server, "/a")).output[1:] == ["a"]
    other = ReplayRecorder()
    other.load(recorder.bundle)
    assert other.bundle == recorder.bundle
    assert len(server.requests) == 2


def test_any_bundle_is_a_recording(server, tmp_path):
    first = Runtime().run(fetch, inputs(server, "/a"), out=tmp_path / "b")
    runtime = Runtime(recorder=ReplayRecorder(tmp_path / "b"))
    assert runtime.run(fetch, inputs(server, "/a")).output == first.output
    assert len(server.requests) == 1


def test_nothing_can_be_made_of_nothing(tmp_path):
    with pytest.raises(Misuse, match="nothing has been recorded"):
        ReplayRecorder().save(tmp_path / "x")
    with pytest.raises(Misuse, match="nothing has been recorded"):
        ReplayRecorder().replay()
    with pytest.raises(FileNotFoundError):
        ReplayRecorder().load(tmp_path / "none")


def test_a_recording_that_was_edited_is_refused(server, tmp_path):
    Runtime().run(fetch, inputs(server, "/a"), out=tmp_path / "b")
    file = tmp_path / "b/events.jsonl"
    file.write_bytes(file.read_bytes().replace(b'"a"', b'"z"'))
    with pytest.raises(Refusal) as caught:
        ReplayRecorder(tmp_path / "b")
    assert caught.value.failure.code == "CAPTURE_EDITED"


def test_a_bundle_of_the_older_format_is_none(tmp_path):
    golden = Path(__file__).parents[2] / "golden/v0.1/basic_success/bundle"
    shutil.copytree(golden, tmp_path / "b")
    with pytest.raises(Refusal, match=r"a recording is a bundle of format 0\.2"):
        ReplayRecorder(tmp_path / "b")


def test_a_path_that_is_taken_meanwhile_is_an_outcome_and_the_run_is_told(server, tmp_path):
    recorder = ReplayRecorder(tmp_path / "r")
    (tmp_path / "r").mkdir()
    (tmp_path / "r/other").write_text("x")
    outcome = Runtime(recorder=recorder).run(fetch, inputs(server, "/a"))
    assert (outcome.code, outcome.output[1:]) == ("STORE_UNAVAILABLE", ["a"])
