"""Model calls with transforms between them: one answer is the next question."""

from workc import LLM_STUB_RESPONSES
from workc.skills.prices import builtin_prices

CHAIN = """
workc: 1
name: chain
inputs:
  text: {type: string, default: "A long story."}
budget: {ceiling_cents: 5}
steps:
  summary:
    skill: llm_invoke
    with: {model: gpt-5-mini, max_tokens: 100, prompt: "Summarize this: ${inputs.text}"}
  question:
    skill: json_transform
    with:
      data: {task: translate, text: "${steps.summary.text}"}
      expression: "join(': ', [task, text])"
  translation:
    skill: llm_invoke
    with: {model: gpt-5-mini, max_tokens: 100, prompt: "${steps.question.result}"}
  report:
    skill: json_transform
    with:
      data: {first: "${steps.summary}", second: "${steps.translation}"}
      expression: "{texts: [first.text, second.text], tokens: sum([first.tokens, second.tokens])}"
verify:
  - {id: both, that: "length(output.texts) == `2`"}
output: "${steps.report.result}"
"""


def test_the_answers_are_chained(workflow_runtime, run_workflow):
    outcome = run_workflow(workflow_runtime, CHAIN)
    assert outcome.ok, outcome.message
    summary, translation = LLM_STUB_RESPONSES["summarize"], LLM_STUB_RESPONSES["translate"]
    assert outcome.output == {
        "texts": [summary["text"], translation["text"]],
        "tokens": summary["tokens"] + translation["tokens"],
    }


def test_each_call_is_a_side_effect_and_is_paid(workflow_runtime, run_workflow):
    outcome = run_workflow(workflow_runtime, CHAIN)
    assert [(e.type, e.target, e.by) for e in outcome.side_effects] == [
        ("model", "openai /chat/completions", "stub")
    ] * 2
    prices = builtin_prices()
    costs = [prices.micro_cents("openai", "gpt-5-mini", {"output": n}) for n in (50, 30)]
    assert outcome.cost_micro_cents == sum(costs) > 0
    assert outcome.attempts == 4


def test_the_same_chain_gives_the_same_again(workflow_runtime, run_workflow):
    one, two = (run_workflow(workflow_runtime, CHAIN) for _ in range(2))
    assert one.run_id != two.run_id
    assert one.output == two.output
    assert one.cost_micro_cents == two.cost_micro_cents


def test_a_turn_that_names_no_task_gets_a_text_of_its_own(workflow_runtime, run_workflow):
    text = CHAIN.replace("Summarize this:", "Rhyme:")
    one, two = (run_workflow(workflow_runtime, text) for _ in range(2))
    other = run_workflow(workflow_runtime, text, {"text": "Another."})
    assert one.output == two.output
    assert one.output["texts"][0] != other.output["texts"][0]
