"""Exceptions of others in words that are the same on every run."""

import pytest

from workc.stages.exception import MAX_INNER, MAX_WORDS, failure_of, words_of


@pytest.mark.parametrize(
    "words",
    [
        "maximum recursion depth exceeded",
        "maximum recursion depth exceeded in comparison",
        "maximum recursion depth exceeded while calling a Python object",
        "Stack overflow (used 8112 kB)",
    ],
)
def test_a_recursion_that_is_too_deep_reads_alike_wherever_it_ended(words):
    assert words_of(RecursionError(words)) == "RecursionError: maximum recursion depth exceeded"


def test_other_words_of_a_recursion_are_kept():
    assert (
        words_of(RecursionError("the tree is too deep")) == "RecursionError: the tree is too deep"
    )


def test_a_group_shows_what_is_in_it():
    inner = ExceptionGroup("more", [KeyError("k")])
    group = ExceptionGroup("two things", [ValueError("bad"), inner])
    shown = failure_of(group).message
    assert shown.startswith("ExceptionGroup: two things")
    assert shown.endswith(": ValueError: bad; KeyError: 'k'")


@pytest.mark.parametrize(("size", "rest"), [(MAX_INNER, False), (MAX_INNER + 1, True)])
def test_a_large_group_is_cut(size, rest):
    shown = words_of(ExceptionGroup("g", [ValueError(str(n)) for n in range(size)]))
    assert shown.count("ValueError") == MAX_INNER
    assert shown.endswith("; ...") == rest
    assert len(words_of(ExceptionGroup("g", [ValueError("x" * 9999)] * size))) < 3 * MAX_WORDS
