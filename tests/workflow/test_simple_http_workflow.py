"""One http_call: the basic path, stubbed and over a real socket."""

from pathlib import Path

from workc import Runtime
from workc.api.sources import find_source
from workc.api.store import Store
from workc.api.story import tell
from workc.testkit.servers import LoopbackServer, Reply

ZEN = """
workc: 1
name: zen
inputs:
  base: {type: string, default: "https://api.github.com"}
steps:
  zen: {skill: http_call, with: {url: "${inputs.base}/zen"}}
verify:
  - {id: said, that: "length(output) > `0`"}
output: "${steps.zen.body}"
"""


def test_a_stubbed_call_gives_the_table_s_answer(workflow_runtime, run_workflow):
    outcome = run_workflow(workflow_runtime, ZEN)
    assert (outcome.ok, outcome.status, outcome.code) == (True, "success", "OK")
    assert outcome.output == "Keep it logically awesome."
    assert outcome.result == {"value": "Keep it logically awesome."}
    [effect] = outcome.side_effects
    assert (effect.type, effect.target) == ("http", "GET https://api.github.com/zen")
    assert (effect.by, outcome.stubbed) == ("stub", True)
    assert (outcome.cost_micro_cents, outcome.attempts, outcome.error) == (0, 1, None)


def test_who_looks_at_the_run_is_told_that_it_was_stubbed(workflow_runtime, run_workflow):
    outcome = run_workflow(workflow_runtime, ZEN)
    assert tell(find_source(outcome.bundle, Store(Path("none")))).notes == [
        "answers were stubbed: see stubs in evidence/policy.json"
    ]


def test_the_same_workflow_gives_the_same_over_a_real_socket(run_workflow):
    body = b"Keep it logically awesome."
    with LoopbackServer({"/zen": Reply(body=body)}) as server:
        outcome = run_workflow(Runtime(), ZEN, {"base": server.base_url})
    assert (outcome.output, outcome.stubbed) == (body.decode(), False)
    assert [effect.by for effect in outcome.side_effects] == ["world"]


def test_an_address_that_is_not_in_the_table_is_blocked(workflow_runtime, run_workflow):
    outcome = run_workflow(workflow_runtime, ZEN, {"base": "https://example.org"})
    assert (outcome.ok, outcome.code) == (False, "EXTERNAL_CALL_BLOCKED")
    assert outcome.error["category"] == "PERMISSION"
    assert "https://example.org/zen" in outcome.message


def test_without_stubs_a_runtime_that_allows_nothing_external_asks_nobody(run_workflow):
    outcome = run_workflow(Runtime(allow_external=False), ZEN)
    assert (outcome.code, outcome.stubbed) == ("EXTERNAL_CALL_BLOCKED", False)
