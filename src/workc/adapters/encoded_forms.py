r"""Builds patterns that find a text in encoded forms: escaped in any way, or inside base64.

A pattern over bytes is built character by character, so a text is found whichever of its
characters an encoder chose to escape. Each alternative starts with a literal byte, which lets the
``re`` module skip quickly over bytes that cannot begin a match.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator

#: RFC 4648, section 4; section 5 has ``-`` and ``_`` for the last two.
_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
#: RFC 8259, section 7.
_SHORT_ESCAPES = {"\b": b"b", "\f": b"f", "\n": b"n", "\r": b"r", "\t": b"t", '"': b'"', "/": b"/"}
#: What each byte is in the charsets that UTF-8 is taken for by mistake. Bytes that windows-1252
#: leaves open are control characters (WHATWG Encoding standard, section 9).
_MISREAD = {
    name: [bytes([byte]).decode(name, "ignore") or chr(byte) for byte in range(256)]
    for name in ("latin-1", "cp1252")
}
#: One backslash, or more where JSON stands in a string of other JSON.
_BACKSLASHES = rb"\\\\*"


def escaped_pattern(text: str) -> bytes:
    """Returns a pattern for the text as UTF-8, raw, percent-encoded or JSON-escaped.

    Also where somebody read its UTF-8 as a charset of one byte a character and wrote down what
    that gave, in any of these forms.
    """
    return b"".join(_any_of([*_forms_of(char), *_misread_forms_of(char)]) for char in text)


def base64_patterns(data: bytes) -> Iterator[bytes]:
    """Gives a pattern for each alignment at which the bytes can stand in base64.

    The characters at the two ends also hold bits of neighbours, so they stand as sets.
    """
    for before in range(3):
        yield _base64_at(data, before)


def _forms_of(char: str) -> list[bytes]:
    encoded = char.encode("utf-8", "surrogatepass")
    forms = [_unicode_escape(char), b"".join(_percent(byte) for byte in encoded)]
    if char in _SHORT_ESCAPES:
        forms.append(_BACKSLASHES + re.escape(_SHORT_ESCAPES[char]))
    if char == " ":
        forms.append(rb"\+")
    return [*forms, _BACKSLASHES if char == "\\" else re.escape(encoded)]


def _misread_forms_of(char: str) -> list[bytes]:
    if char.isascii():
        return []
    data = char.encode("utf-8", "surrogatepass")
    read = sorted({"".join(_MISREAD[name][byte] for byte in data) for name in _MISREAD})
    return [b"".join(_any_of(_forms_of(each)) for each in text) for text in read]


def _unicode_escape(char: str) -> bytes:
    units = char.encode("utf-16-be", "surrogatepass").hex()
    parts = (units[start : start + 4] for start in range(0, len(units), 4))
    return b"".join(_BACKSLASHES + b"u" + _hex(part) for part in parts)


def _percent(byte: int) -> bytes:
    """Returns %XX, also where the percent sign was encoded again (%25XX)."""
    return b"%(?:25)*" + _hex(f"{byte:02x}")


def _hex(digits: str) -> bytes:
    return "".join(f"[{d}{d.upper()}]" if d.isalpha() else d for d in digits).encode("ascii")


def _any_of(forms: list[bytes]) -> bytes:
    return b"(?:" + b"|".join(forms) + b")"


def _base64_at(data: bytes, before: int) -> bytes:
    """Returns the pattern for the bytes when ``before`` bytes of a group stand in front."""
    bits = (before + len(data)) * 8
    core_from, core_to = -(-before * 8 // 6), bits // 6
    low = base64.b64encode(bytes(before) + data + b"\x00\x00")
    core = b"".join(_base64_char(low[i : i + 1]) for i in range(core_from, core_to))
    head = _base64_set(low[core_from - 1], 0, before * 8 % 6) if before else b""
    tail = _base64_set(low[core_to], 6 - bits % 6, 0) if bits % 6 else b""
    return head + core + tail


def _base64_set(char: int, free_low: int, free_high: int) -> bytes:
    """Returns the set of characters that agree in all but some low or high bits."""
    value = _ALPHABET.index(char)
    step, count = (64 >> free_high, 1 << free_high) if free_high else (1, 1 << free_low)
    members = (_ALPHABET[value + step * number] for number in range(count))
    return _any_of([_base64_char(bytes([member])) for member in members])


def _base64_char(char: bytes) -> bytes:
    if char == b"+":
        return rb"(?:\+|-|%(?:25)*2[bB]|\\\\*u002[bB])"
    if char == b"/":
        return rb"(?:/|_|%(?:25)*2[fF]|\\\\*/|\\\\*u002[fF])"
    return char
