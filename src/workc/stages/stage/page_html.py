"""Pages of stages as one HTML document that needs nothing else; what a stage says is text and no more."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from html import escape

from workc.stages.stage.page import Block, Cell, Code, Heading, Link, Listing, Paragraph, Table

#: Nothing is loaded or run, whatever a stage says (Content Security Policy Level 3).
_HEAD = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width">
<title>Stages</title>
<style>
body { font: 1rem/1.5 sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; }
th, td { border: 1px solid #bbb; padding: 0.2rem 0.6rem; text-align: left; vertical-align: top; }
code, pre { font-family: monospace; overflow-wrap: anywhere; white-space: pre-wrap; }
pre { background: #f4f4f4; padding: 0.6rem; }
article { border-top: 1px solid #bbb; }
</style>
</head>
<body>
"""


def pages_html(pages: Sequence[tuple[str, Sequence[Block]]]) -> str:
    """Returns a document of pages, each with the id of its stage; they refer to each other."""
    known = {stage for stage, _ in pages}

    def href(stage: str) -> str | None:
        return f"#{stage}" if stage in known else None

    parts = [
        f'<article id="{escape(stage)}">\n{_page(blocks, href)}</article>\n'
        for stage, blocks in pages
    ]
    return f"{_HEAD}{''.join(parts)}</body>\n</html>\n"


def _page(blocks: Iterable[Block], href: Callable[[str], str | None]) -> str:
    return "".join(f"{_block(block, href)}\n" for block in blocks)


def _block(block: Block, href: Callable[[str], str | None]) -> str:
    match block:
        case Heading():
            return f"<h{block.level}>{escape(block.text)}</h{block.level}>"
        case Paragraph():
            return f"<p>{escape(block.text)}</p>"
        case Listing():
            return f"<pre>{escape(block.text)}</pre>"
        case Table():
            return "\n".join(("<table>", *_rows(block, href), "</table>"))


def _rows(table: Table, href: Callable[[str], str | None]) -> Iterator[str]:
    yield f"<tr>{''.join(f'<th>{escape(head)}</th>' for head in table.heads)}</tr>"
    for row in table.rows:
        yield f"<tr>{''.join(f'<td>{_cell(cell, href)}</td>' for cell in row)}</tr>"


def _cell(cell: Cell, href: Callable[[str], str | None]) -> str:
    match cell:
        case Code():
            return f"<code>{escape(cell.text)}</code>"
        case Link():
            code, where = f"<code>{escape(cell.stage)}</code>", href(cell.stage)
            return code if where is None else f'<a href="{escape(where)}">{code}</a>'
        case _:
            return escape(cell)
