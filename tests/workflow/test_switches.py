"""What is neither true nor false is refused where it is given: "no" would let the world in."""

import pytest

import workc


@pytest.mark.parametrize(
    "make",
    [
        lambda: workc.Runtime(allow_external="no"),
        lambda: workc.Runtime(allow_private=1),
        lambda: workc.HttpCallSkill(allow_external="no"),
        lambda: workc.LLMInvokeSkill(stub_mode="yes"),
        lambda: workc.HttpCallSkill(responses={}),
        lambda: workc.LLMInvokeSkill(responses={}),
    ],
)
def test_a_switch_that_is_none_is_misuse(make):
    with pytest.raises(workc.Misuse):
        make()
