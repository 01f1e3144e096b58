"""Workflows as Python functions: order, names, failures, inputs, what may be awaited."""

import asyncio
import contextlib
import dataclasses
import gc

import pytest

import workc
from workc import Misuse, Runtime, StepFailed
from workc.runtime.workflow.model import RetrySpec


@workc.skill(pure=True)
def double(x: int) -> int:
    return 2 * x


@workc.skill(pure=True)
def fail(x: int) -> int:
    raise ValueError(x)


@workc.skill(pure=True)
def spoil(items: list[int]) -> int:
    items.clear()
    return 0


def run(function, inputs=None, **options):
    return Runtime(seed=1).run(
        workc.workflow(skills=[double, fail, spoil], **options)(function), inputs
    )


def test_gather_gives_values_in_the_order_of_the_calls():
    async def flow(ctx):
        return await ctx.gather(*(ctx.call(double, x=i) for i in (5, 3, 9, 1)))

    assert run(flow).output == [10, 6, 18, 2]


def test_a_failed_call_raises_after_all_have_ended_and_may_be_caught():
    async def flow(ctx):
        try:
            await ctx.gather(
                ctx.call(double, x=1), ctx.call(fail, x=2, step="b"), ctx.call(fail, x=3, step="c")
            )
        except StepFailed as error:
            return [error.step, error.failure.code, await ctx.call(double, x=4)]

    outcome = run(flow)
    assert outcome.output == ["b", "SKILL_FAILED", 8]
    assert outcome.attempts == 4


def test_an_uncaught_failure_is_the_runs_and_names_its_step():
    async def flow(ctx):
        await ctx.call(fail, x=2, step="broken")

    outcome = run(flow)
    assert (outcome.status, outcome.code, outcome.step) == ("failure", "SKILL_FAILED", "broken")


def test_two_steps_of_one_name_are_refused():
    async def flow(ctx):
        await ctx.call(double, x=1, step="same")
        await ctx.call(double, x=2, step="same")

    outcome = run(flow)
    assert outcome.code == "SKILL_FAILED"
    assert "two steps are named 'same'" in outcome.message


def test_steps_without_a_name_are_named_by_their_place():
    async def flow(ctx):
        for _ in range(3):
            await ctx.call(double, x=1)
        return "ok"

    assert run(flow).ok


def test_text_that_looks_like_a_reference_is_a_value():
    @workc.skill(pure=True, name="echo")
    def echo(value: object) -> object:
        return value

    async def flow(ctx):
        return await ctx.call("echo", value={"a": ["${inputs.x}", "$${y}", "$"]})

    made = workc.workflow(skills=[echo])(flow)
    assert Runtime().run(made).output == {"a": ["${inputs.x}", "$${y}", "$"]}


def test_a_skill_that_spoils_its_input_spoils_nobody_elses():
    async def flow(ctx):
        items = [1, 2, 3]
        await ctx.gather(ctx.call(spoil, items=items), ctx.call(spoil, items=items))
        return items

    assert run(flow).output == [1, 2, 3]


@dataclasses.dataclass
class Point:
    x: int
    y: int = 7


def test_inputs_become_what_the_annotations_say():
    async def flow(ctx, point: Point, more: list[int] | None = None) -> Point:
        return Point(point.x + 1, point.y)

    assert run(flow, {"point": {"x": 1}}).output == {"x": 2, "y": 7}
    assert run(flow, {"point": {"x": "1"}}).code == "INVALID_INPUT"


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (object(), "expected a JSON value, got an object"),
        ((1, object()), "/1: expected a JSON value, got an object"),
    ],
)
def test_a_parameter_that_is_no_json_is_an_input_and_is_named(value, why):
    async def flow(ctx):
        return await ctx.call(spoil, items=value)

    outcome = run(flow)
    assert (outcome.code, outcome.message) == (
        "INVALID_INPUT",
        f"the parameter items of spoil: {why}",
    )


def test_a_result_that_does_not_fit_is_refused():
    async def flow(ctx) -> int:
        return "text"

    assert run(flow).code == "INVALID_OUTPUT"


@pytest.mark.parametrize("thing", ["sleep", "zero", "gather", "thread"])
def test_asyncio_is_refused_as_nondeterministic(thing):
    async def flow(ctx):
        match thing:
            case "sleep":
                await asyncio.sleep(1)
            case "zero":
                await asyncio.sleep(0)
            case "thread":
                await asyncio.to_thread(print)
            case "gather":
                await asyncio.gather(ctx.sleep_ms(1))

    with pytest.warns(RuntimeWarning) if thing == "gather" else _nothing():
        outcome = run(flow)

        gc.collect()
    assert outcome.code == "NONDETERMINISTIC"


def _nothing():

    return contextlib.nullcontext()


def test_a_time_limit_of_zero_is_zero():
    async def flow(ctx):
        return await ctx.call(double, x=1)

    outcome = run(flow, timeout_ms=0)
    assert (outcome.code, outcome.attempts) == ("TIMEOUT", 1)


def test_a_step_with_no_time_fails_once_and_is_not_retried():
    async def flow(ctx):
        return await ctx.call(double, x=1, timeout_ms=0)

    outcome = run(flow)
    assert (outcome.code, outcome.attempts) == ("TIMEOUT", 1)


