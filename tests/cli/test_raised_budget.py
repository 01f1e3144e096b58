"""`workc resume RUN --budget-...`: a run that its budget refused goes on, and says how."""

import json
import re

import pytest

from workc.testkit.provider import Answer, Provider, Tokens

FLOW = """\
workc: 1
name: notes
inputs: {{base: {{type: string}}, items: {{type: string}}}}
budget: {{{budget}}}
steps:
  fetch: {{skill: http_call, with: {{url: "${{inputs.items}}/items.json"}}}}
  first: {{skill: llm_invoke, with: {{model: gpt-4o-mini, base_url: "${{inputs.base}}", prompt: one, max_tokens: 9000}}}}
  send:
    skill: http_call
    depends_on: [first]
    with: {{url: "${{inputs.items}}/items.json", method: PUT, json: {{n: "${{steps.first.text}}"}}}}
  second:
    skill: llm_invoke
    depends_on: [send]
    with: {{model: gpt-4o-mini, base_url: "${{inputs.base}}", prompt: two, max_tokens: 9000}}
output: ["${{steps.first.text}}", "${{steps.second.text}}"]
"""


@pytest.fixture
def provider(monkeypatch):
    # Of what a call may cost at most, about half a cent, nearly all is billed.
    answers = [Answer(text=text, tokens=Tokens(input=9, output=8900)) for text in ("1", "2")]
    with Provider(answers) as provider:
        monkeypatch.setenv("OPENAI_API_KEY", "k")
        yield provider


@pytest.fixture
def start(workc, folder, server, provider):
    def start(budget, *more):
        (folder / "notes.yaml").write_text(FLOW.format(budget=budget))
        given = (f"base={provider.openai_url}", f"items={server.base_url}")
        inputs = [word for each in given for word in ("--input", each)]
        return workc("run", "notes.yaml", *inputs, *more)

    return start


def asked(server, provider):
    return len(server.requests), len(provider.requests)


def tried(shown):
    (command,) = re.findall(r"try: workc (resume .+)$", shown.stderr, re.M)
    return command.split()


def test_a_run_that_was_refused_says_how_it_goes_on_and_goes_on(workc, start, server, provider):
    refused = start("ceiling_cents: 1")
    assert (refused.exit_code, asked(server, provider)) == (3, (2, 1))
    assert (
        "hint: A run in a store goes on with `workc resume RUN --budget-cents N`." in refused.stderr
    )
    before = workc("show", "last", "--json").document
    assert tried(refused) == ["resume", before["run_id"], "--budget-cents", "2"]
    shown = workc(*tried(refused), "--json")
    assert (shown.exit_code, shown.document["output"]) == (0, ["1", "2"])
    assert shown.document["schema"] == "workc.outcome/1"
    assert shown.document["cost_micro_cents"] > before["spent_micro_cents"] > 500_000
    assert asked(server, provider) == (2, 2)
    after = workc("show", "last", "--json").document
    assert (after["continues"], after["ceiling_micro_cents"]) == (before["proof_digest"], 2_000_000)
    (earlier,) = after["earlier"]
    assert f"goes on   from {before['proof_digest'][:16]}…" in workc("show", "last").stdout
    assert earlier in workc("show", "last").stdout
    verified = workc("verify-bundle", "last", earlier, "--recursive")
    assert verified.exit_code == 0
    assert f"earlier: the bundle {before['proof_digest']} that it goes on from" in verified.stdout
    assert workc("verify-bundle", earlier, "--expect-digest", after["continues"]).exit_code == 0
    assert workc("replay", "last").exit_code == 0
    assert workc("certify", "last", earlier).exit_code == 0


def test_a_run_goes_on_without_json(workc, start, server, provider):
    refused = start("ceiling_cents: 1, tokens: 100000")
    shown = workc(*tried(refused))
    assert json.loads(shown.stdout) == {"value": ["1", "2"]} or json.loads(shown.stdout) == [
        "1",
        "2",
    ]
    assert "✓ second" in shown.stderr
    assert "✓ first" not in shown.stderr, "what was done before is not told as done now"
    assert " of $0.02 · " in shown.stderr
    assert "is finished" not in shown.stderr


