"""The canonical JSON profile of format 0.2: what it takes, what it refuses, and how it says so."""

import enum
import inspect
import sys

import pytest

from workc.kernel import canonical
from workc.kernel.canonical import MAX_DEPTH, CanonicalError, decode, encode


class Text(str):
    pass


class Whole(int):
    pass


class Colour(enum.IntEnum):
    RED = 1


class Box(dict):
    pass


class Row(list):
    pass


def nested(depth, leaf=None):
    """Returns ``depth`` lists in each other; the innermost is empty or holds ``leaf``."""
    value = [] if leaf is None else [leaf]
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


def branching_cycle():
    value = []
    value.extend([value, value, value])
    return value


def cyclic_object():
    value = {}
    value["self"] = [value]
    return value


SPELLINGS = [
    (None, b"null"),
    (True, b"true"),
    (False, b"false"),
    (0, b"0"),
    (1, b"1"),
    (2**53 - 1, b"9007199254740991"),
    (-(2**53 - 1), b"-9007199254740991"),
    ("", b'""'),
    ([], b"[]"),
    ({}, b"{}"),
    ([1, True, None, "1"], b'[1,true,null,"1"]'),
    ({"b": {"d": 1, "c": 2}, "B": 3, "a": [], "": 4}, b'{"":4,"B":3,"a":[],"b":{"c":2,"d":1}}'),
    ('"\\/\b\f\n\r\t\x00\x1f\x7f', b'"\\"\\\\/\\b\\f\\n\\r\\t\\u0000\\u001f\x7f"'),
    ("\u2028é\U0001f600\uffff", '"\u2028é\U0001f600\uffff"'.encode()),
    ("\u00e9", b'"\xc3\xa9"'),
    ("e\u0301", b'"e\xcc\x81"'),
    ({"a" * 1000: "k" * 1000}, b'{"' + b"a" * 1000 + b'":"' + b"k" * 1000 + b'"}'),
]


@pytest.mark.parametrize(("value", "spelling"), SPELLINGS)
def test_a_value_has_one_spelling_and_reads_back(value, spelling):
    assert encode(value) == spelling
    assert repr(decode(spelling)) == repr(decode(encode(value)))
    assert decode(spelling) == value
    assert type(decode(spelling)) is type(value)


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (1.0, "type float, at ''"),
        ([0.5], "type float, at '/0'"),
        ({"a": [0, float("nan")]}, "type float, at '/a/1'"),
        (2**53, "integer outside ±(2^53-1), at ''"),
        ([-(2**53)], "integer outside ±(2^53-1), at '/0'"),
        (10**5000, "integer outside"),
        ((1, 2), "type tuple, at ''"),
        ([set()], "type set, at '/0'"),
        (b"x", "type bytes"),
        (object(), "type object"),
        (Text("x"), "type Text"),
        (Whole(1), "type Whole"),
        (Colour.RED, "type Colour"),
        (Box(), "type Box"),
        (Row(), "type Row"),
        ({"a": {"é": 1}}, "key that is not an ASCII string, at '/a'"),
        ({1: 2}, "key that is not an ASCII string, at ''"),
        ([{None: 1}], "key that is not an ASCII string, at '/0'"),
        ({Text("x"): 1}, "key that is not an ASCII string"),
        ({"\ud800": 1}, "key that is not an ASCII string"),
        ({"k": ["\ud800"]}, "string with a lone surrogate, at '/k/0'"),
        ({"a/b~c": 1.5}, "at '/a~1b~0c'"),
        (nested(MAX_DEPTH + 1), "more than 64 deep"),
        (nested_objects(MAX_DEPTH + 1), "more than 64 deep"),
        (cyclic_list(), "more than 64 deep, or in a cycle"),
        (branching_cycle(), "more than 64 deep, or in a cycle"),
        (cyclic_object(), "more than 64 deep, or in a cycle"),
    ],
    ids=lambda value: type(value).__name__ if not isinstance(value, str) else value[:20],
)
def test_a_value_outside_the_profile_is_refused_with_its_place(value, reason):
    with pytest.raises(CanonicalError) as caught:
        encode(value)
    assert reason in str(caught.value)


