"""Whatever the order in which answers come, the records are the same: the heart of determinism."""

import hashlib
from itertools import count

import msgspec
from drawn_graphs import graphs
from hypothesis import given, settings
from hypothesis import strategies as st

import workc
from workc import Failure, Refusal, StepFailed
from workc.adapters.memory import MemoryRun
from workc.bundle.sequence import sequence
from workc.kernel import events
from workc.kernel.events import Entry
from workc.kernel.ledger import Ledger
from workc.kernel.payloads import TimerFired
from workc.runtime.answering import Answering
from workc.runtime.asks import Ask, Call, Effect, Reserve, Settle, Timer
from workc.runtime.engine import Engine
from workc.runtime.flow import run_body
from workc.runtime.governor import Governor
from workc.runtime.journal import Journal
from workc.runtime.program import Program
from workc.runtime.run import Run
from workc.runtime.session import Session
from workc.runtime.workflow.model import StepSpec
from workc.skills.prices import builtin_prices
from workc.stages.effects import HttpRequest, HttpResponse
from workc.stages.skill import Result


@workc.skill(pure=True)
def pure(needs: list[object]) -> object:
    raise AssertionError("answers are scripted")


@workc.skill
def opaque(needs: list[object]) -> object:
    raise AssertionError("answers are scripted")


@workc.skill(effects=("Network", "Cost"))
async def network(ctx: workc.Context, needs: list[object]) -> object:
    grant = await ctx.reserve(len(needs))
    response = await ctx.http(HttpRequest(method="GET", url="http://x/"))
    await ctx.settle(grant, 0, "released")
    if response.status >= 500:
        raise Refusal(Failure(code="HTTP_5XX", message="scripted"))
    return [response.status, ctx.uuid(), str(ctx.random())]


SKILLS = {skill.name: skill for skill in (pure, opaque, network)}


def chance(seed, at):
    """Returns a number that depends on the place alone, as a scripted answer does."""
    return hashlib.sha256(f"{seed}:{at}".encode()).digest()[0]


def answer(ask, seed, answering, at_ms):
    drawn = chance(seed, ask.at)
    match ask.question:
        case Timer():
            return Entry(at=ask.at, payload=TimerFired(), at_ms=at_ms)
        case Call():
            failed = drawn % 5 == 0
            code = "TIMEOUT" if drawn % 2 else "SKILL_FAILED"
            given = Failure(code=code, message="m") if failed else Result(value=drawn)
        case Effect():
            given = HttpResponse(status=503 if drawn % 4 == 0 else 200, body=bytes([drawn]))
    return msgspec.structs.replace(answering.entry(ask, given), at_ms=at_ms)


def play(steps, seed, pick, at_ms_of, max_lanes=None):
    """Returns the journal of a run whose pending asks are answered in the order of ``pick``."""
    files = MemoryRun()
    program = Program(
        name="graph",
        description="",
        kind="file",
        text=b"",
        path="",
        skills=SKILLS,
        code={},
        prices=builtin_prices(),
        steps=steps,
        output=[f"${{steps.{steps[0].id}}}"],
    )
    run = Run(program, files, "run", seed, {}, 10**6, None)
    ticks = count(1)
    governor = Governor(Ledger(10**6), lambda: at_ms_of(next(ticks), None))
    session = Session(Engine(run_body(run), 0, max_lanes), Journal(files), governor)
    answering = Answering(files, lambda: 0)
    pending = list(session.turn())
    while not session.done:
        ask = pending.pop(pick(len(pending)))
        pending += session.turn([answer(ask, seed, answering, at_ms_of(next(ticks), ask.at))])
    assert not pending
    return session.result, sorted(files.records(), key=lambda record: record.at)


def bare(records):
    """Returns the records without what the schedule decides: times, and the moves of the ledger."""
    kept = []
    for record in records:
        payload = msgspec.json.decode(record.payload)
        if record.kind in {"BudgetReserved", "BudgetSettled"}:
            payload = {
                k: payload[k] for k in ("bound", "granted", "actual", "step") if k in payload
            }
        kept.append((tuple(record.at), record.kind, msgspec.json.encode(payload, order="sorted")))
    return kept


@settings(max_examples=60, deadline=None)
@given(graphs(SKILLS), st.integers(0, 2**32), st.data())
def test_any_order_of_answers_gives_the_same_events(steps, seed, data):
    first, one = play(steps, seed, lambda n: 0, lambda tick, at: tick)
    second, other = play(
        steps, seed, lambda n: data.draw(st.integers(0, n - 1)), lambda tick, at: tick
    )
    assert bare(one) == bare(other)
    assert first == second


@settings(max_examples=40, deadline=None)
@given(graphs(SKILLS), st.integers(0, 2**32), st.data())
def test_with_equal_answers_the_sealed_lines_are_the_same_bytes(steps, seed, data):
    # Without money every answer is scripted by its place, its time too.
    steps = tuple(
        msgspec.structs.replace(step, skill="opaque") if step.skill == "network" else step
        for step in steps
    )

    def equal(tick, at):
        return 0 if at is None else sum(at)

    _, one = play(steps, seed, lambda n: 0, equal)
    _, other = play(steps, seed, lambda n: data.draw(st.integers(0, n - 1)), equal)
    lines = [line for line, *_ in sequence(one)]
    assert lines == [line for line, *_ in sequence(other)]


