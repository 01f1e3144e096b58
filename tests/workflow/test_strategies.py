"""Strategies of files and functions: which one fits, and what its steps are given."""

import json

import pytest

import workc
from workc import Misuse
from workc.api.simulation import simulated
from workc.kernel.payloads import Body
from workc.kernel.strategies import StrategySuggested, Suggestion, Weighed, suggested

FLOW = """\
workc: 1
name: ways
inputs: {{size: {{type: integer, default: 5}}}}
signals: {{size: inputs.size, text: feedback.code}}
strategies:
{strategies}
steps:
  a: {{skill: json_transform, with: {{data: "${{strategy.id}}", expression: "@"}}}}
output: "${{steps.a.result}}"
"""


def run(tmp_path, *strategies, **inputs):
    listed = "\n".join(f"  - {{{each}}}" for each in strategies)
    text = FLOW.format(strategies=listed)
    (tmp_path / "flow.yaml").write_text(text)
    outcome = simulated({}).run(tmp_path / "flow.yaml", inputs, out=tmp_path / "out")
    assert workc.verify_bundle(tmp_path / "out").ok
    lines = (tmp_path / "out/events.jsonl").read_text().splitlines()
    events = [json.loads(line) for line in lines]
    weighed = next(e["payload"] for e in events if e["kind"] == "StrategySuggested")
    return outcome.output, weighed


def test_the_best_match_is_applied_and_of_equals_the_first_by_its_id(tmp_path):
    output, weighed = run(
        tmp_path, "id: b, when: '`800`'", "id: a, when: '`800`'", "id: c, when: '`700`'"
    )
    assert output == "a"
    assert [each["id"] for each in weighed["suggestions"]] == ["a", "b", "c"]
    assert [each["id"] for each in weighed["weighed"]] == ["b", "a", "c"]


def test_below_its_threshold_a_strategy_is_not_suggested(tmp_path):
    output, weighed = run(
        tmp_path, "id: a, when: '`500`', threshold: 501", "id: b, when: '`100`', threshold: 50"
    )
    assert output == "b"
    assert weighed["suggestions"] == [{"id": "b", "permille": 52}]


def test_a_signal_sees_the_lens(tmp_path):
    @workc.workflow(
        lens={"items": {"note": {"text": "x"}}},
        signals={"note": "lens.note.text"},
        strategies=[{"id": "noted", "when": "signals.note == 'x'"}],
    )
    async def ways(ctx) -> object:
        return ctx.strategy["id"]

    assert simulated({}).run(ways, {}).output == "noted"


@pytest.mark.parametrize(
    ("when", "confidence", "failure"),
    [
        ("`true`", 1000, None),
        ("`false`", 0, None),
        ("signals.size", 5, None),
        ("signals.text", 0, "INVALID_OUTPUT"),
        ("`1001`", 0, "INVALID_OUTPUT"),
        ("`1.5`", 0, "INVALID_OUTPUT"),
        ("abs(signals.text)", 0, "TRANSFORM_FAILED"),
    ],
)
def test_what_a_condition_gives_is_a_permille_or_counts_as_none(
    tmp_path, when, confidence, failure
):
    output, weighed = run(tmp_path, f"id: a, when: '{when}'")
    (only,) = weighed["weighed"]
    assert (only["confidence"], only.get("failure")) == (confidence, failure)
    assert output == ("a" if confidence else "")


def test_a_function_asks_its_context_for_the_strategy_of_each_pass(tmp_path):
    @workc.workflow(
        signals={"again": "feedback.pass > `1`"},
        strategies=[
            {"id": "second", "version": "7", "when": "signals.again", "parameters": {"n": 2}},
            {"id": "first", "when": "`true`", "weight": 1, "parameters": {"n": 1}},
        ],
        verify=[{"id": "two", "that": "output.parameters.n == `2`", "on_fail": "Orient"}],
    )
    async def ways(ctx) -> dict[str, object]:
        return dict(ctx.strategy)

    outcome = simulated({}).run(ways, {}, out=tmp_path / "out")
    assert outcome.output == {
        "id": "second",
        "parameters": {"n": 2},
        "permille": 1000,
        "version": "7",
    }
    assert workc.replay(tmp_path / "out", workflow=ways).identical


def test_a_pass_that_goes_back_to_act_keeps_its_strategy(tmp_path):
    @workc.workflow(
        signals={"pass": "feedback.pass"},
        strategies=[{"id": "first", "when": "signals.pass == `1`"}],
        verify=[{"id": "twice", "that": "output[0] == `2`", "on_fail": "Act"}],
    )
    async def ways(ctx) -> list[object]:
        return [ctx.feedback["pass"], ctx.strategy["id"]]

    assert simulated({}).run(ways, {}).output == [2, "first"]


@pytest.mark.parametrize(
    ("signals", "strategies", "match"),
    [
        (["x"], [], "signals"),
        ({"a b": "inputs"}, [], "is no name"),
        ({"a": "steps.x"}, [], "starts with 'steps'"),
        ({"a": "]"}, [], "invalid expression"),
        ({f"s{n}": "inputs" for n in range(101)}, [], "at most 100"),
        ({}, [3], "a strategy"),
        ({}, [{"id": "a"}], "has id, when"),
        ({}, [{"id": "a", "when": "`1`", "wait": 1}], "has id, when"),
        ({}, [{"id": "a", "when": "`1`", "weight": 1001}], "the weight of a strategy"),
        ({}, [{"id": "a", "when": "`1`", "parameters": {"x": {1, 2}}}], "the parameter x"),
        ({}, [{"id": "a", "when": "signals.x"}], "names the signal 'x'"),
        ({}, [{"id": "a", "when": "`1`"}] * 2, "the same id"),
    ],
)
def test_what_code_says_of_strategies_is_checked(signals, strategies, match):
    with pytest.raises(Misuse, match=match):

        @workc.workflow(signals=signals, strategies=strategies)
        async def ways(ctx) -> None: ...


def weighed(name="a", confidence=1000, threshold=0, weight=1000):
    return Weighed(id=name, confidence=confidence, threshold=threshold, version="1", weight=weight)


def test_what_is_suggested_follows_from_what_was_weighed():
    found = suggested([weighed("b", 750, 500), weighed("a", 900, 600, 500), weighed("c", 0)])
    assert found == [Suggestion(id="b", permille=500), Suggestion(id="a", permille=375)]


def test_a_permille_is_at_most_the_whole_and_a_strategy_is_weighed_once():
    def problem(*listed):
        signals = Body(form="json", inline="{}")
        return StrategySuggested(signals=signals, suggestions=[], weighed=[*listed]).problem()

    assert problem(weighed(), weighed("b")) is None
    assert problem(weighed(threshold=1001)) == "a permille is at most 1000"
    assert problem(weighed(), weighed()) == "a strategy is weighed once"
