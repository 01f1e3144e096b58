"""Pieces of a page: text in its place, bars, tables, and what stands beside a name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from html import escape

from workc.sim.reporting.telling import duration, many_lines, one_line

_MAX_LINE = 100_000
_MAX_BLOCK = 100_000


def text(content: str) -> str:
    """Returns a text as one line of HTML, in which nothing is a tag, an attribute or a reference."""
    return escape(one_line(content, _MAX_LINE))


def block(content: str) -> str:
    """Returns a text of many lines, laid out as it is."""
    # A parser drops a line break that follows the tag, so it is given one to drop.
    return f"<pre>\n{escape(many_lines(content, _MAX_BLOCK))}</pre>"


def facts(pairs: Iterable[tuple[str, str | None]]) -> Iterator[str]:
    """Yields a list of names and texts; what is not known is left out."""
    yield '<dl class="facts">'
    for name, value in pairs:
        if value:
            yield f"<div><dt>{name}</dt><dd>{text(value)}</dd></div>"
    yield "</dl>"


def time_bar(ms: int, longest_ms: int) -> str:
    """Returns a time in words, and as a bar beside the longest one."""
    width = 100 * ms / longest_ms if longest_ms else 0
    bar = f'<span class="bar" aria-hidden="true"><span style="width:{width:.1f}%"></span></span>'
    return f'<span class="time">{bar}<span class="number">{duration(ms)}</span></span>'


def shares(parts: Sequence[tuple[str, int]]) -> str:
    """Returns one bar of several classes, each as wide as its share; the numbers stand elsewhere."""
    spans = "".join(
        f'<span class="{name}" style="flex:{share}"></span>' for name, share in parts if share
    )
    return f'<div class="shares" aria-hidden="true">{spans}</div>'


def head_row(names: Sequence[str], first: str | None = None) -> str:
    """Returns the head of a table of numbers, of which the first column may hold names."""
    named = "" if first is None else f'<th scope="col">{first}</th>'
    cells = "".join(f'<th scope="col" class="number">{name}</th>' for name in names)
    return f"<thead><tr>{named}{cells}</tr></thead>"


def number_cells(values: Iterable[int | str]) -> str:
    """Returns cells of numbers, or of HTML that says one."""
    return "".join(f'<td class="number">{value}</td>' for value in values)
