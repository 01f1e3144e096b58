"""Search over 100,000 stages, against opening the same index and reading as many rows by their keys."""

from __future__ import annotations

import sqlite3
import statistics
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.measure import Bench
from benchmarks.table import row
from workc.adapters.stage_index import StageIndex
from workc.adapters.stage_search import Wanted
from workc.adapters.stage_tables import opened, writing
from workc.api.stages import INDEX, Registry
from workc.kernel.digest import sha256_hex
from workc.stages.stage.effect_set import PURE
from workc.stages.stage.lifecycle import IN_USE
from workc.stages.stage.types import List, Map, NType, Number, Record, Text, optional
from workc.stages.stage.value import Example, Stage, StageSignature
from workc.stages.stage.words import words_of

STAGES = 100_000
LIMIT = 20
VERBS = ("parse", "render", "count", "sort", "merge", "split", "fetch", "check", "trim", "hash")
NOUNS = ("json", "csv", "text", "date", "list", "table", "image", "price", "user", "order")
FIELDS = ("id", "name", "age", "price", "tags", "note")
#: Questions: of words that are in every stage, in a tenth, in a hundredth, in one, in none; of types.
QUESTIONS = {
    "in all": "stage of work",
    "in a tenth": "parse",
    "in a hundredth": "parse json",
    "in one": "word77777",
    "apart": "render parse",
    "apart, one in all": "stage word77777 render",
    "in none": "prase",
}


def measure(bench: Bench) -> None:
    """Prints one line for each kind of question: the slowest of its median times."""
    registry = Registry(bench.folder / "stages")
    _make(registry.folder)
    floor = _median(bench, "floor", lambda: _bare(registry.folder / INDEX))
    words = {
        name: _median(bench, name, lambda text=text: _ask(registry, text))
        for name, text in QUESTIONS.items()
    }
    takes = Record({"id": Text(), "name": Text()})
    types = {
        name: _median(bench, name, ask)
        for name, ask in {
            "takes": lambda: _find(registry, takes=takes),
            "gives": lambda: _find(registry, gives=optional(Number())),
            "both": lambda: _find(registry, takes=takes, gives=Number()),
            "and a word": lambda: _find(registry, ("parse",), takes, Number()),
        }.items()
    }
    for kind, found in (("words", words), ("types", types)):
        name, slowest = max(found.items(), key=lambda each: each[1])
        row(
            f"search 100,000 stages by {kind}",
            f"{slowest * 1e3:.1f} ms ({name})",
            f"{slowest / floor:.1f} x opening and 20 rows by key {floor * 1e3:.1f} ms",
            "< 20 ms",
        )


def _make(folder: Path) -> None:
    folder.mkdir(parents=True)
    stages = sorted((_stage(number) for number in range(STAGES)), key=lambda each: each.id)
    with opened(folder / INDEX, create=True) as connection, writing(connection):
        index = StageIndex(connection, folder / INDEX)
        for stage in stages:
            index.put(stage, stage.id)


def _stage(number: int) -> Stage:
    verb, noun = VERBS[number % 10], NOUNS[number // 10 % 10]
    names = [FIELDS[at] for at in range(len(FIELDS)) if number >> at & 1]
    fields: dict[str, NType] = {name: Text() for name in names}
    shapes: tuple[NType, ...] = (
        Text(),
        Record(fields, frozenset(names[:1])),
        List(Record(fields)),
        Map(Text(), List(Number())),
        Number(),
    )
    identity = sha256_hex(str(number).encode())
    return Stage(
        id=identity,
        signature_id=identity,
        signature=StageSignature(
            input=shapes[number % 5],
            output=shapes[number // 5 % 5],
            effects=PURE,
            implementation_hash="",
        ),
        name=f"{verb} {noun} {number}",
        description=f"A stage of work that can {verb} what is {noun}: word{number}.",
        tags=(verb, noun),
        examples=(Example(input=f"{noun} {number}", output=[number, verb]),),
    )


def _ask(registry: Registry, text: str) -> None:
    words = tuple(words_of(text))
    if not _find(registry, words=words):
        registry.meant(words)


def _find(
    registry: Registry,
    words: tuple[str, ...] = (),
    takes: NType | None = None,
    gives: NType | None = None,
) -> int:
    wanted = Wanted(words=words, takes=takes, gives=gives, states=IN_USE, limit=LIMIT + 1)
    return len(registry.find(wanted))


def _bare(index: Path) -> None:
    connection = sqlite3.connect(index)
    for (place,) in connection.execute(f"SELECT place FROM stages LIMIT {LIMIT}").fetchall():
        connection.execute("SELECT * FROM stages WHERE place = ?", (place,)).fetchone()
    connection.close()


def _median(bench: Bench, name: str, work: Callable[[], object]) -> float:
    """Returns the median wall time in seconds; the first round is not counted."""
    taken: list[float] = []
    for _ in range(bench.rounds + 1):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    bench.keep(f"search of stages: {name}", "ms", [each * 1e3 for each in taken[1:]])
    return statistics.median(taken[1:])
