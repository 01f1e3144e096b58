"""Who signed a bundle: every attack on signatures, with its code and rule; both verifiers agree.

Envelopes and trust files are made by code of the tests, so nothing is compared with itself.
"""

import json

import pytest
from bundles import bundle
from hypothesis import given, settings
from hypothesis import strategies as st
from reseal import canonical, load, reseal, second
from signing import (
    b64,
    compact,
    envelope_of,
    key,
    naive,
    path_of,
    signed,
    statement_of,
    trust_file,
)

from workc.verify.case import Case
from workc.verify.expectations import Proven
from workc.verify.reader import MemoryReader, ReadError
from workc.verify.signatures import rules
from workc.verify.signatures.ed25519 import ORDER
from workc.verify.signatures.judging import TrustJudge
from workc.verify.signatures.presence import check_limits
from workc.verify.signatures.rules import (
    MAX_ENVELOPE_BYTES,
    MAX_SIGNATURE_FILES,
    MAX_SIGNATURES,
    SIGNATURE_RULES,
)
from workc.verify.signatures.timestamps import to_ms
from workc.verify.signatures.trust import Demands, read_trust
from workc.verify.verifier import NOBODY_TRUSTED, verify

second_signatures = load("second_verifier/signatures.py")

A, B, C, STRANGER = key(1), key(2), key(3), key(66)
FILES = bundle("staged")
TRUST_A = trust_file(A)
NOW = "2030-06-01T00:00:00Z"


def judged(files, trust=TRUST_A, *, required=False, at=None, without=()):
    """Returns the verdict; both verifiers must say the same of the signatures."""
    judge = NOBODY_TRUSTED
    if trust is not None:
        at_ms = None if at is None else to_ms(at)
        judge = TrustJudge(Demands(trust=read_trust(trust), required=required, at_ms=at_ms))
    verdict = verify(MemoryReader(files), None, judge, without=without)
    codes = {f.code for f in verdict.failures if f.step == "signatures"}
    if not without and set(second.verify(files)) <= {"LIMIT_EXCEEDED"}:
        other = None if trust is None else second_signatures.read_trust(trust)
        again = second_signatures.judge(files, other, required=required, at=at)
        assert again == sorted(codes), (again, verdict.failures)
    return verdict


def reasons(verdict):
    return [(f.rule, f.path) for f in verdict.failures]


def one(rule, path, verdict):
    """Checks that a verdict has one reason, of this rule."""
    assert reasons(verdict) == [(rule.number, path)]
    assert verdict.codes() == (rule.code,)
    assert (verdict.verdict, verdict.signers, verdict.proof_digest) == ("FAIL", (), None)


def with_envelope(value, name="x.dsse.json"):
    data = value if isinstance(value, bytes) else compact(value)
    return {**FILES, f"signatures/{name}": data}


PAYLOAD = compact(statement_of(FILES))
PATH = "signatures/x.dsse.json"


# --------------------------------------------------------------------------- what passes, and how


def test_without_a_trust_file_a_signature_is_never_judged_and_the_verdict_says_so():
    for files in (signed(FILES, STRANGER), with_envelope(b"rubbish"), with_envelope(b"")):
        verdict = judged(files, None)
        assert (verdict.verdict, verdict.signers) == ("PASS", ())
        assert any(
            line.startswith("signature: no trust file was given")
            and line.endswith("files of signatures that were not judged: 1")
            for line in verdict.not_checked
        )


def test_an_unsigned_bundle_passes_with_the_statement_that_nobody_signed():
    verdict = judged(FILES)
    assert (verdict.verdict, verdict.signers) == ("PASS", ())
    assert "signature: nobody signed this bundle, so who sealed it is not known" in (
        verdict.not_checked
    )
    assert any(line.startswith("origin:") for line in verdict.not_checked)


def test_a_signature_by_a_trusted_key_passes_and_names_the_signer():
    verdict = judged(signed(FILES, A), required=True, at=NOW)
    assert verdict.verdict == "PASS"
    assert [(s.name, s.keyid) for s in verdict.signers] == [("key-1", A.keyid)]
    assert verdict.proof_digest == json.loads(FILES["receipt.json"])["proof_digest"]
    open_points = {line.partition(":")[0] for line in verdict.not_checked}
    assert open_points == {"truth", "freshness", "log"}


