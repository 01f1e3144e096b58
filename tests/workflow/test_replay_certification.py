"""Replay certification: what is replayed is byte for byte what was recorded, and nobody is asked.

Each run is made against real servers on the loopback interface. They are gone, and have counted
what they were asked, when its bundle is replayed.
"""

import json
import shutil
from types import SimpleNamespace

import pytest

import workc
from workc import Failure, Refusal, Runtime, StepFailed
from workc.stages.effects import HttpRequest
from workc.testkit import TamperMutator, TamperOp
from workc.testkit.provider import Answer, Fault, Provider, Tokens
from workc.testkit.servers import LoopbackServer, Reply

JSON = (("content-type", "application/json"),)
ITEMS = Reply(body=b'[{"name": "pen", "cents": 250}, {"name": "ink", "cents": 99}]', headers=JSON)

HTTP = """\
workc: 1
name: one_call
inputs: {base: {type: string}}
steps:
  fetch: {skill: http_call, with: {url: "${inputs.base}/items"}}
output: "${steps.fetch.body}"
"""
MODEL = """\
workc: 1
name: one_answer
inputs: {base: {type: string}}
budget: {ceiling_cents: 5}
steps:
  ask:
    skill: llm_invoke
    with: {model: gpt-4o-mini, base_url: "${inputs.base}/v1", prompt: "Which is dearest?", max_tokens: 50}
    retry: {max_attempts: 3, base_delay_ms: 1}
output: "${steps.ask.text}"
"""
MIXED = """\
workc: 1
name: mixed
inputs: {base: {type: string}}
budget: {ceiling_cents: 5}
steps:
  fetch: {skill: http_call, with: {url: "${inputs.base}/items"}}
  dearest:
    skill: json_transform
    with: {data: "${steps.fetch.body}", expression: "max_by(@, &cents).name"}
  other: {skill: http_call, with: {url: "${inputs.base}/items?again"}}
  ask:
    skill: llm_invoke
    with:
      model: gpt-4o-mini
      base_url: "${inputs.base}/v1"
      prompt: "Praise the ${steps.dearest.result}."
      max_tokens: 50
verify:
  - {id: named, that: "output.dearest == 'pen'"}
output: {dearest: "${steps.dearest.result}", praise: "${steps.ask.text}"}
"""


@pytest.fixture
def certified(tmp_path):
    """Returns a function: runs a workflow at a server, ends that, replays, and compares all bytes."""

    def certify(text, server, *, code="OK", **settings):
        path, out, again = (tmp_path / name for name in ("flow.yaml", "bundle", "again"))
        path.write_text(text)
        runtime = Runtime(**settings)
        object.__setattr__(runtime.settings, "environment", {"OPENAI_API_KEY": "k"})
        with server:
            outcome = runtime.run(path, {"base": server.base_url}, out=out)
        assert outcome.code == code, outcome
        asked = len(server.requests)
        report = workc.replay(out, out=again)
        assert report.divergences == ()
        assert report.identical
        assert report.replayed_digest == report.proof_digest == outcome.proof_digest
        assert contents(again) == contents(out)
        assert len(server.requests) == asked
        return SimpleNamespace(outcome=outcome, out=out, again=again, asked=asked)

    return certify


def contents(folder):
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def events(bundle):
    return [json.loads(line) for line in (bundle / "events.jsonl").read_bytes().splitlines()]


def of_kind(bundle, kind):
    return [event["payload"] for event in events(bundle) if event["kind"] == kind]


class FailsFirst(dict):
    """Replies of a server that fails at each path until it was asked so many times."""

    def __init__(self, replies, failures, failure):
        super().__init__(replies)
        self._left = dict.fromkeys(replies, failures)
        self._failure = failure

    def get(self, path, default=None):
        if self._left.get(path, 0) == 0:
            return super().get(path, default)
        self._left[path] -= 1
        return self._failure


def test_workflow_replay_http_call(certified):
    found = certified(HTTP, LoopbackServer({"/items": ITEMS}))
    assert found.asked == 1
    assert found.outcome.output == json.loads(ITEMS.body)
    (answer,) = of_kind(found.again, "EffectAnswered")
    assert answer["response"]["status"] == 200


def test_workflow_replay_llm_invoke(certified):
    provider = Provider([Answer(text="The pen.", tokens=Tokens(input=9, output=3))])
    found = certified(MODEL, provider)
    assert (found.asked, found.outcome.output) == (1, "The pen.")
    (settled,) = of_kind(found.again, "BudgetSettled")
    assert settled["actual"] == found.outcome.cost_micro_cents > 0


def test_workflow_replay_mixed(certified):
    provider = Provider([Answer(text="O pen!")])
    provider.replies = Both(provider.replies, {"/items": ITEMS})
    found = certified(MIXED, provider)
    assert found.outcome.output == {"dearest": "pen", "praise": "O pen!"}
    assert found.asked == 3
    assert found.outcome.side_effects


class Both:
    """The replies of a provider, and those of a table for other paths."""

    def __init__(self, provider, table):
        self._provider = provider
        self._table = table

    def get(self, path, default=None):
        return self._table[path] if path in self._table else self._provider.get(path, default)


@pytest.mark.parametrize("failures", [1, 2])
@pytest.mark.parametrize("status", [503, 429])
def test_replay_with_injected_failure(certified, failures, status):
    server = LoopbackServer({})
    server.replies = FailsFirst({"/items": ITEMS}, failures, Reply(status=status))
    text = HTTP.replace('items"}}', 'items"}, retry: {max_attempts: 3, base_delay_ms: 1}}')
    found = certified(text, server)
    assert found.asked == found.outcome.attempts == failures + 1
    statuses = [each["response"]["status"] for each in of_kind(found.again, "EffectAnswered")]
    assert statuses == [status] * failures + [200]
    assert len(of_kind(found.again, "RetryScheduled")) == failures


