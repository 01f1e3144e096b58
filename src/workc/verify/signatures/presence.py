"""What holds of the files of signatures whoever is trusted: how many they are and how large.

This is all that an unsigned bundle, or a caller without a trust file, waits for; nothing is imported
here that reads a signature.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from workc.bundle.layout import is_signature
from workc.verify.case import Case
from workc.verify.expectations import Proven
from workc.verify.reader import Item, Reader
from workc.verify.signatures.rules import (
    FILE_IS_SMALL,
    FILES_ARE_FEW,
    MAX_ENVELOPE_BYTES,
    MAX_SIGNATURE_FILES,
)
from workc.verify.verdict import Signer

#: Where findings that are about no single file stand.
ALL = "signatures"


def check_limits(files: Mapping[str, Item], case: Case) -> tuple[str, ...]:
    """Returns the files of signatures that may be read, in order: none if they are too many."""
    paths = sorted(filter(is_signature, files))
    if len(paths) > MAX_SIGNATURE_FILES:
        case.fail(FILES_ARE_FEW, ALL, f"there are more than {MAX_SIGNATURE_FILES} files")
        return ()
    for path in paths:
        if files[path].size > MAX_ENVELOPE_BYTES:
            case.fail(FILE_IS_SMALL, path, f"it is larger than {MAX_ENVELOPE_BYTES} bytes")
    return tuple(path for path in paths if files[path].size <= MAX_ENVELOPE_BYTES)


class Judge(Protocol):
    """Judges the signatures of a bundle by what a caller trusts."""

    def judge(
        self,
        reader: Reader,
        files: Mapping[str, Item],
        readable: tuple[str, ...],
        said: Proven | None,
        case: Case,
    ) -> tuple[Signer, ...]:
        """Returns whose good signatures the bundle has, in order of keyids.

        ``readable`` are the files of signatures that keep the limits, ``said`` is what the bundle
        says of itself, if that could be had.
        """
        ...

    def open_points(self, files: Mapping[str, Item], *, signed: bool) -> tuple[str, ...]:
        """Returns what the verdict does not cover of signatures."""
        ...


class NobodyTrusted:
    """Judges no signature, because no trust file was given, and says so."""

    def judge(
        self,
        reader: Reader,
        files: Mapping[str, Item],
        readable: tuple[str, ...],
        said: Proven | None,
        case: Case,
    ) -> tuple[Signer, ...]:
        """Returns nobody."""
        case.take("signatures")
        return ()

    def open_points(self, files: Mapping[str, Item], *, signed: bool) -> tuple[str, ...]:
        """Returns that nobody was trusted, and how many files were not looked into."""
        count = sum(map(is_signature, files))
        there = f"; files of signatures that were not judged: {count}" if count else ""
        return (
            f"signature: no trust file was given, so who sealed the bundle is not known{there}",
        )
