"""How text is shown that may hold anything: what cannot be printed is written out, never acted on."""

from __future__ import annotations


def shown(text: str, keep: str = "") -> str:
    r"""Returns a text in which every character that cannot be printed stands escaped, but for ``keep``.

    >>> shown("a\x1b[2J\n"), shown("a\n", keep="\n")
    ('a\\x1b[2J\\x0a', 'a\n')
    """
    return "".join(c if c.isprintable() or c in keep else escaped(c) for c in text)


def escaped(char: str) -> str:
    r"""Returns a character as ``\xNN``, ``\uNNNN`` or ``\UNNNNNNNN``."""
    number = ord(char)
    if 0xDC80 <= number <= 0xDCFF:
        # A byte of a file name that is no UTF-8 (PEP 383).
        return f"\\x{number - 0xDC00:02x}"
    if number < 0x100:
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"
