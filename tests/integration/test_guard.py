"""The guard of a live run: code that goes around ``ctx`` is noted or refused; nobody else is touched."""

import asyncio
import contextlib
import importlib
import os
import random
import socket
import subprocess
import sys
import threading
import time
from contextlib import nullcontext
from dataclasses import replace

import pytest

import workc
from workc import Misuse, Runtime
from workc.adapters.driver import Interrupted
from workc.adapters.guard import SkillGuard
from workc.adapters.isolation import Watched
from workc.api.resume import resume
from workc.api.settings import Settings
from workc.api.simulation import simulated
from workc.api.store import Store
from workc.runtime.guarding import unguarded
from workc.skills.registry import builtin_skills
from workc.stages.effects import HttpRequest
from workc.testkit.provider import Answer, Fault, Provider
from workc.testkit.servers import LoopbackServer, Reply

WAYS = {
    "clock": time.time,
    "sleep": lambda: time.sleep(0),
    "chance": lambda: random.choice([1]),
    "bytes": lambda: len(os.urandom(1)),
    "environment": lambda: os.environ.get("HOME"),
    "getenv": lambda: os.getenv("HOME"),
    "socket": lambda: socket.socket().close(),
    "process": lambda: subprocess.call(["true"]),
    "thread": lambda: threading.Thread(target=int).start(),
}
CALLED = {
    "clock": "calls time",
    "sleep": "calls sleep",
    "chance": "calls Random.getrandbits",
    "bytes": "calls urandom",
    "environment": "reads os.environ",
    "getenv": "reads os.environ",
    "socket": "reaches outside (socket.__new__)",
    "process": "reaches outside (subprocess.Popen)",
    "thread": "starts a thread",
}


@workc.skill(pure=True)
def plain(way: str) -> int:
    WAYS[way]()
    return 1


@workc.skill(pure=True)
async def later(way: str) -> int:
    await asyncio.sleep(0.001)
    await asyncio.gather(asyncio.sleep(0), _inner(way))
    return 1


async def _inner(way):
    await asyncio.sleep(0)
    WAYS[way]()


@workc.skill(effects=("Network",))
async def within(ctx: workc.Context, way: str) -> int:
    await ctx.sleep_ms(1)
    WAYS[way]()
    return 1


@workc.skill
def opaque(way: str) -> int:
    WAYS[way]()
    return 1


@workc.skill(pure=True)
async def clean(n: int) -> int:
    for _ in range(n):
        await asyncio.sleep(0.001)
    return n


@workc.skill(pure=True)
def sly() -> int:
    with contextlib.suppress(Exception):
        time.time()
    return 1


@workc.skill(pure=True)
def first_import(name: str) -> int:
    return len(importlib.import_module(name).BEGAN)


@workc.workflow
async def itself(ctx: workc.WorkflowContext, way: str) -> object:
    first = [await ctx.call(clean, n=1), await ctx.call(clean, n=2)]
    WAYS[way]()
    return first


@workc.workflow
async def both(ctx: workc.WorkflowContext) -> object:
    return await ctx.gather(
        ctx.call(clean, n=20, step="clean"), ctx.call(later, way="clock", step="reads")
    )


def single(skill):
    async def single(ctx: workc.WorkflowContext, way: str) -> object:
        return await ctx.call(skill, way=way, step="it")

    return workc.workflow(name="single", skills=[skill])(single)


SINGLE = {skill.name: single(skill) for skill in (plain, later, within)}
GUARDED = {**SINGLE, "itself": itself}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", GUARDED)
def test_what_goes_around_ctx_is_refused_and_the_refusal_replays(tmp_path, proven, name, way):
    outcome = Runtime(guard="refuse").run(GUARDED[name], {"way": way}, out=tmp_path / "bundle")
    assert (outcome.status, outcome.code, outcome.notes) == ("failure", "NONDETERMINISTIC", ())
    assert f"the code {CALLED[way]} in line " in outcome.message
    assert "of test_guard.py, which the guard refuses" in outcome.message
    assert outcome.step == (None if name == "itself" else "it")
    proven(tmp_path / "bundle", workflow=GUARDED[name])


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", GUARDED)
def test_a_warning_names_step_call_and_line_and_lets_the_code_go_on(name, way):
    outcome = Runtime(guard="warn").run(GUARDED[name], {"way": way})
    assert outcome.ok, outcome
    assert Runtime().run(GUARDED[name], {"way": way}).notes == ()
    where = "itself" if name == "itself" else "it"
    (note,) = (note for note in outcome.notes if CALLED[way] in note)
    assert note.startswith(f"{where}: the code {CALLED[way]} in line ")
    assert outcome.to_json()["notes"] == list(outcome.notes)


def test_a_warning_changes_no_byte_of_the_bundle(tmp_path):
    for mode in ("off", "warn"):
        runtime = simulated({}, settings=Settings(guard=mode))
        assert runtime.run(SINGLE["within"], {"way": "clock"}, out=tmp_path / mode).ok
    off, warned = (workc.verify_bundle(tmp_path / mode) for mode in ("off", "warn"))
    assert off.proof_digest == warned.proof_digest is not None