def test_a_pointer_in_a_message_is_cut():
    with pytest.raises(CanonicalError) as caught:
        encode({"k" * 10_000: 1.5})
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize("build", [nested, nested_objects])
def test_the_depth_limit_itself_is_accepted_and_one_more_is_not(build):
    assert decode(encode(build(MAX_DEPTH))) == build(MAX_DEPTH)
    assert encode(nested(MAX_DEPTH, leaf=7)).count(b"[") == MAX_DEPTH
    with pytest.raises(CanonicalError, match="deep"):
        decode(b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "not JSON"),
        (b" 1", "byte 0 is"),
        (b"1 ", "byte 1 is"),
        (b"1\n", "byte 1 is"),
        (b"1 2", "not JSON"),
        (b"[1, 2]", "byte 3 is"),
        (b"\xef\xbb\xbf1", "not JSON"),
        (b'"\xff"', "not JSON in UTF-8"),
        (b'"\xed\xa0\x80"', "not JSON in UTF-8"),
        (b'"\\ud800"', "not JSON"),
        (b'"\\udc00"', "not JSON"),
        (b'"\\u0041"', "byte 1 is"),
        (b'"\\/"', "byte 1 is"),
        (b'"\\u001F"', "byte 6 is"),
        (b'"\\ud83d\\ude00"', "byte 1 is"),
        (b"1.0", "type float"),
        (b"1.5", "type float"),
        (b"-0.0", "type float"),
        (b"1e2", "type float"),
        (b"-0", "byte 0 is"),
        (b"01", "not JSON"),
        (b"1e400", "not JSON"),
        (b"NaN", "not JSON"),
        (b"Infinity", "not JSON"),
        (b"9007199254740992", "integer outside"),
        (b"-9007199254740992", "integer outside"),
        (b"18446744073709551616", "integer outside"),
        (b"9" * 5000, "not JSON"),
        (b'{"a":1,"a":1}', "byte 6 is"),
        (b'{"a":1,"a":2}', "byte 5 is"),
        (b'{"b":1,"a":2}', "byte 2 is"),
        (b'{"\xc3\xa9":1}', "ASCII"),
        (b"[" * 100_000, "deep"),
        (b'{"a":' * 5_000 + b"1" + b"}" * 5_000, "deep"),
    ],
    ids=lambda value: repr(value)[:24],
)
def test_bytes_that_are_no_canonical_spelling_are_refused(data, reason):
    with pytest.raises(CanonicalError) as caught:
        decode(data)
    assert reason in str(caught.value)


def test_true_and_one_and_the_text_one_stay_apart():
    assert len({encode(value) for value in (1, True, "1", "true")}) == 4


def test_composed_and_decomposed_characters_stay_apart():
    assert encode("\u00e9") != encode("e\u0301")


def test_shared_containers_are_no_cycle():
    row = [1]
    assert encode({"a": row, "b": row}) == b'{"a":[1],"b":[1]}'


@pytest.mark.parametrize("spare_frames", [20, 30, 60, 120])
def test_a_caller_near_the_end_of_the_stack_gets_the_bytes_or_the_one_error(spare_frames):
    value = nested(MAX_DEPTH)
    spelt = encode(value)
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(len(inspect.stack(0)) + spare_frames)
    try:
        outcomes = [outcome(encode, value), outcome(decode, spelt)]
    finally:
        sys.setrecursionlimit(limit)
    assert outcomes in ([spelt, value], ["refused", "refused"], [spelt, "refused"])


def outcome(function, argument):
    try:
        return function(argument)
    except CanonicalError:
        return "refused"


def test_an_error_is_a_value_error():
    assert issubclass(CanonicalError, ValueError)
    assert CanonicalError.__module__ == canonical.__name__
