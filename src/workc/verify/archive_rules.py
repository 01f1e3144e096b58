"""The rules of archives (docs/spec/archive.md), one for each fault that the parser tells apart."""

from __future__ import annotations

from collections.abc import Mapping

from workc.bundle.archive_parser import ArchiveFault
from workc.verify.rules import Rule
from workc.verify.verdict import VerifyFailCode


def _rule(number: str, code: VerifyFailCode, section: int, text: str) -> Rule:
    return Rule(f"A.{number}", code, "names", f"archive, section {section}", text)


ARCHIVE_RULES: Mapping[ArchiveFault, Rule] = {
    "end": _rule("01", "BUNDLE_MALFORMED", 5, "The file ends as its directory demands."),
    "directory": _rule(
        "02", "BUNDLE_MALFORMED", 1, "The directory holds its entries, from the last to the end."
    ),
    "central header": _rule(
        "03", "BUNDLE_MALFORMED", 2, "A central header is that of its path, content and place."
    ),
    "order": _rule("04", "BUNDLE_MALFORMED", 3, "The entries ascend by the bytes of their paths."),
    "local header": _rule(
        "05", "BUNDLE_MALFORMED", 2, "A local header says what the directory says, where it says."
    ),
    "content": _rule("06", "BUNDLE_MALFORMED", 2, "The content has the CRC-32 of its headers."),
    "name": _rule("07", "UNSAFE_PATH", 3, "The path of an entry obeys the grammar of names."),
    "twice": _rule("08", "UNSAFE_PATH", 3, "No path has two entries."),
    "kind": _rule("09", "UNSAFE_PATH", 3, "An entry is a regular file."),
    "many": _rule("10", "LIMIT_EXCEEDED", 6, "There are at most 1,000,000 files."),
    "large": _rule("11", "LIMIT_EXCEEDED", 6, "A file has at most 8,589,934,592 bytes."),
}
