"""Sections 2, 3 and 8: names, files, and what events say of files."""

from functools import partial

from bundles import bundle
from odd_reader import OddReader
from reseal import reseal, sha256

from attacks.attack import attack, document
from workc.verify.reader import Item

SMALL = "staged"
UNSAFE, UNLISTED, MISSING, HASH = (
    "UNSAFE_PATH",
    "UNLISTED_FILE",
    "MANIFEST_MISSING_FILE",
    "HASH_MISMATCH",
)
PROGRAM = "evidence/program.yaml"

# --------------------------------------------------------------------------- section 2: names


def name(what, operator, code, /, *extra, **odd):
    """Adds the small bundle, shown with names more or other than they are."""
    reader = partial(_shown, extra, odd)
    attack(what, operator, code, "names", lambda: bundle(SMALL), reader=reader)


def _shown(extra, odd, files):
    return OddReader(files, *extra, **odd)


def file(what, operator, code, step, **files):
    """Adds the small bundle with files more; None takes one out. ``__`` stands for ``/``."""
    named = {path.replace("__", "/"): data for path, data in files.items()}
    made = {path: data for path, data in {**bundle(SMALL), **named}.items() if data is not None}
    attack(what, operator, code, step, lambda: made)


file("a_name_with_a_space", "foreign", UNSAFE, "names", **{"a b": b""})
file("a_name_of_129", "grow", UNSAFE, "names", **{"x" * 129: b""})
file("a_name_in_capitals", "respell", UNSAFE, "names", **{"RECEIPT.JSON": b""})
file("a_file_that_is_a_folder_too", "add", UNSAFE, "names", evidence__x=b"", evidence__x__y=b"")
name("a_link_more", "add", UNSAFE, Item(path="evidence/x", kind="link"))
name("a_receipt_that_is_a_link", "set", UNSAFE, kinds={"receipt.json": "link"})
name("a_special_file_more", "add", UNSAFE, Item(path="evidence/x", kind="other"))
name("a_receipt_that_is_a_special_file", "set", UNSAFE, kinds={"receipt.json": "other"})
name("a_folder_twice", "repeat", UNSAFE, Item(path="evidence", kind="folder"))
name("a_folder_of_nothing", "add", UNLISTED, Item(path="evidence/x", kind="folder"))
name("a_folder_whose_file_is_gone", "remove", UNLISTED, without={"artifacts/output.json"})


def _two_files_named(first, other):
    """Returns an edit that keeps two bodies in files of these names."""

    def edit(d):
        for field, path, data in (("inputs", first, b"1"), ("prices", other, b"2")):
            del d.files[f"evidence/{field}.json"]
            d.files[path] = data
            body = {"form": "json", "path": path, "sha256": sha256(data), "size": 1}
            d.payload("RunStarted")[field] = body

    return edit


def _two_files(first, other):
    return reseal(bundle(SMALL), _two_files_named(first, other), project=True)


attack(
    "case_twins_that_are_listed_and_referred_to",
    "add",
    UNSAFE,
    "names",
    lambda: _two_files("evidence/ab", "evidence/aB"),
)

# --------------------------------------------------------------------------- section 3: files

file("a_manifest_that_is_gone", "remove", "BUNDLE_MALFORMED", "manifest", **{"manifest.json": None})
file("a_receipt_that_is_gone", "remove", "BUNDLE_MALFORMED", "receipt", **{"receipt.json": None})
file(
    "a_manifest_of_another_name",
    "move",
    "BUNDLE_MALFORMED",
    "manifest",
    **{"manifest.json": None, "manifest.jsn": bundle(SMALL)["manifest.json"]},
)


def _receipt_among_the_evidence():
    def edit(d):
        d.files["evidence/receipt.json"] = bundle(SMALL)["receipt.json"]

    files = reseal(bundle(SMALL), edit)
    return {path: data for path, data in files.items() if path != "receipt.json"}


attack(
    "a_receipt_among_the_evidence",
    "move",
    "BUNDLE_MALFORMED",
    "receipt",
    _receipt_among_the_evidence,
)
file("a_listed_file_that_is_gone", "remove", MISSING, "files", **{PROGRAM: None})
file("a_file_that_is_not_listed", "add", UNLISTED, "files", x=b"")
file("a_copy_of_a_file", "repeat", UNLISTED, "files", evidence__copy=bundle(SMALL)[PROGRAM])


def content(what, operator, change):
    """Adds the small bundle with another program, and nothing sealed anew."""
    file(what, operator, HASH, "files", **{PROGRAM: change(bundle(SMALL)[PROGRAM])})


content("a_file_with_a_byte_more", "grow", lambda data: data + b"\n")
content("a_file_without_its_end", "cut", lambda data: data[:-1])
content("a_file_with_another_byte", "set", lambda data: bytes([data[0] ^ 1]) + data[1:])
content("a_file_with_two_bytes_swapped", "move", lambda data: data[1::-1] + data[2:])


def _swapped():
    files = _two_files("evidence/one", "evidence/two")
    return {**files, "evidence/one": b"2", "evidence/two": b"1"}


attack("two_listed_files_in_place_of_each_other", "move", HASH, "files", _swapped)

# ---------------------------------------------------------------------- section 8: references


@document("add", UNLISTED, "references")
def a_listed_file_that_no_event_names(d):
    d.files["evidence/zz"] = b"x"


@document("set", HASH, "references")
def a_file_swapped_for_another(d):
    path = next(path for path in d.files if path.startswith("evidence/"))
    d.files[path] += b" "


@document("grow", HASH, "references")
def an_event_that_gives_a_file_a_byte_more(d):
    d.payload("RunStarted")["program"]["size"] += 1


@document("set", "CAPTURE_MISSING", "references")
def an_event_that_names_no_file(d):
    body = {"form": "json", "path": "evidence/none\n", "sha256": "0" * 64, "size": 1}
    d.payload("RunStarted")["inputs"] = body


@document("set", "CAPTURE_MISSING", "references")
def an_event_that_names_the_log(d):
    body = {"form": "json", "path": "events.jsonl", "sha256": "0" * 64, "size": 1}
    d.payload("RunStarted")["inputs"] = body


@document("remove", "CAPTURE_MISSING", "references")
def an_event_that_names_a_file_that_was_taken_out(d):
    del d.files["evidence/inputs.json"]


@document("set", HASH, "references")
def two_events_that_say_different_things_of_a_file(d):
    program = d.payload("RunStarted")["program"]
    d.payload("WorkEnded")["output"] = {**program, "sha256": "0" * 64}
