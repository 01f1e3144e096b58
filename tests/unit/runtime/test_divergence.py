"""The first difference of two values, as a JSON pointer and both values."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workc.kernel import events
from workc.kernel.catalog import CATALOG
from workc.kernel.events import Entry
from workc.kernel.payloads import Body, SkillExecuted, TimerFired
from workc.runtime.divergence import differing, first_difference


@pytest.mark.parametrize(
    ("before", "after", "found"),
    [
        ({"a": 1}, {"a": 2}, ("/a", "1", "2")),
        ({"a": 1}, {}, ("/a", "1", "nothing")),
        ({}, {"a/b~c": 1}, ("/a~1b~0c", "nothing", "1")),
        ([1, [2]], [1, [3]], ("/1/0", "2", "3")),
        ([1], [1, 2], ("/1", "nothing", "2")),
        ({"a": 1}, [1], ("", '{"a":1}', "[1]")),
        (1, True, ("", "1", "true")),
        ({"b": 1, "a": 1}, {"b": 2, "a": 2}, ("/a", "1", "2")),
    ],
)
def test_the_first_difference_is_named(before, after, found):
    assert first_difference(before, after) == found


def test_long_values_are_shortened():
    _, before, _ = first_difference("x" * 1000, "y")
    assert len(before) == 400
    assert before.endswith("...")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=3),
    lambda i: st.lists(i, max_size=3) | st.dictionaries(st.text(max_size=2), i, max_size=3),
    max_leaves=6,
)


@given(JSON, JSON)
def test_the_pointer_leads_to_what_is_said(before, after):
    pointer, recorded, now = first_difference({"v": before}, {"v": after, "w": 1})
    assert recorded != now
    value = {"v": before}
    for part in pointer.split("/")[1:-1]:
        part = part.replace("~1", "/").replace("~0", "~")
        value = value[int(part)] if isinstance(value, list) else value[part]
    assert isinstance(value, dict | list)


def executed(inline):
    return SkillExecuted(
        attempt=1,
        mode="pure",
        request="r",
        skill="k",
        step="s",
        params=Body(form="json", inline="{}"),
        value=Body(form="json", inline=inline),
    )


def test_what_stands_inside_a_body_is_looked_into_and_bad_json_is_text():
    recorded = ("SkillExecuted", events.encode(executed('{"a":[1,2]}')))
    found = differing((4, 0, 0), recorded, Entry(at=(4, 0, 0), payload=executed('{"a":[1,3]}')))
    assert (found.pointer, found.recorded, found.now, found.step, found.at) == (
        "/value/inline/a/1",
        "2",
        "3",
        "s",
        "4.0.0",
    )
    assert found.to_failure().code in CATALOG
    recorded = (
        "SkillExecuted",
        events.encode(executed("1")).replace(b'"inline":"1"', b'"inline":"no json"'),
    )
    assert differing((1,), recorded, Entry(at=(1,), payload=executed("1"))).recorded == '"no json"'


def test_another_kind_and_no_difference():
    recorded = ("TimerFired", events.encode(TimerFired()))
    assert differing((1,), recorded, Entry(at=(1,), payload=TimerFired(), at_ms=3)) is None
    found = differing((1,), recorded, Entry(at=(1,), payload=executed("1")))
    assert (found.pointer, found.recorded, found.now) == ("/kind", "TimerFired", "SkillExecuted")
    assert "path" not in found.to_json()
