"""What a programmer gives, checked where it comes in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workc.kernel import arguments
from workc.kernel.failure import Misuse
from workc.kernel.values import MAX_SAFE_INTEGER

ANY = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(),
    st.binary(),
    st.lists(st.text()),
)


class Silent:
    def __repr__(self):
        raise RuntimeError("no words")


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("a" * 58, repr("a" * 58)),
        ("a" * 59, "'" + "a" * 58 + "…"),
        ("a" * 10**6, "'" + "a" * 58 + "…"),
        (b"\0", r"b'\x00'"),
        (1.5, "1.5"),
        (10**5000, "an int"),
        (Silent(), "a Silent"),
    ],
    ids=range(7),
)
def test_a_value_is_shown_short_whatever_it_is(value, shown):
    assert arguments.shown(value) == shown


def test_of_a_long_text_only_the_beginning_is_looked_at():
    assert arguments.shown("a" * 100 + "'") == f"'{'a' * 58}…"


def test_a_switch_is_true_or_false():
    assert arguments.switch("it", value=True) is True
    assert arguments.switch("it", value=False) is False
    for value in ("no", 0, 1, None):
        with pytest.raises(Misuse, match="it is True or False, not"):
            arguments.switch("it", value)


def said_of(check, value):
    """Returns what Misuse says, if the value is not taken as it is."""
    try:
        found = check()
    except Misuse as misuse:
        return str(misuse)
    return "it is taken" if found is value else "it was changed"


@given(ANY)
def test_whatever_is_given_is_taken_as_it_is_or_misuse_in_one_short_line(value):
    checks = (
        lambda: arguments.whole("it", value),
        lambda: arguments.switch("it", value),
        lambda: arguments.instance("it", value, str, "a text"),
    )
    for check in checks:
        said = said_of(check, value)
        assert len(said) < 200
        assert said.startswith("it is "), said


@pytest.mark.parametrize("value", [-1, MAX_SAFE_INTEGER + 1, True, 1.0, "1", None])
def test_a_whole_number_is_one_within_its_bounds(value):
    with pytest.raises(Misuse, match="it is a whole number from 0 to 9007199254740991, not "):
        arguments.whole("it", value)
    assert arguments.whole("it", MAX_SAFE_INTEGER) == MAX_SAFE_INTEGER
    assert arguments.whole("it", 0) == 0


def test_a_choice_is_one_of_its_words():
    arguments.choice("it", "b", ("a", "b"))
    for value in ("c", ["a"], None):
        with pytest.raises(Misuse, match="it is one of a, b, not "):
            arguments.choice("it", value, ("a", "b"))


def test_texts_are_those_of_a_list_and_not_the_letters_of_a_text():
    assert arguments.texts("it", iter(["a", "b"])) == ("a", "b")
    for value, said in (
        ("ab", "it is a list of texts, not a str"),
        ({"a": "b"}, "it is a list of texts, not a dict"),
        (5, "it is a list of texts, not an int"),
        (["a", 5], "it is a list of texts; one is an int"),
    ):
        with pytest.raises(Misuse, match=said):
            arguments.texts("it", value)


class OtherText(str):
    __slots__ = ()


def test_a_text_is_one_that_utf8_can_hold_and_of_no_class_of_ones_own():
    assert type(arguments.text("it", OtherText("é"))) is str
    for value, said in (
        (5, "it is a text, not an int"),
        ("\ud800", "it is a text that UTF-8 can hold"),
    ):
        with pytest.raises(Misuse, match=said):
            arguments.text("it", value)
