"""What is of high risk: what asking a human about would be worth, and whatever is not known."""

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workc.kernel.phases import LockLevel
from workc.kernel.required_checks import ORDER
from workc.kernel.risk import ApprovalRules, high_levels, is_high
from workc.kernel.selectors import Effect
from workc.runtime.policy.approval import question_of

EFFECTS = st.lists(
    st.sampled_from(
        [
            Effect("Network", "net:https://a/b"),
            Effect("Network", "net:https://a/prod/b"),
            Effect("WriteFS", "fs:repo/a"),
            Effect("WriteFS", "fs:prod/a"),
            Effect("ReadFS", "fs:/"),
            Effect("Publish", "pub:a"),
            Effect("Exec", "exec:prod/a"),
        ]
    ),
    max_size=3,
)
LEVELS = st.sampled_from(get_args(LockLevel))
MS = st.integers(0, 2_000_000)
RULES = st.builds(ApprovalRules, loss_ms=MS, production_loss_ms=MS, publish_loss_ms=MS, cost_ms=MS)


@given(RULES, EFFECTS, LEVELS, st.integers(0, 1000))
def test_high_is_what_a_policy_that_asks_would_ask_about(rules, effects, level, lens):
    asked = question_of(rules, "s", effects, level, lens) is not None
    assert is_high(rules, effects, level, lens) == asked


@given(RULES, EFFECTS, EFFECTS, LEVELS)
def test_more_effects_a_higher_level_and_a_worse_lens_are_of_no_less_risk(rules, few, more, level):
    if is_high(rules, few, level):
        assert is_high(rules, [*few, *more], level)
        assert is_high(rules, few, level, 0)
        assert all(is_high(rules, few, above) for above in ORDER[ORDER.index(level) :])


@given(RULES, EFFECTS)
def test_the_levels_of_high_risk_are_the_upper_ones_and_all_of_what_nobody_knows(rules, effects):
    high = high_levels(rules, effects)
    assert high == {*ORDER[len(ORDER) - len(high) :]}
    assert high_levels(rules, None) == {*ORDER}


@pytest.mark.parametrize(
    ("effect", "level", "expected"),
    [
        (Effect("WriteFS", "fs:repo/a"), "Immutable", False),
        (Effect("WriteFS", "fs:prod/a"), "Draft", True),
        (Effect("Exec", "exec:prod/a"), "Draft", True),
        (Effect("Network", "net:https://a/b"), "Committed", False),
        (Effect("Network", "net:https://a/prod"), "Draft", False),
        (Effect("Network", "net:https://a/prod/b"), "Draft", True),
        (Effect("Publish", "pub:a"), "Draft", True),
    ],
)
def test_by_the_usual_numbers(effect, level, expected):
    assert is_high(ApprovalRules(), [effect], level) == expected
