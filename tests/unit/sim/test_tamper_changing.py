"""Each operation on real bundles: what it changes, the code that follows, and when it is refused."""

import json

import pytest
from bundles import NAMES, bundle

from workc.sim.tamper.applying import apply_to, change
from workc.sim.tamper.operation import TamperError, TamperOp
from workc.sim.tamper.pointer import NoSuchPlaceError, find, pointer_of, put, walk
from workc.stages.problem import tokens_of
from workc.verify.reader import MemoryReader
from workc.verify.verifier import verify

RECEIPT, EVENTS, MANIFEST = "receipt.json", "events.jsonl", "manifest.json"
PROGRAM = "evidence/inputs.json"


def first(op, name="success"):
    """Returns step and code of the first finding about a bundle after an operation."""
    files = apply_to(op, bundle(name))
    finding = verify(MemoryReader(files)).failures[0]
    return finding.step, finding.code


def at(path, text):
    """Returns where a text stands in a file of the bundle."""
    return bundle("success")[path].index(text)


EXPECTED = [
    (TamperOp.FlipByte(rel_path=RECEIPT, offset=3, xor=1), ("receipt", "BUNDLE_MALFORMED")),
    (TamperOp.FlipByte(rel_path=EVENTS, offset=3, xor=1), ("files", "HASH_MISMATCH")),
    (TamperOp.FlipByte(rel_path=MANIFEST, offset=3, xor=0x80), ("manifest", "BUNDLE_MALFORMED")),
    (TamperOp.FlipByte(rel_path=PROGRAM, offset=0, xor=255), ("files", "HASH_MISMATCH")),
    (TamperOp.DeleteFile(rel_path=RECEIPT), ("receipt", "BUNDLE_MALFORMED")),
    (TamperOp.DeleteFile(rel_path=MANIFEST), ("manifest", "BUNDLE_MALFORMED")),
    (TamperOp.DeleteFile(rel_path=EVENTS), ("files", "MANIFEST_MISSING_FILE")),
    (TamperOp.DeleteFile(rel_path=PROGRAM), ("files", "MANIFEST_MISSING_FILE")),
    (TamperOp.TruncateFile(rel_path=EVENTS, new_len=10), ("files", "HASH_MISMATCH")),
    (TamperOp.TruncateFile(rel_path=RECEIPT, new_len=0), ("receipt", "BUNDLE_MALFORMED")),
    (
        TamperOp.ReplaceBytes(rel_path=PROGRAM, offset=0, bytes_hex="5b5D"),
        ("files", "HASH_MISMATCH"),
    ),
    (
        TamperOp.ReplaceBytes(rel_path=RECEIPT, offset=at(RECEIPT, b'"0.2"') + 3, bytes_hex="33"),
        ("receipt", "VERSION_UNSUPPORTED"),
    ),
    (TamperOp.ReorderEvents(swap_i=1, swap_j=2), ("files", "HASH_MISMATCH")),
    (
        TamperOp.ModifyReceiptField(json_pointer="/outcome", new_json="failed"),
        ("projection", "RECEIPT_EVENT_MISMATCH"),
    ),
    (
        TamperOp.ModifyReceiptField(json_pointer="/outcome", new_json="splendid"),
        ("receipt", "BUNDLE_MALFORMED"),
    ),
    (
        TamperOp.ModifyReceiptField(json_pointer="/counts/retries", new_json=0.0),
        ("receipt", "BUNDLE_MALFORMED"),
    ),
    (
        TamperOp.ModifyReceiptField(json_pointer="/roots/lens/size", new_json=7),
        ("roots", "MERKLE_MISMATCH_LENS"),
    ),
    (
        TamperOp.ModifyReceiptField(json_pointer="/verification/results/0/passed", new_json=False),
        ("projection", "RECEIPT_EVENT_MISMATCH"),
    ),
    (
        TamperOp.ModifyReceiptField(json_pointer="/manifest_sha256", new_json=""),
        ("projection", "RECEIPT_HASH_MISMATCH"),
    ),
    (
        TamperOp.ModifyReceiptField(json_pointer="/proof_digest", new_json="0" * 64),
        ("digest", "PROOF_DIGEST_MISMATCH"),
    ),
    (TamperOp.ModifyReceiptField(json_pointer="", new_json=[]), ("receipt", "BUNDLE_MALFORMED")),
    (
        TamperOp.CorruptManifestHash(entry_path=PROGRAM, new_sha256="0" * 64),
        ("files", "HASH_MISMATCH"),
    ),
    (
        TamperOp.CorruptManifestHash(entry_path=EVENTS, new_sha256="no hash"),
        ("manifest", "BUNDLE_MALFORMED"),
    ),
    (TamperOp.Reseal(edit="OutcomeFlipped"), ("projection", "VERIFICATION_INCOMPLETE")),
]


