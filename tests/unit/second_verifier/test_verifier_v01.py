"""The second verifier passes bundles of format 0.1 that are good and gives the page's code for others."""

import importlib.util
import re
import sys
from pathlib import Path

import pytest

from workc.bundle.layout import LIMITS
from workc.verify.expectations import Expectations
from workc.verify.reader import MemoryReader

TESTS = Path(__file__).parents[2]
VECTORS_FOLDER = TESTS / "unit" / "verify" / "v01"
GOLDENS = TESTS / "golden" / "v0.1"
PAGE = (TESTS.parent / "docs" / "spec" / "bundle-0.1.md").read_text(encoding="utf-8")
CODES = dict(re.findall(r"^\| (\d+\.\d\d) \| ([A-Z_]+) \| .+ \|$", PAGE, re.MULTILINE))


def load(path):
    name = "second_v01_" + path.stem
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


verifier = load(TESTS / "second_verifier" / "verifier.py")
v01 = verifier.v01
sys.path.insert(0, str(VECTORS_FOLDER))
vectors, goods, sealing = (
    load(VECTORS_FOLDER / f"{name}.py")
    for name in ("broken_bundles", "test_good_bundles", "sealing")
)
sys.path.remove(str(VECTORS_FOLDER))


def in_memory(name):
    """Returns the files of a vector, or None if it is more than files."""
    reader, limits, expect = vectors.VECTORS[name][1]()
    plain = type(reader) is MemoryReader and limits == LIMITS and expect == Expectations()
    return dict(reader._files) if plain else None


FILES = {name: files for name in vectors.VECTORS if (files := in_memory(name)) is not None}
#: Vectors of these rules need odd names, limits, links, readers that fail, or a caller who expects.
MORE_THAN_FILES = {
    "2.01", "2.02", "2.03", "2.05", "2.06", "2.07", "2.08", "2.09", "3.02", "3.03", "3.13", "3.16", "4.01",
    "4.02", "5.01", "5.02", "5.03", "10.02", "10.03", "10.04", "10.05",
}  # fmt: skip


@pytest.mark.parametrize("folder", sorted(p.parent for p in GOLDENS.rglob("receipt.json")), ids=str)
def test_a_golden_passes(folder):
    assert verifier.verify_dir(folder) == v01.verify_dir(folder) == []


@pytest.mark.parametrize("name", sealing.PARTS)
def test_a_sealed_bundle_passes(name):
    files = sealing.bundle(name)
    assert verifier.verify(dict(files)) == v01.verify(dict(files)) == []


@pytest.mark.parametrize("edit", goods.EDITS)
def test_what_the_format_leaves_open_passes(edit):
    name = "small" if "small" in edit.__name__ else "full"
    assert verifier.verify(sealing.edited(name, edit)) == []


@pytest.mark.parametrize("name", FILES)
def test_a_broken_rule_gives_the_code_of_the_page_and_no_other(name):
    assert set(verifier.verify(FILES[name])) == {CODES[vectors.VECTORS[name][0]]}


def test_every_rule_that_files_alone_can_break_is_broken_by_a_vector():
    broken = {vectors.VECTORS[name][0] for name in FILES}
    assert broken == CODES.keys() - MORE_THAN_FILES


def test_the_tables_of_the_verifier_are_those_of_the_page():
    rows = dict(re.findall(r"^\| (\w+) \| ([A-Z][\w ]+)(?:, while.*)? \|$", PAGE, re.MULTILINE))
    assert {phase: rows[phase] for phase in v01.AFTER} == v01.AFTER
    named = re.search(r"8 roots|`event_log_root`.+?`workgraph_root`", PAGE)[0]
    assert re.findall(r"`(\w+)_root`", named) == v01.ROOTS
    limits = (v01.MAX_NAMES, v01.MAX_DOCUMENT, v01.MAX_FILE, v01.MAX_LINE, v01.MAX_LINES)
    assert all(f"{limit:,}" in PAGE for limit in limits)


# --------------------------------------------------------------------------------------- limits

DOCUMENT = len(sealing.bundle("full")["receipt.json"])
LINES = sealing.bundle("full")["events.jsonl"].split(b"\n")[:-1]


