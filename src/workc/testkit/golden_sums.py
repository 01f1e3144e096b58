"""SHA256SUMS: the list of every file of every golden, as ``sha256sum`` writes and checks it.

>>> read_sums("aa" * 32 + "  v0.2/one/bundle/receipt.json")
{'v0.2/one/bundle/receipt.json': 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'}
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from workc.kernel.failure import refuse

SUMS = "SHA256SUMS"
_VERSION = re.compile(r"v[0-9][0-9.]*")
_LINE = re.compile(r"([0-9a-f]{64})  (.+)")


def read_sums(text: str) -> dict[str, str]:
    """Returns the hash of each file by its path.

    Raises:
        Refusal: ``INVALID_INPUT`` if a line is none, or a path is named twice or cannot be listed.
    """
    found: dict[str, str] = {}
    for number, line in enumerate(text.removesuffix("\n").split("\n") if text else (), 1):
        match = _LINE.fullmatch(line)
        if match is None or not can_be_listed(match[2]):
            message = "it is no hash, two blanks and the path of a golden's file"
            raise refuse("INVALID_INPUT", f"{SUMS}:{number}: {message}")
        if match[2] in found:
            raise refuse("INVALID_INPUT", f"{SUMS}:{number}: the path is listed already")
        found[match[2]] = match[1]
    return found


def sums_text(hashes: Mapping[str, str]) -> str:
    """Returns the list, in order of the paths."""
    return "".join(f"{hashes[path]}  {path}\n" for path in sorted(hashes))


def is_version(name: str) -> bool:
    """Returns whether a name is one of a folder of a version: ``v0.2``."""
    return _VERSION.fullmatch(name) is not None


def can_be_listed(path: str) -> bool:
    r"""Returns whether a path is one of a file of a golden, and needs no escapes in a list.

    >>> [can_be_listed(path) for path in ("v1/a/b", "x/a/b", "v1/../b", "v1//b", "v1/b", "v1/a/\n")]
    [True, False, False, False, False, False]
    """
    version, *parts = path.split("/")
    is_safe = path.isprintable() and "\\" not in path and not {"", ".", ".."} & {*parts}
    return is_version(version) and len(parts) > 1 and is_safe
