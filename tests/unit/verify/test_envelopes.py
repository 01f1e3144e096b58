"""Envelopes and statements: every form but one is refused, by its own rule."""

import base64
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from signing import (
    PAYLOAD_TYPE,
    PREDICATE_TYPE,
    STATEMENT_TYPE,
    b64,
    compact,
    envelope_of,
    key,
    pae,
)

from workc.verify.expectations import Proven
from workc.verify.signatures import rules
from workc.verify.signatures.dsse import Envelope, Signature, read_envelope, write_envelope
from workc.verify.signatures.encoding import from_base64, to_base64
from workc.verify.signatures.rules import MAX_SIGNATURES, SIGNATURE_RULES, BrokenRuleError
from workc.verify.signatures.statement import check_statement, write_statement

A = key(1)
SAID = Proven(
    bundle_version="0.2",
    run_id="r-1",
    proof_digest="ab" * 32,
    outcome="success",
    lock_level="Committed",
)
STATEMENT = {
    "_type": STATEMENT_TYPE,
    "predicate": {"bundle_version": "0.2", "lock_level": "Committed", "outcome": "success"},
    "predicateType": PREDICATE_TYPE,
    "subject": [{"digest": {"sha256": "ab" * 32}, "name": "r-1"}],
}


def reason(call, *arguments):
    with pytest.raises(BrokenRuleError) as caught:
        call(*arguments)
    return caught.value


# ---------------------------------------------------------------------------------------- envelopes


def test_an_envelope_gives_its_bytes_back():
    value = envelope_of(b"hi", A, key(2))
    found = read_envelope(compact(value))
    assert found.payload == b"hi"
    assert found.signed_bytes() == pae(PAYLOAD_TYPE, b"hi")
    assert [(s.keyid, b64(s.data)) for s in found.signatures] == [
        (s["keyid"], s["sig"]) for s in value["signatures"]
    ]
    assert write_envelope(found) == compact(value)


def test_an_envelope_may_stand_in_any_json_text_and_without_keyids():
    value = envelope_of(b"hi", A)
    del value["signatures"][0]["keyid"]
    found = read_envelope(json.dumps(value, indent=3).encode() + b"\n")
    assert found.signatures[0].keyid == ""


@pytest.mark.parametrize("name", ["payload", "payloadType", "signatures"])
def test_a_field_that_is_missing_is_refused(name):
    value = envelope_of(b"hi", A)
    del value[name]
    assert reason(read_envelope, compact(value)).rule == rules.ENVELOPE_FORM


@pytest.mark.parametrize("name", ["public_key", "cert", "payload_type", "keyid", "x"])
def test_a_field_more_is_refused(name):
    value = envelope_of(b"hi", A)
    assert reason(read_envelope, compact({**value, name: "x"})).rule == rules.ENVELOPE_FORM
    value["signatures"][0][{"keyid": "x"}.get(name, name)] = b64(A.public)
    assert reason(read_envelope, compact(value)).rule == rules.ENVELOPE_FORM


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"payload":', b'"payload":"aGk=","payload":'),
        (b'"signatures":', b'"signatures":[],"signatures":'),
        (b'"sig":', b'"sig":"","sig":'),
        (b'"keyid":', b'"keyid":"","keyid":'),
    ],
)
def test_a_field_that_stands_twice_is_refused(old, new):
    data = compact(envelope_of(b"hi", A)).replace(old, new)
    error = reason(read_envelope, data)
    assert error.rule == rules.ENVELOPE_FORM
    assert "twice" in str(error)


@pytest.mark.parametrize(
    "change",
    [
        {"payload": 1},
        {"payload": None},
        {"signatures": {}},
        {"signatures": ["x"]},
        {"payloadType": []},
    ],
    ids=ascii,
)
def test_a_field_of_another_type_is_refused(change):
    value = {**envelope_of(b"hi", A), **change}
    assert reason(read_envelope, compact(value)).rule == rules.ENVELOPE_FORM


@pytest.mark.parametrize(
    "data", [b"", b"[]", b"null", b"{}", b"{}{}", b"\xff", b"\xef\xbb\xbf{}", b"[" * 9999]
)
def test_bytes_that_are_no_envelope_are_refused(data):
    assert reason(read_envelope, data).rule == rules.ENVELOPE_FORM


