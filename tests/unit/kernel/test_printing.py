"""What cannot be printed is written out, and nothing is lost."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workc.kernel.printing import escaped, shown


@pytest.mark.parametrize(
    ("char", "spelled"),
    [
        ("\x00", "\\x00"),
        ("\xad", "\\xad"),
        ("\u0100", "\\u0100"),
        ("\uffff", "\\uffff"),
        ("\U00010000", "\\U00010000"),
        ("\ud800", "\\ud800"),
        ("\udc7f", "\\udc7f"),
        ("\udc80", "\\x80"),
        ("\udcff", "\\xff"),
        ("\udd00", "\\udd00"),
    ],
)
def test_a_character_is_spelled_by_its_number_and_a_byte_of_a_file_name_as_one(char, spelled):
    assert escaped(char) == spelled


@given(st.text(st.characters()))
def test_what_is_shown_can_be_printed_and_what_can_be_printed_stays(text):
    assert shown(text).isprintable()
    assert shown(shown(text)) == shown(text)
    kept = shown(text, keep="\n")
    assert kept.count("\n") == text.count("\n")
    plain = "".join(filter(str.isprintable, text))
    assert shown(plain) == plain
