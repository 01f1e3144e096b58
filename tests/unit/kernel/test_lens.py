"""What a lens says of itself: bodies, levels that it allows, and an end of the work it stops."""

import pytest
from msgspec import UNSET

from workc.kernel.lens import (
    Claim,
    ItemObserved,
    LensAssembled,
    Quality,
    Thresholds,
)
from workc.kernel.payloads import Body, FailureRecord, WorkEnded

TEXT = Body(form="text", inline="a")
FAILURE = FailureRecord(code="NOT_FOUND", details=Body(form="json", inline="{}"), message="m")


def item(**fields):
    return ItemObserved(
        **{"how": "text", "item": "a", "round": 1, "source": "", "weight": 1, **fields}
    )


def lens(aggregate, **thresholds):
    quality = Quality(aggregate=aggregate, conflict=0, coverage=0, freshness=0, provenance=0)
    return LensAssembled(items=1, quality=quality, at_least=Thresholds(**thresholds))


def test_an_item_has_a_value_or_a_failure_and_their_bodies():
    assert item(value=TEXT).problem() is None
    assert item(failure=FAILURE).problem() is None
    assert item().problem() == "an item has a value or a failure"
    assert item(value=TEXT, failure=FAILURE).problem() == "an item has a value or a failure"
    assert list(item(value=TEXT).bodies()) == [UNSET, TEXT]
    assert list(item(failure=FAILURE).bodies()) == [FAILURE.details, UNSET]


def test_the_bodies_of_a_lens_are_those_of_its_failure_and_of_what_is_said():
    says = Claim(about="x", item="a", part=3, says=TEXT)
    found = LensAssembled(items=1, failure=FAILURE, claims=[says])
    assert list(found.bodies()) == [TEXT, FAILURE.details]
    assert list(LensAssembled(items=0).bodies()) == [UNSET]
    assert (says.key, item(part=3).key, item().key) == (("a", 3), ("a", 3), ("a", None))


def test_a_lens_that_is_held_to_nothing_allows_every_level():
    for free in (LensAssembled(items=0), LensAssembled(items=1, quality=lens(0).quality)):
        assert free.may_decide
        assert free.reached("Committed") == "Committed"


@pytest.mark.parametrize(
    ("aggregate", "wanted", "reached"),
    [
        (700, "Committed", "Committed"),
        (699, "Committed", "Staged"),
        (699, "Staged", "Staged"),
        (500, "Staged", "Staged"),
        (499, "Committed", "Draft"),
        (0, "Staged", "Draft"),
    ],
)
def test_a_level_is_reached_at_its_threshold_and_else_the_next_below(aggregate, wanted, reached):
    assert lens(aggregate, Draft=300, Staged=500, Committed=700).reached(wanted) == reached


def test_a_level_of_which_nothing_is_said_takes_what_the_one_below_takes():
    assert lens(0, Staged=1).reached("Committed") == "Draft"
    assert lens(1, Staged=1).reached("Committed") == "Committed"


def test_a_lens_decides_from_its_threshold_on():
    assert lens(300, Draft=300).may_decide
    assert not lens(299, Draft=300).may_decide


def test_a_lens_with_a_failure_ends_the_work_that_there_is_not():
    assert LensAssembled(items=1, failure=FAILURE).ended == WorkEnded(failure=FAILURE)
    assert LensAssembled(items=1).ended is None
