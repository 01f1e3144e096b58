"""Secrets of workflow functions: declared by name, put in when sending, in no file."""

import pytest

import workc
from workc.api.settings import Settings
from workc.stages.network import NetworkPolicy
from workc.testkit.provider import Answer, Provider
from workc.testkit.servers import LoopbackServer, Reply

# Put together here, because the source of a workflow function stands in its bundle.
SECRET = "-".join(["s3cr3t", "value", "of", "this", "test"])


def runtime(store):
    settings = Settings(
        store=store,
        policy=NetworkPolicy(),
        ceiling_micro_cents=10_000_000,
        environment={"MY_TOKEN": SECRET},
    )
    return workc.Runtime(settings=settings)


def every_byte_below(folder):
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def test_a_declared_secret_is_sent_and_stands_in_no_file(tmp_path):
    @workc.workflow(secrets=["MY_TOKEN"])
    async def fetch(ctx, base: str) -> int:
        headers = {"authorization": ctx.secret("MY_TOKEN")}
        found = await ctx.call("http_call", url=base + "/x", headers=headers)
        return found["status"]

    with LoopbackServer({"/x": Reply(body=SECRET.encode())}) as server:
        outcome = runtime(tmp_path).run(fetch, {"base": server.base_url})
        assert outcome.output == 200
        sent = dict(server.requests[0].headers)
    assert sent["authorization"] == SECRET
    assert SECRET.encode() not in every_byte_below(tmp_path)
    assert workc.replay(outcome.bundle, workflow=fetch).identical


def test_an_undeclared_secret_is_the_workflows_mistake(tmp_path):
    @workc.workflow
    async def fetch(ctx) -> None:
        ctx.secret("MY_TOKEN")

    outcome = runtime(tmp_path).run(fetch)
    assert outcome.code == "SKILL_FAILED"
    assert "secrets=" in outcome.message


@pytest.mark.parametrize("way", ["function", "execute"])
def test_a_key_of_another_name_is_used_where_the_author_names_it(tmp_path, way):
    @workc.workflow(secrets=["MY_TOKEN"])
    async def ask(ctx, base: str) -> str:
        params = dict(model="gpt-5-mini", prompt="hi", max_tokens=20)
        found = await ctx.call("llm_invoke", base_url=base, api_key_env="MY_TOKEN", **params)
        return found["text"]

    with Provider([Answer(text="hello")], key=SECRET) as provider:
        made = runtime(tmp_path)
        if way == "function":
            outcome = made.run(ask, {"base": provider.openai_url})
        else:
            params = {"model": "gpt-5-mini", "prompt": "hi", "max_tokens": 20}
            params |= {"base_url": provider.openai_url, "api_key_env": "MY_TOKEN"}
            outcome = made.execute("llm_invoke", params)
    assert outcome.ok, outcome.message
    assert SECRET.encode() not in every_byte_below(tmp_path)


def test_a_secret_that_stands_open_in_the_inputs_is_refused_before_anything_runs(tmp_path):
    @workc.workflow(secrets=["MY_TOKEN"])
    async def keep(ctx, token: str) -> str:
        return token

    outcome = runtime(tmp_path).run(keep, {"token": SECRET})
    assert outcome.code == "INVALID_INPUT"
    assert "MY_TOKEN" in outcome.message
    assert SECRET.encode() not in every_byte_below(tmp_path)


def test_a_secret_that_stands_open_in_a_workflow_file_is_refused(tmp_path):
    file = tmp_path / "open.yaml"
    file.write_text(
        "workc: 1\nname: open\nsecrets: [MY_TOKEN]\nsteps:\n"
        f"  a: {{skill: json_transform, with: {{data: {SECRET}, expression: '@'}}}}\n"
    )
    outcome = runtime(tmp_path / "store").run(file)
    assert outcome.code == "INVALID_INPUT"
    assert SECRET.encode() not in every_byte_below(tmp_path / "store")


def test_a_key_that_stands_in_the_source_of_a_function_is_taken_out_of_the_bundle(tmp_path):
    literal = "a-literal-key-of-this-source"

    @workc.workflow(secrets=["MY_TOKEN"])
    async def keep(ctx) -> str:
        return "done"

    settings = Settings(store=tmp_path, environment={"MY_TOKEN": literal})
    outcome = workc.Runtime(settings=settings).run(keep)
    assert outcome.ok
    assert literal.encode() not in every_byte_below(tmp_path)
    assert workc.verify_bundle(outcome.bundle).ok
    assert workc.replay(outcome.bundle, workflow=keep).identical
