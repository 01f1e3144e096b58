"""``workc stage search``: stages by words and by types; exact and repeatable."""

from __future__ import annotations

from pathlib import Path

import click

from workc.adapters.stage_search import Wanted
from workc.cli import exits
from workc.cli.errors import stop
from workc.cli.options import Number, common
from workc.cli.registries import option_of, registry_at, registry_option, row_json, show_rows
from workc.cli.state import State
from workc.cli.text import argument, printable
from workc.kernel.values import Json
from workc.stages.stage.lifecycle import FOLLOWS, IN_USE
from workc.stages.stage.refinements import StageError
from workc.stages.stage.type_words import type_of_text
from workc.stages.stage.types import NType
from workc.stages.stage.words import words_of

#: More than anybody reads.
MAX_FOUND = 1000
_EXAMPLE = "workc stage search 'parse json' --takes Text --gives 'List<Text>'"


@click.command("search", epilog=f"Example: {_EXAMPLE}")
@click.argument("query", nargs=-1, metavar="[WORD...]")
@click.option("--takes", metavar="TYPE", help="Stages that take every value of this type.")
@click.option("--gives", metavar="TYPE", help="Stages that give nothing but such values.")
@click.option("--all", "every", is_flag=True, help="Deprecated and withdrawn ones too.")
@click.option(
    "--limit",
    type=Number(1, MAX_FOUND),
    default=20,
    metavar="N",
    help=f"At most so many, 1 to {MAX_FOUND} (default 20).",
)
@registry_option
@common
@click.pass_obj
def command(
    state: State,
    *,
    query: tuple[str, ...],
    takes: str | None,
    gives: str | None,
    every: bool,
    limit: int,
    registry: Path,
) -> int:
    """Find stages that have all these words in name, tags, description or examples.

    What has them in its name comes first. A TYPE is written as pages show it, or as JSON.
    """
    place = registry_at(state, registry)
    state.tries = ("workc stage search --help",)
    words = tuple(words_of(" ".join(query)))
    if not words and takes is None and gives is None:
        raise stop("INVALID_INPUT", "there is no word or type to look for", _EXAMPLE)
    wanted = Wanted(
        words=words,
        takes=_type("--takes", takes),
        gives=_type("--gives", gives),
        states=tuple(FOLLOWS) if every else IN_USE,
        limit=limit + 1,
    )
    found = place.find(wanted)
    rows, more = found[:limit], len(found) > limit
    meant = {} if rows else place.meant(words)
    if state.json:
        listed: list[Json] = [row_json(row) for row in rows]
        near: dict[str, Json] = {word: [*others] for word, others in meant.items()}
        state.document(
            {
                "schema": "workc.stage-search/1",
                "registry": str(registry),
                "words": [*words],
                "stages": listed,
                "more": more,
                "meant": near,
            }
        )
        return exits.OK
    if rows:
        show_rows(state, rows)
    else:
        state.err("no stage is like this")
    if more:
        state.err(f"there are more than these {limit}: --limit N shows more")
    _advise(state, registry, words, meant)
    return exits.OK


def _advise(
    state: State, registry: Path, words: tuple[str, ...], meant: dict[str, list[str]]
) -> None:
    """Says which words nobody has, and what may have been meant."""
    for word, near in meant.items():
        did = f"; did you mean {' or '.join(map(printable, near))}?" if near else ""
        state.err(f"  no stage has the word {printable(word)!r}{did}")
    if any(meant.values()):
        mended = " ".join((meant.get(word) or [word])[0] for word in words)
        state.advise("try", f"workc stage search {argument(mended)}{option_of(registry)}")


def _type(option: str, text: str | None) -> NType | None:
    if text is None:
        return None
    try:
        return type_of_text(text)
    except StageError as error:
        raise stop("INVALID_INPUT", f"{option}: {error}", _EXAMPLE) from None
