"""Step files: the closed world, then the size and the SHA-256 of every listed file.

The sets of names are compared before anything is hashed; then every listed file is read once.
``events.jsonl`` is left to the events step, which hashes the very bytes that it parses; a file that
holds a request is read once more, when the events have said which digest it must have.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping

from workc.bundle.documents import FileEntry, Manifest
from workc.bundle.layout import EVENTS, MANIFEST, RECEIPT, Limits, is_signature
from workc.kernel.digest import TAG_REQUEST
from workc.verify.case import Case
from workc.verify.reader import Item, Reader, ReadError, sha256_of
from workc.verify.v02 import rules
from workc.verify.verdict import MAX_FINDINGS


def compare_names(manifest: Manifest, files: Mapping[str, Item], case: Case) -> None:
    """Compares the closed world: what is listed is there, and nothing else but signatures is."""
    listed = {entry.path for entry in manifest.files}
    for path in sorted(listed - files.keys()):
        case.fail(rules.LISTED_FILE_IS_THERE, path, "listed, but not in the bundle")
    unlisted = files.keys() - listed - {MANIFEST, RECEIPT}
    for path in sorted(path for path in unlisted if not is_signature(path)):
        case.fail(rules.FILE_IS_LISTED, path, "in the bundle, but not listed")


def readable(
    manifest: Manifest, files: Mapping[str, Item], case: Case, limits: Limits
) -> dict[str, FileEntry]:
    """Returns the entries by path whose files are there, of the listed size and not too large."""
    found: dict[str, FileEntry] = {}
    for entry in manifest.files:
        item = files.get(entry.path)
        if item is not None and _size_fits(entry, item, case, limits):
            found[entry.path] = entry
    return found


def compare_contents(reader: Reader, entries: Mapping[str, FileEntry], case: Case) -> None:
    """Reads every file but the events once and compares its SHA-256."""
    sizes = {path: entry.size for path, entry in entries.items() if path != EVENTS}
    found = reader.each(lambda path: sha256_of(reader, path, sizes[path]), sizes)
    for path, actual in zip(sizes, found, strict=True):
        if isinstance(actual, ReadError):
            case.fail(rules.FILE_READABLE, path, str(actual))
        else:
            compare_hash(entries[path], actual, case)
    case.take("files")


def compare_requests(
    reader: Reader,
    entries: Mapping[str, FileEntry],
    requests: Iterable[tuple[str, str]],
    case: Case,
) -> None:
    """Compares the digest of each request that stands in a file: ``requests`` by path."""
    named: dict[str, set[str]] = {}
    for path, digest in requests:
        named.setdefault(path, set()).add(digest)
    for path in sorted(named.keys() & entries.keys()):
        _compare_request(reader, entries[path], named[path], case)


def _compare_request(reader: Reader, entry: FileEntry, digests: set[str], case: Case) -> None:
    tagged, plain = hashlib.sha256(TAG_REQUEST.encode() + b"\0"), hashlib.sha256()
    try:
        for chunk in reader.chunks(entry.path, entry.size):
            tagged.update(chunk)
            plain.update(chunk)
    except ReadError as error:
        case.fail(rules.FILE_READABLE, entry.path, str(error))
        return
    # It may have been replaced since it was read first.
    compare_hash(entry, plain.hexdigest(), case)
    # One of the digests at most is the right one, however many events name the file.
    for digest in sorted(digests - {tagged.hexdigest()})[:MAX_FINDINGS]:
        case.fail(
            rules.REQUEST_DIGEST,
            entry.path,
            "the request is not the one of the digest",
            expected=digest,
            actual=tagged.hexdigest(),
        )


def compare_hash(entry: FileEntry, actual: str, case: Case) -> None:
    """Adds HASH_MISMATCH unless ``actual`` is the listed SHA-256."""
    if actual != entry.sha256:
        case.fail(
            rules.FILE_DIGEST,
            entry.path,
            "the content is not what was listed",
            expected=entry.sha256,
            actual=actual,
        )


def _size_fits(entry: FileEntry, item: Item, case: Case, limits: Limits) -> bool:
    if item.size > limits.file_bytes:
        message = f"larger than {limits.file_bytes} bytes"
        case.fail(rules.FILE_IS_SMALL, entry.path, message)
        return False
    if item.size != entry.size:
        case.fail(
            rules.FILE_SIZE,
            entry.path,
            "the size is not as listed",
            expected=entry.size,
            actual=item.size,
        )
        return False
    return True
