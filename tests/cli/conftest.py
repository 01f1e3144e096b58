"""The command line in a folder of its own, in this process; and a server it may ask."""

import json
from dataclasses import dataclass

import pytest
from click.testing import CliRunner

from workc.api.published import schema_names, schema_of
from workc.cli.group import cli as command_line
from workc.stages.schema import problems
from workc.testkit.servers import LoopbackServer, Reply

JSON = (("content-type", "application/json"),)
WORKFLOW = """\
workc: 1
name: demo
description: Fetches items and picks their names.
inputs:
  base: {type: string}
  n: {type: integer, default: 2}
budget: {ceiling_cents: 5}
steps:
  fetch:
    skill: http_call
    with: {url: "${inputs.base}/items.json"}
  pick:
    skill: json_transform
    with: {data: "${steps.fetch.body}", expression: "[].name"}
verify:
  - {id: some, that: "length(output.result) > `0`"}
output: "${steps.pick}"
"""
PURE = """\
workc: 1
name: pure
inputs:
  word: {type: string, default: hi}
steps:
  say: {skill: json_transform, with: {data: ["${inputs.word}"], expression: "[0]"}}
output: "${steps.say}"
"""
MODEL = """\
workc: 1
name: ask
inputs:
  q: {type: string, default: hello}
secrets: [SHOP_TOKEN]
budget: {ceiling_cents: 5}
steps:
  one:
    skill: llm_invoke
    with: {model: gpt-4o-mini, max_tokens: 100, prompt: "${inputs.q}"}
output: "${steps.one.text}"
"""

FLOW = '''\
import workc

@workc.skill(pure=True)
def double(n: int) -> int:
    """Doubles."""
    print("noise of a skill")
    return n * 2

@workc.workflow
async def main(ctx, n: int, name: str = "x"):
    """Doubles a number."""
    return {"d": await ctx.call(double, n=n), "name": name}
'''


#: The published schemas by what a document says that it is.
PUBLISHED = {
    found["properties"]["schema"]["const"]: {k: v for k, v in found.items() if k != "$schema"}
    for found in map(schema_of, schema_names())
    if "const" in found.get("properties", {}).get("schema", {})
}


def assert_published(document):
    """Sees to it that a document is as its schema says."""
    if "schema" in document:
        assert problems(PUBLISHED[document["schema"]], document) == []


@dataclass(frozen=True)
class Shown:
    """What one call of the command line gave."""

    exit_code: int
    stdout: str
    stderr: str

    @property
    def document(self):
        found = json.loads(self.stdout)
        if isinstance(found, dict):
            assert_published(found)
        return found


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("NO_COLOR", "FORCE_COLOR", "CLICOLOR_FORCE", "OPENAI_API_KEY", "SHOP_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    # What a test looks for may be longer than a line; how lines are broken has tests of its own.
    monkeypatch.setenv("COLUMNS", "1000")
    (tmp_path / "demo.yaml").write_text(WORKFLOW)
    (tmp_path / "pure.yaml").write_text(PURE)
    return tmp_path


def call(*arguments, env=None):
    result = CliRunner().invoke(command_line, [str(a) for a in arguments], env=env)
    assert "Traceback" not in result.output
    return Shown(result.exit_code, result.stdout, result.stderr)


@pytest.fixture
def workc(folder):
    return call


@pytest.fixture
def server():
    replies = {
        "/items.json": Reply(body=b'[{"name":"a"},{"name":"b"}]', headers=JSON),
        "/hang": Reply(then="hang", length=5),
        "/text/items.json": Reply(body=b"no json", headers=JSON),
        "/busy/items.json": Reply(status=503),
    }
    with LoopbackServer(replies) as started:
        yield started


@pytest.fixture
def bundle(folder, workc):
    """A sealed bundle without network, in the folder ``bundle``."""
    assert workc("run", "pure.yaml", "--out", "bundle", "--seed", 7, "-q").exit_code == 0
    return folder / "bundle"


@pytest.fixture
def model_text():
    return MODEL


@pytest.fixture
def flow_text():
    return FLOW
