"""The runtime's own face: skills, asynchronous callers, where bundles go."""

import asyncio
import json

import pytest

import workc
from workc import Misuse, Runtime
from workc.api.settings import Settings
from workc.stages.network import NetworkPolicy


@workc.skill(pure=True)
def double(x: int) -> int:
    return 2 * x


@workc.workflow(skills=[double])
async def flow(ctx, x: int = 2):
    return await ctx.call("doubles" if x == 5 else "double", x=x)


def test_a_registered_skill_is_known_by_its_name():
    runtime = Runtime()
    runtime.register_skill("doubles", double)
    assert runtime.execute("doubles", {"x": 2}).output == 4
    assert runtime.run(flow, {"x": 5}).output == 10
    assert "doubles" in runtime.skills
    with pytest.raises(Misuse):
        runtime.register_skill("x", lambda: 1)


def test_callers_in_an_event_loop_are_not_blocked():
    async def main():
        runtime = Runtime()
        return await asyncio.gather(runtime.arun(flow), runtime.aexecute(double, {"x": 4}))

    assert [outcome.output for outcome in asyncio.run(main())] == [4, 8]


def test_a_bundle_goes_nowhere_that_holds_something(tmp_path):
    (tmp_path / "file").write_text("x")
    (tmp_path / "link").symlink_to(tmp_path / "empty")
    (tmp_path / "empty").mkdir()
    assert Runtime().run(flow, out=tmp_path / "file").code == "INVALID_INPUT"
    assert Runtime().run(flow, out=tmp_path / "link").code == "INVALID_INPUT"
    assert Runtime().run(flow, out=tmp_path / "file" / "b").code in {
        "STORE_UNAVAILABLE",
        "INVALID_INPUT",
    }
    assert Runtime().run(flow, out=tmp_path / "empty").ok
    assert workc.verify_bundle(tmp_path / "empty").ok


def test_a_workflow_is_a_path_or_a_workflow():
    with pytest.raises(Misuse, match="a workflow is"):
        Runtime().run(3)
    assert Runtime().run("nowhere.py:main").code == "SKILL_NOT_FOUND"


def test_each_policy_has_its_name(tmp_path):
    def named(folder, policy):
        Runtime(settings=Settings(policy=policy)).run(flow, out=tmp_path / folder)
        return json.loads((tmp_path / folder / "receipt.json").read_bytes())["policy"]["id"]

    assert named("a", NetworkPolicy()) == "workc-default"
    assert named("b", NetworkPolicy(offline=True)) == "workc-offline"
    assert named("c", NetworkPolicy(allow_private=True)).startswith("custom-")


@pytest.mark.parametrize(
    ("value", "fits"), [(0, False), (1, True), (2**53 - 1, True), (2**53, False), (True, False)]
)
def test_settings_are_checked_at_their_bounds(value, fits):
    if fits:
        assert Settings(max_parallel=value).max_parallel == value
    else:
        with pytest.raises(Misuse):
            Settings(max_parallel=value)


def taking(out):
    """Returns a workflow during which another run puts its bundle to ``out``."""

    @workc.workflow
    async def slow(ctx) -> int:
        out.mkdir()
        (out / "receipt.json").write_text("of another run")
        return 7

    return slow


def test_a_run_whose_place_was_taken_says_so_and_keeps_its_outcome(tmp_path):
    out = tmp_path / "out"
    outcome = Runtime(store=tmp_path / "store").run(taking(out), out=out)
    assert (outcome.status, outcome.code, outcome.exit_code) == ("failure", "STORE_UNAVAILABLE", 8)
    assert (outcome.output, outcome.error["code"]) == (7, "STORE_UNAVAILABLE")
    assert str(out) in outcome.message
    assert outcome.bundle in outcome.message
    assert workc.verify_bundle(outcome.bundle).ok
    assert (out / "receipt.json").read_text() == "of another run"


def test_a_run_in_memory_whose_place_was_taken_says_that_no_bundle_is_left(tmp_path):
    outcome = Runtime().run(taking(tmp_path / "out"), out=tmp_path / "out")
    assert (outcome.code, outcome.bundle, outcome.output) == ("STORE_UNAVAILABLE", None, 7)
    assert "none is left" in outcome.message


SECRETS = """workc: 1
name: keys
secrets: [TOKEN_A, TOKEN_B, UNUSED]
budget: {ceiling_cents: 5}
steps:
  first: {skill: json_transform, with: {data: 1, expression: "@"}}
  call:
    skill: http_call
    depends_on: [first]
    with: {url: "http://127.0.0.1:9/", headers: {a: "${secrets.TOKEN_B}", b: "${secrets.TOKEN_A}"}}
  own: {skill: llm_invoke, with: {model: gpt-4o-mini, max_tokens: 5, prompt: a, api_key_env: OWN}}
  none: {skill: llm_invoke, with: {model: gpt-4o-mini, max_tokens: 5, prompt: a, api_key_env: ""}}
  standard:
    skill: llm_invoke
    with: {model: m, provider: anthropic, max_tokens: 5, prompt: a}
"""


def test_every_secret_that_is_not_set_is_named_before_anything_runs(tmp_path):
    (tmp_path / "keys.yaml").write_text(SECRETS)
    settings = Settings(store=tmp_path / "store", environment={"TOKEN_A": "a-value", "OWN": ""})
    outcome = Runtime(settings=settings).run(tmp_path / "keys.yaml")
    assert (outcome.code, outcome.run_id) == ("UNAUTHORIZED", None)
    assert outcome.error["details"]["variables"] == ["TOKEN_B", "OWN", "ANTHROPIC_API_KEY"]
    assert "set TOKEN_B, OWN, ANTHROPIC_API_KEY:" in outcome.message
    assert not (tmp_path / "store").exists()


def test_a_function_needs_every_secret_that_it_declares(tmp_path):
    @workc.workflow(secrets=["TOKEN_A"])
    async def declared(ctx) -> int:
        return 1

    found = {
        value: Runtime(settings=Settings(environment={"TOKEN_A": value})).run(declared).code
        for value in ("", "a-value")
    }
    assert found == {"": "UNAUTHORIZED", "a-value": "OK"}