@pytest.mark.parametrize("way", WAYS)
def test_a_function_whose_effects_are_unknown_is_free(way):
    for mode in ("warn", "refuse"):
        outcome = Runtime(guard=mode).run(single(opaque), {"way": way})
        assert (outcome.code, outcome.notes) == ("OK", ())


def test_only_the_one_of_two_steps_at_once_is_named():
    outcome = Runtime(guard="warn").run(both)
    assert outcome.ok
    assert len(outcome.notes) == 1
    assert outcome.notes[0].startswith("reads: ")


def test_code_that_swallows_the_refusal_is_refused_all_the_same():
    assert Runtime(guard="refuse").execute(sly, {}).code == "NONDETERMINISTIC"
    assert Runtime(guard="warn").execute(sly, {}).output == 1


def test_what_a_module_does_when_it_is_first_imported_is_not_the_skills(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "begins_now.py").write_text("import time\nBEGAN = [time.time()]\n")
    outcome = Runtime(guard="refuse").execute(
        first_import, {"name": "begins_now"}, out=tmp_path / "bundle"
    )
    assert (outcome.code, outcome.output) == ("OK", 1)
    del sys.modules["begins_now"]
    assert workc.replay(tmp_path / "bundle", skills={"first_import": first_import}).identical


FILE = """
workc: 1
name: all
inputs: {base: {type: string}}
budget: {ceiling_cents: 5}
steps:
  get: {skill: http_call, with: {url: "${inputs.base}/items"}}
  pick: {skill: json_transform, with: {data: "${steps.get.body}", expression: "[0]"}}
  ask:
    skill: llm_invoke
    with: {model: gpt-4o-mini, base_url: "${inputs.base}/v1", max_tokens: 9, prompt: "${steps.pick.result}"}
    retry: {max_attempts: 3, base_delay_ms: 1}
output: "${steps.ask.text}"
"""


@pytest.mark.parametrize("mode", ["warn", "refuse"])
def test_the_runtime_itself_and_its_skills_may_use_clock_and_sockets(tmp_path, proven, mode):
    (tmp_path / "all.yaml").write_text(FILE)
    provider = Provider([Fault(status=503), Answer(text="hello")])
    derived = provider.replies
    items = Reply(body=b'["a"]', headers=(("content-type", "application/json"),))

    class Replies:
        def get(self, path, default=None):
            return items if path == "/items" else derived.get(path, default)

    provider.replies = Replies()
    settings = Settings(
        guard=mode, environment={"OPENAI_API_KEY": "k"}, store=tmp_path / "s", durability="fsync"
    )
    with provider:
        outcome = Runtime(settings=settings).run(
            tmp_path / "all.yaml", {"base": provider.base_url}, out=tmp_path / "bundle"
        )
    assert (outcome.code, outcome.output, outcome.notes) == ("OK", "hello", ())
    proven(tmp_path / "bundle")


@workc.skill(effects=("Network",))
async def fetch(ctx: workc.Context, url: str) -> list[object]:
    answer = await ctx.http(HttpRequest(method="GET", url=url))
    return [answer.status, ctx.now_ms(), ctx.uuid(), ctx.random(), len("x" * 80_000)]


@workc.workflow
async def fetches(ctx: workc.WorkflowContext, url: str) -> object:
    return [await ctx.call(fetch, url=url), ctx.now_ms(), ctx.uuid(), "x" * 80_000]


def test_what_ctx_gives_is_never_refused(tmp_path, proven):
    with LoopbackServer({"/": Reply(body=b"x" * 80_000)}) as server:
        runtime = Runtime(guard="refuse", store=tmp_path / "store")
        outcome = runtime.run(fetches, {"url": server.base_url + "/"}, out=tmp_path / "bundle")
    assert outcome.ok, outcome
    proven(tmp_path / "bundle", workflow=fetches)


@pytest.mark.parametrize(
    ("began", "goes_on", "code"),
    [("refuse", "off", "NONDETERMINISTIC"), ("off", "refuse", "OK"), ("off", "warn", "OK")],
)
def test_a_resumed_run_refuses_if_and_only_if_it_began_so(tmp_path, proven, began, goes_on, code):
    drivers, seen = [], []

    def watch(entry):
        seen.append(entry.kind)
        if seen.count("SkillExecuted") == 1:
            drivers[0].interrupt()

    with pytest.raises(Interrupted):
        Runtime(store=tmp_path, guard=began).run(
            itself, {"way": "clock"}, watch=watch, on_driver=drivers.append
        )
    assert "WorkEnded" not in seen
    outcome = resume(Store(tmp_path), "last", replace(Settings(), guard=goes_on), workflow=itself)
    assert (outcome.code, bool(outcome.notes)) == (code, goes_on != "off" and code == "OK")
    proven(outcome.bundle, workflow=itself)


def test_another_word_is_a_misuse():
    with pytest.raises(Misuse, match="guard is one of off, warn, refuse, not 'on'"):
        Runtime(guard="on")


def test_the_skills_of_workc_are_not_watched_and_without_a_guard_nothing_is():
    builtin = builtin_skills()["json_transform"].function
    assert isinstance(SkillGuard("refuse").watch("step", builtin), nullcontext)
    assert isinstance(SkillGuard("refuse").watch("step", plain.function), Watched)
    assert SkillGuard("off").watch is unguarded