def test_signing_does_not_change_the_proof_digest():
    assert judged(signed(FILES, A), None).proof_digest == judged(FILES, None).proof_digest


def test_without_a_time_validity_is_said_to_be_open():
    expired = trust_file(A.entry(not_after="2000-01-01T00:00:00Z"))
    verdict = judged(signed(FILES, A), expired)
    assert verdict.verdict == "PASS"
    assert [line for line in verdict.not_checked if line.startswith("validity:")]
    assert judged(signed(FILES, A), at=NOW).not_checked != verdict.not_checked


@pytest.mark.parametrize("name", ["partial", "nothing", "broken_check", "paid", "function"])
def test_runs_of_every_outcome_can_be_signed(name):
    verdict = judged(signed(bundle(name), A), required=True)
    assert verdict.verdict == "PASS"


def test_an_envelope_may_be_written_by_others_in_another_order_and_with_white_space():
    statement = json.dumps(dict(reversed(statement_of(FILES).items())), indent=2).encode()
    value = envelope_of(statement, A)
    del value["signatures"][0]["keyid"]
    assert judged(with_envelope(json.dumps(value, indent=2).encode())).ok


# --------------------------------------------------------------------------------- the trust file


def test_an_empty_trust_file_trusts_nobody():
    one(rules.KEY_IS_TRUSTED, path_of(A), judged(signed(FILES, A), trust_file()))
    assert judged(FILES, trust_file()).ok


def test_a_signature_by_an_unknown_key_is_untrusted():
    one(rules.KEY_IS_TRUSTED, path_of(STRANGER), judged(signed(FILES, STRANGER)))


def test_a_signature_more_by_an_unknown_key_is_untrusted_too():
    one(rules.KEY_IS_TRUSTED, path_of(STRANGER), judged(signed(FILES, A, STRANGER)))


def test_signatures_can_be_stripped_and_a_required_one_is_missed():
    one(rules.SIGNATURE_IS_THERE, "signatures", judged(FILES, required=True))
    one(rules.SIGNATURE_IS_THERE, "signatures", judged(FILES, trust_file(), required=True))


def test_a_substituted_key_that_borrows_the_keyid_is_refused():
    value = envelope_of(PAYLOAD, STRANGER)
    value["signatures"][0]["keyid"] = A.keyid
    one(rules.NAMED_KEY_SIGNED, PATH, judged(with_envelope(value)))


def test_a_keyid_never_makes_a_key_trusted_nor_a_trusted_one_fail():
    for keyid in (B.keyid, STRANGER.keyid, "", "no key", "\u202e"):
        value = envelope_of(PAYLOAD, A)
        value["signatures"][0]["keyid"] = keyid
        assert judged(with_envelope(value), trust_file(A, B)).ok
    named = trust_file(A.entry(keyid=STRANGER.keyid))
    one(rules.NAMED_KEY_SIGNED, path_of(STRANGER), judged(signed(FILES, STRANGER), named))


@pytest.mark.parametrize(
    "path", ["signatures/trust.json", "signatures/key.pub.pem", "trust.json", "keys/a.dsse.json"]
)
def test_a_key_inside_the_bundle_is_an_unlisted_file_and_nobody_reads_it(path):
    files = {**signed(FILES, STRANGER), path: trust_file(STRANGER)}
    verdict = judged(files)
    assert verdict.codes() == ("UNLISTED_FILE", "SIGNER_UNTRUSTED")


def test_a_key_inside_an_envelope_is_a_field_more():
    for where in ("envelope", "signature"):
        value = envelope_of(PAYLOAD, STRANGER)
        target = value if where == "envelope" else value["signatures"][0]
        target["public_key"] = b64(STRANGER.public)
        one(rules.ENVELOPE_FORM, PATH, judged(with_envelope(value)))


# -------------------------------------------------------------------------------------- threshold


@pytest.mark.parametrize("signers", [(A, B), (A, C), (B, C), (A, B, C)])
def test_two_of_three_keys_are_enough(signers):
    trust = trust_file(A, B, C, threshold=2)
    verdict = judged(signed(FILES, *signers), trust, required=True)
    assert verdict.ok
    assert [s.keyid for s in verdict.signers] == sorted(k.keyid for k in signers)


