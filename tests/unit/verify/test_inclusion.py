"""Inclusion proofs: made from every bundle, judged, and every change of one told with its code."""

import json

import proofs
import pytest
from bundles import NAMES, bundle
from proofs import canonical, check, make
from reseal import reseal

from workc.bundle.documents import read_manifest, read_receipt
from workc.bundle.inclusion import (
    MAX_PROOF_BYTES,
    encode_proof,
    prove_event,
    prove_file,
    read_proof,
)
from workc.bundle.layout import MAX_DOCUMENT_BYTES, MAX_LINE_BYTES
from workc.verify import inclusion
from workc.verify.inclusion import ALWAYS_OPEN, CONTENT, ORIGIN, verify_proof
from workc.verify.inclusion_rules import INCLUSION_RULES

FILES = bundle("success")
DIGEST = json.loads(FILES["receipt.json"])["proof_digest"]
PROGRAM = "evidence/program.yaml"
EVENT = make(FILES, event=3)
ENTRY = make(FILES, file=PROGRAM)
OUTPUT = make(bundle("big"), file="artifacts/output.json")


def receipt_of(files):
    return read_receipt(files["receipt.json"])


def leaves_of(files):
    """Yields what can be proven of a bundle, as arguments of ``make``."""
    yield from ({"event": number} for number in range(files["events.jsonl"].count(b"\n")))
    listed = json.loads(files["manifest.json"])["files"]
    yield from ({"file": e["path"]} for e in listed if e["path"] != "events.jsonl")


# -------------------------------------------------------------------------------------- good ones


@pytest.mark.parametrize("name", NAMES)
def test_every_event_and_every_file_of_a_bundle_can_be_shown_alone(name):
    files = bundle(name)
    receipt, manifest = receipt_of(files), read_manifest(files["manifest.json"])
    for wanted in leaves_of(files):
        if "event" in wanted:
            found = prove_event(receipt, files["events.jsonl"].splitlines(), wanted["event"])
        else:
            found = prove_file(receipt, manifest, wanted["file"])
        data = encode_proof(found)
        assert data == make(files, **wanted)
        assert read_proof(data) == found
        verdict = verify_proof(data, expect_digest=receipt.proof_digest)
        assert (verdict.verdict, verdict.failures) == ("PASS", ())
        assert verdict.bundle_version == "0.2"
        assert (verdict.run_id, verdict.proof_digest) == (receipt.run_id, receipt.proof_digest)
        assert check(data, digest=receipt.proof_digest) is None


@pytest.mark.parametrize("number", [-1, len(FILES["events.jsonl"].splitlines())])
def test_an_event_that_is_not_there_has_no_proof(number):
    assert prove_event(receipt_of(FILES), FILES["events.jsonl"].splitlines(), number) is None


@pytest.mark.parametrize(
    "path", ["events.jsonl", "receipt.json", "evidence/none", "evidence", "signatures/x", ""]
)
def test_a_file_that_no_tree_holds_has_no_proof(path):
    assert prove_file(receipt_of(FILES), read_manifest(FILES["manifest.json"]), path) is None


def test_what_was_not_checked_is_said():
    verdict = verify_proof(EVENT)
    assert verdict.ok
    assert verdict.not_checked == (*ALWAYS_OPEN, ORIGIN)
    assert verify_proof(EVENT, expect_digest=DIGEST).not_checked == ALWAYS_OPEN
    assert verify_proof(ENTRY).not_checked == (*ALWAYS_OPEN, ORIGIN, CONTENT)
    content = [FILES[PROGRAM][:10], FILES[PROGRAM][10:]]
    assert verify_proof(ENTRY, expect_digest=DIGEST, content=content).not_checked == ALWAYS_OPEN


# ---------------------------------------------------------------------------------- what is wrong


def edited(proof, change, *, resealed=False):
    """Returns a proof that was changed; ``resealed`` computes the proof digest anew."""
    value = json.loads(proof)
    change(value)
    if resealed:
        value["receipt"]["proof_digest"] = proofs.digest_of(value["receipt"])
    return canonical(value)