def test_a_context_skill_waits_no_longer_than_its_time():
    @workc.skill(effects=("Network",), name="waits")
    async def waits(ctx: workc.Context) -> int:
        await ctx.sleep_ms(3_600_000)
        return 1

    async def flow(ctx):

        return await ctx.call("waits", timeout_ms=20, retry=RetrySpec(max_attempts=1))

    outcome = Runtime().run(workc.workflow(skills=[waits])(flow))
    assert outcome.code == "TIMEOUT"


def test_a_function_of_another_form_is_misuse():
    with pytest.raises(Misuse):
        workc.workflow(lambda: 1)


@pytest.mark.parametrize(
    "setting",
    [
        {"max_parallel": 0},
        {"budget_cents": -1},
        {"seed": -1},
        {"seed": 2**64},
        {"durability": "often"},
    ],
)
def test_settings_under_which_no_run_can_work_are_misuse(setting):
    with pytest.raises(Misuse):
        Runtime(**setting)


def test_no_calls_gathered_is_an_empty_list_and_a_sound_bundle(tmp_path):
    async def flow(ctx):
        await ctx.gather()
        return [await ctx.call(double, x=1), await ctx.gather()]

    outcome = Runtime().run(workc.workflow(skills=[double])(flow), out=tmp_path / "b")
    assert outcome.output == [2, []]
    assert workc.verify_bundle(tmp_path / "b").ok


def test_a_workflow_that_never_stops_calling_is_ended_after_a_halt():
    @workc.workflow
    async def deaf(ctx) -> None:
        while True:
            with contextlib.suppress(workc.StepFailed):
                await ctx.call("llm_invoke", model="gpt-5-mini", prompt="hi", max_tokens=10)

    outcome = workc.Runtime(budget_cents=0).run(deaf)
    assert outcome.code == "BUDGET_EXCEEDED"


def test_a_call_that_was_never_awaited_fails_the_workflow_and_says_so():
    @workc.workflow
    async def forgetful(ctx) -> str:
        ctx.call(double, x=1)
        return "done"

    outcome = Runtime().run(forgetful)
    assert not outcome.ok
    assert "never made: await" in outcome.message


def test_a_call_is_made_once_however_often_it_is_awaited():
    @workc.workflow
    async def twice(ctx) -> int:
        call = ctx.call(double, x=1)
        return await call + await call

    outcome = Runtime().run(twice)
    assert not outcome.ok
    assert "made already" in outcome.message


def test_a_busy_workflow_body_is_over_its_time_too():
    @workc.workflow(timeout_ms=1)
    async def busy(ctx) -> str:
        for _ in range(2_000_000):
            pass
        return "done"

    outcome = Runtime().run(busy)
    assert outcome.code == "TIMEOUT"


def test_numbers_that_are_derived_can_be_returned():
    @workc.workflow
    async def chance(ctx) -> int:
        return max(ctx.random() for _ in range(50))

    outcome = Runtime(seed=1).run(chance)
    assert 2**50 < outcome.output < 2**53


def test_two_checks_of_one_id_and_an_unprintable_name_are_refused_when_decorated():
    async def flow(ctx) -> None:
        pass

    check = {"id": "a", "that": "output == `1`"}
    with pytest.raises(Misuse, match="same id"):
        workc.workflow(verify=[check, check])(flow)
    with pytest.raises(Misuse, match="printable"):
        workc.workflow(name="a\x1b")(flow)


@pytest.mark.parametrize(("actual", "basis"), [(1, "released"), (4, "bound")])
def test_a_skill_that_settles_against_its_own_basis_fails_and_its_bundle_verifies(
    tmp_path, actual, basis
):
    @workc.skill(effects=["Cost"])
    async def pays(ctx) -> int:
        grant = await ctx.reserve(5)
        await ctx.settle(grant, actual, basis)
        return 1

    @workc.workflow(skills=[pays])
    async def flow(ctx) -> int:
        return await ctx.call(pays)

    outcome = Runtime(budget_cents=1).run(flow, out=tmp_path / "bundle")
    assert outcome.code == "SKILL_FAILED"
    assert workc.verify_bundle(tmp_path / "bundle").ok


@pytest.mark.parametrize("step", ["one-4.0", "one-07.1", "-0.0"])
def test_a_step_may_not_be_named_like_the_place_of_another(step):
    async def flow(ctx):
        return await ctx.call(double, x=1, step=step)

    outcome = run(flow)
    assert outcome.code == "SKILL_FAILED"
    assert "named like a place" in outcome.message


@pytest.mark.parametrize(("whose", "of_run", "of_step"), [("run", 20, None), ("step", None, 20)])
def test_a_skill_that_waits_too_long_is_told_whose_time_was_over(whose, of_run, of_step):
    @workc.skill(effects=("Network",))
    async def waits(ctx: workc.Context) -> int:
        await ctx.sleep_ms(3_600_000)
        return 0

    @workc.workflow(skills=[waits], timeout_ms=of_run)
    async def flow(ctx):
        no_more = RetrySpec(max_attempts=1)
        await ctx.call(waits, step="w", timeout_ms=of_step, retry=no_more)

    outcome = workc.run(flow)
    assert outcome.code == "TIMEOUT"
    assert outcome.message == f"the time of the {whose} was over while it waited"
