"""Lines for people, none wider than what they are shown on: broken at spaces, never within a word.

A word that no line holds is broken where its script lets it: some put no spaces between words. What is longer than a line by itself, such as a path, stays whole, so that it can be copied. A
command goes on behind a backslash, as a shell reads it.
"""

from __future__ import annotations

import re

from workc.cli.columns import SGR, columns, padded, pieces

#: How wide a line is where no terminal says it.
WIDTH = 80
#: A terminal narrower than this is written to as if it were so wide.
MIN_WIDTH = 40
#: What follows a label stands below its first word, unless that is farther right than this.
_MAX_HANG = 24
#: A last column of a table that is wider than this has at least so much room.
_MIN_LAST = 12
#: How far further lines of a row are indented that is not aligned.
_INDENT = 4
_MORE = " \\"
_LABEL = re.compile(r" *\S+(?: \S+)* {2,}(?=\S)")
_WORD = re.compile(r" *\S+")
_FACT = re.compile(r"(?= · )")
#: What stands before a command to type.
_COMMAND = re.compile(r" *[a-z]+: (?=workc )")
_SHELL_WORD = re.compile(r" *(?:'[^']*'|[^\s'])+")


def fold(text: str, width: int) -> list[str]:
    r"""Returns each line of a text as lines of at most ``width`` columns; a command goes on behind a backslash.

    >>> fold("  why  the file that was named is none", 24)
    ['  why  the file that was', '       named is none']
    >>> fold("again: workc swarm --trace 3x1", 24)
    ['again: workc swarm \\', '       --trace 3x1']
    """
    return [part for line in text.split("\n") for part in _folded(line, width)]


def _folded(line: str, width: int) -> list[str]:
    if columns(line) <= width:
        return [line]
    command = _COMMAND.match(line)
    if command is not None:
        return _command(line, command.end(), width)
    hang, words = _hang(SGR.sub("", line)), list[str]()
    for fact in _FACT.split(line):
        # A fact between two dots stays whole, if it is no sentence.
        words += [fact] if columns(fact) <= width // 2 else _words(fact, width - hang)
    return _filled(words, hang, width)


def fold_advice(label: str, text: str, width: int) -> list[str]:
    r"""Returns what to do next as lines; a command that is broken can be copied as it is.

    >>> fold_advice("try", "workc show a-long-name --events", 26)
    ['  try: workc show \\', '       a-long-name \\', '       --events']
    """
    line = f"  {label}: {text}"
    hang = len(label) + 4
    if columns(line) <= width:
        return [line]
    if not text.startswith("workc "):
        return _filled(_words(line, width - hang), hang, width)
    return _command(line, hang, width)


def _command(line: str, hang: int, width: int) -> list[str]:
    *before, last = _filled(_SHELL_WORD.findall(line), hang, width - len(_MORE))
    return [*(part + _MORE for part in before), last]


def _filled(words: list[str], hang: int, width: int) -> list[str]:
    lines: list[str] = []
    now = ""
    for word in words:
        bare = word.lstrip(" ")
        room = width - columns(bare)
        # What no line holds is no shorter in one of its own.
        if not now or columns(now) + columns(word) <= width or room < 0:
            now += word
            continue
        lines.append(now)
        now = " " * min(hang, room) + bare
    return [*lines, now]


def _words(text: str, width: int) -> list[str]:
    """Returns the words of a text; one that is wider than a line in parts, where its script lets it."""
    words: list[str] = []
    for word in _WORD.findall(text):
        words += [word] if columns(word.lstrip(" ")) <= width else pieces(word)
    return words


def _hang(line: str) -> int:
    """Returns where the further lines begin: below what follows the label, or a bit farther right."""
    label = _LABEL.match(line)
    if label is not None and label.end() <= _MAX_HANG:
        return label.end()
    return len(line) - len(line.lstrip(" ")) + 2


def table(rows: list[tuple[str, ...]], width: int) -> list[str]:
    """Returns rows as lines with aligned columns; the last column is broken where it is too wide."""
    return [line for row in table_rows(rows, width) for line in row]


def table_rows(rows: list[tuple[str, ...]], width: int) -> list[list[str]]:
    """Returns the lines of each row of a table; where its columns find no room, none is aligned."""
    if not rows:
        return []
    widths = [max(columns(row[index]) for row in rows) for index in range(len(rows[0]) - 1)]
    hang = sum(widths) + 2 * len(widths)
    last = max(columns(row[-1]) for row in rows)
    if width - hang < min(last, _MIN_LAST):
        return [_unaligned(row, width) for row in rows]
    return [_aligned(row, widths, width - hang) for row in rows]


def _aligned(row: tuple[str, ...], widths: list[int], room: int) -> list[str]:
    *cells, last = row
    head = "".join(padded(cell, w) + "  " for cell, w in zip(cells, widths, strict=True))
    first, *rest = _filled(_words(last, room) or [""], 0, room)
    return [(head + first).rstrip(), *(" " * columns(head) + line for line in rest)]


def _unaligned(row: tuple[str, ...], width: int) -> list[str]:
    first, *cells, last = row
    words = [first, *(f"  {cell}" for cell in cells if cell)]
    return _filled([*words, *_words(f"  {last}".rstrip(), width - _INDENT)], _INDENT, width)
