"""The quality of a lens is that of a second implementation, and its parts are what they mean."""

import importlib.util
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from workc.kernel.digest import sha256_hex
from workc.kernel.lens import MAX_WEIGHT, ItemObserved
from workc.kernel.lens_quality import Said, Seen, agreement, quality_of
from workc.kernel.payloads import Body, FailureRecord
from workc.kernel.permille import WHOLE

_PATH = Path(__file__).parents[1] / "second_verifier/verifier.py"
_SPEC = importlib.util.spec_from_file_location("second_of_lenses", _PATH)
second = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(second)

DAY = 86_400_000
FAILURE = FailureRecord(code="X", details=Body(form="json", inline="{}"), message="")
NAMES = ["a", "b", "c", "d"]
HOW = ["bundle", "environment", "file", "files", "run", "text", "url"]


@st.composite
def lenses(draw):
    """Draws items with the time of each, what they say, and what is required."""
    seen, claims = [], []
    for name in draw(st.lists(st.sampled_from(NAMES), unique=True, min_size=1)):
        had = draw(st.booleans())
        at_ms = draw(st.integers(0, 400 * DAY))
        more = {"value": Body(form="text", inline="v"), "dated_ms": draw(st.integers(0, 400 * DAY))}
        item = ItemObserved(
            how=draw(st.sampled_from(HOW)),
            item=name,
            round=1,
            source=draw(st.sampled_from(["https://a/", "http://a/", "r/a"])),
            weight=draw(st.integers(0, MAX_WEIGHT)),
            **(more if had else {"failure": FAILURE}),
        )
        seen.append(Seen(item, at_ms))
        if had and draw(st.booleans()):
            claims.append((draw(st.sampled_from("xy")), name, draw(st.sampled_from("123"))))
    return seen, claims, draw(st.lists(st.sampled_from([*NAMES, "z"]), unique=True))


def reckoned(seen, claims, requires):
    said = [Said(about, (name, None), sha256_hex(text.encode())) for about, name, text in claims]
    return quality_of(seen, said, requires)


def as_event(seen):
    item = seen.observed
    had = {"value": 0, "dated_ms": item.dated_ms} if item.failure is not FAILURE else {}
    fields = {"item": item.item, "how": item.how, "source": item.source, "weight": item.weight}
    return {"at_ms": seen.at_ms, "payload": {**fields, **had}}


@given(lenses())
def test_the_quality_is_that_of_the_page(lens):
    seen, claims, requires = lens
    listed = [
        {"about": about, "item": name, "says": {"inline": text}} for about, name, text in claims
    ]
    wanted = second.quality_of(
        [as_event(each) for each in seen], {"claims": listed, "requires": requires}
    )
    found = reckoned(*lens)
    assert {name: getattr(found, name) for name in wanted} == wanted


@given(lenses())
def test_every_part_is_a_permille_and_the_aggregate_the_least(lens):
    found = reckoned(*lens)
    parts = [found.conflict, found.coverage, found.freshness, found.provenance]
    assert all(0 <= part <= WHOLE for part in parts)
    assert found.aggregate == min(parts)


@given(lenses())
def test_an_item_that_could_not_be_had_never_makes_a_lens_cover_more(lens):
    seen, claims, requires = lens
    first, *rest = seen
    failed = ItemObserved(
        how=first.observed.how,
        item=first.observed.item,
        round=1,
        source="",
        weight=0,
        failure=FAILURE,
    )
    less = reckoned([Seen(failed, 0), *rest], claims, requires)
    assert less.coverage <= reckoned(*lens).coverage


@given(st.lists(st.tuples(st.sampled_from("xy"), st.sampled_from("12"), st.integers(0, 9))))
def test_nobody_contradicts_exactly_where_all_that_weigh_say_the_same(said):
    weighing = {(about, says) for about, says, weight in said if weight}
    is_one = len(weighing) == len({about for about, _ in weighing})
    assert (agreement(said) == WHOLE) == is_one