def put(at, new):
    """Returns the change of the value at a place: ``a/0/b``."""

    def change(value):
        *way, last = [int(key) if key.isdigit() else key for key in at.split("/")]
        for key in way:
            value = value[key]
        value[last] = new

    return change


def drop(name):
    return lambda value: value.pop(name)


def other_event(value):
    value["event"] = json.loads(FILES["events.jsonl"].splitlines()[4])


def other_event_renumbered(value):
    other_event(value)
    value["event"]["seq"] = 3


def event_and_entry(value):
    value["entry"] = json.loads(ENTRY)["entry"]


def other_receipt(value):
    value["receipt"] = json.loads(bundle("staged")["receipt.json"])


def no_digest(value):
    value["receipt"].pop("proof_digest")


MALFORMED = ("BUNDLE_MALFORMED",)
EVENTLOG, EVIDENCE = "MERKLE_MISMATCH_EVENTLOG", "MERKLE_MISMATCH_EVIDENCE"
ARTIFACTS = "MERKLE_MISMATCH_ARTIFACTS"
UNKNOWN = ("VERSION_UNSUPPORTED",)
ZEROS = "0" * 64
#: What was changed, in which proof, whether the receipt was resealed, and the codes it must give.
CHANGES = {
    "another version": (EVENT, put("inclusion_version", "0.3"), False, UNKNOWN),
    "a bundle of version 0.1": (EVENT, put("receipt/receipt_version", "0.1.0"), False, UNKNOWN),
    "a bundle of another version": (EVENT, put("receipt/bundle_version", "9"), True, UNKNOWN),
    "a version that is no text": (EVENT, put("inclusion_version", 2), False, MALFORMED),
    "no version": (EVENT, drop("inclusion_version"), False, MALFORMED),
    "a field more": (EVENT, put("more", 1), False, MALFORMED),
    "a field of the receipt more": (EVENT, put("receipt/more", 1), True, MALFORMED),
    "no event": (EVENT, drop("event"), False, MALFORMED),
    "no entry": (ENTRY, drop("entry"), False, MALFORMED),
    "an event and an entry": (EVENT, event_and_entry, False, MALFORMED),
    "an event in the tree of evidence": (EVENT, put("tree", "evidence"), False, MALFORMED),
    "an entry in the tree of events": (ENTRY, put("tree", "events"), False, MALFORMED),
    "a tree that has no proofs": (EVENT, put("tree", "lens"), False, MALFORMED),
    "no receipt": (EVENT, drop("receipt"), False, MALFORMED),
    "a receipt without its digest": (EVENT, no_digest, False, MALFORMED),
    "an index below 0": (EVENT, put("index", -1), False, MALFORMED),
    "an index that is no whole number": (EVENT, put("index", 3.5), False, MALFORMED),
    "a size of 2^53": (EVENT, put("size", 2**53), False, MALFORMED),
    "a null": (EVENT, put("entry", None), False, MALFORMED),
    "an event that is no object": (EVENT, put("event", 1), False, ("BUNDLE_MALFORMED", EVENTLOG)),
    "an unknown kind": (EVENT, put("event/kind", "None"), False, ("BUNDLE_MALFORMED", EVENTLOG)),
    "a payload of another kind": (
        EVENT,
        put("event/kind", "Locked"),
        False,
        ("BUNDLE_MALFORMED", EVENTLOG),
    ),
    "another time": (EVENT, put("event/ts", 5), False, (EVENTLOG,)),
    "another payload": (EVENT, put("event/payload/steps", 9), False, (EVENTLOG,)),
    "another number": (EVENT, put("event/seq", 2), False, ("EVENT_CHAIN_MISMATCH", EVENTLOG)),
    "another event": (EVENT, other_event, False, ("EVENT_CHAIN_MISMATCH", EVENTLOG)),
    "another event with this number": (EVENT, other_event_renumbered, False, (EVENTLOG,)),
    "another index": (EVENT, put("index", 2), False, ("EVENT_CHAIN_MISMATCH", EVENTLOG)),
    "an index at the size": (
        EVENT,
        put("index", json.loads(EVENT)["size"]),
        False,
        ("EVENT_CHAIN_MISMATCH", EVENTLOG),
    ),
    "another size": (EVENT, put("size", 5), False, (EVENTLOG, EVENTLOG)),
    "a size of 0": (EVENT, put("size", 0), False, (EVENTLOG, EVENTLOG)),
    "another node": (EVENT, put("nodes/0", ZEROS), False, (EVENTLOG,)),
    "no nodes": (EVENT, put("nodes", []), False, (EVENTLOG,)),
    "a node more": (EVENT, lambda v: v["nodes"].append(ZEROS), False, (EVENTLOG,)),
    "a node less": (EVENT, lambda v: v["nodes"].pop(), False, (EVENTLOG,)),
    "nodes in another order": (EVENT, lambda v: v["nodes"].reverse(), False, (EVENTLOG,)),
    "a node in capitals": (
        EVENT,
        lambda v: v["nodes"].append(v["nodes"].pop().upper()),
        False,
        MALFORMED,
    ),
    "a node that is too short": (EVENT, put("nodes/0", "00"), False, MALFORMED),
    "a root that is no digest": (EVENT, put("receipt/roots/events/root", "x"), True, MALFORMED),
    "another root": (EVENT, put("receipt/roots/events/root", ZEROS), True, (EVENTLOG,)),
    "another root, not resealed": (
        EVENT,
        put("receipt/roots/events/root", ZEROS),
        False,
        (EVENTLOG, "PROOF_DIGEST_MISMATCH"),
    ),
    "another size in the receipt": (
        EVENT,
        put("receipt/roots/events/size", 1),
        True,
        (EVENTLOG,),
    ),
    "the receipt of another bundle": (EVENT, other_receipt, False, (EVENTLOG, EVENTLOG)),
    "another field of the receipt": (
        EVENT,
        put("receipt/name", "x"),
        False,
        ("PROOF_DIGEST_MISMATCH",),
    ),
    "another digest": (
        EVENT,
        put("receipt/proof_digest", ZEROS),
        False,
        ("PROOF_DIGEST_MISMATCH",),
    ),
    "another file's digest": (ENTRY, put("entry/sha256", ZEROS), False, (EVIDENCE,)),
    "another file's size": (ENTRY, put("entry/size", 1), False, (EVIDENCE,)),
    "another path": (ENTRY, put("entry/path", "evidence/other"), False, (EVIDENCE,)),
    "a path of another folder": (
        ENTRY,
        put("entry/path", "artifacts/x"),
        False,
        ("BUNDLE_MALFORMED", EVIDENCE),
    ),
    "a way up": (ENTRY, put("entry/path", "evidence/../x"), False, ("UNSAFE_PATH", EVIDENCE)),
    "a digest in capitals": (
        ENTRY,
        put("entry/sha256", "A" * 64),
        False,
        ("BUNDLE_MALFORMED", EVIDENCE),
    ),
    "another index of an entry": (ENTRY, put("index", 0), False, (EVIDENCE,)),
    "another size of evidence": (ENTRY, put("size", 99), False, (EVIDENCE, EVIDENCE)),
    "an artifact's size": (OUTPUT, put("entry/size", 0), False, (ARTIFACTS,)),
    "another size of artifacts": (OUTPUT, put("size", 2), False, (ARTIFACTS, ARTIFACTS)),
}


