"""Trust files: what they may say, and that no typo is taken for silence."""

import json

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from reseal import load
from signing import b64, key, trust_file, trust_value

from workc.verify.signatures import trust
from workc.verify.signatures.trust import (
    MAX_KEYS,
    MAX_NAME,
    MAX_TRUST_BYTES,
    TrustError,
    read_trust,
)

second = load("second_verifier/signatures.py")

A, B, C = key(1), key(2), key(3)


def refused(value):
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    with pytest.raises(TrustError) as caught:
        read_trust(data)
    with pytest.raises((ValueError, RecursionError)):
        second.read_trust(data)
    return str(caught.value)


def agreed(data):
    """Reads a trust file with both verifiers: both take it or neither does."""
    try:
        found = read_trust(data)
    except TrustError:
        with pytest.raises((ValueError, RecursionError)):
            second.read_trust(data)
        return
    again = second.read_trust(data)
    assert found.threshold == again["threshold"]
    assert [(k.public_key, k.keyid) for k in found.keys] == [
        (entry["key"], entry["keyid"]) for entry in again["entries"]
    ]


def changed(**fields):
    return trust_value(A, B, **fields)


def without(name):
    return {field: value for field, value in changed().items() if field != name}


def test_a_trust_file_gives_its_keys_in_order():
    found = read_trust(trust_file(A, B.entry(keyid="b"), threshold=2))
    assert (found.threshold, found.min_version) == (2, "0.2")
    assert [(k.name, k.public_key, k.keyid) for k in found.keys] == [
        ("key-1", A.public, A.keyid),
        ("key-2", B.public, "b"),
    ]
    assert [(k.not_before_ms, k.not_after_ms) for k in found.keys] == [(None, None)] * 2


def test_a_key_may_be_hex_or_base64():
    entries = [A.entry(public_key=A.public.hex()), A.entry()]
    assert {k.public_key for k in read_trust(trust_file(*entries)).keys} == {A.public}


def test_an_empty_trust_file_can_be_read_and_has_no_keys():
    assert read_trust(trust_file()).keys == ()
    assert read_trust(trust_file(threshold=256)).threshold == 256


def test_white_space_and_the_order_of_fields_do_not_matter():
    value = changed()
    turned = dict(reversed(value.items()))
    assert read_trust(json.dumps(turned, indent=2).encode()) == read_trust(
        json.dumps(value).encode()
    )


@pytest.mark.parametrize("name", ["schema", "keys", "threshold", "min_version"])
def test_a_missing_field_is_refused(name):
    assert f"missing required field `{name}`" in refused(without(name))


@pytest.mark.parametrize(
    "typo", ["treshold", "Threshold", "threshold ", "minVersion", "key", "comment"]
)
def test_an_unknown_field_is_refused(typo):
    assert "unknown field" in refused(changed(**{typo: 1}))


@pytest.mark.parametrize("typo", ["not_befor", "notAfter", "expires", "publicKey", "pem", "keyId"])
def test_an_unknown_field_of_a_key_is_refused(typo):
    assert "unknown field" in refused(trust_value(A.entry(**{typo: "2030-01-01T00:00:00Z"})))


@pytest.mark.parametrize("name", ["name", "public_key"])
def test_a_missing_field_of_a_key_is_refused(name):
    entry = A.entry()
    del entry[name]
    assert f"missing required field `{name}`" in refused(trust_value(entry))


@pytest.mark.parametrize(
    "text",
    [
        b'{"schema":"workc.trust/1","keys":[],"threshold":2,"threshold":1,"min_version":"0.2"}',
        b'{"schema":"workc.trust/1","keys":[],"threshold":1,"min_version":"0.2","min_version":"0.1"}',
    ],
)
def test_a_field_that_stands_twice_is_refused(text):
    assert "twice" in refused(text)


@pytest.mark.parametrize("text", [b"", b"[]", b"null", b"{", b"\xff", b"\xef\xbb\xbf{}", b"NaN"])
def test_what_is_no_json_object_is_refused(text):
    assert "not of the form" in refused(text)


@pytest.mark.parametrize("schema", ["workc.trust/2", "workc.trust", ""])
def test_another_schema_is_refused(schema):
    assert "schema is not 'workc.trust/1'" in refused(changed(schema=schema))


@pytest.mark.parametrize("version", ["", "0.3", "0.20", "2", "BUNDLE-0.1", "latest"])
def test_a_version_that_nobody_knows_is_refused(version):
    assert "min_version is none of 0.1, 0.2" in refused(changed(min_version=version))


@pytest.mark.parametrize("threshold", [True, None, "1", 1.5, [1]])
def test_a_threshold_of_another_type_is_refused(threshold):
    assert "threshold" in refused(changed(threshold=threshold))


@pytest.mark.parametrize("threshold", [0, -1, 257, 2**53 - 1])
def test_a_threshold_out_of_bounds_is_refused(threshold):
    assert "threshold is not from 1 to 256" in refused(trust_value(threshold=threshold))


def test_a_threshold_is_judged_at_the_number_of_keys_and_past_it():
    assert read_trust(trust_file(A, B, threshold=2)).threshold == 2
    assert "2 different keys cannot reach it" in refused(trust_value(A, B, threshold=3))


def test_a_key_that_is_listed_twice_does_not_reach_a_threshold_of_two():
    twice = trust_value(A, A.entry(name="other", keyid="x"), threshold=2)
    assert "1 different keys cannot reach it" in refused(twice)