@pytest.mark.parametrize("signer", [A, B, C])
def test_one_of_two_is_not_enough(signer):
    verdict = judged(signed(FILES, signer), trust_file(A, B, C, threshold=2))
    one(rules.THRESHOLD_IS_REACHED, "signatures", verdict)
    assert (verdict.failures[0].expected, verdict.failures[0].actual) == ("2 or more", "1")


def test_signatures_of_several_keys_may_stand_in_one_envelope():
    files = with_envelope(envelope_of(PAYLOAD, A, B))
    assert judged(files, trust_file(A, B, C, threshold=2)).ok


def test_one_key_under_two_keyids_counts_once():
    twice = trust_file(A.entry(keyid="one"), A.entry(keyid="two", name="another"), B, threshold=2)
    value = envelope_of(PAYLOAD, A, A)
    value["signatures"][0]["keyid"], value["signatures"][1]["keyid"] = "one", "two"
    one(rules.THRESHOLD_IS_REACHED, "signatures", judged(with_envelope(value), twice))


def test_one_key_in_two_files_counts_once():
    files = {**signed(FILES, A), "signatures/again.dsse.json": signed(FILES, A)[path_of(A)]}
    one(rules.THRESHOLD_IS_REACHED, "signatures", judged(files, trust_file(A, B, threshold=2)))
    assert [s.name for s in judged(files).signers] == ["key-1"]


def another_signature(signer, payload):
    """Returns a second good signature by the same key: with another nonce than RFC 8032 takes."""
    scalar, _ = naive.secret_of(signer.seed)
    r = 12345
    point = naive.encode(naive.times(r, naive.BASE))
    message = second_signatures.pae(payload)
    k = naive.number_of(point, signer.public, message)
    return point + ((r + k * scalar) % ORDER).to_bytes(32, "little")


def test_two_different_signatures_by_one_key_count_once():
    value = envelope_of(PAYLOAD, A, A)
    value["signatures"][1]["sig"] = b64(another_signature(A, PAYLOAD))
    assert value["signatures"][0] != value["signatures"][1]
    assert judged(with_envelope(value)).ok
    verdict = judged(with_envelope(value), trust_file(A, B, threshold=2))
    one(rules.THRESHOLD_IS_REACHED, "signatures", verdict)


# --------------------------------------------------------------------------------------- validity


SPAN = A.entry(not_before="2030-01-01T00:00:00Z", not_after="2030-12-31T23:59:59.999Z")


@pytest.mark.parametrize("at", ["2030-01-01T00:00:00Z", NOW, "2030-12-31T23:59:59.999Z"])
def test_a_key_signs_while_it_is_valid(at):
    assert judged(signed(FILES, A), trust_file(SPAN), at=at).ok


@pytest.mark.parametrize("at", ["2029-12-31T23:59:59.999Z", "2031-01-01T00:00:00Z"])
def test_a_key_that_is_expired_or_not_yet_valid_is_untrusted(at):
    verdict = judged(signed(FILES, A), trust_file(SPAN), at=at)
    one(rules.KEY_IS_VALID, path_of(A), verdict)
    assert verdict.failures[0].actual == at
    assert verdict.failures[0].expected == (
        "from 2030-01-01T00:00:00Z until 2030-12-31T23:59:59.999Z"
    )


@pytest.mark.parametrize(
    ("bound", "text"), [("not_before", "from 2031-01-01"), ("not_after", "until 2029-01-01")]
)
def test_a_span_may_have_one_bound(bound, text):
    time = text.rpartition(" ")[2] + "T00:00:00Z"
    verdict = judged(signed(FILES, A), trust_file(A.entry(**{bound: time})), at=NOW)
    assert verdict.failures[0].expected == f"{text}T00:00:00Z"


def test_a_key_that_is_listed_twice_is_valid_when_one_of_its_entries_is():
    old = A.entry(name="old", not_after="2029-01-01T00:00:00Z")
    new = A.entry(name="new", not_before="2030-01-01T00:00:00Z")
    for entries in ((old, new), (new, old)):
        verdict = judged(signed(FILES, A), trust_file(*entries), at=NOW)
        assert [s.name for s in verdict.signers] == ["new"]


def test_an_expired_key_does_not_count_beside_a_good_one():
    trust = trust_file(A.entry(not_after="2029-01-01T00:00:00Z"), B, C, threshold=2)
    one(rules.KEY_IS_VALID, path_of(A), judged(signed(FILES, A, B), trust, at=NOW))


