"""Scenarios that call functions of one's own, and what must hold of every run of them."""

import pytest

from workc.sim.scenario.scenario import Scenario, ScenarioError
from workc.testkit.scenario_runner import ScenarioRunner, ran_twice
from workc.testkit.swarm import Swarm, replayed, run_swarm

SHOP = """\
import workc

@workc.skill
async def price(ctx: workc.Context, cents: int, since_ms: int) -> int:
    return cents - (ctx.now_ms() - since_ms) // 1000

@workc.skill(pure=True)
def double(cents: int) -> int:
    return 2 * cents

@workc.skill(pure=True)
def refuse() -> int:
    raise workc.Refusal(workc.Failure(code="CONFLICT", message="sold out"))

@workc.skill
def count() -> int:
    workc.shop_calls = getattr(workc, "shop_calls", 0) + 1
    return workc.shop_calls
"""
START_MS = 1_767_225_600_000
PRICE = {"Call": {"skill": "shop.py:price", "with": {"cents": 50, "since_ms": START_MS}}}


@pytest.fixture(autouse=True)
def shop(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "shop.py").write_text(SHOP)


def scenario(*actions, **more):
    steps = [{"name": f"s{number}", "action": action} for number, action in enumerate(actions)]
    return Scenario.from_json(
        {"id": "own", "intent": {"description": "x"}, "plan": {"steps": steps}, **more}
    )


def call(name, **params):
    return {"Call": {"skill": f"shop.py:{name}", "with": params}}


def test_what_one_function_gives_another_is_given():
    ran = ran_twice(scenario(PRICE, call("double", cents="${steps.s0}")))
    assert ran.result.failures == ()
    assert ran.became.output == b'{"s1":100}'


@pytest.mark.parametrize(
    ("action", "code"),
    [
        (call("refuse"), "CONFLICT"),
        (call("double", cents="two"), "INVALID_WORKFLOW"),
        (call("nobody"), "INVALID_WORKFLOW"),
        ({"Call": {"skill": "other.py:price"}}, "SKILL_NOT_FOUND"),
        ({"Call": {"skill": "../shop.py:price"}}, "SKILL_NOT_FOUND"),
    ],
)
def test_how_a_function_fails_is_told(action, code):
    assert code in ScenarioRunner().run(scenario(action)).became.codes


def test_a_function_that_remembers_is_found_by_the_second_run():
    ran = ran_twice(scenario(call("count")))
    assert [failure.code for failure in ran.result.failures] == ["NONDETERMINISTIC"]


@pytest.mark.parametrize("skill", ["shop.py", ":price", "shop.py:", "shop.py:a-b"])
def test_what_names_no_function_is_refused(skill):
    with pytest.raises(ScenarioError, match="Call: "):
        scenario({"Call": {"skill": skill}})


def test_no_failures_are_scripted_of_a_function():
    with pytest.raises(ScenarioError, match="fails by itself"):
        scenario(PRICE, act_errors=[{"at_step": 0}])


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("output.s0 > `0`", True),
        ("output.s0 > `50`", False),
        ("output.nothing > `0`", True),
        ("status == 'failed'", False),
        ("length(codes) == `0`", True),
        ("length(status.none)", False),
    ],
)
def test_what_always_holds_is_asked_of_how_a_run_ended(text, holds):
    ran = ScenarioRunner().run(scenario(PRICE, also={"always": [text]}))
    assert [failure.expected for failure in ran.result.failures] == ([] if holds else [text])


def test_what_is_no_expression_is_refused():
    with pytest.raises(ScenarioError, match=r"always: .*\$\.also"):
        scenario(also={"always": ["output.["]})


def test_a_swarm_finds_what_does_not_hold_and_makes_it_small():
    always = scenario({"ReadFile": {"path": "src/a"}}, PRICE, also={"always": ["output.s1 >= `0`"]})
    batch = run_swarm(Swarm(first=260, seeds=8, scenarios=(always,)))
    (found,) = batch.found
    assert len(found.small.plan.steps) == 1
    assert [jump.at_look for jump in found.small.faults.clock_jumps] == [0]
    trace = [int(each) for each in expanded(found.trace)]
    assert replayed(trace, always).failures == found.failures


def expanded(trace):
    """Yields the choices of a record as it is written: ``3x0`` is three times 0."""
    for part in trace.split(","):
        times, _, choice = part.rpartition("x")
        yield from [choice] * int(times or 1)
