"""Metrics of random runs are what somebody counts who reads the journal and the bundle by hand."""

import json
import tempfile
from bisect import bisect_left
from collections import Counter, defaultdict
from contextlib import suppress
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

import workc
from workc.adapters.run_folder import RunFolder
from workc.api.settings import Settings
from workc.api.simulation import simulated
from workc.kernel import events
from workc.kernel.catalog import CATALOG
from workc.kernel.events import Entry
from workc.runtime.metrics.exposition import Histogram
from workc.runtime.metrics.fold import RunFold
from workc.runtime.metrics.table import METRICS
from workc.runtime.metrics.tally import Tally
from workc.runtime.workflow.model import RetrySpec
from workc.sim.ports import Scripted
from workc.skills.usage import tokens_used
from workc.stages.effects import HttpRequest

URLS = ["http://a/", "http://b/", "http://c/"]
MODELS = ["gpt-4o-mini", "gpt-5-mini"]


def completion(prompt, answer):
    body = {
        "model": "m",
        "choices": [{"finish_reason": "stop", "message": {"content": "hi"}}],
        "usage": {"prompt_tokens": prompt, "completion_tokens": answer},
    }
    return (json.dumps(body).encode(),)


DELAYS = st.integers(0, 700)


def scripted(**given):
    """Returns an answer; what is not given is not drawn either."""
    return Scripted(**given)


ANSWERED = st.builds(
    scripted,
    status=st.sampled_from([200] * 9 + [204, 404, 429, 500, 503, 999]),
    chunks=st.sampled_from([(b"[1]",), (b"[1]",), (b"[%s1]" % (b"1," * 40_000),)]),
    delay_ms=DELAYS,
)
FAILED = st.builds(
    scripted,
    failure=st.sampled_from(["TIMEOUT", "DNS_FAILURE"]).map(
        lambda code: workc.Failure(code=code, message="m")
    ),
    delay_ms=DELAYS,
)
HTTP_ANSWERS = ANSWERED | ANSWERED | ANSWERED | FAILED
MODEL_ANSWERS = st.builds(
    scripted,
    status=st.sampled_from([200, 200, 200, 429, 500]),
    chunks=st.builds(completion, st.integers(0, 99), st.integers(0, 99)) | st.just((b"no json",)),
    delay_ms=DELAYS,
)


@st.composite
def scripts(draw):
    """Returns what the world answers; what it lacks, which is little, is blocked."""
    http = {f"GET {url}": draw(st.lists(HTTP_ANSWERS, min_size=1, max_size=3)) for url in URLS}
    models = {
        f"openai {name}": draw(st.lists(MODEL_ANSWERS, min_size=1, max_size=3)) for name in MODELS
    }
    lacking = draw(st.sampled_from([*http, *["nothing"] * 9]))
    return {key: answers for key, answers in (http | models).items() if key != lacking}


CALLS = (
    st.fixed_dictionaries({"skill": st.just("waits"), "with": st.just({"ms": 30})})
    | st.fixed_dictionaries(
        {
            "skill": st.just("http_call"),
            "with": st.fixed_dictionaries({"url": st.sampled_from(URLS)}),
        }
    )
    | st.fixed_dictionaries(
        {
            "skill": st.just("llm_invoke"),
            "with": st.fixed_dictionaries(
                {
                    "model": st.sampled_from(MODELS),
                    "prompt": st.just("hi"),
                    "max_tokens": st.integers(1, 99),
                }
            ),
        }
    )
    | st.fixed_dictionaries(
        {
            "skill": st.just("json_transform"),
            "with": st.fixed_dictionaries(
                {
                    "data": st.just([1]),
                    "expression": st.sampled_from(["[0]", "sum(@)", "max(@)", "abs(@)"]),
                }
            ),
        }
    )
)