# ------------------------------------------------------------------------------------ the envelope


def test_the_published_rules_are_in_the_order_in_which_they_are_judged():
    value = {**envelope_of(PAYLOAD, A, payload_type="x"), "signatures": []}
    one(rules.PAYLOAD_TYPE_IS_IN_TOTO, PATH, judged(with_envelope(value)))


@pytest.mark.parametrize("bit", range(0, 512, 37))
def test_a_signature_of_which_a_bit_is_changed_is_invalid(bit):
    value = envelope_of(PAYLOAD, A)
    raw = bytearray(A.sign(PAYLOAD))
    raw[bit // 8] ^= 1 << bit % 8
    value["signatures"][0]["sig"] = b64(bytes(raw))
    assert judged(with_envelope(value)).codes() == ("SIGNATURE_INVALID",)


@pytest.mark.parametrize(
    "signature",
    [
        b"",
        bytes(64),
        bytes([1]) + bytes(63),
        A.sign(PAYLOAD) + b"\0",
        A.sign(PAYLOAD)[:63],
        A.sign(PAYLOAD)[:32] + ORDER.to_bytes(32, "little"),
        b"\xff" * 32 + bytes(32),
    ],
    ids=["empty", "zeros", "neutral R", "long", "short", "S is the order", "R past the prime"],
)
def test_what_can_be_no_signature_by_anybody_is_invalid_whoever_is_trusted(signature):
    value = envelope_of(PAYLOAD, STRANGER)
    value["signatures"][0]["sig"] = b64(signature)
    one(rules.SIGNATURE_IS_STRICT, PATH, judged(with_envelope(value)))


def test_a_second_spelling_of_a_good_signature_is_invalid():
    raw = A.sign(PAYLOAD)
    s = int.from_bytes(raw[32:], "little") + ORDER
    value = envelope_of(PAYLOAD, A)
    value["signatures"][0]["sig"] = b64(raw[:32] + s.to_bytes(32, "little"))
    one(rules.SIGNATURE_IS_STRICT, PATH, judged(with_envelope(value)))


def test_a_signature_over_other_bytes_than_those_parsed_is_invalid():
    other = json.dumps(statement_of(FILES)).encode()
    for signed_bytes, parsed in ((PAYLOAD, other), (other, PAYLOAD), (PAYLOAD, PAYLOAD + b"\n")):
        value = {**envelope_of(signed_bytes, A), "payload": b64(parsed)}
        one(rules.NAMED_KEY_SIGNED, PATH, judged(with_envelope(value)))


def test_a_signature_over_the_payload_alone_or_with_another_type_is_invalid():
    for raw in (
        naive.sign(A.seed, PAYLOAD),
        naive.sign(A.seed, b64(PAYLOAD).encode()),
        A.sign(PAYLOAD, "application/json"),
        A.sign(b64(PAYLOAD).encode()),
    ):
        value = envelope_of(PAYLOAD, A)
        value["signatures"][0]["sig"] = b64(raw)
        one(rules.NAMED_KEY_SIGNED, PATH, judged(with_envelope(value)))


def test_what_nobody_trusted_has_signed_is_not_parsed():
    for payload in (b"rubbish", b"[" * 100_00, compact({**statement_of(FILES), "subject": []})):
        one(rules.KEY_IS_TRUSTED, PATH, judged(with_envelope(envelope_of(payload, STRANGER))))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"payload":', b'"payload":"e30=","payload":'),
        (b'"payloadType":', b'"payloadType":"x","payloadType":'),
        (b'"signatures":', b'"signatures":[],"signatures":'),
        (b'"sig":', b'"sig":"","sig":'),
    ],
)
def test_a_key_that_stands_twice_in_an_envelope_is_invalid(old, new):
    data = compact(envelope_of(PAYLOAD, A)).replace(old, new)
    one(rules.ENVELOPE_FORM, PATH, judged(with_envelope(data)))


def test_a_key_that_stands_twice_in_a_signed_payload_is_invalid():
    digest = statement_of(FILES)["subject"][0]["digest"]["sha256"].encode()
    payload = PAYLOAD.replace(b'"sha256":', b'"sha256":"' + digest + b'","sha256":')
    one(rules.STATEMENT_FORM, PATH, judged(with_envelope(envelope_of(payload, A))))


