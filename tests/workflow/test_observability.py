"""What a runtime says it did is what it did: metrics of real skills against real servers."""

import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import pairwise
from pathlib import Path

import pytest

import workc
from workc.adapters.run_folder import RunFolder
from workc.api.settings import Settings
from workc.api.simulation import simulated
from workc.api.store import Store
from workc.kernel import events
from workc.kernel.events import Entry
from workc.kernel.kinds import KINDS
from workc.runtime.metrics.fold import RunFold
from workc.runtime.metrics.table import METRICS
from workc.runtime.metrics.tally import Tally
from workc.runtime.workflow.model import RetrySpec
from workc.sim.ports import Scripted
from workc.skills.usage import tokens_used
from workc.stages.effects import HttpRequest
from workc.testkit.provider import Answer, Fault, Provider, Tokens
from workc.testkit.servers import LoopbackServer, Reply

MODEL = "gpt-4o-mini"
SOON = RetrySpec(max_attempts=2, base_delay_ms=1, max_delay_ms=1)
ONCE = RetrySpec(max_attempts=1)
JSON = (("content-type", "application/json"),)


@workc.skill(pure=True)
def half(n: int) -> int:
    """Halves an even number."""
    if n % 2:
        raise workc.Refusal(workc.Failure(code="INVALID_INPUT", message="odd"))
    return n // 2


@workc.skill
def unknown(n: int) -> int:
    """Does what nobody knows."""
    return n


@workc.skill(effects=("Network",))
async def twice(ctx: workc.Context, url: str) -> int:
    """Asks twice, with a wait in between."""
    await ctx.http(HttpRequest(method="GET", url=url))
    await ctx.sleep_ms(1)
    return (await ctx.http(HttpRequest(method="GET", url=url))).status


@workc.workflow(verify=[{"id": "is_list", "level": "Semantic", "that": "type(output) == 'array'"}])
async def everything(ctx, base: str, model: str):
    """Uses each skill, with an answer of each class."""
    first = await ctx.gather(
        ctx.call("http_call", url=f"{base}/ok"),
        ctx.call("json_transform", data=[1, 2], expression="[0]"),
        ctx.call(half, n=4),
        ctx.call(unknown, n=1),
        ctx.call(twice, url=f"{base}/ok"),
    )
    await ctx.call(
        "llm_invoke", model=MODEL, max_tokens=20, prompt="hi", base_url=model, retry=SOON
    )
    with suppress(workc.StepFailed):
        await ctx.call("http_call", url=f"{base}/gone", retry=ONCE)
    return first


@workc.workflow
async def asks(ctx, model: str, calls: int = 1):
    """Asks a model, one call after the other."""
    for number in range(calls):
        await ctx.call(
            "llm_invoke", model=MODEL, max_tokens=20, prompt=str(number), base_url=model, retry=ONCE
        )


@workc.workflow
async def only_halves(ctx, n: int):
    """Halves a number."""
    return await ctx.call(half, n=n)


@pytest.fixture
def server():
    replies = {"/ok": Reply(body=b"[1]", headers=JSON), "/gone": Reply(status=410)}
    with LoopbackServer(replies) as started:
        yield started


@pytest.fixture
def provider():
    script = [
        Fault(status=429, retry_after_s=0),
        Answer(text="Hello.", tokens=Tokens(input=11, output=7)),
    ]
    with Provider(script) as started:
        yield started


def runtime(**more):
    settings = Settings(
        environment={"OPENAI_API_KEY": "test"}, ceiling_micro_cents=50_000_000, **more
    )
    return workc.Runtime(settings=settings)


def events_of(bundle):
    lines = (bundle / "events.jsonl").read_bytes().splitlines()
    return [json.loads(line) for line in lines]


def only(events, kind):
    return [event["payload"] for event in events if event["kind"] == kind]


@pytest.fixture
def ran(tmp_path, server, provider):
    """A run of everything: its runtime, its outcome and its events."""
    used = runtime(store=tmp_path / "store", durability="fsync")
    inputs = {"base": server.base_url, "model": provider.openai_url}
    outcome = used.run(everything, inputs, out=tmp_path / "bundle")
    assert outcome.ok, outcome.message
    return used, outcome, events_of(tmp_path / "bundle")