@pytest.mark.parametrize(
    ("limit", "value", "code"),
    [
        ("MAX_NAMES", len(sealing.bundle("full")) + 1, "LIMIT_EXCEEDED"),
        ("MAX_DOCUMENT", DOCUMENT, "LIMIT_EXCEEDED"),
        ("MAX_FILE", max(map(len, sealing.bundle("full").values())), "LIMIT_EXCEEDED"),
        ("MAX_LINE", max(map(len, LINES)), "LIMIT_EXCEEDED"),
        ("MAX_LINES", len(LINES), "LIMIT_EXCEEDED"),
    ],
)
def test_a_bundle_passes_at_a_limit_and_not_past_it(monkeypatch, limit, value, code):
    files = sealing.bundle("full")
    monkeypatch.setattr(v01, limit, value)
    assert verifier.verify(files) == []
    monkeypatch.setattr(v01, limit, value - 1)
    assert code in verifier.verify(files)


def test_containers_may_stand_128_deep():
    def edit(more):
        def deepen(draft):
            inner = []
            for _ in range(128 - 4 + more):
                inner = [inner]
            draft.receipt["decisions"] = [{"d": inner}]

        return deepen

    assert verifier.verify(sealing.edited("full", edit(0))) == []
    assert set(verifier.verify(sealing.edited("full", edit(1)))) == {"BUNDLE_MALFORMED"}


# -------------------------------------------------------------------------------- real folders


@pytest.fixture
def folder(tmp_path):
    for name, raw in sealing.bundle("full").items():
        path = tmp_path / "bundle" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(raw)
    return tmp_path / "bundle"


def test_a_link_is_no_part_of_the_bundle_and_is_missed(folder, tmp_path):
    plan = folder / "evidence" / "plan.json"
    plan.rename(tmp_path / "plan.json")
    plan.symlink_to(tmp_path / "plan.json")
    assert verifier.verify_dir(folder) == ["UNSAFE_PATH", "MANIFEST_MISSING_FILE"]


def test_a_folder_without_a_file_is_unlisted(folder):
    (folder / "evidence" / "a" / "b").mkdir(parents=True)
    assert verifier.verify_dir(folder) == ["UNLISTED_FILE"]


def test_a_file_that_cannot_be_read_is_unreadable(folder, monkeypatch):
    opened = v01.folders.os.open

    def refusing(path, flags):
        if path.endswith("events.jsonl"):
            raise PermissionError(path)
        return opened(path, flags)

    monkeypatch.setattr(v01.folders.os, "open", refusing)
    assert verifier.verify_dir(folder) == ["FILE_UNREADABLE"]
    assert v01.verify_dir(folder / "none") == ["FILE_UNREADABLE"]


# ------------------------------------------------------------------------------ which format

MALFORMED, UNKNOWN = ["HASH_MISMATCH", "BUNDLE_MALFORMED"], ["VERSION_UNSUPPORTED"]
RECEIPTS = {
    "no object": (b"[]", MALFORMED),
    "no version": (b'{"x":1}', MALFORMED),
    "no text": (b'{"receipt_version":1}', MALFORMED),
    "a later version": (b'{"receipt_version": "0.1.1", "x": 1.5}', UNKNOWN),
    "that of a later format": (b'{"receipt_version":"0.2"}', UNKNOWN),
    "the field of later formats": (b'{"bundle_version":"0.1.0"}', UNKNOWN),
}


@pytest.mark.parametrize("name", RECEIPTS)
def test_the_receipt_tells_the_version_and_else_the_manifest(name):
    raw, codes = RECEIPTS[name]
    assert verifier.verify({**sealing.bundle("full"), "receipt.json": raw}) == codes


def test_without_a_receipt_the_manifest_tells_the_version():
    files = sealing.bundle("full")
    del files["receipt.json"]
    assert verifier.verify(files) == ["MANIFEST_MISSING_FILE"]


def test_a_receipt_of_this_format_that_has_the_field_of_later_ones_is_not_of_this_format():
    for value in (None, 1, "0.1.0", "0.2"):
        files = sealing.edited(
            "full", lambda d, value=value: d.receipt.update(bundle_version=value)
        )
        assert v01.verify(files) == [] != verifier.verify(files)