@pytest.mark.parametrize("name", CHANGES)
def test_every_change_has_its_codes_and_the_independent_check_refuses_it_too(name):
    proof, change, resealed, codes = CHANGES[name]
    data = edited(proof, change, resealed=resealed)
    verdict = verify_proof(data)
    assert verdict.codes() == codes
    assert (verdict.run_id, verdict.proof_digest) == (None, None)
    assert verdict.undecided == (codes == UNKNOWN)
    assert check(data) is not None


def places(value, at=""):
    """Yields the place of every value inside a JSON value."""
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
        yield f"{at}{key}"
        if isinstance(inner, dict | list):
            yield from places(inner, f"{at}{key}/")


@pytest.mark.parametrize("proof", [EVENT, ENTRY, OUTPUT], ids=["event", "evidence", "artifact"])
def test_no_value_of_a_proof_can_be_another_one(proof):
    for at in places(json.loads(proof)):
        for new in (0, 1, "", "x", ZEROS, None, True, [], {}, -1, 1.5):
            data = edited(proof, put(at, new))
            if data != proof:
                assert not verify_proof(data).ok, (at, new)
                assert check(data) is not None, (at, new)


@pytest.mark.parametrize("proof", [EVENT, ENTRY], ids=["event", "entry"])
def test_every_byte_changed_or_cut_off_fails(proof):
    for place in range(len(proof)):
        changed = bytearray(proof)
        changed[place] ^= 1 << place % 8
        assert not verify_proof(bytes(changed)).ok, place
        assert not verify_proof(proof[:place]).ok, place
    assert not verify_proof(proof + b"\n").ok