def test_workflow_emits_metrics(ran):
    used, outcome, events = ran
    metrics = used.metrics()
    for kind, count in Counter(event["kind"] for event in events).items():
        assert metrics.value("workc_events_total", mode="live", kind=kind) == count, kind
    assert metrics.value("workc_runs_started_total") == 1
    assert metrics.value("workc_runs_ended_total", outcome="success") == 1
    assert metrics.value("workc_steps_total", status="success") == 6
    assert metrics.value("workc_steps_total", status="failure") == 1
    assert metrics.value("workc_attempts_total") == outcome.attempts == 8
    assert metrics.value("workc_effects_total", port="http") == 4
    assert metrics.value("workc_effects_total", port="model") == 2
    assert metrics.value("workc_checks_total", level="Semantic", result="passed") == 1
    assert metrics.value("workc_tokens_total", provider="openai", type="input") == 11
    assert metrics.value("workc_tokens_total", provider="openai", type="output") == 7
    assert 'workc_runs_ended_total{mode="live",outcome="success"} 1\n' in metrics.exposition()
    assert outcome.run_id not in metrics.exposition()


def test_what_the_journal_costs_is_measured_where_it_is_written(ran, tmp_path):
    used, outcome, _ = ran
    journal = tmp_path / "store" / "runs" / outcome.run_id / "journal.jsonl"
    assert used.metrics().value("workc_journal_bytes_total") == journal.stat().st_size
    synced = used.metrics().histogram("workc_journal_sync_duration_seconds")
    assert synced.count > 0
    assert synced.sum_ns > 0


def test_skill_duration_histogram(ran):
    used, _, events = ran
    executed = only(events, "SkillExecuted")
    metrics = used.metrics()
    known = {"http_call": 2, "json_transform": 1, "llm_invoke": 2, "other": 3}
    for skill, count in known.items():
        found = metrics.histogram("workc_skill_duration_seconds", skill=skill)
        assert found.count == count, skill
    assert sum(known.values()) == len(executed)


def test_a_skill_that_takes_longer_is_seen_in_a_higher_bucket():
    slow = simulated({"GET http://a/": [Scripted(delay_ms=2_000)]}, step_ms=0)
    assert slow.execute("http_call", {"url": "http://a/"}).ok
    found = slow.metrics().histogram("workc_skill_duration_seconds", skill="http_call")
    bounds = next(m.bounds for m in METRICS if m.name == "workc_skill_duration_seconds")
    assert found.sum_ns == 2 * 10**9
    assert found.buckets[bounds.index(2_500_000_000)] == found.count == 1


def test_budget_metrics_accurate(ran):
    used, outcome, events = ran
    reserved, settled = only(events, "BudgetReserved"), only(events, "BudgetSettled")
    metrics = used.metrics()
    spent = metrics.value("workc_budget_spent_micro_cents_total")
    assert spent == outcome.cost_micro_cents == sum(move["actual"] for move in settled) > 0
    assert metrics.value("workc_budget_spent_micro_cents_total", basis="usage") == spent
    assert metrics.value("workc_budget_reserved_micro_cents_total") == sum(
        move["bound"] for move in reserved
    )
    assert metrics.value("workc_budget_held_micro_cents") == 0
    assert metrics.value("workc_budget_ceiling_micro_cents_total") == 50_000_000
    assert metrics.value("workc_budget_refused_micro_cents_total") == 0


