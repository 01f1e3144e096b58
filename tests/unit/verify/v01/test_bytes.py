"""Every byte counts: changed, cut off, put in or left out, of every file of a small bundle."""

import pytest
from judging import verdict_of
from sealing import bundle, draft


def small():
    d = draft("small")
    d.files["evidence/a"] = b"evidence"
    return d.seal()


SMALL = small()


@pytest.mark.parametrize("path", sorted(SMALL))
def test_every_change_of_a_single_byte_fails(path):
    files, data = dict(SMALL), SMALL[path]
    for place in range(len(data)):
        for bit in (0x01, 0x20, 0x80):
            changed = bytearray(data)
            changed[place] ^= bit
            files[path] = bytes(changed)
            assert verdict_of(files).verdict == "FAIL", (path, place, bit)


@pytest.mark.parametrize("path", sorted(SMALL))
def test_every_byte_left_out_put_in_or_cut_off_fails(path):
    files, data = dict(SMALL), SMALL[path]
    for place in range(len(data)):
        for other in (
            data[:place] + data[place + 1 :],
            data[:place] + b"0" + data[place:],
            data[:place],
        ):
            files[path] = other
            assert verdict_of(files).verdict == "FAIL", (path, place)
    files[path] = data + b"\n"
    assert verdict_of(files).verdict == "FAIL"


# -------------------------------------------- what stands first for each way of tampering


def flipped(path, place):
    files = bundle("full")
    data = bytearray(files[path])
    data[place] ^= 1
    return {**files, path: bytes(data)}


def test_a_flipped_byte_of_evidence_is_a_hash_mismatch():
    assert verdict_of(flipped("evidence/plan.json", 0)).codes() == ("HASH_MISMATCH",)


@pytest.mark.parametrize("path", ["evidence/plan.json", "receipt.json", "events.jsonl"])
def test_a_deleted_file_is_missing_from_the_manifest_first(path):
    files = bundle("full")
    del files[path]
    assert verdict_of(files).codes()[0] == "MANIFEST_MISSING_FILE"


@pytest.mark.parametrize("path", ["evidence/plan.json", "receipt.json", "events.jsonl"])
def test_a_truncated_file_is_a_hash_mismatch_first(path):
    files = bundle("full")
    files[path] = files[path][: len(files[path]) // 2]
    assert verdict_of(files).codes()[0] == "HASH_MISMATCH"


@pytest.mark.parametrize("change", ["delete", "truncate"])
def test_a_manifest_that_is_gone_or_cut_is_malformed_first(change):
    files = bundle("full")
    data = files.pop("manifest.json")
    if change == "truncate":
        files["manifest.json"] = data[:-9]
    assert verdict_of(files).codes()[0] == "BUNDLE_MALFORMED"


def test_reordered_events_are_a_hash_mismatch_first_and_break_the_chain():
    files = bundle("full")
    lines = files["events.jsonl"].splitlines(keepends=True)
    lines[3], lines[8] = lines[8], lines[3]
    files["events.jsonl"] = b"".join(lines)
    codes = verdict_of(files).codes()
    assert codes[0] == "HASH_MISMATCH"
    assert {"EVENT_CHAIN_MISMATCH", "MERKLE_MISMATCH_EVENTLOG"} <= set(codes)


def test_a_modified_field_of_the_receipt_is_a_hash_mismatch_first_and_then_its_own():
    files = bundle("full")
    files["receipt.json"] = files["receipt.json"].replace(b'"success"}', b'"failed"}')
    assert verdict_of(files).codes()[:2] == ("HASH_MISMATCH", "RECEIPT_HASH_MISMATCH")


def test_a_corrupted_hash_in_the_manifest_is_a_hash_mismatch_first_and_a_root():
    def edit(d):
        d.seal()
        d.keep.add("roots")
        d.listed = lambda entries: [
            {**entry, "sha256": "0" * 64} if entry["path"] == "evidence/plan.json" else entry
            for entry in entries
        ]

    d = draft("full")
    edit(d)
    assert verdict_of(d.seal()).codes() == ("HASH_MISMATCH", "MERKLE_MISMATCH_EVIDENCE")
