"""RFC 8785 for users' data against rfc8785, the standard reader, decimals and hostile bytes."""

import decimal
import json
import math
from pathlib import Path

import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st

from workc.kernel import canonical
from workc.kernel.canonical import CanonicalError
from workc.kernel.jcs import encode, es6_number, normalise, parse

SUITE = Path(__file__).parent.parent / "vectors" / "jsontestsuite"
FILES = sorted(path for path in SUITE.glob("test_*/*.json") if path.stat().st_size < 2_000)

SAFE = st.integers(-(2**53) + 1, 2**53 - 1)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
FLOATS = st.floats(allow_nan=False, allow_infinity=False)
ANY_JSON = st.recursive(
    st.none() | st.booleans() | SAFE | FLOATS | TEXT,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(TEXT, inner, max_size=5),
    max_leaves=25,
)
ANYTHING = st.recursive(
    ANY_JSON | st.integers() | st.floats() | st.binary() | st.tuples(st.floats()) | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(max_size=3) | st.integers(), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(ANY_JSON)
@settings(max_examples=300, deadline=None)
def test_a_spelling_is_that_of_rfc8785(value):
    assert encode(value) == rfc8785.dumps(value)


@given(ANY_JSON)
@settings(max_examples=300, deadline=None)
def test_live_code_sees_what_a_replay_reads(value):
    live = normalise(value)
    # repr tells 1 from 1.0 and True, and shows the order of keys.
    assert repr(live) == repr(parse(encode(value)))
    assert repr(normalise(live)) == repr(live)
    assert encode(live) == encode(value)


@given(ANYTHING)
@settings(max_examples=300, deadline=None)
def test_any_value_is_spelt_as_rfc8785_does_or_refused_by_both_functions(value):
    try:
        data = encode(value)
    except CanonicalError as error:
        str(error).encode()
        data = None
    try:
        live = normalise(value)
    except CanonicalError:
        assert data is None
    else:
        assert data == rfc8785.dumps(value)
        assert repr(live) == repr(parse(data))


def naive_es6(value):
    """Spells a finite double by the cases of ECMA-262, Number::toString: k, n and s."""
    if value == 0:
        return "0"
    sign, digits, exponent = decimal.Decimal(repr(value)).as_tuple()
    s = "".join(map(str, digits)).lstrip("0")
    n = len(s) + exponent
    s = s.rstrip("0")
    k = len(s)
    if k <= n <= 21:
        text = s + "0" * (n - k)
    elif 0 < n <= 21:
        text = f"{s[:n]}.{s[n:]}"
    elif -6 < n <= 0:
        text = f"0.{'0' * -n}{s}"
    else:
        point = f".{s[1:]}" if k > 1 else ""
        text = f"{s[0]}{point}e{'+' if n > 0 else '-'}{abs(n - 1)}"
    return "-" * sign + text


@given(FLOATS | st.floats(1e-8, 1e-3) | st.floats(1e14, 1e23) | SAFE.map(float))
@settings(max_examples=500, deadline=None)
def test_a_number_is_spelt_by_the_cases_of_the_standard(value):
    assert es6_number(value) == naive_es6(value)
    assert float(es6_number(value)) == value


NUMBER_TOKENS = st.from_regex(r"\A-?(0|[1-9][0-9]{0,24})(\.[0-9]{1,6})?([eE][+-]?[0-9]{1,3})?\Z")


def naive_number(token):
    """Reads a number token by exact arithmetic; None if it must be refused."""
    nearest = float(token)
    if math.isinf(nearest):
        return None
    if not set(token) & set(".eE") and abs(int(token)) >= 2**53 and naive_es6(nearest) != token:
        return None
    is_safe = nearest == int(nearest) and abs(nearest) < 2**53
    return int(nearest) if is_safe else nearest


@given(NUMBER_TOKENS)
@settings(max_examples=500, deadline=None)
def test_a_number_token_is_read_as_exact_arithmetic_says(token):
    expected = naive_number(token)
    try:
        value = parse(token)
    except CanonicalError:
        assert expected is None
    else:
        assert repr(value) == repr(expected)


def is_accepted_or_refused(data):
    """Reads ``data``; any exception but the one error goes through and fails the test."""
    try:
        value = parse(data)
    except CanonicalError as error:
        str(error).encode()
        return
    assert value == json.loads(data)
    assert repr(parse(encode(value))) == repr(value)
    try:
        strict = canonical.decode(data)
    except CanonicalError:
        return
    assert repr(strict) == repr(value)


@given(st.binary(max_size=60))
@settings(max_examples=300, deadline=None)
def test_any_bytes_are_json_or_the_one_error(data):
    is_accepted_or_refused(data)


@given(st.text(alphabet='0123456789.-+eE[]{}:,"\\udD8NaInfinity \ufeff\x00é', max_size=30))
@settings(max_examples=300, deadline=None)
def test_any_text_that_looks_like_json_is_json_or_the_one_error(text):
    is_accepted_or_refused(text)


@given(st.text(max_size=20))
@settings(max_examples=100, deadline=None)
def test_any_string_in_quotes_is_json_or_the_one_error(text):
    try:
        parse(f'"{text}"')
    except CanonicalError as error:
        str(error).encode()


@given(st.sampled_from(FILES), st.integers(0, 2_000), st.binary(max_size=3), st.integers(0, 3))
@settings(max_examples=400, deadline=None)
def test_a_damaged_vector_is_json_or_the_one_error(path, at, new, cut):
    data = path.read_bytes()
    at %= len(data) + 1
    is_accepted_or_refused(data[:at] + new + data[at + cut :])


@given(ANY_JSON)
@settings(max_examples=200, deadline=None)
def test_what_the_standard_writer_writes_is_read_into_the_normal_form(value):
    # The standard writer spells 2.0**60 as 1.152921504606847e+18: never as a long integer.
    assert repr(parse(json.dumps(value, indent=1))) == repr(normalise(value))