# ----------------------------------------------------------------------------------- the statement


def altered(**fields):
    return compact({**statement_of(FILES), **fields})


OTHER = statement_of(bundle("success"))
STATEMENTS = {
    "of another bundle": (rules.SUBJECT_IS_THE_DIGEST, compact(OTHER)),
    "of two subjects": (
        rules.SUBJECT_IS_ONE,
        altered(subject=statement_of(FILES)["subject"] + OTHER["subject"]),
    ),
    "of the same subject twice": (
        rules.SUBJECT_IS_ONE,
        altered(subject=statement_of(FILES)["subject"] * 2),
    ),
    "of no subject": (rules.SUBJECT_IS_ONE, altered(subject=[])),
    "of another predicate": (
        rules.PREDICATE_TYPE_IS_OURS,
        altered(predicateType="https://slsa.dev/provenance/v1"),
    ),
    "of a later predicate": (
        rules.PREDICATE_TYPE_IS_OURS,
        altered(predicateType="workc:sealed-run/v2"),
    ),
    "of an older form": (
        rules.STATEMENT_TYPE_IS_V1,
        altered(_type="https://in-toto.io/Statement/v0.1"),
    ),
    "with another outcome": (
        rules.PREDICATE_IS_TRUE,
        altered(predicate={**statement_of(FILES)["predicate"], "outcome": "failed"}),
    ),
    "with a field more": (rules.STATEMENT_FORM, altered(comment="x")),
    "that is no JSON": (rules.STATEMENT_FORM, b"rubbish"),
}


@pytest.mark.parametrize("name", STATEMENTS)
def test_a_trusted_signature_under_another_statement_is_invalid(name):
    rule, payload = STATEMENTS[name]
    one(rule, PATH, judged(with_envelope(envelope_of(payload, A))))


def test_a_signature_of_another_bundle_does_not_fit_here():
    stolen = signed(bundle("success"), A)[path_of(A)]
    one(rules.SUBJECT_IS_THE_DIGEST, PATH, judged(with_envelope(stolen)))


def test_a_bundle_that_is_sealed_anew_loses_its_signature():
    def edit(draft):
        draft.payload("IntentSet")["description"] = "something else"

    files = {**reseal(FILES, edit, project=True), path_of(A): signed(FILES, A)[path_of(A)]}
    assert judged(files, None).ok
    one(rules.SUBJECT_IS_THE_DIGEST, path_of(A), judged(files))


def test_a_changed_bundle_fails_beside_its_good_signature():
    files = signed(FILES, A)
    files["evidence/more.json"] = b"{}"
    assert judged(files).codes() == ("UNLISTED_FILE",)


def test_a_receipt_that_names_another_digest_is_found_by_both_steps():
    receipt = {**json.loads(FILES["receipt.json"]), "proof_digest": "ab" * 32}
    files = {**signed(FILES, A), "receipt.json": canonical(receipt)}
    assert judged(files).codes() == ("PROOF_DIGEST_MISMATCH", "SIGNATURE_INVALID")


# ------------------------------------------------------------------------- the format's own limits


@pytest.mark.parametrize("files", [FILES, signed(FILES, A)], ids=["unsigned", "signed"])
def test_an_older_format_than_is_demanded_is_untrusted_signed_or_not(files):
    said = statement_of(files)
    proven = Proven(
        bundle_version="0.1",
        run_id=said["subject"][0]["name"],
        proof_digest=said["subject"][0]["digest"]["sha256"],
        outcome=said["predicate"]["outcome"],
        lock_level=said["predicate"]["lock_level"],
    )
    reader = MemoryReader(files)
    items = {item.path: item for item in reader.items() if item.kind == "file"}
    demands = [
        Demands(trust=read_trust(trust_file(A, min_version=version))) for version in ("0.1", "0.2")
    ]
    cases = [Case(), Case()]
    for demand, case in zip(demands, cases, strict=True):
        TrustJudge(demand).judge(reader, items, check_limits(items, case), proven, case)
    old, new = ([f for f in case.findings() if f.rule == "12.21"] for case in cases)
    assert old == []
    (finding,) = new
    assert (finding.code, finding.path) == ("SIGNER_UNTRUSTED", "signatures")
    assert (finding.expected, finding.actual) == ("0.2 or later", "0.1")


