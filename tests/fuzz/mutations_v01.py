"""Changes of good bundles of format 0.1, drawn from a seed: some sealed anew, some not.

    mutated("full", Random(7))   ->   ("selectors, sealed anew", {"receipt.json": b"...", ...})

What is sealed anew has all hashes right (by ``tests/unit/verify/v01/sealing.py``, which shares
nothing with workc), so that the rules behind them are reached. The same seed gives the same change.
"""

import json
from collections.abc import Callable, Mapping
from functools import cache
from random import Random
from typing import Any

import drafts_v01 as drafts
from drafts_v01 import canonical, sealing
from ground import TESTS
from raw import changed_bytes, cut_off, flipped_bit, moved_lines

Json = Any
Files = dict[str, bytes]
Change = Callable[[str, Random], Files]

GOLDENS = TESTS / "golden" / "v0.1"
FOLDERS = {
    path.parent.relative_to(GOLDENS).as_posix(): path.parent
    for path in sorted(GOLDENS.rglob("receipt.json"))
}
NAMES = (*sealing.PARTS, *FOLDERS)
DOCUMENTS = ("receipt.json", "manifest.json", "events.jsonl")
#: A change may do nothing, or make what cannot be sealed.
TRIES = 8
UNSEALABLE = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)


@cache
def files_of(name: str) -> Mapping[str, bytes]:
    """Returns the files of a good bundle; do not change them."""
    if name in sealing.PARTS:
        return sealing.bundle(name)
    root = FOLDERS[name]
    paths = sorted(path for path in root.rglob("*") if path.is_file())
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in paths}


def draft_of(name: str) -> Any:
    """Returns a good bundle to edit and seal anew."""
    files = files_of(name)
    return sealing.Draft(
        json.loads(files["receipt.json"]),
        [json.loads(line) for line in files["events.jsonl"].split(b"\n")[:-1]],
        {path: data for path, data in files.items() if path not in DOCUMENTS},
    )


def mutated(name: str, random: Random) -> tuple[str, Files]:
    """Returns which sort of change was drawn, and the bundle, changed unless many tries failed."""
    sort = random.choices([*SORTS], [weight for _, weight in SORTS.values()])[0]
    change, _ = SORTS[sort]
    before = files_of(name)
    tries = (change(name, random) for _ in range(TRIES))
    return sort, next((files for files in tries if files != before), dict(before))


# ------------------------------------------------------------------------------ not sealed anew


def unsealed(change: Callable[[Files, Random], Files]) -> Change:
    """Returns the change that is made once or twice to the files as they are."""

    def changes(name: str, random: Random) -> Files:
        files = dict(files_of(name))
        for _ in range(random.choice((1, 1, 1, 2))):
            files = change(files, random)
        return files

    return changes


def changed_document(files: Files, random: Random) -> Files:
    """Returns the files with one value or one spelling of one document changed."""
    path = random.choice([path for path in DOCUMENTS if path in files])
    if path != "events.jsonl":
        return {**files, path: rewritten(files[path], random)}
    lines = files[path].split(b"\n")[:-1]
    place = random.randrange(len(lines))
    lines[place] = rewritten(lines[place], random)
    return {**files, path: b"".join(line + b"\n" for line in lines)}


def rewritten(raw: bytes, random: Random) -> bytes:
    """Returns a document with one change, or as it is if there can be none."""
    try:
        document = json.loads(raw)
        if random.random() < 0.3:
            return drafts.respelled(document, random)
        drafts.change(document, random)
        return canonical(document)
    except UNSEALABLE:
        return raw


ODD_NAMES = (
    "", ".", "..", "a b", "con", "evidence/x.", "../x", "/x", "evidence", "evidence/", "evidence/a b",
    "events.jsonl/x", "RECEIPT.json", "evidence/é", "signatures/a.dsse.json", "artifacts/x",
    "evidence/x", "evidence/con", "evidence/Aux.txt", "evidence/a/b", "evidence/ x", "evidence/x ",
    "evidence/com1 .x", "evidence/" + "x" * 255, "evidence/" + "x" * 256, "evidence/a*b",
    "evidence/(a)+[b]", "evidence/~!#$%&'=;@^`{},-_.x", "evidence/" + "xy/" * 170, "\udcff",
)  # fmt: skip


def changed_files(files: Files, random: Random) -> Files:
    """Returns the files with one of them gone, moved, copied or swapped with another."""
    path = random.choice([*files]) if files else "evidence/x"
    to = random.choice((*files, *ODD_NAMES, path + "x", path.upper()))
    rest = {name: data for name, data in files.items() if name != path}
    match random.randrange(4):
        case 0:
            return rest
        case 1:
            return {**rest, to: files.get(path, b"")}
        case 2:
            return {**files, to: files.get(path, b"")}
        case _:
            return {**files, to: files.get(path, b""), path: files.get(to, b"")}


# ------------------------------------------------------------------------------- sealed anew


def sealed(edit: Callable[[Any, Random], None]) -> Change:
    """Returns the change that edits the draft of a bundle one to three times and seals it anew."""

    def changes(name: str, random: Random) -> Files:
        try:
            draft = draft_of(name)
            for _ in range(random.choice((1, 1, 1, 2, 3))):
                edit(draft, random)
            return draft.seal()
        except UNSEALABLE:
            return dict(files_of(name))

    return changes


def edit_files(draft: Any, random: Random) -> None:
    """Changes the files of evidence."""
    draft.files = changed_files(draft.files, random)


def edit_unlisted(draft: Any, random: Random) -> None:
    """Adds a file that nobody lists."""
    draft.unlisted[random.choice(ODD_NAMES)] = b"x"


#: What may be done, and how often against the others.
SORTS: dict[str, tuple[Change, int]] = {
    "bits": (unsealed(flipped_bit), 2),
    "bytes": (unsealed(changed_bytes), 3),
    "cut": (unsealed(cut_off), 1),
    "lines": (unsealed(moved_lines), 2),
    "documents": (unsealed(changed_document), 5),
    "files": (unsealed(changed_files), 4),
    "values, sealed anew": (sealed(drafts.edit_values), 30),
    "words, sealed anew": (sealed(drafts.edit_words), 12),
    "events, sealed anew": (sealed(drafts.edit_events), 5),
    "kinds, sealed anew": (sealed(drafts.edit_kinds), 5),
    "integrity and manifest, sealed anew": (sealed(drafts.edit_outer), 6),
    "entries, sealed anew": (sealed(drafts.edit_entries), 4),
    "files, sealed anew": (sealed(edit_files), 5),
    "files that nobody lists, sealed anew": (sealed(edit_unlisted), 2),
    "hashes, sealed anew": (sealed(drafts.edit_hashes), 4),
    "spelling, sealed anew": (sealed(drafts.edit_spelling), 6),
    "times, sealed anew": (sealed(drafts.edit_times), 6),
    "selectors, sealed anew": (sealed(drafts.edit_selectors), 14),
    "checks, sealed anew": (sealed(drafts.edit_checks), 10),
    "children, sealed anew": (sealed(drafts.edit_children), 10),
    "phases, sealed anew": (sealed(drafts.edit_phases), 6),
    "people, sealed anew": (sealed(drafts.edit_people), 8),
    "strategies, sealed anew": (sealed(drafts.edit_strategies), 8),
}
