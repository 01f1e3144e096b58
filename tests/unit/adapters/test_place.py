"""Paths that callers give, and names that a file system can hold."""

import os
from contextlib import suppress

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from workc.adapters.place import name_problem, new_place, path_of
from workc.kernel.failure import Misuse


class Bytes(os.PathLike):
    def __fspath__(self):
        return b"x"


@pytest.mark.parametrize("value", [5, None, b"x", Bytes(), ["x"]])
def test_what_is_no_path_is_misuse(value):
    with pytest.raises(Misuse, match="out is a path, not a"):
        path_of("out", value)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "the name is empty"),
        ("a\0b", "zero byte"),
        ("\ud800", "half a character"),
        ("a" * 256, "at most 255 bytes"),
        ("ä" * 128, "at most 255 bytes"),
        ("a/" * 3000, "at most 4096 bytes"),
        ("gone/" + "a" * 256, "at most 255 bytes"),
    ],
)
def test_a_name_that_no_file_can_have_is_told(text, why):
    assert why in name_problem(text)
    with pytest.raises(Misuse, match="store cannot be '"):
        new_place("store", text)


@given(st.text(max_size=300))
@example("/")
def test_a_name_without_a_problem_can_be_asked_for(text):
    if name_problem(text) is None:
        assert new_place("out", text) == path_of("out", text)
        with suppress(FileNotFoundError):
            os.lstat(text)


def test_the_longest_name_can_be_had(tmp_path):
    longest = tmp_path / ("a" * 255)
    assert name_problem(str(longest)) is None
    longest.mkdir()