def test_files_are_counted_at_the_limit_and_past_it():
    data = signed(FILES, A)[path_of(A)]
    many = {f"signatures/{n}.dsse.json": data for n in range(MAX_SIGNATURE_FILES)}
    assert judged({**FILES, **many}).ok
    more = {**FILES, **many, "signatures/one-more.dsse.json": data}
    for trust in (None, TRUST_A):
        verdict = judged(more, trust)
        one(rules.FILES_ARE_FEW, "signatures", verdict)
        assert verdict.undecided


def test_sizes_are_judged_at_the_limit_and_past_it():
    data = signed(FILES, A)[path_of(A)]
    full = data + b" " * (MAX_ENVELOPE_BYTES - len(data))
    assert judged(with_envelope(full)).ok
    for trust in (None, TRUST_A):
        one(rules.FILE_IS_SMALL, PATH, judged(with_envelope(full + b" "), trust))


def test_a_file_that_is_too_large_does_not_hide_what_else_is_wrong():
    large = {**signed(FILES, STRANGER), PATH: bytes(MAX_ENVELOPE_BYTES + 1)}
    found = judged(large)
    assert sorted(found.codes()) == ["LIMIT_EXCEEDED", "SIGNER_UNTRUSTED"]
    assert not found.undecided


def test_signatures_of_an_envelope_are_counted_at_the_limit_and_past_it():
    value = envelope_of(PAYLOAD, *[A] * MAX_SIGNATURES)
    assert judged(with_envelope(value)).ok
    value["signatures"].append(value["signatures"][0])
    one(rules.SIGNATURES_ARE_FEW, PATH, judged(with_envelope(value)))


class Failing(MemoryReader):
    def chunks(self, path, size):
        if path == PATH:
            raise ReadError("it changed while it was read")
        return super().chunks(path, size)


def test_a_file_that_cannot_be_read_is_said_so_and_not_read_without_a_trust_file():
    files = with_envelope(envelope_of(PAYLOAD, A))
    judge = TrustJudge(Demands(trust=read_trust(TRUST_A)))
    verdict = verify(Failing(files), None, judge)
    one(rules.FILE_IS_READABLE, PATH, verdict)
    assert verdict.undecided
    assert verify(Failing(files)).ok


@pytest.mark.parametrize(
    "path",
    [
        "signatures/a.json",
        "signatures/.dsse.json",
        "signatures/a.DSSE.json",
        "signatures/a.dsse.json.sig",
        "signatures/a/b.dsse.json",
        "signatures.dsse.json",
        "Signatures/a.dsse.json",
        "evidence/signatures/a.dsse.json",
    ],
)
def test_a_file_of_another_name_or_place_is_unlisted(path):
    files = {**FILES, path: compact(envelope_of(PAYLOAD, A))}
    assert judged(files).codes() == ("UNLISTED_FILE",)
    assert set(second.verify(files)) == {"UNLISTED_FILE"}


def test_a_manifest_that_lists_a_signature_is_malformed():
    def edit(draft):
        draft.files[PATH] = b"x"

    files = reseal(FILES, edit, project=True)
    assert "BUNDLE_MALFORMED" in judged(files, None).codes()


def test_a_bundle_whose_receipt_cannot_be_read_leaves_signatures_open():
    files = {**signed(FILES, A), "receipt.json": b"rubbish"}
    verdict = judged(files)
    assert not [f for f in verdict.failures if f.step == "signatures"]
    assert "signatures: what it needs could not be had" in verdict.not_checked
    missing = judged({**FILES, "receipt.json": b"rubbish"}, required=True)
    assert "SIGNATURE_MISSING" not in missing.codes()


def test_of_a_version_that_is_not_known_signatures_are_not_judged():
    receipt = FILES["receipt.json"].replace(b'"0.2"', b'"9.9"')
    verdict = judged({**FILES, "receipt.json": receipt}, required=True)
    assert verdict.codes() == ("VERSION_UNSUPPORTED",)
    assert verdict.undecided


# ------------------------------------------------------------------------------------- all at once


