"""Finds stages by words and by types, with SQLite's full-text index and no model of language.

Every word that is asked for must stand in a stage. Where they stand decides what comes first: all in
the name; all in name, aliases and tags; all in these and the description; the rest. Within one of these
the order is that of ids. So the place of a stage depends on itself and on the question alone, never on
what else there is.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from workc.adapters.stage_index import COLUMNS, Row, read_rows
from workc.kernel import jcs
from workc.stages.stage.subtyping import misfit
from workc.stages.stage.types import NType, type_of_json
from workc.stages.stage.value import State
from workc.stages.stage.value_kinds import ALL_KINDS, kinds_of
from workc.stages.stage.words import TIERS, grams_of, mark, most_alike

#: So many words that share most with a misspelt one are compared with it letter by letter.
_MAX_NEAR = 100
#: Stages of certain types that are fewer than these are looked up; more are met soon in order of ids.
_MAX_FEW = 1000
#: Every word of a stage is marked with the last tier.
_ANY_TIER = mark("", TIERS - 1)
_SELECTED = ", ".join(f"stages.{name}" for name in COLUMNS)


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What is looked for: words, what a stage should take and give, in which states, how many."""

    words: tuple[str, ...] = ()
    takes: NType | None = None
    gives: NType | None = None
    states: tuple[State, ...]
    limit: int


class StageSearch:
    """Searches over a connection."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self._connection = connection
        self._path = path

    def find(self, wanted: Wanted) -> list[Row]:
        """Returns at most ``limit`` stages, the best first."""
        where, values, few = self._conditions(wanted)
        if not wanted.words:
            query = f"SELECT {_SELECTED} FROM stages WHERE {where} ORDER BY place LIMIT ?"  # noqa: S608
            return self._read(query, [*values, wanted.limit])
        if few:
            return self._of_few(wanted, where, values)
        query = f"""SELECT {_SELECTED} FROM words JOIN stages ON stages.place = words.rowid
            WHERE words MATCH ? AND {where} ORDER BY words.rowid LIMIT ?"""  # noqa: S608
        found: dict[str, Row] = {}
        for tier in range(TIERS):
            if len(found) >= wanted.limit:
                break
            spelled = " AND ".join(f'"{marked}"' for marked in sorted(_marked(wanted, tier)))
            # What an earlier tier found is in this one too, and may come before the rest.
            most = wanted.limit + len(found)
            for row in self._read(query, [spelled, *values, most]):
                found.setdefault(row.id, row)
        return [*found.values()][: wanted.limit]

    def _of_few(self, wanted: Wanted, where: str, values: list[str | int]) -> list[Row]:
        """Returns what :meth:`find` does, of stages so few that the words of each can be looked at."""
        query = f"""SELECT stages.place, words.marked FROM stages
            JOIN words ON words.rowid = stages.place WHERE {where}"""  # noqa: S608
        sets = [_marked(wanted, tier) for tier in range(TIERS)]
        ranked: list[tuple[int, int]] = []
        for place, marked in self._connection.execute(query, values).fetchall():
            there = frozenset(marked.split())
            ranked += [(tier, place) for tier, words in enumerate(sets) if words <= there][:1]
        places = [place for _, place in sorted(ranked)][: wanted.limit]
        query = f"SELECT {_SELECTED} FROM stages WHERE place = ?"  # noqa: S608
        return [row for place in places for row in self._read(query, [place])]

    def meant(self, words: Iterable[str]) -> dict[str, list[str]]:
        """Returns, for each word that no stage has, words that may have been meant."""
        return {word: self._near(word) for word in dict.fromkeys(words) if not self._is_known(word)}

    def _is_known(self, word: str) -> bool:
        query = "SELECT 1 FROM vocabulary WHERE term = ?"
        return self._connection.execute(query, (_ANY_TIER + word,)).fetchone() is not None

    def _near(self, word: str) -> list[str]:
        """Returns words that begin so, if there are any, else those that are most alike."""
        start = _ANY_TIER + word
        # Beyond every letter: no character is encoded above it.
        end = start + chr(0x10FFFF)
        query = "SELECT term FROM vocabulary WHERE term > ? AND term < ? ORDER BY term LIMIT 3"
        begun = self._words(query, [start, end])
        if begun:
            return [each.removeprefix(_ANY_TIER) for each in begun]
        grams = grams_of(word)
        marks = ", ".join("?" * len(grams))
        query = f"""SELECT word FROM grams WHERE gram IN ({marks})
            GROUP BY word ORDER BY count(*) DESC, word LIMIT {_MAX_NEAR}"""  # noqa: S608 - marks alone
        near = most_alike(word, self._words(query, grams))
        # Words of a stage that was replaced may be nobody's any more.
        return [each for each in near if self._is_known(each)]

    def _words(self, query: str, values: Sequence[str]) -> list[str]:
        return [str(word) for (word,) in self._connection.execute(query, values)]

    def _conditions(self, wanted: Wanted) -> tuple[str, list[str | int], bool]:
        """Returns the condition that states and types are, its values, and whether few stages fit it."""
        where = [f"stages.state IN ({', '.join('?' * len(wanted.states))})"]
        values: list[str | int] = [*wanted.states]
        if wanted.takes is None and wanted.gives is None:
            return where[0], values, False
        # A plus keeps SQLite from its index: in order of ids the first ones are met soon.
        types = {
            "+stages.takes": None if wanted.takes is None else self._taking(wanted.takes),
            "+stages.gives": None if wanted.gives is None else self._giving(wanted.gives),
        }
        one_of = "{} IN (SELECT value FROM json_each(?))"
        of_types = [one_of.format(name) for name in types if types[name]]
        given = [numbers for numbers in types.values() if numbers]
        few = self._few(" AND ".join(of_types).replace("+", ""), given)
        if few is None:
            return " AND ".join((*where, *of_types)), [*values, *given], False
        where.append("stages.place IN (SELECT value FROM json_each(?))")
        return " AND ".join(where), [*values, _numbers(few)], True

    def _few(self, where: str, values: list[str]) -> list[int] | None:
        """Returns the places of stages, by the index of their types, or None if they are many."""
        query = f"SELECT place FROM stages WHERE {where} LIMIT ?"  # noqa: S608
        found = self._connection.execute(query, [*values, _MAX_FEW + 1]).fetchall()
        return None if len(found) > _MAX_FEW else [int(place) for (place,) in found]

    def _taking(self, given: NType) -> str:
        kinds = kinds_of(given)
        query = "SELECT number, json FROM types WHERE kinds & ? = ?"
        found = self._types(query, [kinds, kinds])
        return _numbers(number for number, item in found if misfit(given, item) is None)

    def _giving(self, needed: NType) -> str:
        beyond = ALL_KINDS & ~kinds_of(needed)
        found = self._types("SELECT number, json FROM types WHERE kinds & ? = 0", [beyond])
        return _numbers(number for number, item in found if misfit(item, needed) is None)

    def _types(self, query: str, values: list[int]) -> list[tuple[int, NType]]:
        found = self._connection.execute(query, values).fetchall()
        return [(int(number), type_of_json(msgspec.json.decode(text))) for number, text in found]

    def _read(self, query: str, values: list[str | int]) -> list[Row]:
        return read_rows(self._connection.execute(query, values), self._path)


def _marked(wanted: Wanted, tier: int) -> frozenset[str]:
    """Returns the words that are looked for as the index marks them up to a tier."""
    return frozenset(mark(word, tier) for word in wanted.words)


def _numbers(found: Iterable[int]) -> str:
    return jcs.encode([*found]).decode()
