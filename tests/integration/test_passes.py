"""Runs that go back: what another pass is told, what it costs, and what counts of it."""

import json
from contextlib import suppress

import pytest

import workc
from workc.kernel.failure import Failure, Refusal
from workc.testkit.servers import LoopbackServer, Reply

FILE = """\
workc: 1
name: again
steps:
  one:
    skill: json_transform
    with: {{data: {{pass: "${{feedback.pass}}", why: "${{feedback.message}}", of: "${{feedback.of}}"}}, expression: "@"}}
  two:
    skill: http_call
    with: {{url: "{url}"}}
    on_failure: skip
verify:
  - {{id: first, that: "output.pass >= `2`", on_fail: Orient}}
  - {{id: third, that: "output.pass == `{wanted}`", on_fail: Act}}
max_backtracks: {most}
output: "${{steps.one.result}}"
"""


def written(folder, **values):
    path = folder / "again.yaml"
    path.write_text(FILE.format(**values), "utf-8")
    return path


def events(outcome):
    with open(f"{outcome.bundle}/events.jsonl", "rb") as lines:
        return [json.loads(line) for line in lines]


def receipt(outcome):
    with open(f"{outcome.bundle}/receipt.json", "rb") as file:
        return json.load(file)


def test_a_run_goes_back_as_far_as_one_of_its_checks_asks_and_is_told_why(tmp_path):
    with LoopbackServer({"/": Reply(body=b"x")}) as server:
        path = written(tmp_path, url=f"{server.base_url}/", wanted=3, most=2)
        outcome = workc.run(path, out=tmp_path / "b")
        requests = len(server.requests)
    assert (outcome.status, outcome.output["pass"], outcome.output["of"]) == ("success", 3, "third")
    assert outcome.output["why"] == "the check third did not hold: output.pass == `3`"
    assert requests == 3
    said = receipt(outcome)
    assert [(each["of"], each["to"]) for each in said["backtracks"]] == [
        ("first", "Orient"),
        ("third", "Act"),
    ]
    assert said["counts"]["steps"] == 6
    assert said["phase_sequence"] == [
        "Observe", "Orient", "Decide", "Act", "Verify", "Orient", "Decide", "Act", "Verify", "Act",
        "Verify", "Lock",
    ]  # fmt: skip
    assert workc.verify_bundle(outcome.bundle).ok
    assert workc.replay(outcome.bundle).identical


def test_a_run_that_may_not_go_back_any_more_has_failed_and_says_how_often_it_did(tmp_path):
    path = written(tmp_path, url="http://127.0.0.1:9/", wanted=9, most=2)
    outcome = workc.run(path, out=tmp_path / "b")
    assert (outcome.status, outcome.code) == ("failure", "VERIFICATION_FAILED")
    assert outcome.message.endswith("`9`, after the run went back 2 times")
    assert [taken.step for taken in outcome.fallbacks] == ["two"]
    assert workc.verify_bundle(outcome.bundle).ok
    assert workc.replay(outcome.bundle).identical


def test_without_a_number_it_goes_back_once_and_with_0_never(tmp_path):
    url, text = "http://127.0.0.1:9/", FILE.replace("max_backtracks: {most}\n", "")
    (tmp_path / "once.yaml").write_text(text.format(url=url, wanted=9), "utf-8")
    once = workc.run(tmp_path / "once.yaml", out=tmp_path / "once")
    assert len(receipt(once)["backtracks"]) == 1
    never = workc.run(written(tmp_path, url=url, wanted=9, most=0), out=tmp_path / "never")
    assert "backtracks" not in receipt(never)
    assert not {"max_backtracks"} & events(never)[0]["payload"].keys()


KEYS = []


@workc.skill
async def buy(ctx: workc.Context, url: str) -> str:
    """Pays and asks a service that remembers keys."""
    grant = await ctx.reserve(600_000)
    KEYS.append((ctx.idempotency_key, ctx.uuid(), ctx.random()))
    await ctx.settle(grant, 400_000, "usage")
    return "bought"


@workc.workflow(
    verify=[{"id": "enough", "that": "output.passes == `3`", "on_fail": "Decide"}],
    max_backtracks=5,
)
async def shop(ctx):
    """Buys under one name in each pass."""
    mine = ctx.uuid(), ctx.random()
    await ctx.call(buy, url="x", step="buy")
    return {"passes": ctx.feedback["pass"], "mine": list(mine)}


def test_each_pass_of_a_function_is_other_work_out_of_the_same_budget(tmp_path):
    KEYS.clear()
    runtime = workc.Runtime(budget_cents=2)
    outcome = runtime.run(shop, out=tmp_path / "b")
    assert outcome.status == "success"
    assert outcome.cost_micro_cents == 3 * 400_000
    assert all(len(set(column)) == 3 for column in zip(*KEYS, strict=True))
    assert [event["kind"] for event in events(outcome)].count("PlanChosen") == 3
    assert workc.verify_bundle(outcome.bundle).ok
    assert workc.replay(outcome.bundle, workflow=shop).identical


