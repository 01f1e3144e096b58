"""Inputs of Python workflows as a command line gives them, and what is said of wrong ones."""

from typing import Literal, Optional

import pytest

import workc
from workc import Refusal
from workc.api.preparing import typed_inputs


@workc.workflow
async def flow(
    ctx,
    n: int = 1,
    text: str = "",
    either: int | str = 1,
    maybe: Optional[str] = None,  # noqa: UP045 - both spellings are read
    items: list[int] | None = None,
    word: Literal["3", "b"] = "b",
    free=None,
):
    return None


def value(name, text):
    return typed_inputs(flow, {name: text}, {})[name]


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("n", "3", 3),
        ("n", "3.5", 3.5),
        ("n", "x", "x"),
        ("n", "[1]", [1]),
        ("text", "3", "3"),
        ("text", "null", "null"),
        ("either", "3", 3),
        ("either", "[1]", "[1]"),
        ("maybe", "3", "3"),
        ("maybe", "null", None),
        ("items", "[1]", [1]),
        ("items", '["a"]', ["a"]),
        ("word", "3", "3"),
        ("free", "3", 3),
        ("free", "x", "x"),
        ("text", "1e400", "1e400"),
        ("unknown", "3", 3),
    ],
)
def test_json_is_taken_for_text_only_where_text_may_stand(name, text, expected):
    found = value(name, text)
    assert (found, type(found)) == (expected, type(expected))


def test_what_is_wrong_is_said_of_the_json_that_was_given():
    with pytest.raises(Refusal, match="/items/0"):
        workc.Runtime().prepare(flow, {"items": value("items", '["a"]')})
    with pytest.raises(Refusal, match=r"got number 3\.5"):
        workc.Runtime().prepare(flow, {"n": value("n", "3.5")})


@pytest.mark.parametrize(
    ("text", "cause"), [("1e400", "out of range"), ("9007199254740993", "no double holds")]
)
def test_a_number_that_cannot_be_kept_is_refused_for_that(text, cause):
    with pytest.raises(Refusal, match=f"input n: .*{cause}"):
        value("n", text)
