"""The words of a refusal: each dimension has its code, its sentence and its figures."""

import pytest

from workc.kernel.catalog import CATALOG
from workc.kernel.ledger import DIMENSIONS
from workc.kernel.payloads import BudgetReserved, Limits
from workc.runtime.refusals import CODES, halt_of, refusal_of, refused_dimension

LIMITS = Limits(calls=2, tokens=100, wall_ms=500)


def answer(**fields):
    base = {"bound": 3_000_000, "granted": False, "n": 1, "reserved": 1, "spent": 2, "step": "a"}
    return BudgetReserved(**(base | fields))


def test_every_dimension_has_a_code_of_the_catalog():
    assert tuple(CODES) == DIMENSIONS
    assert set(CODES.values()) <= CATALOG.keys()


@pytest.mark.parametrize(
    ("fields", "code", "words", "details"),
    [
        (
            {},
            "BUDGET_EXCEEDED",
            "$0.03; $0.02999997 are left of $0.03",
            {"left_micro_cents": 2_999_997},
        ),
        (
            {"refused_by": "step", "step_ceiling": 5},
            "STEP_CEILING_EXCEEDED",
            "more than the step may: $0.00000005",
            {"step_ceiling_micro_cents": 5},
        ),
        (
            {"refused_by": "tokens", "tokens": 120},
            "QUOTA_EXCEEDED",
            "up to 120 tokens, more than are left of the 100",
            {"tokens": 120, "limit_tokens": 100},
        ),
        (
            {"refused_by": "calls"},
            "QUOTA_EXCEEDED",
            "no more billable calls than 2",
            {"limit_calls": 2},
        ),
        ({"refused_by": "wall"}, "TIMEOUT", "the 500 ms of the run were over", {"scope": "run"}),
        (
            {"refused_by": "shared", "shared_left": 7},
            "BUDGET_EXCEEDED",
            "$0.00000007 are left of the budget that runs share",
            {"left_micro_cents": 7},
        ),
    ],
)
def test_a_refusal_says_what_was_asked_for_and_what_there_was(fields, code, words, details):
    failure = refusal_of(answer(**fields), 3_000_000, LIMITS).failure
    assert failure.code == code
    assert words in failure.message
    assert failure.details.items() >= {"bound_micro_cents": 3_000_000, **details}.items()
    assert halt_of(answer(**fields)) == (None if "step_ceiling" in fields else code)


def test_without_any_budget_it_says_so():
    assert "the budget is $0.00" in refusal_of(answer(), 0, Limits()).failure.message


def test_what_was_granted_was_refused_by_nothing():
    granted = answer(granted=True)
    assert (refused_dimension(granted), halt_of(granted)) == (None, None)
