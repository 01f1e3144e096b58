"""Examples of a pure stage, run and judged in this process, against a plain loop that calls and compares."""

from __future__ import annotations

from benchmarks.measure import Bench
from benchmarks.table import row
from workc.adapters.stage_trials.calling import Modules
from workc.adapters.stage_trials.trying import DOES, tried
from workc.kernel.values import Json
from workc.stages.stage.effect_set import PURE
from workc.stages.stage.judging import of_passes
from workc.stages.stage.trial import Origin, Task
from workc.stages.stage.types import List, Number, Record, Text
from workc.stages.stage.value import Example, Stage, StageSignature, stage_json

EXAMPLES = 1_000
CODE = "def total(x):\n    return {'sum': sum(x['items']), 'name': x['name'].upper()}\n"


def measure(bench: Bench) -> None:
    """Prints one line."""
    stage, task = _stage()
    modules = Modules()

    def judged() -> None:
        trial = tried(task, DOES, modules)
        found = of_passes(stage, trial, trial)
        if found:
            raise SystemExit(f"the stage of the benchmark is not verified: {found[0].message}")

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


def _stage() -> tuple[Stage, Task]:
    inputs: list[dict[str, Json]] = [
        {"items": list(range(n % 7)), "name": f"name {n}"} for n in range(EXAMPLES)
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
