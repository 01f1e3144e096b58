"""The lane tables against the page and against themselves."""

import re
from pathlib import Path
from typing import get_args

import pytest
from msgspec.structs import replace

from workc.kernel.fallbacks import FallbackTaken
from workc.kernel.gates import ApprovalAnswered, GateEvaluated, When
from workc.kernel.kinds import KINDS
from workc.kernel.lanes import (
    ABORTED,
    BACK_SIGNS,
    END,
    GATE_SIGNS,
    INSUFFICIENT,
    REFUSED,
    REPLACED,
    ROOT_LANE,
    SIGNED,
    SPAWNING,
    START,
    STEP_LANE,
    STOPPED,
    UNANSWERED,
    UNGRANTED,
    comes_as,
    left_as,
)
from workc.kernel.payloads import (
    Backtrack,
    Body,
    CallHalted,
    FailureRecord,
    Target,
    TimerFired,
    VerificationRun,
    WorkEnded,
)
from workc.kernel.resolving import ConflictResolved
from workc.kernel.resources import ResourceAnswered, ResourceReleased

#: What an event may be left as, besides the sign by which it came.
LEFT = {
    "ApprovalAnswered": {REFUSED},
    "PreStep": {REFUSED},
    "PreRun": {REFUSED},
    "CallHalted": {UNANSWERED, STOPPED},
    "FallbackTaken": {REPLACED, ABORTED},
    "LensAssembled": {INSUFFICIENT},
    "ResourceAnswered": {UNGRANTED},
    "ResourceReleased": {UNGRANTED},
    "ConflictResolved": {"ToOrient"},
    "WorkEnded": {"ToDecide", "ToOrient"},
    "VerificationRun": {"ToAct", "ToDecide", "ToOrient"},
}
#: What is never left by its own sign, so that no line of a table begins with it.
ALWAYS_BACK = {"ConflictResolved"}
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
        came = {after for sign in more for after in table.get(sign, ())}
        more = came.union(*(LEFT.get(sign, set()) & table.keys() for sign in came)) - reached
    assert reached - ALWAYS_BACK == {*table, END}
    ends = {END}
    while any(kind not in ends and ends & set(table[kind]) for kind in table):
        ends |= {kind for kind in table if ends & set(table[kind])}
    assert ends == {*table, END}


def test_every_kind_stands_in_a_table_and_every_name_is_a_kind():
    left = {START, REFUSED, UNANSWERED, REPLACED, ABORTED, STOPPED, INSUFFICIENT, UNGRANTED}
    signs = {*STEP_LANE, *ROOT_LANE} - left
    signs -= {*GATE_SIGNS.values(), *BACK_SIGNS.values()}
    assert signs == set(KINDS) - {"GateEvaluated"} - ALWAYS_BACK
    assert set(get_args(Target)) == BACK_SIGNS.keys()
    assert set(SPAWNING) <= set(ROOT_LANE)
    assert set(KINDS) >= SIGNED
    assert set(get_args(When)) == GATE_SIGNS.keys()


BACK = Backtrack(code="X", of="a", to="Decide")
CHECKED = VerificationRun(results=[], verdict="nothing_to_check")
RESOLVED = ConflictResolved(backtrack=Backtrack(code="X", to="Orient"), item="resolved")
EMPTY = Body(form="json", inline="true")
ANSWER = ApprovalAnswered(by="a", decision="approved", gate="g", note="", step="s")
FALLEN = FallbackTaken(action="skip", attempt=1, code="X", step="s")
GRANTED = ResourceAnswered(n=0, resource="db", step="s", token=1)
FAILED = FailureRecord(code="RESOURCE_LOCKED", details=EMPTY, message="")
LOCKED = ResourceAnswered(failure=FAILED, resource="db", step="s")
RELEASED = ResourceReleased(n=1, resource="db", step="s", token=1)
GATE = GateEvaluated(gate="g", kind="check", passed=True, that="x", value=EMPTY, when="post_run")


@pytest.mark.parametrize(
    ("payload", "before", "comes", "leaves"),
    [
        (TimerFired(), "TimerSet", "TimerFired", "TimerFired"),
        (CallHalted(code="X"), "EffectAsked", "CallHalted", "CallHalted"),
        (CallHalted(code="X"), "ApprovalAsked", "CallHalted", UNANSWERED),
        (CallHalted(code="X"), ABORTED, "CallHalted", STOPPED),
        (FALLEN, "SkillExecuted", "FallbackTaken", "FallbackTaken"),
        (replace(FALLEN, action="skill"), "", "FallbackTaken", REPLACED),
        (replace(FALLEN, action="abort"), "", "FallbackTaken", ABORTED),
        (ANSWER, "ApprovalAsked", "ApprovalAnswered", "ApprovalAnswered"),
        (replace(ANSWER, decision="denied"), "", "ApprovalAnswered", REFUSED),
        (replace(ANSWER, decision="timed_out"), "", "ApprovalAnswered", REFUSED),
        (GATE, "", "PostRun", "PostRun"),
        (replace(GATE, passed=False), "", "PostRun", "PostRun"),
        (replace(GATE, passed=False, when="post_step"), "", "PostStep", "PostStep"),
        (replace(GATE, when="pre_run"), "", "PreRun", "PreRun"),
        (replace(GATE, passed=False, when="pre_run"), "", "PreRun", REFUSED),
        (replace(GATE, passed=False, when="pre_step"), "", "PreStep", REFUSED),
        (GRANTED, "ResourcesClaimed", "ResourceAnswered", "ResourceAnswered"),
        (LOCKED, "ResourceHeld", "ResourceAnswered", UNGRANTED),
        (RELEASED, "SkillExecuted", "ResourceReleased", "ResourceReleased"),
        (RELEASED, UNGRANTED, "ResourceReleased", UNGRANTED),
        (WorkEnded(), "", "WorkEnded", "WorkEnded"),
        (WorkEnded(backtrack=BACK), "", "WorkEnded", "ToDecide"),
        (RESOLVED, "", "ConflictResolved", "ToOrient"),
        (CHECKED, "", "VerificationRun", "VerificationRun"),
        (replace(CHECKED, backtrack=BACK), "", "VerificationRun", "ToDecide"),
    ],
)
def test_the_sign_of_an_event_is_its_kind_but_where_the_kind_does_not_say_it(
    payload, before, comes, leaves
):
    kind = type(payload).__name__
    assert (comes_as(kind, payload), left_as(kind, payload, before)) == (comes, leaves)
    assert (kind in SIGNED) or (comes, leaves) == (kind, kind)
