"""Text for people: nothing in it that a terminal would act on, times, money and JSON."""

from __future__ import annotations

import shlex
from datetime import datetime

import msgspec

from workc.kernel.printing import escaped, shown
from workc.kernel.values import Json

#: The most characters of somebody else's text that one line shows.
MAX_SHOWN = 300
#: As long as a path may be on most systems.
MAX_ARGUMENT = 4096
_SHORT_CHARS = 12


def printable(text: str, limit: int = MAX_SHOWN) -> str:
    """Returns one line of text; what cannot be printed stands escaped, the rest after ``limit`` is cut."""
    cut = text if len(text) <= limit else text[: limit - 1] + "…"
    return shown(cut)


def argument(path: str) -> str:
    """Returns a path as it is typed after a command: quoted where a shell would cut it."""
    return shlex.quote(printable(path, MAX_ARGUMENT))


def json_text(value: Json, *, indent: int = 2) -> str:
    r"""Returns a value as JSON in the order of its keys, with every unprintable character escaped.

    Inside JSON such a character stands in strings only, so the value stays the same, but no
    terminal acts on it. A byte of a file name that is no UTF-8 stands as text, ``\xNN``.
    """
    data = msgspec.json.format(msgspec.json.encode(_sendable(value)), indent=indent)
    return escape_json(data.decode())


def escape_json(text: str) -> str:
    """Returns JSON text in which every unprintable character beyond white space is escaped."""
    return "".join(c if c.isprintable() or c in "\n " else _json_escape(c) for c in text)


def _json_escape(char: str) -> str:
    units = char.encode("utf-16-be")
    return "".join(f"\\u{units[i]:02x}{units[i + 1]:02x}" for i in range(0, len(units), 2))


def _sendable(value: Json) -> Json:
    """Returns a value whose texts are all UTF-8."""
    match value:
        case str():
            return value if _is_utf8(value) else "".join(_lone(c) for c in value)
        case list():
            return [_sendable(item) for item in value]
        case dict():
            return {str(_sendable(key)): _sendable(item) for key, item in value.items()}
        case _:
            return value


def _is_utf8(text: str) -> bool:
    return not any("\ud800" <= char <= "\udfff" for char in text)


def _lone(char: str) -> str:
    return escaped(char) if "\ud800" <= char <= "\udfff" else char


def money(micro_cents: int | None) -> str:
    """Returns an amount in dollars, exact; what is not known is a dash, never $0."""
    if micro_cents is None:
        return "—"
    sign = "-" if micro_cents < 0 else ""
    digits = f"{abs(micro_cents):09d}"
    fraction = digits[-8:].rstrip("0")
    return f"{sign}${digits[:-8]}.{fraction.ljust(2, '0')}"


def short(digest: str | None) -> str:
    """Returns the beginning of a digest, which is enough to tell it from others at a glance."""
    return printable((digest or "nothing")[:_SHORT_CHARS])


def seconds(duration_ms: int | None) -> str:
    """Returns how long something took: ``0.19 s``."""
    return "—" if duration_ms is None else f"{duration_ms / 1000:.2f} s"


def local_time(ms: int) -> str:
    """Returns a time, ms since 1970, in the zone of this machine, with its offset."""
    try:
        return datetime.fromtimestamp(ms / 1000).astimezone().strftime("%Y-%m-%d %H:%M:%S %z")
    except (ValueError, OverflowError, OSError):
        return f"{ms} ms since 1970"


def count(number: int, noun: str) -> str:
    """Returns a number and its noun: ``1 step``, ``2 steps``."""
    return f"{number:,} {noun}" + ("" if number == 1 else "s")