@st.composite
def files(draw):
    """Returns a workflow file: steps that need earlier ones, and checks."""
    steps = {}
    for index in range(draw(st.integers(2, 6))):
        needs = (
            draw(st.sets(st.integers(0, index - 1), min_size=index % 2, max_size=2))
            if index
            else set()
        )
        retry = {"max_attempts": draw(st.integers(1, 3)), "base_delay_ms": 7, "max_delay_ms": 50}
        steps[f"s{index}"] = {
            **draw(CALLS),
            "depends_on": [f"s{need}" for need in sorted(needs)],
            "retry": retry,
        }
    checks = [
        {"id": "c", "level": "Acceptance", "that": draw(st.sampled_from(["`true`", "output"]))}
    ]
    return {
        "workc": 1,
        "name": "drawn",
        "steps": steps,
        "verify": draw(st.sampled_from([[], checks])),
        "output": "${steps.s0}",
    }


@workc.skill(effects=("Network",))
async def waits(ctx: workc.Context, ms: int) -> int:
    """Waits, asks, and waits again."""
    await ctx.sleep_ms(ms)
    status = (await ctx.http(HttpRequest(method="GET", url=URLS[0]))).status
    await ctx.sleep_ms(ms)
    return status


@workc.skill
def opaque(n: int) -> int:
    """Fails for an odd number."""
    if n % 2:
        raise ValueError
    return n


@workc.workflow
async def drawn(ctx, groups: list[list[dict[str, object]]]):
    """Makes groups of calls, one after the other, with a wait in between."""
    for group in groups:
        with suppress(workc.StepFailed):
            await ctx.gather(
                *(
                    ctx.call(call["skill"], retry=RetrySpec(max_attempts=2), **call["with"])
                    for call in group
                )
            )
        await ctx.sleep_ms(len(group))
        with suppress(workc.StepFailed):
            await ctx.call(opaque, n=len(group))
    return len(groups)


WORK = files() | st.lists(st.lists(CALLS, max_size=4), max_size=3)


def run(work, script, ceiling, folder):
    """Returns the runtime, the journal's folder and the bundle of a simulated run of the work."""
    given = Settings(store=folder / "store", ceiling_micro_cents=ceiling)
    used = simulated(script, settings=given, environment={"OPENAI_API_KEY": "test"})
    used.register_skill("waits", waits)
    if isinstance(work, dict):
        (folder / "drawn.json").write_text(json.dumps(work))
        outcome = used.run(folder / "drawn.json")
    else:
        outcome = used.run(drawn, {"groups": work})
    assert outcome.run_id is not None, outcome.message
    return used, RunFolder(folder / "store" / "runs" / outcome.run_id), Path(outcome.bundle)


# --- counted by hand ------------------------------------------------------------------------------


