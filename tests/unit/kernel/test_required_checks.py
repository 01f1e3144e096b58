"""What a lock level takes: how high it is, which checks there are, and what is done without them."""

from typing import get_args

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from workc.kernel.payloads import Level
from workc.kernel.phases import LockLevel
from workc.kernel.required_checks import ORDER, VerifyRules

LEVELS = st.sampled_from(get_args(Level))
LOCKS = st.sampled_from(ORDER)
RULES = st.builds(
    VerifyRules,
    max_lock_level=LOCKS,
    levels=st.dictionaries(LOCKS, st.lists(LEVELS).map(tuple)),
    unmet=st.sampled_from([msgspec.UNSET, "lower"]),
)


def test_the_order_is_that_of_the_levels():
    assert get_args(LockLevel) == ORDER


@given(RULES, LOCKS, st.sets(LEVELS))
def test_a_level_is_allowed_if_it_is_low_enough_and_nothing_lacks(rules, level, there):
    lacking = {*rules.levels.get(level, ())} - there
    assert {*rules.lacking(level, there)} == lacking
    low = ORDER.index(level) <= ORDER.index(rules.max_lock_level)
    assert rules.allow(level, there) == (level == "Draft" or (low and not lacking))


@given(RULES, st.sampled_from(["Staged", "Committed"]), st.sets(LEVELS))
def test_a_run_locks_where_it_earned_or_one_lower_and_only_if_it_may_there_alone(
    rules, earned, there
):
    found = rules.lock_level(earned, there)
    is_lowered = (
        rules.unmet == "lower"
        and earned == "Committed"
        and not rules.allow("Committed", there)
        and rules.allow("Staged", there)
    )
    assert found == ("Staged" if is_lowered else earned)


@given(
    RULES,
    st.dictionaries(LOCKS, st.lists(LEVELS).map(tuple)),
    st.sets(LOCKS),
    LOCKS,
    st.sets(LEVELS),
)
def test_a_run_of_high_risk_takes_what_every_run_takes_and_more(rules, more, high, level, there):
    risky = msgspec.structs.replace(rules, high_risk=more).at_risk(high)
    lacking = {*rules.lacking(level, there)}
    extra = {*more.get(level, ())} - there if level in high else set()
    assert {*risky.lacking(level, there)} == lacking | extra
    assert rules.at_risk(high).allow(level, there) == rules.allow(level, there)


@given(RULES)
def test_rules_that_say_nothing_of_what_is_unmet_are_spelled_as_before(rules):
    said = msgspec.to_builtins(rules)
    assert ("unmet" in said) == (rules.unmet == "lower")
    assert msgspec.convert(said, VerifyRules) == rules
