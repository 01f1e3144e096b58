r"""Paths below roots: ``<root>/<path>``, the one way in which work names files.

A *root* is a name for a folder of the machine; which one, only the machine knows. The grammar:

1. Segments joined by ``/``, at most 32 of them and 1,024 bytes of UTF-8 in all. The first is the
   name of a root: a letter of a-z, then at most 31 of ``a-z 0-9 _ -``.
2. Any other segment has 1 to 255 bytes, is not ``.`` or ``..``, and has no blank in front and no
   blank or dot at its end.
3. It holds nothing of Unicode's categories Other and Separator but the blank (controls, marks that
   turn text round, halves of surrogate pairs, blanks of other widths), no ``\``, no ``:`` (as in
   ``C:``), nor a character that looks like one of these, like ``/`` or like dots.
4. It is in Unicode's normal form C, so that one name is one text.

What is refused so is never brought into form: a name that needs it was meant to deceive, or is
a mistake.

>>> parse_file("repo/src/a.py")
RootPath(root='repo', parts=('src', 'a.py'))
"""

from __future__ import annotations

import re
import unicodedata

import msgspec

from workc.kernel.failure import Refusal, refuse

MAX_BYTES = 1_024
MAX_SEGMENTS = 32
MAX_SEGMENT_BYTES = 255

_ROOT = re.compile(r"[a-z][a-z0-9_-]{0,31}")
_REFUSED = frozenset(
    "\\:"
    "\u2044\u2215\u29f8\uff0f\u2571\u27cb"  # like a slash
    "\u2216\u29f5\u29f9\ufe68\uff3c"  # like a backslash
    "\u2024\u2025\u2026\ufe52\uff0e"  # like one dot or more
    "\ua789\ufe55\uff1a\u2236"  # like a colon
)


class RootPath(msgspec.Struct, frozen=True):
    """A path below a root; no ``parts`` is the root itself."""

    root: str
    parts: tuple[str, ...]

    def __str__(self) -> str:
        """Returns it as work writes it."""
        return "/".join((self.root, *self.parts))


def is_root_name(name: str) -> bool:
    """Returns whether a root may be called so."""
    return bool(_ROOT.fullmatch(name))


def parse_file(text: str) -> RootPath:
    """Returns the path of a file, which has a segment below its root at least.

    Raises:
        Refusal: ``INVALID_INPUT``, with what is wrong with it.
    """
    path = parse_folder(text)
    if not path.parts:
        raise _refused(text, "it names a root and no file below it")
    return path


def parse_folder(text: str) -> RootPath:
    """Returns the path of a folder, which may be a root itself; raises as :func:`parse_file`."""
    problem = _problem(text)
    if problem is not None:
        raise _refused(text, problem)
    root, *parts = text.split("/")
    return RootPath(root, tuple(parts))


def segment_problem(segment: str) -> str | None:
    """Returns why no file may be called so, or None."""
    if not segment:
        return "a segment of it is empty"
    if segment in {".", ".."}:
        return "a segment of it is . or .."
    if len(segment.encode("utf-8", "surrogatepass")) > MAX_SEGMENT_BYTES:
        return f"a segment of it has more than {MAX_SEGMENT_BYTES} bytes"
    if segment != segment.strip() or segment.endswith("."):
        return "a segment of it begins or ends with a blank, or ends with a dot"
    return _letter_problem(segment)


def _letter_problem(segment: str) -> str | None:
    for letter in segment:
        if letter in _REFUSED or not letter.isprintable():
            return f"it holds U+{ord(letter):04X}"
    if not unicodedata.is_normalized("NFC", segment):
        return "it is not in the normal form C of Unicode"
    return None


def _problem(text: str) -> str | None:
    if len(text.encode("utf-8", "surrogatepass")) > MAX_BYTES:
        return f"it has more than {MAX_BYTES:,} bytes"
    root, *parts = text.split("/")
    if not is_root_name(root):
        return "it does not begin with the name of a root, as in repo/src/a.py"
    if len(parts) >= MAX_SEGMENTS:
        return f"it has more than {MAX_SEGMENTS} segments"
    return next(filter(None, map(segment_problem, parts)), None)


def _refused(text: str, problem: str) -> Refusal:
    return refuse("INVALID_INPUT", f"{text[:100]!a} is no path below a root: {problem}")