@settings(max_examples=30, deadline=None)
@given(graphs(SKILLS), st.integers(0, 2**32), st.integers(1, 3))
def test_how_many_lanes_work_at_once_changes_no_record(steps, seed, lanes):
    first, one = play(steps, seed, lambda n: 0, lambda tick, at: tick)
    second, other = play(steps, seed, lambda n: n - 1, lambda tick, at: tick, max_lanes=lanes)
    assert bare(one) == bare(other)
    assert first == second


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 60), st.lists(st.integers(0, 30), min_size=1, max_size=12), st.data())
def test_reservations_at_once_never_pass_the_ceiling_and_none_that_fits_is_refused(
    ceiling, bounds, data
):

    governor = Governor(Ledger(ceiling), lambda: 0)
    reserved, spent, standing = 0, 0, {}
    for index, bound in enumerate(bounds):
        if standing and data.draw(st.booleans()):
            grant, held = standing.popitem()
            actual = data.draw(st.integers(0, held))
            move = governor.answer(Ask((9, index), Settle(grant, actual, "usage", "s"))).payload
            reserved, spent = reserved - held, spent + actual
            assert (move.reserved, move.spent) == (reserved, spent)
        halted = governor.halt
        given = governor.answer(Ask((index,), Reserve(bound, "s"))).payload
        if halted:
            assert type(given).__name__ == "CallHalted"
            continue
        assert given.granted == (reserved + spent + bound <= ceiling)
        if given.granted:
            reserved += bound
            standing[given.n] = bound
        assert 0 <= given.reserved + given.spent <= ceiling


# --- whatever the work does, an outcome comes out ------------------------------------------------

ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.binary()
    | st.sampled_from([object(), {1, 2}, (1, 2), 1j, print, ValueError("x"), "\ud800", 2**60]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=3) | st.integers(), inner, max_size=3)
        | st.tuples(inner)
    ),
    max_leaves=8,
)


@workc.skill(pure=True)
def same(x: object) -> object:
    return x


RUNTIME = workc.Runtime(allow_external=False)


def is_outcome(outcome):
    msgspec.json.encode(outcome.to_json())
    return outcome.ok or outcome.code in CODES


from workc.kernel.catalog import CATALOG  # noqa: E402

CODES = set(CATALOG) - {"INTERNAL_ERROR"}


@settings(max_examples=80, deadline=None)
@given(ANYTHING, st.sampled_from(["http_call", "json_transform", "llm_invoke", same, "none", 3]))
def test_any_parameters_give_an_outcome(params, skill):
    assert is_outcome(RUNTIME.execute(skill, params))
    assert is_outcome(RUNTIME.execute(skill, {"x": params}))
    assert is_outcome(RUNTIME.execute(skill, {"url": params}))
    assert is_outcome(RUNTIME.execute(skill, {"data": params, "expression": "@"}))


@workc.workflow
async def gives(ctx, x: object = None):
    return x


@settings(max_examples=60, deadline=None)
@given(ANYTHING)
def test_any_inputs_give_an_outcome(inputs):
    assert is_outcome(RUNTIME.run(gives, inputs))
    assert is_outcome(RUNTIME.run(gives, {"x": inputs}))


class Foreign:
    def __await__(self):
        yield self


class Base(BaseException):
    pass


def does(action, value):
    async def weird(ctx):
        match action:
            case "return":
                return value
            case "raise":
                raise value
            case "await":
                await Foreign()
            case "swallow":
                try:
                    await Foreign()
                except Refusal:
                    await ctx.call(same, x=value)
            case "call":
                return await ctx.call(same, x=value)
            case "step":
                return await ctx.call(same, step=value, x=1)
            case "timeout":
                return await ctx.call(same, timeout_ms=value, x=1)
            case "retry":
                return await ctx.call(same, retry=value, x=1)
            case "skill":
                return await ctx.call(value, x=1)
            case "gather":
                return await ctx.gather(value)
            case "sleep":
                await ctx.sleep_ms(value)
            case "fail":
                raise StepFailed(value, Failure(code="TIMEOUT", message="m"))
            case "refuse":
                raise Refusal(
                    Failure(code=value, message=value, details=value, retry_after_ms=value)
                )

    return workc.workflow(weird)


ACTIONS = [
    "return",
    "await",
    "swallow",
    "call",
    "step",
    "timeout",
    "retry",
    "skill",
    "gather",
    "refuse",
]


@settings(max_examples=120, deadline=None)
@given(st.sampled_from(ACTIONS), ANYTHING)
def test_any_workflow_function_gives_an_outcome(action, value):
    assert is_outcome(RUNTIME.run(does(action, value)))


@settings(max_examples=20, deadline=None)
@given(
    st.sampled_from(
        [
            ValueError(),
            Base(),
            SystemExit(3),
            RecursionError(),
            MemoryError(),
            StopIteration(),
            Refusal(Failure(code="NOPE", message="")),
        ]
    )
)
def test_any_exception_gives_an_outcome(error):
    assert RUNTIME.run(does("raise", error)).code == "SKILL_FAILED"


def test_the_events_of_a_run_are_those_that_were_played(tmp_path):
    steps = (StepSpec(id="s0", skill="opaque", params={"needs": []}),)
    result, records = play(steps, 3, lambda n: 0, lambda tick, at: tick)
    assert result.outcome == "success"
    assert [r.kind for r in records] == [
        "IntentSet",
        "LensAssembled",
        "PlanChosen",
        "SkillAsked",
        "SkillExecuted",
        "WorkEnded",
        "VerificationRun",
        "Locked",
    ]
    assert events.decode_payload(records[4].kind, records[4].payload).value.inline == str(
        chance(3, (4, 0, 1))
    )