def test_every_file_gives_its_own_reason_and_only_one():
    files = {
        **signed(FILES, A, STRANGER),
        "signatures/b.dsse.json": b"rubbish",
        "signatures/c.dsse.json": compact(envelope_of(compact(OTHER), A)),
    }
    found = reasons(judged(files, trust_file(A, B, threshold=2)))
    assert sorted(found) == sorted(
        [
            (rules.KEY_IS_TRUSTED.number, path_of(STRANGER)),
            (rules.ENVELOPE_FORM.number, "signatures/b.dsse.json"),
            (rules.SUBJECT_IS_THE_DIGEST.number, "signatures/c.dsse.json"),
        ]
    )


def test_a_verdict_does_not_depend_on_what_was_judged_before():
    good, bad = signed(FILES, A), signed(FILES, STRANGER)
    first = judged(good)
    judged(bad)
    assert judged(good) == first


def deletions():
    """Yields for each rule a bundle that only this rule refuses, with what the caller demands."""
    value = envelope_of(PAYLOAD, A)
    low = {**value, "signatures": [{"keyid": "", "sig": b64(bytes(64))}]}
    named = envelope_of(PAYLOAD, STRANGER)
    named["signatures"][0]["keyid"] = A.keyid
    full = compact(value) + b" " * MAX_ENVELOPE_BYTES
    many = {f"signatures/{n}.dsse.json": compact(value) for n in range(MAX_SIGNATURE_FILES + 1)}
    expired = trust_file(A.entry(not_after="2000-01-01T00:00:00Z"))
    yield rules.FILES_ARE_FEW, {**FILES, **many}, {}
    yield rules.FILE_IS_SMALL, with_envelope(full), {}
    yield rules.ENVELOPE_FORM, with_envelope(b"x"), {}
    yield rules.PAYLOAD_TYPE_IS_IN_TOTO, with_envelope({**value, "payloadType": "x"}), {}
    yield rules.BASE64_IS_CANONICAL, with_envelope({**value, "payload": "/x=="}), {}
    yield rules.SIGNATURES_ARE_FEW, with_envelope({**value, "signatures": []}), {}
    yield rules.SIGNATURE_IS_STRICT, with_envelope(low), {}
    yield rules.NAMED_KEY_SIGNED, with_envelope(named), {}
    yield rules.KEY_IS_TRUSTED, signed(FILES, STRANGER), {}
    yield rules.KEY_IS_VALID, signed(FILES, A), {"trust": expired, "at": NOW}
    yield rules.THRESHOLD_IS_REACHED, signed(FILES, A), {"trust": trust_file(A, B, threshold=2)}
    yield rules.SIGNATURE_IS_THERE, FILES, {"required": True}
    for rule, payload in STATEMENTS.values():
        yield rule, with_envelope(envelope_of(payload, A)), {}
    run = altered(subject=[{**statement_of(FILES)["subject"][0], "name": "another"}])
    yield rules.SUBJECT_IS_THE_RUN, with_envelope(envelope_of(run, A)), {}


@pytest.mark.parametrize(
    ("rule", "files", "demands"),
    [pytest.param(*case, id=f"{case[0].number}-{n}") for n, case in enumerate(deletions())],
)
def test_what_a_rule_refuses_would_pass_without_it(rule, files, demands):
    assert judged(files, **demands).codes() == (rule.code,)
    assert judged(files, without={rule.number}, **demands).ok


def test_every_rule_was_deleted_once():
    elsewhere = {rules.FILE_IS_READABLE, rules.VERSION_IS_RECENT}
    assert {case[0].number for case in deletions()} == {
        rule.number for rule in SIGNATURE_RULES if rule not in elsewhere
    }


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_both_verifiers_agree_on_mutated_envelopes(data):
    base = compact(envelope_of(PAYLOAD, A, B))
    place = data.draw(st.integers(0, len(base) - 1))
    change = data.draw(st.sampled_from([b"", b"0", b" ", b'"', b"\\", b"}", b"A", b"="]))
    width = data.draw(st.integers(0, 2))
    judged(with_envelope(base[:place] + change + base[place + width :]), trust_file(A, B))


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_both_verifiers_agree_on_mutated_statements_that_are_signed(data):
    place = data.draw(st.integers(0, len(PAYLOAD) - 1))
    change = data.draw(st.sampled_from([b"", b"0", b" ", b'"', b"\\", b"}", b"A", b"\xff"]))
    payload = PAYLOAD[:place] + change + PAYLOAD[place + 1 :]
    judged(with_envelope(envelope_of(payload, A)))