def test_a_budget_that_ends_in_a_later_pass_stops_the_run(tmp_path):
    outcome = workc.Runtime(budget_cents=1).run(shop, out=tmp_path / "b")
    assert outcome.code == "BUDGET_EXCEEDED"
    said = receipt(outcome)
    assert (said["halt"], len(said["backtracks"]), said["verification"]["verdict"]) == (
        "BUDGET_EXCEEDED",
        2,
        "not_run",
    )
    assert workc.verify_bundle(outcome.bundle).ok


class Killed(BaseException):
    pass


@pytest.mark.parametrize("at", range(1, 30))
def test_a_run_that_dies_in_any_pass_goes_on_and_does_nothing_twice(tmp_path, at):
    KEYS.clear()
    seen = []

    def die(entry):
        seen.append(entry)
        if len(seen) == at:
            raise Killed

    runtime = workc.Runtime(store=tmp_path / "store", budget_cents=5)
    with suppress(Killed):
        runtime.run(shop, watch=die)
    outcome = runtime.resume("last", workflow=shop)
    assert outcome.status == "success"
    assert len({key for key, _, _ in KEYS}) == 3
    assert outcome.cost_micro_cents >= 3 * 400_000
    assert workc.verify_bundle(outcome.bundle).ok
    assert workc.replay(outcome.bundle, workflow=shop).identical


def test_a_finished_run_that_went_back_is_told_as_it_ended(tmp_path):
    path = written(tmp_path, url="http://127.0.0.1:9/", wanted=9, most=1)
    runtime = workc.Runtime(store=tmp_path / "store")
    first = runtime.run(path)
    again = runtime.resume("last")
    assert (again.code, again.message, again.output) == (first.code, first.message, first.output)


@workc.workflow(verify=[{"id": "no", "that": "`false`", "on_fail": "Act"}], max_backtracks=3)
async def fails(ctx):
    """Fails by itself in its second pass: there is nothing to check then."""
    if ctx.feedback["pass"] == 2:
        raise Refusal(Failure(code="NOT_FOUND", message="it is gone"))
    return ctx.feedback["failed"]


def test_work_that_fails_is_not_checked_and_does_not_go_back(tmp_path):
    outcome = workc.run(fails, out=tmp_path / "b")
    assert (outcome.code, outcome.message) == ("NOT_FOUND", "it is gone")
    assert receipt(outcome)["verification"] == {"results": [], "verdict": "not_run"}
    assert workc.verify_bundle(outcome.bundle).ok


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ({"verify": [{"id": "a", "that": "x", "on_fail": "Lock"}]}, "Act, Decide, Orient"),
        ({"max_backtracks": 101}, "from 0 to 100"),
        ({"max_backtracks": True}, "from 0 to 100"),
    ],
)
def test_what_cannot_be_is_refused_where_it_is_said(bad, message):
    with pytest.raises(workc.Misuse, match=message):
        workc.workflow(**bad)(shop.function)


@pytest.mark.parametrize(
    ("line", "fix"),
    [
        ("max_backtracks: 101", "100 or less"),
        ("max_backtrack: 1", "max_backtracks"),
    ],
)
def test_a_file_is_refused_with_the_line_and_the_fix(tmp_path, line, fix):
    path = tmp_path / "bad.yaml"
    path.write_text(FILE.format(url="x", wanted=1, most=1).replace("max_backtracks: 1", line))
    outcome = workc.run(path)
    (problem,) = outcome.error["details"]["problems"]
    assert problem["line"] == 14
    assert fix in json.dumps(problem)


def test_a_reference_to_what_feedback_does_not_have_is_refused(tmp_path):
    path = tmp_path / "bad.yaml"
    text = FILE.format(url="x", wanted=1, most=1).replace("${feedback.of}", "${feedback.off}")
    path.write_text(text)
    (problem,) = workc.run(path).error["details"]["problems"]
    assert problem["code"] == "UNRESOLVED_REFERENCE"
    assert "off" in problem["message"]


def test_the_bound_of_a_plan_counts_every_pass_that_there_may_be(tmp_path):
    def bound(most):
        path = tmp_path / f"{most}.yaml"
        path.write_text(
            "workc: 1\nname: paid\nbudget: {ceiling_cents: 500}\nsteps:\n"
            "  a: {skill: llm_invoke, with: {model: gpt-4o-mini, prompt: hi, max_tokens: 100}, "
            "retry: {max_attempts: 1}}\n"
            "verify: [{id: c, that: '`true`', on_fail: Act}]\n"
            f"max_backtracks: {most}\n"
        )
        return workc.Runtime().simulate(path)

    once, thrice = bound(0), bound(2)
    assert thrice.cost_micro_cents == 3 * once.cost_micro_cents > 0
    assert thrice.waiting_ms == 3 * once.waiting_ms > 0
