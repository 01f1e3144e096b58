"""CJ-0.1: what it takes, what it refuses, and how it says so."""

import pytest

from workc.bundle.v01.canonical import MAX_DEPTH, MAX_INTEGER, MIN_INTEGER, decode, encode
from workc.kernel.canonical import CanonicalError


class Text(str):
    pass


class Whole(int):
    pass


def nested(depth):
    """Returns ``depth`` lists in each other."""
    value = []
    for _ in range(depth - 1):
        value = [value]
    return value


def nested_objects(depth):
    value = {}
    for _ in range(depth - 1):
        value = {"a": value}
    return value


def cyclic_list():
    value = [1]
    value.append(value)
    return value


SPELLINGS = [
    (None, b"null"),
    (True, b"true"),
    (0, b"0"),
    (-1, b"-1"),
    (2**53, b"9007199254740992"),
    (2**64 - 1, b"18446744073709551615"),
    (-(2**63), b"-9223372036854775808"),
    ([], b"[]"),
    ({}, b"{}"),
    ([1, True, None, "1"], b'[1,true,null,"1"]'),
    ('"\\/\b\f\n\r\t\x00\x1f\x7f', b'"\\"\\\\/\\b\\f\\n\\r\\t\\u0000\\u001f\x7f"'),
    ("\u2028é\U0001f600\uffff", '"\u2028é\U0001f600\uffff"'.encode()),
    ("e\u0301", b'"e\xcc\x81"'),
    ({"é": 1, "z": 2, "": 3}, '{"":3,"z":2,"é":1}'.encode()),
]


@pytest.mark.parametrize(("value", "spelling"), SPELLINGS)
def test_a_value_has_one_spelling_and_reads_back(value, spelling):
    assert encode(value) == spelling
    assert decode(spelling) == value
    assert type(decode(spelling)) is type(value)


def test_keys_are_sorted_by_their_bytes_and_not_by_utf_16_units():
    by_bytes = '{"\ue000":1,"\uffff":2,"\U0001f600":3}'.encode()
    by_units = '{"\U0001f600":3,"\ue000":1,"\uffff":2}'.encode()
    assert encode({"\U0001f600": 3, "\uffff": 2, "\ue000": 1}) == by_bytes
    assert decode(by_bytes) == {"\ue000": 1, "\uffff": 2, "\U0001f600": 3}
    with pytest.raises(CanonicalError, match="not canonical"):
        decode(by_units)


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (1.0, "type float, at ''"),
        ({"a": [0, float("nan")]}, "type float, at '/a/1'"),
        (2**64, "64 bits do not hold, at ''"),
        ([-(2**63) - 1], "64 bits do not hold, at '/0'"),
        (10**5000, "64 bits do not hold"),
        ((1, 2), "type tuple, at ''"),
        (b"x", "type bytes"),
        (Text("x"), "type Text"),
        (Whole(1), "type Whole"),
        ({1: 2}, "key that is not a string of text, at ''"),
        ([{Text("x"): 1}], "key that is not a string of text, at '/0'"),
        ({"\ud800": 1}, "key that is not a string of text"),
        ({"k": ["\udfff"]}, "string with a lone surrogate, at '/k/0'"),
        (nested(MAX_DEPTH + 1), "more than 128 deep"),
        (nested_objects(MAX_DEPTH + 1), "more than 128 deep"),
        (cyclic_list(), "more than 128 deep, or in a cycle"),
    ],
    ids=lambda value: type(value).__name__ if not isinstance(value, str) else value[:20],
)
def test_a_value_outside_the_profile_is_refused_with_its_place(value, reason):
    with pytest.raises(CanonicalError) as caught:
        encode(value)
    assert reason in str(caught.value)


@pytest.mark.parametrize("build", [nested, nested_objects])
def test_the_depth_limit_itself_is_accepted_and_one_more_is_not(build):
    assert decode(encode(build(MAX_DEPTH))) == build(MAX_DEPTH)
    with pytest.raises(CanonicalError, match="deep"):
        decode(b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1))


@pytest.mark.parametrize("number", [MIN_INTEGER, MAX_INTEGER])
def test_the_last_integers_are_read_and_one_past_each_is_not(number):
    assert decode(str(number).encode()) == number
    past = number + 1 if number > 0 else number - 1
    with pytest.raises(CanonicalError, match="64 bits"):
        decode(str(past).encode())


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "not JSON"),
        (b" 1", "byte 0 is"),
        (b"1\n", "byte 1 is"),
        (b"[1, 2]", "byte 3 is"),
        (b"\xef\xbb\xbf1", "not JSON"),
        (b'"\xff"', "not JSON in UTF-8"),
        (b'"\xed\xa0\x80"', "not JSON in UTF-8"),
        (b'"\\ud800"', "not JSON"),
        (b'{"\\ud800":1}', "not JSON"),
        (b'"\\u0041"', "byte 1 is"),
        (b'"\\/"', "byte 1 is"),
        (b'"\\u001F"', "byte 6 is"),
        (b'"\\ud83d\\ude00"', "byte 1 is"),
        (b"1.0", "type float"),
        (b"-0.0", "type float"),
        (b"1e2", "type float"),
        (b"-0", "byte 0 is"),
        (b"01", "not JSON"),
        (b"1e400", "not JSON"),
        (b"NaN", "not JSON"),
        (b"-Infinity", "not JSON"),
        (b"9" * 5000, "not JSON"),
        (b'{"a":1,"a":1}', "byte 6 is"),
        (b'{"b":1,"a":2}', "byte 2 is"),
        (b"[" * 100_000, "deep"),
        (b'{"a":' * 5_000 + b"1" + b"}" * 5_000, "deep"),
    ],
    ids=lambda value: repr(value)[:24],
)
def test_bytes_that_are_no_spelling_are_refused(data, reason):
    with pytest.raises(CanonicalError) as caught:
        decode(data)
    assert reason in str(caught.value)
