"""Planners: pure functions of what a planner is told."""

import pytest

import workc
from workc import Misuse
from workc.stages.planner import TOLD


def test_what_is_no_function_is_no_planner():
    with pytest.raises(Misuse, match="@planner makes planners of plain functions"):
        workc.planner(5)


def test_a_planner_is_a_pure_skill():
    @workc.planner(name="mine", description="Plans.")
    def some(prompt: str, limits: dict[str, int]) -> dict[str, object]:
        return {"steps": []}

    assert (some.name, some.pure, some.parameters) == ("mine", True, ("prompt", "limits"))
    assert some("x", {}) == {"steps": []}


def test_a_planner_may_take_all_that_is_told():
    namespace: dict[str, object] = {}
    exec(f"def plan({', '.join(f'{name}: object' for name in TOLD)}) -> object: ...", namespace)
    assert workc.planner(namespace["plan"]).parameters == TOLD


def test_what_is_not_told_cannot_be_taken():
    with pytest.raises(Misuse, match="takes 'goal'; a planner takes some of attempt"):

        @workc.planner
        def wants(goal: str) -> object: ...


def test_a_planner_only_thinks():
    with pytest.raises(Misuse, match="a planner is a plain def, without ctx"):

        @workc.planner
        async def asks(ctx, prompt: str) -> object: ...
