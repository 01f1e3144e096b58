"""Strategies: which way to go about the work fits the signals of a pass, and is that of its steps.

Nothing is asked of the world: signals are expressions over the inputs and the feedback, and what fits is
reckoned in whole numbers. So a replay weighs again and compares.
"""

from __future__ import annotations

from msgspec import UNSET

from workc.kernel.failure import Refusal
from workc.kernel.permille import WHOLE
from workc.kernel.strategies import StrategyApplied, StrategySuggested, Weighed, suggested
from workc.kernel.values import Json, JsonObject
from workc.runtime.bodies import store_json
from workc.runtime.engine import Lane
from workc.runtime.expressions import compile_expression, evaluate
from workc.runtime.run import Run
from workc.runtime.workflow.strategy_spec import NO_STRATEGY, StrategySpec


def adopt_strategy(run: Run, lane: Lane) -> None:
    """Weighs the strategies of a run and takes the best one that fits, if the program has any."""
    program = run.program
    if not program.strategies:
        return
    signals: JsonObject = {each.name: _signal(run, each.that) for each in program.signals}
    weighed = [_weighed(each, signals) for each in program.strategies]
    found = suggested(weighed)
    lane.emit(
        StrategySuggested(
            signals=store_json(run.files, signals), suggestions=found, weighed=weighed
        )
    )
    if not found:
        run.strategy = NO_STRATEGY
        return
    best = next(each for each in program.strategies if each.id == found[0].id)
    lane.emit(
        StrategyApplied(
            id=best.id,
            parameters=store_json(run.files, best.parameters),
            permille=found[0].permille,
            version=best.version,
        )
    )
    run.strategy = {
        "id": best.id,
        "parameters": best.parameters,
        "permille": found[0].permille,
        "version": best.version,
    }


def _signal(run: Run, that: str) -> Json:
    """Returns what a signal gives; null if it gives nothing."""
    try:
        seen: JsonObject = {"inputs": run.inputs, "feedback": run.feedback, "lens": run.lens}
        return evaluate(compile_expression(that), seen)
    except Refusal:
        return None


def _weighed(strategy: StrategySpec, signals: JsonObject) -> Weighed:
    failure: str | None = None
    try:
        found = evaluate(compile_expression(strategy.when), {"signals": signals})
        confidence = _permille(found)
    except Refusal as refusal:
        confidence, failure = 0, refusal.failure.code
    if confidence is None:
        confidence, failure = 0, "INVALID_OUTPUT"
    return Weighed(
        confidence=confidence,
        failure=UNSET if failure is None else failure,
        id=strategy.id,
        threshold=strategy.threshold,
        version=strategy.version,
        weight=strategy.weight,
    )


def _permille(value: Json) -> int | None:
    """Returns what a condition gave as permille, or None if it is none."""
    if value is None or isinstance(value, bool):
        return WHOLE if value else 0
    return value if isinstance(value, int) and 0 <= value <= WHOLE else None
