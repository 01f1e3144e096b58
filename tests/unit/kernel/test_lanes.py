"""The lane tables against the page and against themselves."""

import re
from pathlib import Path

import pytest

from workc.kernel.lanes import END, ROOT_LANE, SPAWNING, START, STEP_LANE
from workc.kernel.payloads import KINDS

PAGE = Path(__file__).parents[3] / "docs" / "spec" / "bundle-0.2.md"


def of_page(title):
    """Returns the table of the page as pairs."""
    text = (
        PAGE.read_text().partition(f"{title}")[2].partition("| after | may come |\n|---|---|\n")[2]
    )
    rows = re.findall(r"^\| (.+) \| (.+) \|$", text.partition("\n\n")[0], re.M)
    return {
        (before, after)
        for befores, afters in rows
        for before in befores.split(", ")
        for after in afters.split()
    }


@pytest.mark.parametrize(
    ("table", "title"),
    [(STEP_LANE, "Lane of a step:"), (ROOT_LANE, "Root lane (the root lane's own")],
)
def test_the_table_is_that_of_the_page(table, title):
    assert {(before, after) for before, afters in table.items() for after in afters} == of_page(
        title
    )


@pytest.mark.parametrize("table", [STEP_LANE, ROOT_LANE])
def test_every_kind_of_a_lane_can_be_reached_and_can_come_to_an_end(table):
    reached, more = set(), {START}
    while more:
        reached |= more
        more = {after for kind in more for after in table.get(kind, ())} - reached
    assert reached == {*table, END}
    ends = {END}
    while any(kind not in ends and ends & set(table[kind]) for kind in table):
        ends |= {kind for kind in table if ends & set(table[kind])}
    assert ends == {*table, END}


def test_every_kind_stands_in_a_table_and_every_name_is_a_kind():
    assert {*STEP_LANE, *ROOT_LANE} - {START} == set(KINDS)
    assert set(SPAWNING) <= set(ROOT_LANE)