@pytest.mark.parametrize(("op", "expected"), EXPECTED, ids=lambda value: str(value)[:60])
def test_each_operation_gives_its_own_code(op, expected):
    assert first(op) == expected


def test_every_operation_is_among_those_that_are_tried():
    assert {type(op) for op, _ in EXPECTED} == set(TamperOp.__subclasses__())


@pytest.mark.parametrize("op", [op for op, _ in EXPECTED], ids=lambda op: str(op)[:60])
def test_an_operation_changes_what_it_names_and_leaves_its_input_alone(op):
    before = dict(bundle("success"))
    changes = change(op, before)
    assert before == bundle("success")
    assert changes.text.isprintable()
    assert all(before.get(path) != data for path, data in changes.files.items())
    after = apply_to(op, before)
    untouched = before.keys() - changes.files.keys()
    assert all(after[path] == before[path] for path in untouched)


FORMAT_01 = {
    "receipt.json": b'{"integrity":{"proof_digest":"x"},"receipt_version":"0.1.0"}',
    "events.jsonl": b'{"seq":0}\n{"seq":1}\n',
    "manifest.json": b'{"bundle_version":"BUNDLE-0.1","files":'
    b'[{"path":"evidence/a b","sha256":"0","size_bytes":1}],"loop_id":"l"}',
    "evidence/a b": b"1",
}


def test_the_seven_operations_know_no_version():
    ops = [
        TamperOp.FlipByte(rel_path="evidence/a b", offset=0, xor=1),
        TamperOp.DeleteFile(rel_path="evidence/a b"),
        TamperOp.TruncateFile(rel_path="evidence/a b", new_len=0),
        TamperOp.ReplaceBytes(rel_path="evidence/a b", offset=0, bytes_hex="32"),
        TamperOp.ReorderEvents(swap_i=0, swap_j=1),
        TamperOp.ModifyReceiptField(json_pointer="/integrity/proof_digest", new_json="y"),
        TamperOp.CorruptManifestHash(entry_path="evidence/a b", new_sha256="1"),
    ]
    files = FORMAT_01
    for op in ops[:1] + ops[3:]:
        files = apply_to(op, files)
    assert files["evidence/a b"] == b"2"
    assert files["events.jsonl"] == b'{"seq":1}\n{"seq":0}\n'
    assert files["receipt.json"] == FORMAT_01["receipt.json"].replace(b'"x"', b'"y"')
    assert files["manifest.json"] == FORMAT_01["manifest.json"].replace(b'"0"', b'"1"')
    assert apply_to(ops[2], FORMAT_01)["evidence/a b"] == b""
    assert "evidence/a b" not in apply_to(ops[1], FORMAT_01)


def flip(path, offset=0, xor=1):
    return TamperOp.FlipByte(rel_path=path, offset=offset, xor=xor)


def replace(hex_, offset=0):
    return TamperOp.ReplaceBytes(rel_path=PROGRAM, offset=offset, bytes_hex=hex_)


def modify(pointer, value):
    return TamperOp.ModifyReceiptField(json_pointer=pointer, new_json=value)


