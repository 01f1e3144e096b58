"""What code says of signals and strategies: the forms of a workflow file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import cast

from workc.kernel.arguments import instance, many, shown, text, whole
from workc.kernel.failure import Misuse, Refusal
from workc.kernel.permille import WHOLE
from workc.kernel.values import Json
from workc.runtime.expressions import compile_expression
from workc.runtime.literals import given
from workc.runtime.workflow.json_schema import NAME_PATTERN
from workc.runtime.workflow.strategy_keys import (
    MAX_STRATEGIES,
    SEEN_BY_SIGNALS,
    SEEN_BY_STRATEGIES,
)
from workc.runtime.workflow.strategy_spec import SignalSpec, StrategySpec

_NAME = re.compile(NAME_PATTERN)


_NEEDED = {"id", "when"}
_KEYS = {*_NEEDED, "version", "threshold", "weight", "parameters"}


def read_signals(said: object) -> tuple[SignalSpec, ...]:
    """Returns the signals of a workflow; raises Misuse for what is none."""
    if said is None:
        return ()
    found = cast(
        "Mapping[object, object]",
        instance("signals", said, Mapping, "a mapping of names to expressions"),
    )
    _refuse_many(len(found))
    return tuple(
        SignalSpec(name=_name(name), that=_expression(that, SEEN_BY_SIGNALS))
        for name, that in found.items()
    )


def read_strategies(said: object, signals: object) -> tuple[StrategySpec, ...]:
    """Returns the strategies of a workflow that has these signals; raises Misuse for what is none."""
    listed = many("strategies", cast("list[object]", said), "mappings")
    found = tuple(_strategy(each) for each in listed)
    _refuse_many(len(found))
    if len({each.id for each in found}) < len(found):
        raise Misuse("two strategies have the same id")
    known = {each.name for each in read_signals(signals)}
    for each in found:
        for chain in compile_expression(each.when).chains:
            if len(chain) > 1 and chain[1] not in known:
                raise Misuse(f"the strategy {each.id} names the signal {chain[1]!r}; there is none")
    return found


def _strategy(said: object) -> StrategySpec:
    found = cast("Mapping[str, object]", instance("a strategy", said, Mapping, "a mapping"))
    if _NEEDED - found.keys() or found.keys() - _KEYS:
        raise Misuse(
            "a strategy has id, when and, if you like, version, threshold, weight, parameters"
        )
    parameters = cast(
        "Mapping[object, object]",
        instance("the parameters of a strategy", found.get("parameters", {}), Mapping, "a mapping"),
    )
    return StrategySpec(
        id=_name(found["id"]),
        when=_expression(found["when"], SEEN_BY_STRATEGIES),
        version=text("the version of a strategy", found.get("version", "1")),
        threshold=whole("the threshold of a strategy", found.get("threshold", 0), most=WHOLE),
        weight=whole("the weight of a strategy", found.get("weight", WHOLE), most=WHOLE),
        parameters={
            text("the name of a parameter", name): _plain(value, str(name))
            for name, value in parameters.items()
        },
    )


def _plain(value: object, name: str) -> Json:
    try:
        return given(value, "the parameter", name, "of a strategy")
    except Refusal as refusal:
        raise Misuse(refusal.failure.message) from None


def _name(said: object) -> str:
    name = text("the name of a signal or a strategy", said)
    if not _NAME.search(name):
        raise Misuse(f"{shown(name)} is no name of a signal or a strategy")
    return name


def _expression(said: object, roots: tuple[str, ...]) -> str:
    that = text("an expression", said)
    try:
        chains = compile_expression(that).chains
    except Refusal as refusal:
        raise Misuse(f"{shown(that)}: {refusal.failure.message}") from None
    for chain in chains:
        if chain[0] not in roots:
            raise Misuse(f"{shown(that)} starts with {chain[0]!r}; it may with {', '.join(roots)}")
    return that


def _refuse_many(count: int) -> None:
    if count > MAX_STRATEGIES:
        raise Misuse(f"there are at most {MAX_STRATEGIES} signals, and as many strategies")