def test_replay_with_a_failure_that_ends_the_run(certified):
    server = LoopbackServer({})
    server.replies = FailsFirst({"/items": ITEMS}, 99, Reply(status=500))
    found = certified(HTTP, server, code="HTTP_5XX")
    assert found.outcome.status == "failure"
    assert found.asked == found.outcome.attempts > 1


def test_replay_with_a_failure_of_the_provider(certified):
    provider = Provider([Fault(status=429, retry_after_s=0), Fault(status=529), Answer(text="a")])
    found = certified(MODEL, provider)
    assert found.outcome.attempts == 3
    bases = [each["basis"] for each in of_kind(found.again, "BudgetSettled")]
    assert len(bases) == 3
    assert bases[-1] == "usage"


TWO = MODEL.replace(
    "output: ",
    """\
  more:
    skill: llm_invoke
    depends_on: [ask]
    with: {model: gpt-4o, base_url: "${inputs.base}/v1", prompt: "And then?", max_tokens: 9000}
output: """,
).replace("ceiling_cents: 5", "ceiling_cents: 1")


def test_replay_budget_behavior(certified, tmp_path):
    """A replay reserves, settles and refuses as the run did, and a forged grant is no grant."""
    found = certified(TWO, Provider([Answer(text="The pen.")]), code="BUDGET_EXCEEDED")
    assert found.asked == 1, "what does not fit is not sent"
    moves = of_kind(found.again, "BudgetReserved")
    assert [move["granted"] for move in moves] == [True, False]
    assert found.outcome.cost_micro_cents == of_kind(found.again, "BudgetSettled")[0]["actual"]
    forged = shutil.copytree(found.out, tmp_path / "forged")
    TamperMutator.apply(str(forged), TamperOp.Reseal(edit="RefusalGranted"))
    report = workc.replay(forged)
    assert (report.identical, report.undecided) == (False, False)
    assert any("BUDGET_INVALID" in each.message for each in report.divergences)


# --- functions: what is asked for now against what was recorded -----------------------------------


@workc.skill(pure=True)
def same(x: int) -> int:
    return x


@workc.skill(effects=("Network", "Cost"))
async def paid(ctx: workc.Context, url: str, bound: int) -> list[int]:
    grant = await ctx.reserve(bound)
    answer = await ctx.http(HttpRequest(method="GET", url=url))
    await ctx.settle(grant, bound // 2, "usage")
    if answer.status != 200:
        raise Refusal(Failure(code="HTTP_5XX", message="no luck"))
    return [answer.status, ctx.now_ms()]


def buying(bound):
    async def buying(ctx: workc.WorkflowContext, url: str) -> object:
        try:
            return [await ctx.call(paid, url=url, bound=bound, step="buy"), ctx.now_ms()]
        except StepFailed as failed:
            return failed.failure.code

    return workc.workflow(name="buying", skills=[paid])(buying)


def calling(count):
    async def calling(ctx: workc.WorkflowContext) -> int:
        await ctx.gather(*(ctx.call(same, x=n, step=f"step-{n}") for n in range(count)))
        return 1

    return workc.workflow(name="calling", skills=[same])(calling)


@pytest.fixture
def bought(tmp_path):
    with LoopbackServer({"/": Reply(body=b"x")}) as server:
        outcome = Runtime(budget_cents=1).run(
            buying(1000), {"url": server.base_url + "/"}, out=tmp_path / "bundle"
        )
    assert outcome.ok, outcome
    return outcome, tmp_path / "bundle", server


def test_a_replay_tells_the_time_of_the_recorded_answers(bought, tmp_path):
    outcome, bundle, server = bought
    report = workc.replay(bundle, workflow=buying(1000), out=tmp_path / "again")
    assert report.identical
    (_, of_skill), of_workflow = outcome.output
    recorded = [event["at_ms"] for event in events(bundle) if "at_ms" in event]
    assert of_skill in recorded
    assert of_workflow in recorded
    assert outcome.timings.started_ms <= of_skill <= of_workflow <= outcome.timings.ended_ms
    times = [(event["ts"], event.get("at_ms")) for event in events(bundle)]
    assert [(each["ts"], each.get("at_ms")) for each in events(tmp_path / "again")] == times
    assert len(server.requests) == 1


def test_a_replay_that_reserves_another_bound_is_named_with_step_and_both_amounts(bought):
    _, bundle, _ = bought
    found = workc.replay(bundle, workflow=buying(1001)).divergences[-1]
    assert (found.code, found.step, found.pointer) == ("REPLAY_DIVERGED", "buy", "/bound")
    assert (found.recorded, found.now) == ("1000", "1001")


def test_an_answer_that_nobody_asks_for_any_more_is_unused(tmp_path):
    assert Runtime().run(calling(2), out=tmp_path / "bundle").ok
    found = workc.replay(tmp_path / "bundle", workflow=calling(1)).divergences[-1]
    assert (found.code, found.step) == ("CAPTURE_UNUSED", "step-1")


def test_an_ask_that_has_no_recorded_answer_is_missing_and_nobody_else_answers(tmp_path):
    assert Runtime().run(calling(2), out=tmp_path / "bundle").ok
    found = workc.replay(tmp_path / "bundle", workflow=calling(3)).divergences[-1]
    assert (found.code, found.step, found.recorded) == ("CAPTURE_MISSING", "step-2", "nothing")
