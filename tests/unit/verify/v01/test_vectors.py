"""Every rule of the registry, broken alone: it is found, and nothing else is; without it, nothing."""

from collections import Counter
from functools import cache

import pytest
from broken_bundles import VECTORS
from judging import judge

from workc.verify.rules import IS_A_BUNDLE
from workc.verify.v01 import rules

#: That of what cannot be read as a bundle at all is given before the oracle is asked.
RULES = [rule for rule in rules.RULES if rule != IS_A_BUNDLE]


@cache
def given(name):
    return VECTORS[name][1]()


@pytest.mark.parametrize("name", VECTORS)
def test_a_broken_rule_is_found_and_no_other(name):
    assert judge(*given(name)) == {VECTORS[name][0]}


@pytest.mark.parametrize("rule", RULES, ids=[rule.number for rule in RULES])
def test_a_rule_that_is_deleted_is_missed_by_two_vectors_at_least(rule):
    names = [name for name, (number, _) in VECTORS.items() if number == rule.number]
    missed = [name for name in names if judge(*given(name), without={rule.number}) == set()]
    assert len(missed) >= 2


def test_every_vector_is_of_a_rule():
    assert Counter(number for number, _ in VECTORS.values()).keys() == {r.number for r in RULES}