def test_what_the_budget_refuses_is_counted_apart(tmp_path, provider):
    settings = Settings(environment={"OPENAI_API_KEY": "test"}, ceiling_micro_cents=1)
    poor = workc.Runtime(settings=settings)
    outcome = poor.run(asks, {"model": provider.openai_url}, out=tmp_path / "bundle")
    (refused,) = only(events_of(tmp_path / "bundle"), "BudgetReserved")
    metrics = poor.metrics()
    assert outcome.code == "BUDGET_EXCEEDED"
    assert metrics.value("workc_budget_reservations_total", answer="refused") == 1
    assert metrics.value("workc_budget_refused_micro_cents_total") == refused["bound"] > 0
    assert metrics.value("workc_budget_reserved_micro_cents_total") == 0
    assert metrics.value("workc_run_halts_total", cause="BUDGET_EXCEEDED") == 1
    assert provider.requests == []


def test_error_counters_increment(ran):
    used, _, _ = ran
    before = used.metrics()
    assert before.value("workc_attempt_failures_total", code="RATE_LIMITED") == 1
    assert before.value("workc_attempt_failures_total", code="HTTP_4XX") == 1
    assert before.value("workc_retries_total", code="RATE_LIMITED") == 1
    assert before.value("workc_run_failures_total") == 0
    assert not used.run(only_halves, {"n": 3}).ok
    after = used.metrics()
    assert after.value("workc_run_failures_total", code="INVALID_INPUT") == 1
    assert after.value("workc_attempt_failures_total", code="INVALID_INPUT") == 1
    assert after.value("workc_runs_ended_total", outcome="failed") == 1
    assert after.value("workc_responses_total", port="http", **{"class": "4xx"}) == 1
    # What was read before does not change with what comes after.
    assert before.value("workc_run_failures_total") == 0


def test_a_request_without_an_answer_is_counted_by_its_code():
    with LoopbackServer({}) as gone:
        nowhere = gone.base_url
    used = runtime()
    used.execute("http_call", {"url": nowhere, "timeout_ms": 0})
    used.run(does_not_retry, {"url": nowhere})
    metrics = used.metrics()
    assert metrics.value("workc_effect_failures_total", code="CONNECTION_REFUSED") == 1
    assert metrics.value("workc_attempt_failures_total", code="TIMEOUT") >= 1


@workc.workflow
async def does_not_retry(ctx, url: str):
    """Asks once."""
    return await ctx.call("http_call", url=url, retry=ONCE)


def test_what_is_refused_before_it_begins_is_counted_too(tmp_path):
    used = runtime()
    assert used.run(tmp_path / "none.yaml").code == "INVALID_WORKFLOW"
    assert used.execute("none", {}).code == "SKILL_NOT_FOUND"
    assert used.metrics().value("workc_refusals_total", code="INVALID_WORKFLOW") == 1
    assert used.metrics().value("workc_refusals_total") == 2
    assert used.metrics().value("workc_runs_started_total") == 0


def test_replay_metrics_distinct(ran, tmp_path):
    used, outcome, _ = ran
    assert used.metrics().value("workc_replays_total") == 0
    assert used.replay(tmp_path / "bundle", workflow=everything).identical
    metrics = used.metrics()
    assert metrics.value("workc_replays_total", verdict="identical") == 1
    assert metrics.value("workc_verifications_total", verdict="pass") == 1
    assert metrics.value("workc_runs_ended_total", mode="live") == 1
    assert metrics.value("workc_runs_ended_total", mode="replay") == 1
    assert metrics.value("workc_runs_ended_total", mode="simulated") == 0
    assert metrics.value("workc_budget_spent_micro_cents_total", mode="live") == (
        outcome.cost_micro_cents
    )


def test_an_identical_replay_has_the_figures_of_its_run(ran, tmp_path):
    used, _, _ = ran
    used.replay(tmp_path / "bundle", workflow=everything)
    text = used.metrics().exposition()
    live = {line for line in text.splitlines() if 'mode="live"' in line and "journal" not in line}
    replayed = {line.replace('mode="replay"', 'mode="live"') for line in text.splitlines()}
    assert len(live) > 100
    assert live <= replayed