def test_a_proof_of_a_bundle_that_was_sealed_anew_passes_until_a_digest_is_expected():
    files = reseal(FILES, lambda draft: draft.payload("IntentSet").update(description="other"))
    data = make(files, event=3)
    assert verify_proof(data).ok
    verdict = verify_proof(data, expect_digest=DIGEST)
    assert verdict.codes() == ("DIGEST_UNEXPECTED",)
    assert check(data, digest=DIGEST) == "expectation"


@pytest.mark.parametrize(
    ("before", "after"),
    [(b'{"at":', b'{ "at":'), (b'{"plan":', b'{"plan": '), (b'"steps":2', b'"steps":2.0')],
)
def test_an_event_that_is_not_canonical_fails_even_if_the_log_was_sealed_so(before, after):
    lines = FILES["events.jsonl"].splitlines()
    assert before in lines[3]
    lines[3] = lines[3].replace(before, after)
    value = json.loads(EVENT)
    value["receipt"]["roots"]["events"]["root"] = proofs.tree_hash(lines).hex()
    value["receipt"]["proof_digest"] = proofs.digest_of(value["receipt"])
    value["nodes"] = [node.hex() for node in proofs.path(3, lines)]
    value["event"] = 0
    data = canonical(value).replace(b'"event":0', b'"event":' + lines[3], 1)
    assert verify_proof(data).codes() == MALFORMED
    assert check(data) is not None


def sealed_with(number, change):
    """Returns the proof of one event of a log in which that event was changed before it was sealed."""
    lines = FILES["events.jsonl"].splitlines()
    event = json.loads(lines[number])
    change(event)
    lines[number] = canonical(event)
    value = json.loads(make(FILES, event=number))
    value["receipt"]["roots"]["events"]["root"] = proofs.tree_hash(lines).hex()
    value["receipt"]["proof_digest"] = proofs.digest_of(value["receipt"])
    value["nodes"] = [node.hex() for node in proofs.path(number, lines)]
    value["event"] = event
    return canonical(value)


ALONE = {
    "a phase of another kind": (3, lambda e: e.update(phase="Act")),
    "an answer without its time": (0, lambda e: e.pop("at_ms")),
    "a time on what is no answer": (1, lambda e: e.update(at_ms=1)),
    "a run id that moves a cursor": (0, lambda e: e["payload"].update(run_id="\x1b[31m")),
    "a nonce that is none": (0, lambda e: e["payload"].update(nonce="zz")),
    "a body that is nothing": (0, lambda e: e["payload"].update(inputs={"form": "json"})),
}


