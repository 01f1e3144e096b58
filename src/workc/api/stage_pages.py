"""Writes the pages of stages into a folder: a file for each, one that lists them, and one of HTML."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import msgspec

from workc.adapters.new_file import write_new
from workc.stages.stage.page import Code, page_of, title_of
from workc.stages.stage.page_html import pages_html
from workc.stages.stage.page_markdown import cell_markdown, page_markdown, text_markdown
from workc.stages.stage.value import Stage
from workc.stages.stage.words import words_of

LIST = "index.md"
HTML = "stages.html"
#: So long may the part of a file's name be that is the stage's.
_MAX_NAME = 40


class WrittenPage(msgspec.Struct, frozen=True, kw_only=True):
    """The page of a stage, by the name of its file in the folder."""

    id: str
    name: str
    file: str


def write_pages(stages: Sequence[Stage], folder: Path, *, html: bool) -> list[WrittenPage]:
    """Writes the pages of stages; nothing that is in the folder is written over.

    Raises:
        FileExistsError: a file of such a name is there.
        OSError: the file system refuses.
    """
    files = {stage.id: file_of(stage) for stage in stages}
    pages = {files[stage.id]: page_markdown(page_of(stage), files.get) for stage in stages}
    pages[LIST] = _list(stages, files)
    if html:
        pages[HTML] = pages_html([(stage.id, page_of(stage)) for stage in stages])
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in pages.items():
        write_new(folder / name, text.encode())
    return [WrittenPage(id=s.id, name=s.name or "", file=files[s.id]) for s in stages]


def file_of(stage: Stage) -> str:
    """Returns the name of a stage's page: the words of its name, and the beginning of its id."""
    plain = [word for word in words_of(stage.name or "") if word.isascii()]
    return "-".join([*"-".join(plain)[:_MAX_NAME].split("-"), stage.id[:12]]).strip("-") + ".md"


def _list(stages: Sequence[Stage], files: Mapping[str, str]) -> str:
    href: Callable[[str], str | None] = files.get
    rows = [
        f"| [{text_markdown(title_of(stage))}]({files[stage.id]}) | {stage.lifecycle.state} "
        f"| {text_markdown(stage.description)} | {cell_markdown(Code(stage.id[:12]), href)} |"
        for stage in stages
    ]
    return "\n".join(
        ["# Stages", "", "| stage | state | description | id |", "|---|---|---|---|", *rows, ""]
    )
