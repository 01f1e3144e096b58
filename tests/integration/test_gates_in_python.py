"""Gates that the code of a workflow names: of calls, and of the whole."""

import json
from pathlib import Path

import pytest

import workc
from workc import Misuse, Runtime
from workc.api.approvals import decide
from workc.api.resume import resume
from workc.api.settings import Settings
from workc.api.store import Store


@workc.gate
def small(value: int, inputs: dict[str, int]) -> bool:
    """Says whether a value is no more than the input."""
    return value <= inputs["most"]


@workc.gate
def after_both(steps: dict[str, int]) -> bool:
    """Says whether both of the steps before are over, and nothing else."""
    return list(steps) == ["one", "two"]


@workc.gate
def even(output: int) -> bool:
    """Says whether the output is even."""
    return output % 2 == 0


@workc.gate
def positive(inputs: dict[str, int]) -> bool:
    """Says whether the input is."""
    return inputs["most"] > 0


@workc.skill(pure=True)
def number(n: int) -> int:
    """Gives the number."""
    return n


@workc.workflow(
    gates={"pre": [positive], "post": [even, {"id": "sum", "check": "output == steps.three"}]},
    verify=[{"id": "is", "that": "output == `6`"}],
)
async def counts(ctx, most: int = 9, third: int = 6):
    """Counts."""
    await ctx.gather(ctx.call(number, step="one", n=1), ctx.call(number, step="two", n=2))
    return await ctx.call(
        number,
        step="three",
        n=third,
        gates={
            "pre": [after_both, {"id": "given", "check": "params.n == inputs.third"}],
            "post": [small, {"id": "twice", "check": "value > steps.two"}],
        },
    )


#: Gates of a function see the inputs that were given, as its checks do, and no defaults.
GIVEN = {"most": 9, "third": 6}


def said(events):
    found = [e["payload"] for e in events if e["kind"] == "GateEvaluated"]
    return [(p["gate"], p.get("step"), p["passed"]) for p in found]


def test_gates_of_a_function_let_it_go_on(tmp_path, proven):
    outcome = workc.run(counts, GIVEN, out=tmp_path / "bundle")
    assert (outcome.status, outcome.output) == ("success", 6)
    assert said(proven(outcome.bundle, workflow=counts)) == [
        ("positive", None, True),
        ("after_both", "three", True),
        ("given", "three", True),
        ("small", "three", True),
        ("twice", "three", True),
        ("even", None, True),
        ("sum", None, True),
    ]
    receipt = json.loads((tmp_path / "bundle/receipt.json").read_bytes())
    assert {"small", "after_both", "even", "positive"} <= receipt["code"].keys()


@pytest.mark.parametrize(
    ("inputs", "status", "message", "step", "failed"),
    [
        ({"most": 0}, "failure", "the gate positive did not hold", None, ["positive"]),
        ({"most": 5}, "partial", "the gate small did not hold", "three", ["small"]),
        ({"third": 1}, "partial", "", "three", ["twice", "even"]),
    ],
)
def test_one_that_fails_forbids_success(tmp_path, proven, inputs, status, message, step, failed):
    outcome = workc.run(counts, {**GIVEN, **inputs}, out=tmp_path / "bundle")
    assert [gate.gate for gate in outcome.failed_gates] == failed
    assert not outcome.ok
    proven(outcome.bundle, workflow=counts)
    if message:
        assert (outcome.status, outcome.code, outcome.step) == (status, "GATE_FAILED", step)
        assert outcome.message.startswith(message)


def barred(caught):
    @workc.workflow(name="barred", skills=[number])
    async def barred(ctx):
        gates = {"pre": [{"id": "never", "check": "params.n == `2`"}]}
        try:
            return await ctx.call(number, n=1, gates=gates)
        except workc.StepFailed as error:
            caught.append((error.failure.code, error.failure.message))
            if caught[0] == "again":
                raise
        return await ctx.call(number, n=7)

    return barred


def test_a_function_that_goes_another_way_behind_a_gate_is_partial(tmp_path, proven):
    caught = []
    flow = barred(caught)
    outcome = workc.run(flow, out=tmp_path / "bundle")
    assert caught == [
        ("GATE_FAILED", "the gate never did not hold: params.n == `2` (it gave false)")
    ]
    assert (outcome.status, outcome.code, outcome.output) == ("partial", "GATE_FAILED", 7)
    assert (outcome.ok, outcome.exit_code) == (False, 1)
    proven(outcome.bundle, workflow=flow)