SIZE = len(bundle("success")[PROGRAM])
LINES = bundle("success")[EVENTS].count(b"\n")
REFUSED = [
    ("no_such_file", flip("evidence/none")),
    ("no_such_file", TamperOp.DeleteFile(rel_path="evidence")),
    ("no_such_file", TamperOp.TruncateFile(rel_path="Receipt.json", new_len=0)),
    *(("unsafe_path", flip(path)) for path in ("../x", "/etc/passwd", "a/../b", "a//b", ".", "", "a\0b")),
    ("past_the_end", flip(PROGRAM, SIZE)),
    ("past_the_end", flip(PROGRAM, 2**64 - 1)),
    ("past_the_end", replace("0000", SIZE - 1)),
    ("past_the_end", TamperOp.TruncateFile(rel_path=PROGRAM, new_len=SIZE + 1)),
    ("past_the_end", TamperOp.ReorderEvents(swap_i=0, swap_j=LINES)),
    ("no_change", flip(PROGRAM, 0, 0)),
    ("no_change", replace("")),
    ("no_change", replace(bundle("success")[PROGRAM][:2].hex())),
    ("no_change", TamperOp.TruncateFile(rel_path=PROGRAM, new_len=SIZE)),
    ("no_change", TamperOp.ReorderEvents(swap_i=3, swap_j=3)),
    ("no_change", modify("/outcome", "success")),
    ("no_such_place", modify("/outcomes", 1)),
    ("no_such_place", modify("/phase_sequence/6", 1)),
    ("no_such_place", modify("/phase_sequence/01", 1)),
    ("no_such_place", modify("/phase_sequence/-", 1)),
    ("no_such_place", modify("/outcome/0", 1)),
    ("no_such_place", TamperOp.CorruptManifestHash(entry_path=RECEIPT, new_sha256="")),
    ("unknown_edit", TamperOp.Reseal(edit="Nothing")),
    ("does_not_apply", TamperOp.Reseal(edit="MoneyLowered")),
    ("does_not_apply", TamperOp.Reseal(edit="FailedCheckPassed")),
]  # fmt: skip


@pytest.mark.parametrize(("problem", "op"), REFUSED, ids=lambda value: str(value)[:60])
def test_what_does_not_apply_is_refused_with_its_own_problem(problem, op):
    with pytest.raises(TamperError) as refused:
        change(op, bundle("success"))
    assert refused.value.problem == problem
    assert str(refused.value).isprintable()


def test_a_hash_that_is_there_already_is_no_change():
    entry = json.loads(bundle("success")[MANIFEST])["files"][0]
    op = TamperOp.CorruptManifestHash(entry_path=entry["path"], new_sha256=entry["sha256"])
    with pytest.raises(TamperError, match="already"):
        change(op, bundle("success"))


@pytest.mark.parametrize("data", [b"", b"[]x", b"\xff", b'{"a":1,"a":2}'])
def test_a_receipt_that_is_no_json_cannot_be_edited_but_changed_byte_by_byte(data):
    files = {RECEIPT: data, MANIFEST: data}
    for op in (modify("", 1), TamperOp.CorruptManifestHash(entry_path="x", new_sha256="")):
        with pytest.raises(TamperError) as refused:
            change(op, files)
        assert refused.value.problem == "not_a_document"
    if data:
        assert apply_to(flip(RECEIPT), files)[RECEIPT] != data


@pytest.mark.parametrize("data", [b"[]", b"{}", b'{"files":{}}', b'{"files":[1,{"path":"x"}]}'])
def test_a_manifest_of_another_form_has_no_entry(data):
    op = TamperOp.CorruptManifestHash(entry_path="x", new_sha256="")
    with pytest.raises(TamperError) as refused:
        change(op, {MANIFEST: data})
    assert refused.value.problem == "no_such_place"


def test_resealing_needs_a_bundle_of_a_known_version_that_can_be_taken_apart():
    op = TamperOp.Reseal(edit="NonceReplaced")
    for files, problem in (
        ({}, "does_not_apply"),
        ({RECEIPT: b'{"bundle_version":"0.2"}'}, "not_a_document"),
        (FORMAT_01, "unknown_edit"),
    ):
        with pytest.raises(TamperError) as refused:
            change(op, files)
        assert refused.value.problem == problem


def test_lines_change_places_even_where_the_last_has_no_newline():
    op = TamperOp.ReorderEvents(swap_i=0, swap_j=1)
    assert apply_to(op, {EVENTS: b"a\nb\nc"})[EVENTS] == b"b\na\nc"


@pytest.mark.parametrize("name", NAMES)
def test_an_operation_twice_undoes_itself(name):
    for op in (flip(RECEIPT, 40, 8), TamperOp.ReorderEvents(swap_i=0, swap_j=4)):
        assert apply_to(op, apply_to(op, bundle(name))) == bundle(name)


def test_pointers_find_and_put_what_they_name():
    value = {"a/b": [{"~": 1}], "": 2}
    for tokens, item in walk(value):
        assert find(value, tokens) == item
        assert find(value, tokens_of(pointer_of(tokens))) == item
    assert put(value, ("a/b", 0, "~"), 3) == {"a/b": [{"~": 3}], "": 2}
    assert put(value, (), 4) == 4
    for pointer in ("/a", "/a~1b/1", "/a~1b/x", "//x"):
        with pytest.raises(NoSuchPlaceError):
            find(value, tokens_of(pointer))