def test_a_replay_that_differs_and_a_bundle_that_is_bad_are_told_apart(ran, tmp_path):
    used, _, _ = ran

    @workc.workflow
    async def everything(ctx, base: str, model: str):
        """Is another workflow of the same name."""
        return None

    used.replay(tmp_path / "bundle", workflow=everything)
    output = tmp_path / "bundle" / "artifacts" / "output.json"
    output.write_bytes(output.read_bytes() + b" ")
    used.replay(tmp_path / "bundle")
    metrics = used.metrics()
    assert metrics.value("workc_replays_total", verdict="differs") == 1
    assert metrics.value("workc_replays_total", verdict="bad") == 1
    assert metrics.value("workc_verifications_total", verdict="fail") == 1
    assert metrics.value("workc_replay_divergences_total", code="CAPTURE_EDITED") >= 1


def test_a_simulated_run_is_neither_live_nor_a_replay():
    used = simulated({})
    assert used.run(only_halves, {"n": 2}).ok
    assert used.metrics().value("workc_runs_ended_total", mode="simulated") == 1
    assert used.metrics().value("workc_runs_ended_total", mode="live") == 0
    assert 'mode="live"' not in used.metrics().exposition()


def test_a_runtime_counts_its_own_runs_only_and_those_of_all_its_threads():
    used, other = runtime(), runtime()
    other.run(only_halves, {"n": 2})
    with ThreadPoolExecutor(4) as pool:
        outcomes = list(pool.map(lambda n: used.run(only_halves, {"n": n}), range(24)))
    metrics = used.metrics()
    assert metrics.value("workc_runs_ended_total") == 24
    assert metrics.value("workc_runs_ended_total", outcome="success") == sum(
        outcome.ok for outcome in outcomes
    )


def test_a_run_at_work_is_counted_already():
    used = runtime()
    seen = []

    def watch(entry):
        seen.append(used.metrics().value("workc_events_total"))

    used.run(only_halves, {"n": 2}, watch=watch)
    assert seen == list(range(1, len(seen) + 1))
    assert len(seen) > 4


@workc.workflow(
    verify=[{"id": "twice", "that": "output == `2`", "on_fail": "Act"}],
    lens={"items": {"note": {"text": "x"}}},
)
async def tries_again(ctx):
    """Gives the number of its pass."""
    return ctx.feedback["pass"]


HALTED = """\
workc: 1
name: halted
inputs:
  base: {type: string}
  model: {type: string}
steps:
  slow:
    skill: http_call
    with: {url: "${inputs.base}/ok"}
  dear:
    skill: llm_invoke
    depends_on: [slow]
    with: {model: gpt-4o-mini, max_tokens: 9000000, prompt: hi, base_url: "${inputs.model}"}
  beside:
    skill: http_call
    depends_on: [slow]
    with: {url: "${inputs.base}/ok"}
  gone:
    skill: http_call
    with: {url: "${inputs.base}/gone"}
    on_failure: skip
  after:
    skill: json_transform
    depends_on: [dear]
    with: {data: 1, expression: "@"}
output: "${steps.after.result}"
"""


@pytest.fixture(scope="module")
def busy(tmp_path_factory):
    """A runtime that has done something of each kind, and its store."""
    folder = tmp_path_factory.mktemp("busy")
    (folder / "halted.yaml").write_text(HALTED)
    used = runtime(store=folder / "store", durability="fsync")
    replies = {"/ok": Reply(body=b"[1]", headers=JSON), "/gone": Reply(status=410)}
    with LoopbackServer(replies) as server, Provider([Fault(status=429, retry_after_s=0)]) as model:
        places = {"base": server.base_url, "model": model.openai_url}
        outcome = used.run(everything, places)
        used.run(folder / "halted.yaml", places)
    used.run(does_not_retry, {"url": server.base_url})
    used.run(tries_again, {})
    used.execute("none", {})
    used.replay(outcome.bundle, workflow=everything)
    used.replay(outcome.bundle, workflow=only_halves)
    return used, Store(folder / "store")


def journals(store):
    """Returns the folders of all runs."""
    return [RunFolder(store.folder(run_id)) for run_id in store.ids()]


