"""Step files: the closed world, then the size and the SHA-256 of every listed file.

The sets of names are compared before anything is hashed; then every listed file is read once. The
files that other steps parse were hashed there, from the very bytes that they parsed.
"""

from __future__ import annotations

from collections.abc import Mapping

from workc.bundle.layout import MANIFEST, Limits, path_danger
from workc.verify.case import Case
from workc.verify.reader import Item, Reader, ReadError, sha256_of
from workc.verify.v01 import rules
from workc.verify.v01.records import FileEntry, Manifest


def compare_names(manifest: Manifest, files: Mapping[str, Item], case: Case) -> None:
    """Compares the closed world: what is listed is there, and nothing else is but the manifest.

    A listed path that must not be in a bundle is not missed: the step manifest spoke of it.
    """
    listed = {entry.path for entry in manifest.files}
    for path in sorted(path for path in listed - files.keys() if path_danger(path) is None):
        case.fail(rules.FILE_THERE, path, "listed, but not in the bundle")
    for path in sorted(files.keys() - listed - {MANIFEST}):
        case.fail(rules.FILE_LISTED, path, "in the bundle, but not listed")


def compare_contents(
    reader: Reader,
    manifest: Manifest,
    files: Mapping[str, Item],
    hashed: Mapping[str, str | None],
    case: Case,
    limits: Limits,
) -> None:
    """Compares size and SHA-256 of every listed file that is there.

    ``hashed`` holds the SHA-256 of the files that were read already, or None of one that could
    not be.
    """
    fitting = [
        entry
        for entry in manifest.files
        if entry.path in files and _size_fits(entry, files[entry.path], case, limits)
    ]
    sizes = {entry.path: entry.size_bytes for entry in fitting if entry.path not in hashed}
    found = reader.each(lambda path: sha256_of(reader, path, sizes[path]), sizes)
    read = dict(zip(sizes, found, strict=True))
    for entry in fitting:
        actual = hashed[entry.path] if entry.path in hashed else read[entry.path]
        if isinstance(actual, ReadError):
            case.fail(rules.FILE_READ, entry.path, str(actual))
        else:
            _compare_hash(entry, actual, case)
    case.take("files")


def _size_fits(entry: FileEntry, item: Item, case: Case, limits: Limits) -> bool:
    if item.size > limits.file_bytes:
        message = f"larger than {limits.file_bytes} bytes"
        case.fail(rules.FILE_SMALL, entry.path, message)
        return False
    if item.size != entry.size_bytes:
        case.fail(
            rules.FILE_SIZE,
            entry.path,
            "the size is not as listed",
            expected=entry.size_bytes,
            actual=item.size,
        )
        return False
    return True


def _compare_hash(entry: FileEntry, actual: str | None, case: Case) -> None:
    if actual not in {None, entry.sha256}:
        case.fail(
            rules.FILE_CONTENT,
            entry.path,
            "the content is not what was listed",
            expected=entry.sha256,
            actual=actual,
        )