@pytest.mark.parametrize("name", ALONE)
def test_an_event_that_no_bundle_could_hold_fails_even_if_the_log_was_sealed_so(name):
    assert verify_proof(sealed_with(3, lambda event: None)).ok
    assert verify_proof(sealed_with(*ALONE[name])).codes() == MALFORMED


@pytest.mark.parametrize(
    "change",
    [
        {"run_id": "\x1b[2J\u202egnp"},
        {"nonce": "zz"},
        {"inputs": {"form": "json"}},
        {"output": {"form": "bytes", "inline": "x"}},
    ],
)
def test_a_receipt_that_no_bundle_could_hold_fails_even_with_its_own_digest(change):
    value = json.loads(EVENT)
    value["receipt"].update(change)
    value["receipt"]["proof_digest"] = proofs.digest_of(value["receipt"])
    digest = value["receipt"]["proof_digest"]
    assert verify_proof(canonical(value), expect_digest=digest).codes() == MALFORMED


def test_an_event_longer_than_a_line_may_be_is_not_judged(monkeypatch):
    line = FILES["events.jsonl"].splitlines()[3]
    monkeypatch.setattr(inclusion, "MAX_LINE_BYTES", len(line))
    assert verify_proof(EVENT).ok
    monkeypatch.setattr(inclusion, "MAX_LINE_BYTES", len(line) - 1)
    assert verify_proof(EVENT).codes() == ("LIMIT_EXCEEDED",)


@pytest.mark.parametrize("content", [b"", FILES[PROGRAM] + b"x", FILES[PROGRAM][:-1], b"x"])
def test_another_file_than_that_of_the_entry_fails(content):
    verdict = verify_proof(ENTRY, content=[content])
    assert verdict.codes() == ("HASH_MISMATCH",)
    assert verdict.failures[0].step == "files"


def test_a_file_beside_the_proof_of_an_event_fails_and_is_not_passed_over():
    assert verify_proof(EVENT, content=[b""]).codes() == ("DIGEST_UNEXPECTED",)


def test_a_proof_that_is_too_large_is_not_judged(monkeypatch):
    assert MAX_PROOF_BYTES == MAX_DOCUMENT_BYTES + 2 * MAX_LINE_BYTES == 301_989_888
    monkeypatch.setattr(inclusion, "MAX_PROOF_BYTES", len(EVENT))
    assert verify_proof(EVENT).ok
    monkeypatch.setattr(inclusion, "MAX_PROOF_BYTES", len(EVENT) - 1)
    verdict = verify_proof(EVENT)
    assert (verdict.codes(), verdict.undecided) == (("LIMIT_EXCEEDED",), True)


def test_of_what_has_no_form_every_other_step_is_open():
    verdict = verify_proof(b"")
    assert verdict.codes() == MALFORMED
    assert [text.partition(":")[0] for text in verdict.not_checked[:6]] == [
        "manifest",
        "files",
        "events",
        "roots",
        "digest",
        "expectations",
    ]


# ----------------------------------------------------------------------------------------- rules


def broken():
    """Yields proofs that break a rule each, with how they are judged."""
    for proof, change, resealed, _ in CHANGES.values():
        yield edited(proof, change, resealed=resealed), {}
    yield EVENT, {"expect_digest": ZEROS}
    yield EVENT, {"content": [b""]}
    yield ENTRY, {"content": [b""]}


def test_every_rule_has_a_number_and_a_sentence_of_its_own():
    numbers = {rule.number for rule in INCLUSION_RULES}
    assert len(numbers) == len({rule.text for rule in INCLUSION_RULES}) == len(INCLUSION_RULES)


@pytest.mark.parametrize("rule", INCLUSION_RULES, ids=lambda rule: rule.number)
def test_a_rule_that_is_left_out_is_missed(rule, monkeypatch):
    if rule.code == "LIMIT_EXCEEDED":
        monkeypatch.setattr(inclusion, "MAX_PROOF_BYTES", 1)
    changed = [
        data
        for data, options in broken()
        if verify_proof(data, **options) != verify_proof(data, without={rule.number}, **options)
    ]
    assert changed
