r"""Pages of stages as Markdown (CommonMark with the tables of GitHub); what a stage says marks nothing.

>>> cell_markdown("a *b* | c", str), cell_markdown(Code("a | `b`"), str)
('a \\*b\\* \\| c', '`` a \\| `b` ``')
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from workc.stages.stage.page import Block, Cell, Code, Heading, Link, Listing, Paragraph, Table

_MARKS = re.compile(r"([\\`*_\[\]<>#|~&!])")
#: What begins a list, a heading or a rule where it begins a line.
_FIRST = re.compile(r"^(\d*)([-+=.)])")
_TICKS = re.compile(r"`+")


def page_markdown(blocks: Iterable[Block], href: Callable[[str], str | None]) -> str:
    """Returns a page as text; ``href`` gives where the page of a stage stands, or None."""
    return "\n\n".join(_block(block, href) for block in blocks) + "\n"


def text_markdown(text: str) -> str:
    """Returns text as one line that Markdown shows as it is."""
    line = _MARKS.sub(r"\\\1", " ".join(text.split()))
    return _FIRST.sub(r"\1\\\2", line)


def cell_markdown(cell: Cell, href: Callable[[str], str | None]) -> str:
    """Returns a cell of a table."""
    match cell:
        case Code():
            return _span(cell.text)
        case Link():
            where = href(cell.stage)
            return _span(cell.stage) if where is None else f"[{_span(cell.stage)}]({where})"
        case _:
            return text_markdown(cell)


def _span(text: str) -> str:
    """Returns code within a cell of a table, where a bar ends the cell unless it is escaped."""
    line = " ".join(text.splitlines())
    if not line.strip():
        return ""
    if "\\" in line and "|" in line:
        # Whether a backslash before a bar escapes it there, readers of Markdown do not agree on.
        return f"<code>{''.join(map(_entity, line))}</code>"
    ticks = "`" * (_longest(line) + 1)
    pad = " " if line[0] in "` " or line[-1] in "` " or len(ticks) > 1 else ""
    return f"{ticks}{pad}{line}{pad}{ticks}".replace("|", "\\|")


def _entity(char: str) -> str:
    return char if char.isalnum() or char == " " else f"&#{ord(char)};"


def _longest(text: str) -> int:
    return max((len(run) for run in _TICKS.findall(text)), default=0)


def _block(block: Block, href: Callable[[str], str | None]) -> str:
    match block:
        case Heading():
            return f"{'#' * block.level} {text_markdown(block.text)}"
        case Paragraph():
            return text_markdown(block.text)
        case Table():
            return "\n".join(_rows(block, href))
        case Listing():
            ticks = "`" * max(3, _longest(block.text) + 1)
            language = re.sub(r"[^A-Za-z0-9+#-]", "", block.language)
            return f"{ticks}{language}\n{block.text.rstrip()}\n{ticks}"


def _rows(table: Table, href: Callable[[str], str | None]) -> Iterable[str]:
    yield f"| {' | '.join(map(text_markdown, table.heads))} |"
    yield "|" + "---|" * len(table.heads)
    for row in table.rows:
        yield f"| {' | '.join(cell_markdown(cell, href) for cell in row)} |"
