"""The layout of a bundle: names, the grammar of paths, limits (bundle-0.2, sections 2 and 3)."""

from __future__ import annotations

import re

import msgspec

RECEIPT = "receipt.json"
EVENTS = "events.jsonl"
MANIFEST = "manifest.json"
EVIDENCE = "evidence/"
ARTIFACTS = "artifacts/"
SIGNATURES = "signatures"
BUNDLE_VERSION = "0.2"

MAX_FILES = 1_000_000
MAX_FILE_BYTES = 8_589_934_592
MAX_LINE_BYTES = 16_777_216
MAX_EVENTS = 10_000_000
MAX_DOCUMENT_BYTES = 268_435_456
MAX_PATH_BYTES = 512


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What a verifier reads at most; past it a bundle is not judged. The format fixes the values.

    ``names`` counts files and folders, ``documents`` is for manifest and receipt; sizes in bytes.
    """

    names: int = MAX_FILES
    file_bytes: int = MAX_FILE_BYTES
    document_bytes: int = MAX_DOCUMENT_BYTES
    line_bytes: int = MAX_LINE_BYTES
    events: int = MAX_EVENTS


LIMITS = Limits()

_SEGMENT = re.compile(r"[A-Za-z0-9._-]{1,128}", re.ASCII)
_SIGNATURE = re.compile(r"signatures/[A-Za-z0-9._-]+\.dsse\.json", re.ASCII)
#: Printable ASCII without what some file system takes for more than a letter.
_SAFE_SEGMENT = re.compile(r"[ !#-)+-.0-9;=@-\[\]-{}~]{1,255}", re.ASCII)
#: Names that Windows gives to devices, whatever their suffix and case.
_DEVICES = frozenset(
    ["con", "prn", "aux", "nul"] + [f"com{n}" for n in range(10)] + [f"lpt{n}" for n in range(10)]
)
#: A whole path that may be in a bundle, but for its length: the same rules in one expression.
_GOOD_PATH = re.compile(
    r"(?:(?!(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:[./]|\Z))[A-Za-z0-9._-]{0,127}[A-Za-z0-9_-](?:/(?!\Z)|\Z))+",
    re.ASCII | re.IGNORECASE,
)


def path_problem(path: str) -> str | None:
    """Returns why a path must not be in a bundle of format 0.2, or None if it may."""
    return None if _is_good(path) else _why_not(path)


def _is_good(path: str) -> bool:
    """Returns whether a path may be in a bundle of format 0.2, and so is safe everywhere."""
    return len(path) <= MAX_PATH_BYTES and _GOOD_PATH.fullmatch(path) is not None


def _why_not(path: str) -> str | None:
    if not _is_short(path):
        return f"longer than {MAX_PATH_BYTES} bytes"
    if not all(map(_SEGMENT.fullmatch, path.split("/"))):
        return "a segment is not 1 to 128 of A-Z a-z 0-9 . _ -"
    return path_danger(path)


def path_danger(path: str) -> str | None:
    """Returns why a path is not safe on every file system, or None if it is.

    What is safe may still be more than a version of the format allows.
    """
    if _is_good(path):
        return None
    if not _is_short(path):
        return f"longer than {MAX_PATH_BYTES} bytes"
    return next(filter(None, map(_segment_danger, path.split("/"))), None)


def _is_short(path: str) -> bool:
    return len(path.encode("utf-8", "surrogatepass")) <= MAX_PATH_BYTES


def _segment_danger(segment: str) -> str | None:
    if not _SAFE_SEGMENT.fullmatch(segment):
        return 'a segment is not 1 to 255 of printable ASCII without " * : < > ? \\ |'
    if segment in {".", ".."}:
        return "a segment is . or .."
    if segment.endswith("."):
        return "a segment ends in a dot"
    if segment.strip(" ") != segment:
        return "a segment begins or ends with a space"
    if segment.partition(".")[0].rstrip(" ").lower() in _DEVICES:
        return "a segment is the name of a device"
    return None


def is_listed(path: str) -> bool:
    """Returns whether a file may stand in the manifest: the events, and what they refer to."""
    return path == EVENTS or path.startswith((EVIDENCE, ARTIFACTS))


def is_signature(path: str) -> bool:
    """Returns whether a file may stand outside the manifest because it holds signatures."""
    return _SIGNATURE.fullmatch(path) is not None
