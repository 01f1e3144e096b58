"""Lines for people, none wider than what they are shown on: broken at spaces, never within a word.

What is longer than a line by itself, such as a path, stays whole, so that it can be copied. A
command goes on behind a backslash, as a shell reads it.
"""

from __future__ import annotations

import re

#: How wide a line is where no terminal says it.
WIDTH = 80
#: A terminal narrower than this is written to as if it were so wide.
MIN_WIDTH = 40
#: What follows a label stands below its first word, unless that is farther right than this.
_MAX_HANG = 24
_MORE = " \\"
#: What a terminal acts on (ECMA-48, section 8.3.117) and does not show.
_SGR = re.compile(r"\x1b\[[0-9;]*m")
_LABEL = re.compile(r" *\S+(?: \S+)* {2,}(?=\S)")
_WORD = re.compile(r" *\S+")
_FACT = re.compile(r"(?= · )")
_SHELL_WORD = re.compile(r" *(?:'[^']*'|[^\s'])+")


def fold(text: str, width: int) -> list[str]:
    """Returns each line of a text as lines of at most ``width`` columns.

    >>> fold("  why  the file that was named is none", 24)
    ['  why  the file that was', '       named is none']
    """
    return [part for line in text.split("\n") for part in _folded(line, width)]


def _folded(line: str, width: int) -> list[str]:
    if _size(line) <= width:
        return [line]
    words: list[str] = []
    for fact in _FACT.split(line):
        # A fact between two dots stays whole, if it is no sentence.
        words += [fact] if _size(fact) <= width // 2 else _WORD.findall(fact)
    return _filled(words, _hang(_SGR.sub("", line)), width)


def fold_advice(label: str, text: str, width: int) -> list[str]:
    r"""Returns what to do next as lines; a command that is broken can be copied as it is.

    >>> fold_advice("try", "workc show a-long-name --events", 26)
    ['  try: workc show \\', '       a-long-name \\', '       --events']
    """
    line = f"  {label}: {text}"
    hang = len(label) + 4
    if len(line) <= width:
        return [line]
    if not text.startswith("workc "):
        return _filled(_WORD.findall(line), hang, width)
    *before, last = _filled(_SHELL_WORD.findall(line), hang, width - len(_MORE))
    return [*(part + _MORE for part in before), last]


def _filled(words: list[str], hang: int, width: int) -> list[str]:
    lines: list[str] = []
    now = ""
    for word in words:
        bare = word.lstrip(" ")
        room = width - _size(bare)
        # What no line holds is no shorter in one of its own.
        if not now or _size(now) + _size(word) <= width or room < 0:
            now += word
            continue
        lines.append(now)
        now = " " * min(hang, room) + bare
    return [*lines, now]


def _hang(line: str) -> int:
    """Returns where the further lines begin: below what follows the label, or a bit farther right."""
    label = _LABEL.match(line)
    if label is not None and label.end() <= _MAX_HANG:
        return label.end()
    return len(line) - len(line.lstrip(" ")) + 2


def _size(text: str) -> int:
    return len(text) if text.isascii() and "\x1b" not in text else len(_SGR.sub("", text))


def table(rows: list[tuple[str, ...]], width: int) -> list[str]:
    """Returns rows as lines with aligned columns; the last column is broken where it is too wide."""
    if not rows:
        return []
    widths = [max(len(row[index]) for row in rows) for index in range(len(rows[0]) - 1)]
    hang = sum(widths) + 2 * len(widths)
    lines: list[str] = []
    for *cells, last in rows:
        head = "".join(cell.ljust(w) + "  " for cell, w in zip(cells, widths, strict=True))
        first, *rest = _filled(_WORD.findall(last) or [""], 0, width - hang)
        lines += [(head + first).rstrip(), *(" " * hang + line for line in rest)]
    return lines
