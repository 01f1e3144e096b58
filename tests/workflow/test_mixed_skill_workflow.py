"""http_call, llm_invoke and json_transform together, live, stubbed and from a recording."""

from workc import HTTP_STUB_RESPONSES, LLM_STUB_RESPONSES, ReplayRecorder, Runtime
from workc.testkit.provider import Answer, Provider, Tokens
from workc.testkit.servers import Reply

MIXED = """
workc: 1
name: mixed
inputs:
  site: {type: string, default: "https://api.github.com"}
  provider: {type: string, default: "http://127.0.0.1:9/v1"}
budget: {ceiling_cents: 2}
steps:
  zen: {skill: http_call, with: {url: "${inputs.site}/zen"}}
  summary:
    skill: llm_invoke
    with:
      model: gpt-5-mini
      max_tokens: 100
      api_key_env: ""
      base_url: "${inputs.provider}"
      prompt: "Summarize this: ${steps.zen.body}"
  analysis:
    skill: llm_invoke
    with:
      model: gpt-5-mini
      max_tokens: 100
      api_key_env: ""
      base_url: "${inputs.provider}"
      prompt: "analyze: ${steps.zen.body}"
  report:
    skill: json_transform
    with:
      data: {source: "${steps.zen.body}", notes: ["${steps.summary.text}", "${steps.analysis.text}"]}
      expression: "{source: source, notes: sort(notes)}"
verify:
  - {id: sourced, that: "length(output.source) > `0`"}
output: "${steps.report.result}"
"""
EXPECTED = {
    "source": HTTP_STUB_RESPONSES["https://api.github.com/zen"]["body"],
    "notes": sorted(LLM_STUB_RESPONSES[task]["text"] for task in ("analyze", "summarize")),
}
KINDS = ["http", "model", "model"]


def test_three_skills_work_together(workflow_runtime, run_workflow):
    outcome = run_workflow(workflow_runtime, MIXED)
    assert (outcome.code, outcome.output) == ("OK", EXPECTED)
    assert [effect.type for effect in outcome.side_effects] == KINDS
    assert {effect.by for effect in outcome.side_effects} == {"stub"}
    assert outcome.attempts == 4
    assert outcome.cost_micro_cents > 0


def test_real_servers_that_say_the_same_give_the_same(run_workflow, workflow_runtime):
    def says(asked):
        stub = LLM_STUB_RESPONSES[asked.last.split()[0].rstrip(":").lower()]
        return Answer(text=stub["text"], tokens=Tokens(input=0, output=stub["tokens"]))

    with Provider(respond=says) as server:
        server.replies["/zen"] = Reply(body=EXPECTED["source"].encode())
        inputs = {"site": server.base_url, "provider": server.openai_url}
        live = run_workflow(Runtime(), MIXED, inputs)
    stubbed = run_workflow(workflow_runtime, MIXED)
    assert (live.output, live.stubbed) == (EXPECTED, False)
    assert live.cost_micro_cents == stubbed.cost_micro_cents


def test_a_recording_answers_when_the_servers_are_gone(run_workflow):
    recorder = ReplayRecorder()
    runtime = Runtime(recorder=recorder)
    with Provider() as server:
        server.replies["/zen"] = Reply(body=EXPECTED["source"].encode())
        inputs = {"site": server.base_url, "provider": server.openai_url}
        live = run_workflow(runtime, MIXED, inputs)
        sent = len(server.requests)
    again = run_workflow(runtime, MIXED, inputs)
    assert (sent, live.ok) == (3, True)
    assert again.output == live.output
    assert again.cost_micro_cents == live.cost_micro_cents
    assert {effect.by for effect in again.side_effects} == {"recording"}
    assert recorder.replay().identical


def test_one_branch_that_fails_leaves_the_other(stub_runtime, run_workflow):
    runtime = stub_runtime(llm={"summarize": {"status": 400}})
    outcome = run_workflow(runtime, MIXED)
    assert (outcome.status, outcome.code, outcome.step) == ("failure", "BAD_REQUEST", "summary")
    assert [effect.type for effect in outcome.side_effects] == KINDS
