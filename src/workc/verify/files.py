"""Steps names, manifest and files: what is there, what is listed, and that both are the same.

1. Every name obeys the grammar, is a regular file or a folder that holds one, and has no twin
   that differs in case only.
2. The manifest is canonical, sorted, without repeats, and lists only what may be listed.
3. The set of names is compared before anything is hashed; then every listed file is read once and
   its size and SHA-256 are compared. ``events.jsonl`` is left to the events step, which hashes the
   very bytes that it parses.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator

import msgspec

from workc.bundle import documents
from workc.bundle.documents import FileEntry, Manifest
from workc.bundle.layout import (
    BUNDLE_VERSION,
    EVENTS,
    EVIDENCE,
    MANIFEST,
    MAX_DOCUMENT_BYTES,
    MAX_FILE_BYTES,
    MAX_FILES,
    RECEIPT,
    is_known_place,
    is_listed,
    path_problem,
)
from workc.kernel.digest import is_hex_digest
from workc.verify.case import Case
from workc.verify.reader import Item, Reader, ReadError
from workc.verify.verdict import Step

_MANIFESTS = msgspec.json.Decoder(Manifest)


def collect(reader: Reader, case: Case) -> dict[str, Item] | None:
    """Returns the files by path, or None if they cannot be listed or are too many."""
    files: dict[str, Item] = {}
    folders: set[str] = set()
    try:
        for count, item in enumerate(reader.items()):
            if count >= MAX_FILES:
                case.fail("LIMIT_EXCEEDED", "names", ".", f"more than {MAX_FILES} names")
                return None
            _take(item, files, folders, case)
    except ReadError as error:
        case.fail("FILE_UNREADABLE", "names", ".", str(error))
        return None
    _check_folders(files, folders, case)
    _check_twins([*files, *folders], case)
    return files


def _take(item: Item, files: dict[str, Item], folders: set[str], case: Case) -> None:
    problem = path_problem(item.path)
    if problem is not None:
        case.fail("UNSAFE_PATH", "names", ascii(item.path)[1:-1], f"the name is {problem}")
    elif item.kind == "folder":
        folders.add(item.path)
    elif item.kind != "file":
        what = "a link" if item.kind == "link" else "no regular file"
        case.fail("UNSAFE_PATH", "names", item.path, f"it is {what}")
    else:
        files[item.path] = item
        if item.links > 1:
            case.notes.append(f"{item.path} has {item.links} hard links")


def _check_folders(files: dict[str, Item], folders: set[str], case: Case) -> None:
    needed = {path[:cut] for path in files for cut in _slashes(path)}
    for folder in sorted(folders - needed):
        case.fail("UNLISTED_FILE", "names", folder, "the folder holds no file")


def _slashes(path: str) -> Iterator[int]:
    return (index for index, char in enumerate(path) if char == "/")


def _check_twins(paths: Iterable[str], case: Case) -> None:
    seen: dict[str, str] = {}
    for path in sorted(paths):
        other = seen.setdefault(path.lower(), path)
        if other != path:
            case.fail("UNSAFE_PATH", "names", path, f"differs from {other} in case only")


def read_document(reader: Reader, case: Case, item: Item | None, path: str) -> bytes | None:
    """Returns the bytes of the manifest or the receipt, or None after saying why not."""
    step: Step = "manifest" if path == MANIFEST else "receipt"
    if item is None:
        case.fail("BUNDLE_MALFORMED", step, path, "the bundle has no such file")
        return None
    if item.size > MAX_DOCUMENT_BYTES:
        case.fail("LIMIT_EXCEEDED", step, path, f"larger than {MAX_DOCUMENT_BYTES} bytes")
        return None
    try:
        data = b"".join(reader.chunks(path, item.size))
    except ReadError as error:
        case.fail("FILE_UNREADABLE", step, path, str(error))
        return None
    return data


def parse_manifest(data: bytes, case: Case) -> Manifest | None:
    """Returns the manifest, or None if it cannot be used at all."""
    try:
        manifest = _MANIFESTS.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        case.fail("BUNDLE_MALFORMED", "manifest", MANIFEST, f"not a manifest: {error}")
        return None
    if documents.encode(manifest) != data:
        case.fail("BUNDLE_MALFORMED", "manifest", MANIFEST, "not canonical JSON")
        return None
    if manifest.bundle_version != BUNDLE_VERSION:
        case.fail(
            "BUNDLE_MALFORMED",
            "manifest",
            MANIFEST,
            "manifest and receipt name different versions",
            pointer="/bundle_version",
            expected=BUNDLE_VERSION,
            actual=manifest.bundle_version,
        )
    _check_entries(manifest.files, case)
    return manifest


def _check_entries(entries: list[FileEntry], case: Case) -> None:
    before = ""
    for index, entry in enumerate(entries):
        pointer = f"/files/{index}"
        _check_entry(entry, pointer, case)
        if index and entry.path <= before:
            what = "is listed twice" if entry.path == before else "is not in order"
            case.fail(
                "BUNDLE_MALFORMED",
                "manifest",
                MANIFEST,
                f"{ascii(entry.path)} {what}",
                pointer=pointer,
            )
        before = entry.path


def _check_entry(entry: FileEntry, pointer: str, case: Case) -> None:
    problem = path_problem(entry.path)
    if problem is not None:
        message = f"the path {ascii(entry.path)} is {problem}"
        case.fail("UNSAFE_PATH", "manifest", MANIFEST, message, pointer=pointer)
    elif not is_listed(entry.path) or not is_known_place(entry.path):
        message = f"{entry.path} must not be listed"
        case.fail("BUNDLE_MALFORMED", "manifest", MANIFEST, message, pointer=pointer)
    if not is_hex_digest(entry.sha256) or entry.size < 0:
        message = "sha256 is 64 lower-case hex digits, size is not negative"
        case.fail("BUNDLE_MALFORMED", "manifest", MANIFEST, message, pointer=pointer)


def compare_names(manifest: Manifest, files: dict[str, Item], case: Case) -> None:
    """Compares the closed world: what is listed is there, and nothing else is."""
    listed = {entry.path for entry in manifest.files}
    for path in sorted(listed - files.keys()):
        case.fail(
            "MANIFEST_MISSING_FILE", "files", ascii(path)[1:-1], "listed, but not in the bundle"
        )
    for path in sorted(files.keys() - listed):
        if is_listed(path):
            case.fail("UNLISTED_FILE", "files", path, "in the bundle, but not listed")
    if EVENTS not in listed:
        case.fail("BUNDLE_MALFORMED", "files", MANIFEST, f"{EVENTS} is not listed")
    if not any(path.startswith(EVIDENCE) for path in listed):
        case.fail("BUNDLE_MALFORMED", "files", MANIFEST, "no evidence is listed")


def compare_contents(
    reader: Reader, manifest: Manifest, files: dict[str, Item], case: Case
) -> None:
    """Reads every listed file but the events once and compares its size and SHA-256."""
    for entry in manifest.files:
        item = files.get(entry.path)
        if item is not None and entry.path != EVENTS and size_fits(entry, item, case):
            _compare_content(reader, entry, case)


def size_fits(entry: FileEntry, item: Item, case: Case) -> bool:
    """Returns whether a file may be read: its size is as listed and within the limit."""
    if item.size > MAX_FILE_BYTES:
        case.fail("LIMIT_EXCEEDED", "files", entry.path, f"larger than {MAX_FILE_BYTES} bytes")
        return False
    if item.size != entry.size:
        case.fail(
            "HASH_MISMATCH",
            "files",
            entry.path,
            "the size is not as listed",
            expected=entry.size,
            actual=item.size,
        )
        return False
    return True


def _compare_content(reader: Reader, entry: FileEntry, case: Case) -> None:
    hasher = hashlib.sha256()
    try:
        for chunk in reader.chunks(entry.path, entry.size):
            hasher.update(chunk)
    except ReadError as error:
        case.fail("FILE_UNREADABLE", "files", entry.path, str(error))
        return
    compare_hash(entry, hasher.hexdigest(), case)


def compare_hash(entry: FileEntry, actual: str, case: Case) -> None:
    """Adds HASH_MISMATCH unless ``actual`` is the listed SHA-256."""
    if actual != entry.sha256:
        case.fail(
            "HASH_MISMATCH",
            "files",
            entry.path,
            "the content is not what was listed",
            expected=entry.sha256,
            actual=actual,
        )


def receipt_version(data: bytes) -> str | None:
    """Returns the version that a receipt names, of any format, or None if it names none."""
    try:
        head = msgspec.json.decode(data, type=_Head)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    for version in (head.bundle_version, head.receipt_version):
        if isinstance(version, str):
            return version
    return None


class _Head(msgspec.Struct, frozen=True):
    bundle_version: str | msgspec.UnsetType = msgspec.UNSET
    receipt_version: str | msgspec.UnsetType = msgspec.UNSET


def sha256(data: bytes) -> str:
    """Returns the SHA-256 of bytes in hex."""
    return hashlib.sha256(data).hexdigest()