BAD_KEYS = {
    "": "it has 0 bytes",
    "x": "neither",
    A.public.hex().upper(): "48 bytes",
    A.public.hex()[:-2]: "neither",
    f" {b64(A.public)}": "neither",
    f"{b64(A.public)}\n": "neither",
    b64(A.public).rstrip("="): "neither",
    b64(A.public)[:-2] + "V=": "neither",
    b64(A.public[:31]): "31 bytes",
    "../etc/passwd": "neither",
    "00" * 32: "low order",
    "01" + "00" * 31: "low order",
    "ed" + "ff" * 30 + "7f": "not canonical",
    "ff" * 32: "not canonical",
    "02" + "00" * 31: "no point of the curve",
}


@pytest.mark.parametrize("text", BAD_KEYS, ids=ascii)
def test_what_is_no_key_to_trust_is_refused(text):
    message = refused(trust_value(A.entry(public_key=text)))
    assert message.startswith("keys[0].public_key is ")
    assert BAD_KEYS[text] in message


@pytest.mark.parametrize("field", ["name", "keyid"])
@pytest.mark.parametrize("text", ["", "a\nb", "\x1b[1m", "\u202e", "x" * (MAX_NAME + 1)], ids=ascii)
def test_a_name_that_cannot_be_shown_is_refused(field, text):
    assert f"keys[0].{field} is not 1 to 128" in refused(trust_value(A.entry(**{field: text})))


@pytest.mark.parametrize("field", ["name", "keyid"])
def test_a_name_may_be_of_the_greatest_length_and_in_any_script(field):
    for text in ("x" * MAX_NAME, "Ada (Büro), 鍵"):
        assert read_trust(trust_file(A.entry(**{field: text}))).keys


@pytest.mark.parametrize("field", ["keyid", "not_before", "not_after"])
def test_a_field_of_a_key_is_never_null(field):
    assert field in refused(trust_value(A.entry(**{field: None})))


@pytest.mark.parametrize("field", ["not_before", "not_after"])
@pytest.mark.parametrize(
    "text", ["", "2030-01-01", "2030-02-30T00:00:00Z", "2030-01-01T00:00:00+00:00"]
)
def test_a_time_in_another_form_is_refused(field, text):
    assert "a time is written in UTC" in refused(trust_value(A.entry(**{field: text})))


def test_a_key_is_valid_from_its_first_to_its_last_millisecond():
    entry = A.entry(not_before="2030-01-01T00:00:00Z", not_after="2030-01-01T00:00:01.5Z")
    (found,) = read_trust(trust_file(entry)).keys
    start = 1_893_456_000_000
    assert (found.not_before_ms, found.not_after_ms) == (start, start + 1500)
    judged = {ms: found.is_valid_at(start + ms) for ms in (-1, 0, 1500, 1501)}
    assert judged == {-1: False, 0: True, 1500: True, 1501: False}


def test_a_span_may_be_one_moment_and_may_not_end_before_it_begins():
    moment = "2030-01-01T00:00:00Z"
    assert read_trust(trust_file(A.entry(not_before=moment, not_after=moment))).keys
    later = A.entry(not_before="2030-01-01T00:00:00.001Z", not_after=moment)
    assert "keys[0]: not_after is before not_before" in refused(trust_value(later))


def test_keys_are_counted_at_the_limit_and_past_it():
    assert len(read_trust(trust_file(*[A] * MAX_KEYS)).keys) == MAX_KEYS
    assert "more than 256 keys" in refused(trust_file(*[A] * (MAX_KEYS + 1)))


def test_bytes_are_counted_at_the_limit_and_past_it():
    data = trust_file(A)
    full = data + b" " * (MAX_TRUST_BYTES - len(data))
    assert read_trust(full) == read_trust(data)
    assert "larger than 1,048,576 bytes" in refused(full + b" ")


def test_deep_nesting_is_refused():
    assert "deep" in refused(b"[" * 100_000)


def test_versions_are_compared_in_their_order():
    old, new = (read_trust(trust_file(min_version=version)) for version in trust.VERSIONS)
    asked = (*trust.VERSIONS, "0.1.0", "9.9", "")
    assert [old.accepts_version(v) for v in asked] == [True, True, False, False, False]
    assert [new.accepts_version(v) for v in asked] == [False, True, False, False, False]


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@settings(deadline=None)
@given(st.binary())
@example(b'{"schema":"\\ud800","keys":[],"threshold":1,"min_version":"0.2"}')
@example(b'{"\xc3\xa9":1}')
def test_any_bytes_give_a_trust_file_or_the_one_error(data):
    with pytest.raises(TrustError):
        read_trust(data)


@settings(deadline=None)
@given(
    st.sampled_from(["schema", "keys", "threshold", "min_version", "more"]),
    st.sampled_from(["name", "public_key", "keyid", "not_before", "not_after", "more", None]),
    ANY_JSON,
)
def test_any_value_of_a_field_gives_a_trust_file_or_the_one_error(field, inner, value):
    entry = A.entry() if inner is None else A.entry(**{inner: value})
    edited = {**trust_value(entry), **({field: value} if inner is None else {})}
    agreed(json.dumps(edited).encode())


TEXT = trust_file(
    A.entry(keyid="a", not_before="2030-01-01T00:00:00Z", not_after="2031-01-01T00:00:00.5Z"),
    B.entry(public_key=B.public.hex()),
    threshold=2,
)


CHANGES = ["", "é", "1e9", *'019aZ{}[]",:=.\\ \n']


@settings(max_examples=300, deadline=None)
@given(st.integers(0, len(TEXT) - 1), st.integers(0, 2), st.sampled_from(CHANGES))
def test_both_verifiers_take_the_same_trust_files(place, width, change):
    agreed(TEXT[:place] + change.encode() + TEXT[place + width :])
