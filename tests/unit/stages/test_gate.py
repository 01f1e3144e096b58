"""A function as a gate: a pure skill that takes what a gate may see."""

import pytest

import workc
from workc.kernel.failure import Misuse
from workc.stages.gate import SEEN, unseen_problem


def test_what_is_no_function_is_no_gate():
    with pytest.raises(Misuse, match="@gate makes gates of plain functions"):
        workc.gate(5)


def test_a_gate_is_a_pure_skill_and_is_called_like_its_function():
    @workc.gate
    def short(value: list[int], inputs: dict[str, int]) -> bool:
        """Says whether it is short."""
        return len(value) < inputs["most"]

    assert isinstance(short, workc.Skill)
    assert (short.name, short.pure, short.kind) == ("short", True, "function")
    assert short.description == "Says whether it is short."
    assert short.parameters == ("value", "inputs")
    assert short([1], {"most": 2}) is True


def test_a_gate_may_have_another_name():
    @workc.gate(name="other", description="words")
    def short(output: object) -> bool:
        return bool(output)

    assert (short.name, short.description) == ("other", "words")


def takes_more(value, who):
    return value == who


async def waits(value):
    return value


async def acts(ctx, value):
    return value


def takes_any(*value):
    return value


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (
            takes_more,
            "takes_more takes 'who'; a gate takes some of inputs, lens, steps, params, value",
        ),
        (waits, "waits: a gate is a plain def"),
        (acts, "acts: a gate is a plain def"),
        (takes_any, "takes_any"),
        (7, "functions"),
    ],
)
def test_what_can_be_no_gate_is_misuse(function, message):
    with pytest.raises(Misuse, match=message):
        workc.gate(function)


def test_a_gate_takes_what_can_be_seen_when_it_is_evaluated():
    for when, seen in SEEN.items():
        assert unseen_problem("g", seen, when) is None
        assert unseen_problem("g", (), when) is None
    assert (
        unseen_problem("g", ("value",), "pre_run")
        == "g takes value, and a gate pre_run sees inputs, lens"
    )
    assert unseen_problem("g", None, "pre_run") == "g is not a pure function, so it can be no gate"