class ByHand:
    """Counts from lines of JSON, with all of them at hand; knows nothing of the fold."""

    def __init__(self, lines, read):
        self.lines = sorted(lines, key=lambda line: line["at"])
        self.read = read
        self.found = defaultdict(int)
        self.observed = defaultdict(list)

    def of(self, kind):
        return [line["payload"] for line in self.lines if line["kind"] == kind]

    def lanes(self):
        lanes = defaultdict(list)
        for line in self.lines:
            lanes[tuple(line["at"][:-1])].append(line)
        return lanes

    def latest(self, before=(99,)):
        times = [line["at_ms"] for line in self.lines if "at_ms" in line]
        return (
            max(
                line["at_ms"]
                for line in self.lines
                if "at_ms" in line and line["at"] < list(before)
            )
            if times
            else 0
        )

    def begins(self):
        """Returns when each lane of a step began, and when it ended."""
        (plan,) = self.of("PlanChosen")
        steps = json.loads(self.read(plan["plan"]))
        names = [step["id"] for step in steps]
        begins, ends = {}, {}
        for path, lines in self.lanes().items():
            if not path:
                continue
            needs = [names.index(n) for n in steps[path[1]]["needs"]] if steps else []
            begins[path] = max([self.latest(path[:1]), *(ends[path[0], need] for need in needs)])
            ends[path] = max([begins[path], *(line["at_ms"] for line in lines if "at_ms" in line)])
        return begins, ends

    def count(self):
        self.runs()
        self.money()
        begins, ends = self.begins()
        for path, lines in self.lanes().items():
            if path:
                self.lane(lines, begins[path], ends[path])
        return self

    def runs(self):
        (started,) = self.of("RunStarted")
        (work,) = self.of("WorkEnded")
        (locked,) = self.of("Locked")
        self.found["workc_runs_started_total", ()] = 1
        self.found["workc_budget_ceiling_micro_cents_total", ()] = started["ceiling_micro_cents"]
        self.found["workc_runs_ended_total", (locked["outcome"],)] = 1
        if "code" in locked:
            self.found["workc_run_failures_total", (locked["code"],)] = 1
        if "halt" in work:
            self.found["workc_run_halts_total", (work["halt"],)] = 1
        first = self.lines[0]["at_ms"]
        self.observed["workc_run_duration_seconds", ()] = [self.latest() - first]
        self.found["workc_run_last_end_timestamp_seconds", ()] = self.latest() * 10**6
        for kind, number in Counter(line["kind"] for line in self.lines).items():
            self.found["workc_events_total", (kind,)] = number
        for checks in self.of("VerificationRun"):
            self.found["workc_check_verdicts_total", (checks["verdict"],)] += 1
            for check in checks["results"]:
                result = "passed" if check["passed"] else "failed"
                self.found["workc_checks_total", (check["level"], result)] += 1
        for halted in self.of("CallHalted"):
            self.found["workc_asks_halted_total", (halted["code"],)] += 1
        self.found["workc_steps_total", ("skipped",)] = len(self.of("StepSkipped"))

    def money(self):
        for move in self.of("BudgetReserved"):
            name = "reserved" if move["granted"] else "refused"
            self.found[f"workc_budget_{name}_micro_cents_total", ()] += move["bound"]
            answer = "granted" if move["granted"] else "refused"
            self.found["workc_budget_reservations_total", (answer,)] += 1
        for move in self.of("BudgetSettled"):
            self.found["workc_budget_spent_micro_cents_total", (move["basis"],)] += move["actual"]

    def lane(self, lines, began, ended):
        now = attempt = began
        last, asked, asked_ms = None, None, 0
        for before, line in zip([None, *lines], lines, strict=False):
            now, payload = line.get("at_ms", now), line["payload"]
            match line["kind"]:
                case "TimerFired" if before["kind"] == "RetryScheduled":
                    attempt = now
                case "FallbackTaken":
                    self.found["workc_fallbacks_total", (payload["action"],)] += 1
                    attempt = now
                case "RetryScheduled":
                    self.found["workc_retries_total", (payload["code"],)] += 1
                case "EffectAsked":
                    self.found["workc_effects_total", (payload["port"],)] += 1
                    asked, asked_ms = payload, now
                case "EffectAnswered":
                    self.answer(asked, payload, now - asked_ms)
                case "SkillExecuted":
                    last = payload
                    self.attempt(payload, now - attempt)
        if last is not None:
            status = "failure" if "failure" in last else "success"
            self.found["workc_steps_total", (status,)] += 1
            self.observed["workc_step_duration_seconds", ()].append(ended - began)

    def answer(self, asked, payload, took):
        self.observed["workc_effect_duration_seconds", (asked["port"],)].append(took)
        if "failure" in payload:
            self.found["workc_effect_failures_total", (payload["failure"]["code"],)] += 1
            return
        status = payload["response"]["status"]
        of_class = f"{str(status)[0]}xx" if status < 600 else "other"
        self.found["workc_responses_total", (asked["port"], of_class)] += 1
        body = self.read(payload["response"]["body"])
        if asked["port"] == "model" and status == 200 and body.startswith(b"{"):
            usage = json.loads(body)["usage"]
            self.found["workc_tokens_total", ("openai", "input")] += usage["prompt_tokens"]
            self.found["workc_tokens_total", ("openai", "output")] += usage["completion_tokens"]

    def attempt(self, payload, took):
        skill = payload["skill"] if payload["skill"] not in ("opaque", "waits") else "other"
        failure = payload.get("failure")
        status = "failure" if failure else "success"
        self.found["workc_attempts_total", (skill, status)] += 1
        self.observed["workc_skill_duration_seconds", (skill,)].append(took)
        if failure:
            assert failure["code"] in CATALOG
            self.found["workc_attempt_failures_total", (failure["code"],)] += 1

    def figures(self):
        """Returns what is not 0, by name and labels without the mode."""
        bounds = {metric.name: metric.bounds for metric in METRICS}
        made = {}
        for (name, labels), times in self.observed.items():
            buckets = [0] * (len(bounds[name]) + 1)
            for ms in times:
                buckets[bisect_left(bounds[name], ms * 10**6)] += 1
            made[name, labels] = Histogram(tuple(buckets), sum(times) * 10**6)
        return {key: number for key, number in self.found.items() if number} | made