def test_one_that_does_not_catch_it_fails(tmp_path, proven):
    flow = barred(["again"])
    outcome = workc.run(flow, out=tmp_path / "bundle")
    assert (outcome.status, outcome.code) == ("failure", "GATE_FAILED")
    assert outcome.step.startswith("number-")
    proven(outcome.bundle, workflow=flow)


def test_gates_see_no_sibling_whatever_ends_first(tmp_path, proven):
    @workc.workflow(name="siblings", skills=[number])
    async def siblings(ctx):
        alone = {"pre": [{"id": "alone", "check": "length(steps) == `1`"}]}
        await ctx.call(number, step="before", n=0)
        calls = [ctx.call(number, step=f"s{n}", n=n, gates=alone) for n in range(8)]
        return await ctx.gather(*calls)

    for parallel in (1, 8):
        out = tmp_path / f"bundle{parallel}"
        outcome = Runtime(max_parallel=parallel).run(siblings, out=out)
        assert outcome.status == "success", outcome.message
        assert len(said(proven(outcome.bundle, workflow=siblings))) == 8


ASKS = '''
import workc

@workc.skill(pure=True)
def number(n: int) -> int:
    """Gives it."""
    return n

@workc.workflow
async def asks(ctx):
    """Asks first."""
    sure = {"pre": [{"id": "sure", "approval": "Is ${it} so?"}, {"id": "p", "check": "params.n == `1`"}]}
    return await ctx.call(number, step="it", n=1, gates=sure)
'''


def test_a_call_may_ask_a_human_as_a_gate(tmp_path, proven):
    (tmp_path / "asks.py").write_text(ASKS)
    store = Store(tmp_path / "store")
    paused = Runtime(store=store.path).run(f"{tmp_path}/asks.py:asks")
    assert paused.code == "APPROVAL_PENDING"
    [waiting] = paused.error["details"]["waiting"]
    assert waiting["question"] == "Is ${it} so?"
    decide(store, "last", "approved", by="ann")
    outcome = resume(store, "last", Settings(environment={}))
    assert (outcome.status, outcome.output) == ("success", 1)
    events = proven(outcome.bundle, code=tmp_path)
    assert [e["payload"]["gate"] for e in events if "gate" in e["payload"]] == ["sure", "sure", "p"]


def test_a_gate_given_by_itself_is_found_wherever_it_stands(tmp_path, proven):
    def made(name):
        @workc.gate(name=name)
        def inner(output: object) -> bool:
            return output == 3

        return inner

    @workc.workflow(name="given", gates={"post": [{"id": "three", "function": made("inner-one")}]})
    async def given(ctx):
        return 3

    outcome = workc.run(given, out=tmp_path / "bundle")
    assert outcome.status == "success", outcome.message
    assert "inner-one" in json.loads((tmp_path / "bundle/receipt.json").read_bytes())["code"]
    proven(outcome.bundle, workflow=given)


async def nothing(ctx):
    return None


@pytest.mark.parametrize(
    ("gates", "message"),
    [
        ({"pre": [small]}, "small takes value, and a gate pre_run sees inputs"),
        ({"pre": ["positive"]}, "a mapping or a function"),
        ({"pre": [{"id": "a", "function": "unknown"}]}, "'unknown' is no function of a gate"),
        ({"pre": [{"id": "a", "function": 7}]}, "7 is no function of a gate"),
        (
            {"post": [{"id": "a", "check": "value"}]},
            "of a workflow sees inputs, lens, steps, output",
        ),
    ],
)
def test_what_is_wrong_with_a_gate_is_said_when_the_workflow_is_defined(gates, message):
    with pytest.raises(Misuse, match=message):
        workc.workflow(gates=gates)(nothing)


def test_a_function_of_the_module_may_be_named():
    flow = workc.workflow(gates={"pre": [{"id": "a", "function": "positive"}]})(nothing)
    assert flow.gates.pre[0].that == "positive"


def test_what_is_wrong_with_a_gate_of_a_call_fails_the_function(tmp_path):
    @workc.workflow(name="wrong", skills=[number])
    async def wrong(ctx):
        return await ctx.call(number, n=1, gates={"pre": [{"id": "a", "check": "value"}]})

    outcome = workc.run(wrong)
    assert (outcome.status, outcome.code) == ("failure", "SKILL_FAILED")
    assert "of a call sees inputs, lens, steps, params; there is no 'value'" in outcome.message


def test_a_function_whose_gate_bars_it_is_not_called(tmp_path):
    called = Path(tmp_path / "called")

    @workc.workflow(name="never", gates={"pre": [{"id": "no", "check": "`false`"}]})
    async def never(ctx):
        called.write_text("it was")

    assert workc.run(never).code == "GATE_FAILED"
    assert not called.exists()