@pytest.mark.parametrize(
    "kind",
    ["", "application/json", "application/vnd.in-toto+JSON", " application/vnd.in-toto+json"],
)
def test_another_type_of_payload_is_refused(kind):
    error = reason(read_envelope, compact(envelope_of(b"hi", A, payload_type=kind)))
    assert (error.rule, error.pointer) == (rules.PAYLOAD_TYPE_IS_IN_TOTO, "/payloadType")
    assert (error.expected, error.actual) == (PAYLOAD_TYPE, kind)


def test_signatures_are_counted_at_the_limits_and_past_them():
    one = envelope_of(b"hi", A)["signatures"]
    for count in (1, MAX_SIGNATURES):
        value = {**envelope_of(b"hi"), "signatures": one * count}
        assert len(read_envelope(compact(value)).signatures) == count
    for count in (0, MAX_SIGNATURES + 1):
        value = {**envelope_of(b"hi"), "signatures": one * count}
        assert reason(read_envelope, compact(value)).rule == rules.SIGNATURES_ARE_FEW


SPELLINGS = {
    "no padding": "/w",
    "loose bits": "/x==",
    "url-safe": "_w==",
    "white space": "/w== ",
    "newline": "/w\n==",
    "more padding": "/w===",
    "two parts": "/w==/w==",
    "not ASCII": "é===",
    "padding inside": "=/w=",
}


@pytest.mark.parametrize("text", SPELLINGS.values(), ids=SPELLINGS)
def test_other_spellings_of_base64_are_refused(text):
    assert from_base64(text) is None
    value = envelope_of(b"hi", A)
    error = reason(read_envelope, compact({**value, "payload": text}))
    assert (error.rule, error.pointer) == (rules.BASE64_IS_CANONICAL, "/payload")
    value["signatures"][0]["sig"] = text
    error = reason(read_envelope, compact(value))
    assert (error.rule, error.pointer) == (rules.BASE64_IS_CANONICAL, "/signatures/0/sig")


@settings(deadline=None)
@given(st.binary(max_size=40), st.text("ABCDwxyz0189+/=-_ ", max_size=12))
def test_base64_has_one_spelling(data, text):
    assert from_base64(to_base64(data)) == data
    assert to_base64(data) == base64.b64encode(data).decode()
    found = from_base64(text)
    assert found is None or to_base64(found) == text


@settings(deadline=None)
@given(st.binary(max_size=60))
def test_any_bytes_give_an_envelope_or_the_one_error(data):
    assert reason(read_envelope, data).rule == rules.ENVELOPE_FORM


SIGNATURES = st.builds(Signature, keyid=st.text(max_size=9), data=st.binary(max_size=70))


@settings(deadline=None)
@given(st.binary(max_size=90), st.lists(SIGNATURES, min_size=1, max_size=MAX_SIGNATURES))
def test_what_is_written_is_read_back(payload, signatures):
    envelope = Envelope(payload=payload, signatures=tuple(signatures))
    try:
        data = write_envelope(envelope)
    except ValueError:
        assert any("\ud800" <= c <= "\udfff" for s in signatures for c in s.keyid)
    else:
        assert read_envelope(data) == envelope


# --------------------------------------------------------------------------------------- statements


def test_the_statement_about_a_bundle_is_one_canonical_text_and_is_accepted():
    assert write_statement(SAID) == compact(STATEMENT)
    check_statement(compact(STATEMENT), SAID)
    check_statement(json.dumps(STATEMENT, indent=1).encode(), SAID)


def edited(**fields):
    return {**STATEMENT, **fields}