@pytest.mark.parametrize("part", ["calls: 1", "tokens: 15000"])
def test_other_limits_are_named_and_raised(workc, start, server, provider, part):
    refused = start(f"ceiling_cents: 5, {part}")
    name = part.partition(":")[0]
    assert tried(refused)[2] == f"--budget-{name}"
    assert refused.exit_code == 3
    assert workc(*tried(refused), "-q").exit_code == 0
    assert asked(server, provider) == (2, 2)


def test_ls_lists_a_run_as_it_stands_before_and_after(workc, start):
    refused = start("ceiling_cents: 1")
    (listed,) = workc("ls", "--json").document["runs"]
    assert (listed["status"], listed["code"], listed["continues"]) == (
        "failure",
        "BUDGET_EXCEEDED",
        None,
    )
    assert "budget raised" not in workc("ls").stdout
    workc(*tried(refused), "-q")
    (after,) = workc("ls", "--json").document["runs"]
    assert (after["status"], after["code"]) == ("success", None)
    assert after["continues"] == listed["proof_digest"]
    assert "notes  budget raised" in workc("ls").stdout


def test_without_an_option_a_finished_run_is_told_again(workc, start, server, provider):
    start("ceiling_cents: 1")
    told = workc("resume", "last")
    assert told.exit_code == 3
    assert "is finished; nothing is run, this is what it gave" in told.stderr
    assert tried(told)[-2:] == ["--budget-cents", "2"]
    assert asked(server, provider) == (2, 1)


def test_a_budget_that_is_no_higher_is_refused_in_one_sentence(workc, start, server, provider):
    start("ceiling_cents: 1")
    before = workc("show", "last", "--json").document
    same = workc("resume", "last", "--budget-cents", 1)
    assert same.exit_code == 2
    assert (
        "✗ INVALID_INPUT  the run would stop where it stopped; to go on it takes a budget of $0.02"
        in same.stderr
    )
    lower = workc("resume", "last", "--budget-cents", 0, "--json")
    assert lower.exit_code == 2
    assert lower.document["message"] == "the budget of the run is $0.01; it can be raised only"
    assert workc("show", "last", "--json").document == before
    assert asked(server, provider) == (2, 1)


def test_a_run_that_ended_for_another_reason_is_not_raised(workc, folder, server):
    assert workc("run", "pure.yaml", "-q").exit_code == 0
    shown = workc("resume", "last", "--budget-cents", 5)
    assert shown.exit_code == 2
    assert "ended as success, and not for its budget: nothing is to be raised" in shown.stderr
    assert workc("run", "demo.yaml", "-q", "--input", f"base={server.base_url}/no").exit_code != 0
    shown = workc("resume", "last", "--budget-cents", 9)
    assert "ended as failed (NOT_FOUND), and not for its budget" in shown.stderr
    assert shown.exit_code == 2


def test_metrics_of_a_run_that_goes_on_count_its_money_once(workc, folder, start):
    refused = start("ceiling_cents: 1")
    shown = workc(*tried(refused), "--json", "--metrics-file", "m.prom")
    spent = [
        int(line.rpartition(" ")[2])
        for line in (folder / "m.prom").read_text().splitlines()
        if line.startswith("workc_budget_spent")
    ]
    assert sum(spent) == shown.document["cost_micro_cents"]


@pytest.mark.parametrize(
    ("budget", "option"),
    [
        ("ceiling_cents: 0", "--budget-cents"),
        ("ceiling_cents: 9, calls: 0", "--budget-calls"),
        ("ceiling_cents: 9, tokens: 1", "--budget-tokens"),
    ],
)
def test_what_no_option_raises_alone_is_not_said_to_be_raised_by_it(start, budget, option):
    refused = start(budget, option, 20_000)
    assert refused.exit_code == 3
    assert re.search(f"of the workflow and .*{option}.*, of which the lowest holds", refused.stderr)
    assert tried(refused)[2] == option
