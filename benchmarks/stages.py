"""Examples of a pure stage, run and judged here and in fresh processes, against plain loops of the calls."""

from __future__ import annotations

import os
from collections.abc import Sequence

import msgspec

from benchmarks.measure import Bench
from benchmarks.table import row
from workc.adapters.stage_trials.calling import Modules
from workc.adapters.stage_trials.trying import DOES, tried
from workc.api.stage_tests.testing import pool_of
from workc.kernel.values import Json
from workc.stages.stage.effect_set import PURE
from workc.stages.stage.judging import Finding, of_passes
from workc.stages.stage.trial import Origin, Task
from workc.stages.stage.types import List, Number, Record, Text
from workc.stages.stage.value import Example, Stage, StageSignature, stage_json

EXAMPLES = 1_000
MEMORY = 2**30
CODE = "def total(x):\n    return {'sum': sum(x['items']), 'name': x['name'].upper()}\n"


def measure(bench: Bench) -> None:
    """Prints two lines."""
    stage, task = _stage(EXAMPLES)
    modules = Modules()

    def judged() -> None:
        trial = tried(task, DOES, modules)
        _refuse(of_passes(stage, trial, trial))

    found = bench.interleaved(
        "examples of a stage", {"floor": lambda: _plain(stage), "judged": judged}, times=3
    )
    floor, cost = (found[name].cpu / EXAMPLES * 1e6 for name in ("floor", "judged"))
    row(
        "an example of a pure stage",
        f"{cost:.1f} µs CPU, {1e6 / cost:,.0f} examples/s",
        f"{cost / floor:.1f} x a plain loop of call and == ({floor:.2f} µs)",
        ">= 20,000/s",
    )
    _fresh(bench, stage, task)


def _fresh(bench: Bench, stage: Stage, task: Task) -> None:
    few, start = _stage(1)

    def floor() -> None:
        _passes(few, start)
        _plain(stage)
        _plain(stage)

    found = bench.interleaved(
        "passes in fresh processes", {"floor": floor, "passes": lambda: _passes(stage, task)}
    )
    least, cost = found["floor"].cpu, found["passes"].cpu
    row(
        f"two fresh processes, {EXAMPLES:,} examples",
        f"{cost * 1e3:.0f} ms CPU",
        f"{cost / least:.2f} x their start and plain loops ({least * 1e3:.0f} ms)",
        "<= 1.5",
    )


def _passes(stage: Stage, task: Task) -> None:
    pool = pool_of(os.environ, MEMORY)
    try:
        first = pool.ask(task, "first")
        second = pool.ask(msgspec.structs.replace(task, backwards=True), "second")
    finally:
        pool.close()
    _refuse(of_passes(stage, first, second))


def _refuse(found: Sequence[Finding]) -> None:
    if found:
        raise SystemExit(f"the stage of the benchmark is not verified: {found[0].message}")


def _stage(count: int) -> tuple[Stage, Task]:
    inputs: list[dict[str, Json]] = [
        {"items": list(range(n % 7)), "name": f"name {n}"} for n in range(count)
    ]
    stage = Stage(
        id="i",
        signature=StageSignature(
            input=Record({"items": List(Number()), "name": Text()}),
            output=Record({"sum": Number(), "name": Text()}),
            effects=PURE,
            implementation_hash="h",
        ),
        description="Adds numbers.",
        examples=tuple(
            Example(input=x, output={"sum": sum(x["items"]), "name": x["name"].upper()})  # type: ignore[arg-type, union-attr]  # as made above
            for x in inputs
        ),
        implementation_code=CODE,
        implementation_language="python",
        name="total",
    )
    origin = Origin(function="total", code=CODE)
    task = Task(what="examples", stage=stage_json(stage), origin=origin, allowed=("Pure",))
    return stage, task


def _plain(stage: Stage) -> None:
    scope: dict[str, object] = {}
    exec(CODE, scope)
    total = scope["total"]
    for example in stage.examples:
        if total(example.input) != example.output:  # type: ignore[operator]  # a function
            raise SystemExit("the floor of the benchmark is wrong")
