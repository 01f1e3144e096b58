"""The canonical profile against rfc8785, a naive second check, and hostile bytes."""

import rfc8785
from hypothesis import example, given, settings
from hypothesis import strategies as st

from workc.kernel.canonical import MAX_DEPTH, CanonicalError, decode, encode

SAFE = st.integers(-(2**53) + 1, 2**53 - 1)
TEXT = st.text(st.characters(exclude_categories=["Cs"]))
KEYS = st.text(st.characters(max_codepoint=127), max_size=6)
PROFILE = st.recursive(
    st.none() | st.booleans() | SAFE | TEXT,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(KEYS, inner, max_size=5),
    max_leaves=25,
)
OUTSIDE = (
    st.floats()
    | st.integers()
    | st.binary()
    | st.tuples(st.integers())
    | st.text()
    | st.complex_numbers()
)
ANYTHING = st.recursive(
    PROFILE | OUTSIDE,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(KEYS | st.text(max_size=3) | st.integers(), inner, max_size=4)
    ),
    max_leaves=12,
)


def in_profile(value, room=MAX_DEPTH):
    """Says by plain recursion whether a value is in the profile: the naive second check."""
    if type(value) is str:
        return all(not 0xD800 <= ord(char) < 0xE000 for char in value)
    if type(value) is int:
        return abs(value) < 2**53
    if type(value) is list:
        return room > 0 and all(in_profile(item, room - 1) for item in value)
    if type(value) is dict:
        keys = all(type(key) is str and all(ord(c) < 128 for c in key) for key in value)
        return room > 0 and keys and all(in_profile(item, room - 1) for item in value.values())
    return value is None or type(value) is bool


@given(PROFILE)
@settings(max_examples=200, deadline=None)
def test_a_spelling_is_that_of_rfc8785_and_reads_back_exactly(value):
    data = encode(value)
    assert data == rfc8785.dumps(value)
    assert encode(decode(data)) == data
    assert decode(data) == value


@given(ANYTHING)
@settings(max_examples=300, deadline=None)
def test_a_value_is_refused_if_and_only_if_it_is_outside_the_profile(value):
    try:
        encode(value)
    except CanonicalError as error:
        assert not in_profile(value)
        str(error).encode()
    else:
        assert in_profile(value)


def is_accepted_or_refused(data):
    """Reads ``data``; any exception but the one error goes through and fails the test."""
    try:
        value = decode(data)
    except CanonicalError as error:
        str(error).encode()
        return
    assert encode(value) == data == rfc8785.dumps(value)
    assert in_profile(value)


@given(st.binary(max_size=60))
@settings(max_examples=300, deadline=None)
@example(b"[" * 3000)
@example(b"-" + b"1" * 4301)
@example(b'{"a":1e309}')
def test_any_bytes_are_one_spelling_or_the_one_error(data):
    is_accepted_or_refused(data)


@given(st.text(alphabet='0123456789.-+eE[]{}:,"\\untrfalse \ufeff\x00é', max_size=24))
@settings(max_examples=300, deadline=None)
def test_any_text_that_looks_like_json_is_one_spelling_or_the_one_error(text):
    is_accepted_or_refused(text.encode())


@given(PROFILE, st.integers(0, 400), st.binary(max_size=3), st.integers(0, 3))
@settings(max_examples=300, deadline=None)
def test_a_damaged_spelling_is_another_spelling_or_the_one_error(value, at, new, cut):
    data = encode(value)
    is_accepted_or_refused(data[:at] + new + data[at + cut :])
