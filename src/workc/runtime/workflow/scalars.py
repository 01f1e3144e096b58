"""What a plain (unquoted) YAML word is: null, true, false, a JSON number, or text.

YAML readers disagree about many words: ``no`` is false in YAML 1.1 and text in 1.2, ``010`` is 8
or 10. A word that another reader would take for something else than we do is refused, with what
to write instead. Dates and times (``2020-01-01``, ``12:30``) are text here and never converted.

Sources: YAML 1.2.2, section 10.3.2 (core schema); YAML 1.1 type repository (bool, int, float);
RFC 8259, section 6 (numbers).
"""

from __future__ import annotations

import re

import msgspec

from workc.kernel import jcs
from workc.kernel.canonical import CanonicalError
from workc.kernel.values import Json


class Scalar(msgspec.Struct, frozen=True):
    """A value, and if the word is refused: why, and what to write instead.

    The value of a refused word is the best guess; it keeps later checks from misleading.
    """

    value: Json
    message: str = ""
    fix: str = ""


_WORDS: dict[str, Json] = {"": None, "null": None, "true": True, "false": False}
_TRUE = frozenset(("True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON"))
_FALSE = frozenset(("False", "FALSE", "no", "No", "NO", "off", "Off", "OFF"))
_NULL = frozenset(("~", "Null", "NULL"))

_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
#: Numbers of YAML 1.1 or 1.2 that are not numbers of JSON.
_ODD_NUMBER = re.compile(
    r"[-+]?(?:0b[01_]+|0o[0-7_]+|0x[0-9a-fA-F_]+|[0-9][0-9_]*"
    r"|(?:[0-9][0-9_]*)?\.[0-9_]+(?:[eE][-+]?[0-9]+)?|[0-9][0-9_]*\.(?:[eE][-+]?[0-9]+)?"
    r"|[0-9_]+(?:\.[0-9_]*)?[eE][-+]?[0-9]+|\.(?:inf|Inf|INF|nan|NaN|NAN))"
)


def read_plain(word: str) -> Scalar:
    """Returns what a plain word is."""
    if word in _WORDS:
        return Scalar(_WORDS[word])
    if _NUMBER.fullmatch(word):
        return _number(word)
    if _ODD_NUMBER.fullmatch(word):
        return Scalar(
            0, f"{_shown(word)} is not a number of JSON", _quote_or(word, "a decimal number")
        )
    return _ambiguous(word) or Scalar(word)


def is_text(word: str) -> bool:
    """Returns whether a plain word is text, as a key must be."""
    scalar = read_plain(word)
    return isinstance(scalar.value, str) and not scalar.message


def _ambiguous(word: str) -> Scalar | None:
    """Returns the refusal of a word that some readers take for a boolean or for null."""
    for words, value, meant in (
        (_TRUE, True, "true"),
        (_FALSE, False, "false"),
        (_NULL, None, "null"),
    ):
        if word in words:
            message = f"{word} is text to some YAML readers and {meant} to others"
            return Scalar(value, message, _quote_or(word, meant))
    return None


def _number(word: str) -> Scalar:
    try:
        return Scalar(jcs.parse(word))
    except CanonicalError:
        message = f"{_shown(word)} is a number that JSON readers do not hold exactly"
        return Scalar(0, message, _quote_or(word, "a smaller number"))


def _quote_or(word: str, other: str) -> str:
    return f"quote it for text ('{_shown(word)}') or write {other}"


def _shown(word: str) -> str:
    return word if len(word) <= 24 else f"{word[:21]}..."
