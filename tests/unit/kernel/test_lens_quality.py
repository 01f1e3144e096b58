"""The quality of a lens is its worst component."""

import pytest

from workc.kernel.failure import Misuse
from workc.kernel.freshness import MS_PER_DAY
from workc.kernel.lens import ItemObserved
from workc.kernel.lens_quality import (
    Said,
    Seen,
    aggregate,
    agreement,
    contested,
    quality_of,
    scripted,
    shares_of,
)
from workc.kernel.payloads import Body, FailureRecord, ScriptedQuality

DETAILS = Body(form="json", inline="{}")
FAILURE = FailureRecord(code="NOT_FOUND", details=DETAILS, message="m")
NOW_MS = 1000 * MS_PER_DAY
FULL = {"coverage": 1000, "freshness": 1000, "conflict": 1000, "provenance": 1000}


@pytest.mark.parametrize("name", sorted(FULL))
def test_any_component_can_be_the_worst(name):
    assert aggregate(**FULL | {name: 3}) == 3
    assert aggregate(**FULL | {name: 0}) == 0


@pytest.mark.parametrize("name", sorted(FULL))
@pytest.mark.parametrize("value", [-1, 1001])
def test_a_component_that_is_no_permille_is_misuse(name, value):
    with pytest.raises(Misuse, match=f"{name} is a permille, 0 to 1000, not {value}"):
        aggregate(**FULL | {name: value})


def seen(item, *, was_had=True, days=0, how="file", source="r/a", weight=1000, part=None):
    """Returns an item that was looked at when it was so many days old, or that could not be had."""
    had = {"value": DETAILS, "dated_ms": NOW_MS - days * MS_PER_DAY}
    more = {} if part is None else {"part": part}
    observed = ItemObserved(
        how=how,
        item=item,
        round=1,
        source=source,
        weight=weight,
        **more,
        **(had if was_had else {"failure": FAILURE}),
    )
    return Seen(observed, NOW_MS)


def said(item, says, about="x"):
    return Said(about, (item, None), says)


def parts(quality):
    return quality.coverage, quality.freshness, quality.conflict, quality.provenance


def test_of_nothing_that_was_had_nothing_is_fresh_or_proven():
    assert parts(quality_of([], [], [])) == (1000, 0, 1000, 0)
    assert parts(quality_of([seen("a", was_had=False)], [said("a", "1")], ["a"])) == (0, 0, 1000, 0)


def test_an_item_is_covered_if_it_was_had_with_all_its_parts():
    items = [seen("a"), seen("a", part=0), seen("b"), seen("b", part=0, was_had=False), seen("c")]
    assert quality_of(items, [], ["a", "b", "z"]).coverage == 333
    assert quality_of(items, [], ["a", "c"]).coverage == 1000


@pytest.mark.parametrize(
    ("how", "source", "provenance"),
    [
        ("bundle", "b", 1000),
        ("run", "last", 1000),
        ("text", "", 1000),
        ("file", "https://a/", 900),
        ("files", "r/*", 900),
        ("environment", "LANG", 800),
        ("url", "https://a/", 800),
        ("url", "http://a/", 500),
    ],
)
def test_an_item_is_as_well_known_as_the_way_it_was_got(how, source, provenance):
    assert quality_of([seen("a", how=how, source=source)], [], []).provenance == provenance


def test_freshness_is_told_by_the_time_at_which_an_item_was_looked_at_and_weighed():
    items = [seen("a", days=7), seen("b", days=400, weight=1001)]
    assert quality_of(items, [], []).freshness == 100
    assert quality_of([items[0]], [], []).freshness == 1000


def test_an_item_that_bears_no_date_is_from_the_beginning_of_time():
    undated = ItemObserved(how="file", item="a", round=1, source="", value=DETAILS, weight=1)
    assert quality_of([Seen(undated, 8 * MS_PER_DAY)], [], []).freshness == 987
    assert quality_of([Seen(undated, 8 * MS_PER_DAY - 1)], [], []).freshness == 1000


def test_the_least_share_of_what_most_weight_says_is_the_conflict():
    items = [seen("a"), seen("b"), seen("c", weight=500), seen("d", was_had=False)]
    claims = [said("a", "1"), said("b", "1"), said("c", "2"), said("d", "3"), said("z", "4")]
    claims += [said("a", "1", "y"), said("b", "2", "y"), said("d", "9", "z")]
    assert shares_of(items, claims) == {"x": 800, "y": 500, "z": 1000}
    assert quality_of(items, claims, []).conflict == 500
    assert contested(items, claims) == ["x", "y"]
    assert contested(items, reversed(claims)) == ["x", "y"]
    assert agreement([]) == agreement([("x", "1", 0), ("x", "2", 0)]) == 1000
    assert agreement([("x", "1", 2), ("x", "2", 1)]) == 666


def test_what_a_child_resolved_is_one_more_item_fresh_and_proven_and_nobody_contradicts_it():
    items = [seen("a", days=400, how="url", source="http://a/"), seen("b", days=400, weight=1)]
    claims = [said("a", "1"), said("b", "2"), said("a", "1", "y"), said("a", "2", "y")]
    assert parts(quality_of(items, claims, [])) == (1000, 100, 500, 500)
    settled = quality_of(items, claims, [], ["y"])
    assert parts(settled) == (1000, 100, 999, 900)
    assert settled.aggregate == 100
    assert parts(quality_of([items[1]], claims, [], ["x", "y"])) == (1000, 1000, 1000, 1000)
    assert parts(quality_of([], [], [], [])) == (1000, 1000, 1000, 1000)


def test_a_script_says_each_round_and_then_its_last_one_again():
    rounds = [
        ScriptedQuality(conflict=4, coverage=3, freshness=2, provenance=5),
        ScriptedQuality(conflict=6, coverage=9, freshness=8, provenance=7),
    ]
    assert parts(scripted(rounds, 1)) == (3, 2, 4, 5)
    found = [scripted(rounds, number).aggregate for number in (1, 2, 3)]
    assert found == [2, 6, 6]
