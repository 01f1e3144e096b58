r"""Builds patterns that find a text in encoded forms: escaped in any way, as hex, or inside base64.

A pattern over bytes is built character by character, so a text is found whichever of its
characters an encoder chose to escape. Two rules keep a search linear in the data, whoever wrote it:

1. each alternative starts with a literal byte, which lets the ``re`` module skip quickly over
   bytes that cannot begin a match;
2. what may repeat begins in one place only: a run of backslashes counts from its first one, ``25``
   and ``amp;`` from the one ``%`` or ``&`` in front of them.
"""

from __future__ import annotations

import base64
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from html.entities import html5
from itertools import groupby

#: RFC 4648, section 4; section 5 has ``-`` and ``_`` for the last two.
_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
#: RFC 8259, section 7.
_SHORT_ESCAPES = {"\b": b"b", "\f": b"f", "\n": b"n", "\r": b"r", "\t": b"t", '"': b'"', "/": b"/"}
#: The charsets in which answers are read. None of them has a state, so characters encode alone.
#: Zero bytes are left out: where two or four bytes make a character, data is searched without.
_CHARSETS = (
    *("latin-1", "cp1252", "iso8859-15", "shift_jis", "euc_jp", "gb18030"),
    *("utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"),
)
#: One backslash, or more where JSON stands in a string of other JSON; never from within a run.
_BACKSLASHES = rb"\\(?<!\\\\)\\*+"


def _names_of_characters() -> Mapping[str, list[bytes]]:
    names: dict[str, list[bytes]] = defaultdict(list)
    for name, char in html5.items():
        if name.endswith(";"):
            names[char].append(name[:-1].encode("ascii"))
    return dict(names)


#: HTML, section 13.5.
_ENTITIES = _names_of_characters()


def escaped_pattern(text: str) -> bytes:
    """Returns a pattern for the text, raw or with its characters escaped, in any known charset.

    Escapes are those of URLs, of JSON and other strings with backslashes, and of HTML. Also found
    is the text where somebody read its UTF-8 as a charset of one byte a character and wrote down
    what that gave, in any of these forms.
    """
    parts: list[bytes] = []
    after_run = False
    for is_run, chars in groupby(text, key=lambda char: char == "\\"):
        if is_run:
            parts += _run_pattern("".join(chars))
        else:
            first, *more = chars
            parts.append(_char_pattern(first, after_run=after_run))
            parts += [_char_pattern(char) for char in more]
        after_run = is_run
    return b"".join(parts)


def hex_pattern(data: bytes) -> bytes:
    """Returns a pattern for the bytes as hex digits, in either case."""
    return b"".join(_hex(f"{byte:02x}") for byte in data)


def base64_patterns(data: bytes) -> Iterator[bytes]:
    """Gives a pattern for each alignment at which the bytes can stand in base64.

    The characters at the two ends also hold bits of neighbours, so they stand as sets.
    """
    for before in range(3):
        yield _base64_at(data, before)


def _run_pattern(run: str) -> list[bytes]:
    """Returns the pattern for backslashes in a row: one run, or each of them escaped.

    How many there are cannot be told from how often they were escaped, so any number will do. The
    run also takes the backslash of an escape that follows it.
    """
    others = _any_of(_escapes_of("\\"))
    return [_any_of([_BACKSLASHES, others * len(run)])]


def _char_pattern(char: str, *, after_run: bool = False) -> bytes:
    # The longer forms go first, so that a match never ends before the last character does.
    forms = [*_misread_forms_of(char), *_forms_of(char)]
    return _any_of([*_backslashed(char), *forms] if after_run else forms)


def _forms_of(char: str) -> list[bytes]:
    return [*_escapes_of(char), *_raw_forms_of(char)]


def _raw_forms_of(char: str) -> list[bytes]:
    """Returns UTF-8 first: another charset's form may be the beginning of that."""
    forms = [char.encode("utf-8", "surrogatepass")]
    if not char.isascii():
        others = {char.encode(name, "ignore").replace(b"\0", b"") for name in _CHARSETS}
        forms += sorted(others - {*forms, b""}, key=lambda form: (-len(form), form))
    return [re.escape(form) for form in forms]


def _escapes_of(char: str) -> list[bytes]:
    encoded = char.encode("utf-8", "surrogatepass")
    forms = [b"".join(_percent(byte) for byte in encoded), _entity(char)]
    forms += [_BACKSLASHES + _any_of(_backslashed(char))]
    return [*forms, rb"\+"] if char == " " else forms


def _backslashed(char: str) -> list[bytes]:
    """Returns what follows the backslashes of the escapes of a character."""
    units = char.encode("utf-16-be", "surrogatepass").hex()
    first, *more = [b"u" + _hex(units[at : at + 4]) for at in range(0, len(units), 4)]
    forms = [b"".join([first, *(_BACKSLASHES + unit for unit in more)])]
    if ord(char) <= 0xFF:
        forms.append(b"x" + _hex(f"{ord(char):02x}"))
    if char in _SHORT_ESCAPES:
        forms.append(re.escape(_SHORT_ESCAPES[char]))
    return forms


def _misread_forms_of(char: str) -> list[bytes]:
    if char.isascii():
        return []
    data = char.encode("utf-8", "surrogatepass")
    return [b"".join(_MISREAD[byte] for byte in data)]


def _percent(byte: int) -> bytes:
    """Returns %XX, also where the percent sign was encoded again (%25XX)."""
    return b"%(?:25)*" + _hex(f"{byte:02x}")


def _entity(char: str) -> bytes:
    """Returns ``&#65;``, ``&#x41;`` or a name, also where the ``&`` was encoded again."""
    code = ord(char)
    numbers = b"#(?:0*+%d|[xX]0*+%b)" % (code, _hex(f"{code:x}"))
    names = [re.escape(name) for name in _ENTITIES.get(char, ())]
    return b"&(?:amp;)*" + _any_of([numbers, *names]) + b";?"


def _hex(digits: str) -> bytes:
    return "".join(f"[{d}{d.upper()}]" if d.isalpha() else d for d in digits).encode("ascii")


def _any_of(forms: Iterable[bytes]) -> bytes:
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
        return rb"(?:\+|-|%(?:25)*2[bB]|" + _BACKSLASHES + rb"u002[bB])"
    if char == b"/":
        return rb"(?:/|_|%(?:25)*2[fF]|" + _BACKSLASHES + rb"(?:/|u002[fF]))"
    return char


def _misread(byte: int) -> bytes:
    """Returns the pattern of what a byte is in the charsets that UTF-8 is taken for by mistake.

    Bytes that windows-1252 leaves open are control characters (WHATWG Encoding standard, section 9).
    """
    read = {bytes([byte]).decode(name, "ignore") or chr(byte) for name in ("latin-1", "cp1252")}
    return _any_of([form for char in sorted(read) for form in _forms_of(char)])


#: For each byte of UTF-8 that is not ASCII.
_MISREAD = {byte: _misread(byte) for byte in range(128, 256)}