#: Kinds that the format has and the runtime does not write; bundles with them are among the goldens.
OF_GOLDENS = {
    "ApprovalAnswered",
    "ApprovalAsked",
    "ChildJoined",
    "ChildSpawned",
    "ConflictFound",
    "ConflictResolved",
    "GateEvaluated",
    "PlanAsked",
    "PlanRefused",
    "ResourceAnswered",
    "ResourceHeld",
    "ResourceReleased",
    "ResourcesClaimed",
    "StrategyApplied",
    "StrategySuggested",
}


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in OF_GOLDENS])
def test_every_kind_of_event_moves_a_metric(kind, busy):
    used, store = busy
    count = sum(record.kind == kind for run in journals(store) for record in run.records())
    assert count > 0
    assert used.metrics().value("workc_events_total", mode="live", kind=kind) == count


#: What is 0 again at the end of each run, and what only a server of a store shows.
NOT_HERE = {"workc_budget_held_micro_cents", "workc_store_runs"}
BY_WORK = [m for m in METRICS if m.name not in NOT_HERE and not OF_GOLDENS & set(m.moved_by)]


@pytest.mark.parametrize("metric", BY_WORK, ids=lambda metric: metric.name)
def test_every_metric_is_moved_by_real_work(metric, busy):
    metrics = busy[0].metrics()
    if metric.kind == "histogram":
        assert metrics.histogram(metric.name).count > 0
    else:
        assert metrics.value(metric.name) > 0


GOLDENS = sorted((Path(__file__).parents[1] / "golden" / "v0.2").glob("*/bundle"))


class Golden:
    """The files of a golden bundle, and its events."""

    def __init__(self, folder):
        self.folder = folder

    def get(self, path):
        return (self.folder / path).read_bytes()

    def records(self):
        return map(events.decode_event, self.get("events.jsonl").splitlines())


def folded(run):
    """Yields kind and figures after each record of a run, and first those before any."""
    tally = Tally()
    fold = RunFold(tally, "live", run, tokens_used)
    yield None, tally.read()
    for record in run.records():
        payload = events.decode_payload(record.kind, record.payload)
        fold.take(Entry(at=record.at, payload=payload, at_ms=record.at_ms))
        yield record.kind, tally.read()


def moved(runs):
    """Returns, of each kind, the metrics that changed when the fold took an event of it."""
    found = {kind: set() for kind in KINDS}
    for run in runs:
        for (_, before), (kind, after) in pairwise(folded(run)):
            found[kind] |= {
                name for name, now in after.series.items() if now != before.series.get(name)
            }
    return found


@pytest.mark.parametrize("folder", GOLDENS, ids=lambda folder: folder.parent.name)
def test_the_figures_of_each_golden_bundle_are_those_of_its_receipt(folder):
    *_, (_, metrics) = folded(Golden(folder))
    receipt = json.loads((folder / "receipt.json").read_bytes())
    counts, money = receipt["counts"], receipt["money"]
    assert metrics.value("workc_events_total") == counts["events"]
    assert metrics.value("workc_attempts_total") == counts["attempts"]
    assert metrics.value("workc_retries_total") == counts["retries"]
    for status, name in (("success", "succeeded"), ("failure", "failed"), ("skipped", "skipped")):
        assert metrics.value("workc_steps_total", status=status) == counts[f"steps_{name}"], status
    assert metrics.value("workc_runs_ended_total", outcome=receipt["outcome"]) == 1
    # What children spent they count themselves.
    theirs = sum(child.get("spent_micro_cents", 0) for child in receipt.get("children", ()))
    own = money["spent_micro_cents"] - theirs
    assert metrics.value("workc_budget_spent_micro_cents_total") == own
    assert metrics.value("workc_budget_held_micro_cents") == money["reserved_micro_cents"]
    refused = metrics.value("workc_budget_reservations_total", answer="refused")
    assert refused == money["refused"]


def test_the_table_names_what_moves_each_metric_and_nothing_else(busy):
    runs = [*journals(busy[1]), *map(Golden, GOLDENS)]
    for kind, names in moved(runs).items():
        told = {m.name for m in METRICS if kind in m.moved_by or m.moved_by == ("every kind",)}
        assert names == told, kind