ANOTHER = "cd" * 32
EDITS = {
    "no type": (rules.STATEMENT_FORM, {k: v for k, v in STATEMENT.items() if k != "_type"}),
    "a field more": (rules.STATEMENT_FORM, edited(more=1)),
    "type as a list": (rules.STATEMENT_FORM, edited(_type=[STATEMENT_TYPE])),
    "no digest": (rules.STATEMENT_FORM, edited(subject=[{"name": "r-1"}])),
    "no name": (rules.STATEMENT_FORM, edited(subject=[{"digest": {"sha256": "ab" * 32}}])),
    "another algorithm": (
        rules.STATEMENT_FORM,
        edited(subject=[{"digest": {"sha512": "ab" * 64}, "name": "r-1"}]),
    ),
    "two algorithms": (
        rules.STATEMENT_FORM,
        edited(subject=[{"digest": {"sha256": "ab" * 32, "md5": "x"}, "name": "r-1"}]),
    ),
    "a subject with a field more": (
        rules.STATEMENT_FORM,
        edited(subject=[{**STATEMENT["subject"][0], "uri": "x"}]),
    ),
    "no predicate": (rules.STATEMENT_FORM, edited(predicate={})),
    "a predicate with a field more": (
        rules.STATEMENT_FORM,
        edited(predicate={**STATEMENT["predicate"], "more": 1}),
    ),
    "an older statement": (
        rules.STATEMENT_TYPE_IS_V1,
        edited(_type="https://in-toto.io/Statement/v0.1"),
    ),
    "another predicate": (
        rules.PREDICATE_TYPE_IS_OURS,
        edited(predicateType="https://slsa.dev/provenance/v1"),
    ),
    "no subject": (rules.SUBJECT_IS_ONE, edited(subject=[])),
    "two subjects": (rules.SUBJECT_IS_ONE, edited(subject=STATEMENT["subject"] * 2)),
    "another digest": (
        rules.SUBJECT_IS_THE_DIGEST,
        edited(subject=[{"digest": {"sha256": ANOTHER}, "name": "r-1"}]),
    ),
    "the digest in capitals": (
        rules.SUBJECT_IS_THE_DIGEST,
        edited(subject=[{"digest": {"sha256": "AB" * 32}, "name": "r-1"}]),
    ),
    "another run": (
        rules.SUBJECT_IS_THE_RUN,
        edited(subject=[{"digest": {"sha256": "ab" * 32}, "name": "r-2"}]),
    ),
    "another version": (
        rules.PREDICATE_IS_TRUE,
        edited(predicate={**STATEMENT["predicate"], "bundle_version": "0.1"}),
    ),
    "another outcome": (
        rules.PREDICATE_IS_TRUE,
        edited(predicate={**STATEMENT["predicate"], "outcome": "failed"}),
    ),
    "another lock level": (
        rules.PREDICATE_IS_TRUE,
        edited(predicate={**STATEMENT["predicate"], "lock_level": "Draft"}),
    ),
}


@pytest.mark.parametrize("name", EDITS)
def test_a_statement_that_says_anything_else_is_refused_by_its_rule(name):
    rule, value = EDITS[name]
    assert reason(check_statement, compact(value), SAID).rule == rule


def test_what_was_expected_and_what_was_signed_are_told():
    error = reason(check_statement, compact(EDITS["another digest"][1]), SAID)
    assert error.pointer == "/subject/0/digest/sha256"
    assert (error.expected, error.actual) == ("ab" * 32, ANOTHER)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"sha256":', b'"sha256":"' + ANOTHER.encode() + b'","sha256":'),
        (b'"subject":', b'"subject":[],"subject":'),
        (b'"_type":', b'"_type":"x","_type":'),
    ],
)
def test_a_field_of_a_statement_that_stands_twice_is_refused(old, new):
    error = reason(check_statement, compact(STATEMENT).replace(old, new), SAID)
    assert error.rule == rules.STATEMENT_FORM
    assert "twice" in str(error)


@settings(deadline=None)
@given(st.binary(max_size=60))
def test_any_payload_gives_the_one_error(payload):
    assert reason(check_statement, payload, SAID).rule == rules.STATEMENT_FORM


def test_every_rule_has_a_number_of_its_own():
    numbers = [rule.number for rule in SIGNATURE_RULES]
    assert sorted(set(numbers)) == numbers
    assert {rule.step for rule in SIGNATURE_RULES} == {"signatures"}
    named = [value for value in vars(rules).values() if isinstance(value, rules.Rule)]
    assert named == list(SIGNATURE_RULES)