def figures(metrics, mode):
    """Returns what is not 0 in metrics, without what the journal's own file costs."""
    found = {}
    for metric in METRICS:
        for key, figure in metrics.series.get(metric.name, {}).items():
            number = figure.count if isinstance(figure, Histogram) else figure
            if number and metric.by_mode and key[0] == mode and "journal" not in metric.name:
                found[metric.name, key[1:]] = figure
    return found


def folded(entries, kept):
    tally = Tally()
    fold = RunFold(tally, "live", kept, tokens_used)
    for entry in entries:
        fold.take(entry)
    return tally.read()


def entries_of(records):
    for record in records:
        payload = events.decode_payload(record.kind, record.payload)
        yield Entry(at=record.at, payload=payload, at_ms=record.at_ms)


@settings(max_examples=60, deadline=None)
@given(WORK, scripts(), st.sampled_from([0, 60_000, 10**9]))
def test_the_figures_of_any_run_are_those_that_its_records_give_by_hand(work, script, ceiling):
    with tempfile.TemporaryDirectory() as name:
        used, kept, bundle = run(work, script, ceiling, Path(name))
        metrics = figures(used.metrics(), "simulated")

        def read(body):
            inline = body.get("inline")
            return kept.get(body["path"]) if inline is None else inline.encode()

        journal = [json.loads(line) for line in kept.lines()]
        assert metrics == ByHand(journal, read).count().figures()
        log = [json.loads(line) for line in (bundle / "events.jsonl").read_bytes().splitlines()]
        assert metrics == ByHand(log, read).count().figures()

        in_order_of_arrival = folded(entries_of(kept.records()), kept)
        lines = (bundle / "events.jsonl").read_bytes().splitlines()
        in_logical_order = folded(entries_of(map(events.decode_event, lines)), kept)
        assert in_order_of_arrival == in_logical_order
        assert figures(in_logical_order, "live") == metrics

        receipt = json.loads((bundle / "receipt.json").read_bytes())
        assert_receipt(used.metrics(), receipt)
        journal_bytes = (kept.path / "journal.jsonl").stat().st_size
        assert used.metrics().value("workc_journal_bytes_total") == journal_bytes

        used.replay(bundle, workflow=None if isinstance(work, dict) else drawn)
        assert used.metrics().value("workc_replays_total", verdict="identical") == 1
        assert figures(used.metrics(), "replay") == metrics


def assert_receipt(metrics, receipt):
    counts, money = receipt["counts"], receipt["money"]
    assert metrics.value("workc_events_total") == counts["events"]
    assert metrics.value("workc_attempts_total") == counts["attempts"]
    assert metrics.value("workc_retries_total") == counts["retries"]
    assert metrics.value("workc_steps_total", status="failure") == counts["steps_failed"]
    assert metrics.value("workc_steps_total", status="skipped") == counts["steps_skipped"]
    assert metrics.value("workc_steps_total", status="success") == counts["steps_succeeded"]
    assert metrics.value("workc_budget_spent_micro_cents_total") == money["spent_micro_cents"]
    assert metrics.value("workc_budget_held_micro_cents") == money["reserved_micro_cents"]
    refused = metrics.value("workc_budget_reservations_total", answer="refused")
    assert refused == money["refused"]


@settings(max_examples=10, deadline=None)
@given(st.lists(st.tuples(WORK, scripts()), min_size=2, max_size=3))
def test_the_figures_of_several_runs_are_the_sum_of_those_of_each(runs):
    with tempfile.TemporaryDirectory() as name:
        whole, parts = Tally(), Tally()
        for number, (work, script) in enumerate(runs):
            (Path(name) / str(number)).mkdir()
            _, kept, _ = run(work, script, 60_000, Path(name) / str(number))
            one = Tally()
            for tally in (whole, one):
                fold = RunFold(tally, "live", kept, tokens_used)
                for entry in entries_of(kept.records()):
                    fold.take(entry)
            parts.join(one)
        assert whole.read() == parts.read()
        assert whole.read().exposition() == parts.read().exposition()
