"""A workflow function and what was said of it: what ``@workflow`` makes of an ``async def``."""

from __future__ import annotations

import inspect
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Generic, ParamSpec, TypeVar, cast, get_args

from workc.adapters.code import as_skill
from workc.kernel.arguments import a, choice, instance, many, shown, text, texts, whole
from workc.kernel.failure import Misuse
from workc.kernel.payloads import Target
from workc.kernel.recovery import ErrorClass
from workc.kernel.selectors import Effect
from workc.runtime.declared_effects import given_effects
from workc.runtime.gate_reading import SaidGates, read_asks, read_run_gates
from workc.runtime.recovery import read_recovery
from workc.runtime.strategy_reading import read_signals, read_strategies
from workc.runtime.workflow.given_lens import read_lens
from workc.runtime.workflow.json_schema import CHECK_WAYS, GATE_OF_COMMAND, MAX_BACKTRACKS
from workc.runtime.workflow.lens import LensSpec
from workc.runtime.workflow.model import CheckSpec, GoingOn, Level, RunGates, backtracks_of
from workc.runtime.workflow.schema_words import WORKFLOW_PATTERN
from workc.runtime.workflow.strategy_spec import SignalSpec, StrategySpec
from workc.stages.exception import FILE_MODULE_PREFIX, MAIN
from workc.stages.skill import Skill, checked_name
from workc.stages.skill import skill as make_skill

_MAX_NAME_CHARS = 256

P = ParamSpec("P")
R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)

Skills = Mapping[str, Skill[..., object]]


@dataclass(frozen=True, eq=False)
class Workflow(Generic[P, R_co]):
    """A workflow function with its checks; made by ``@workflow``."""

    name: str
    function: Callable[P, Awaitable[R_co]]
    skills: tuple[Skill[..., object], ...]
    checks: tuple[CheckSpec, ...]
    max_backtracks: int
    recovery: Mapping[ErrorClass, GoingOn]
    timeout_ms: int | None
    secrets: tuple[str, ...]
    description: str
    gates: RunGates
    children: tuple[Workflow[..., object] | str, ...] = ()
    effects: tuple[Effect, ...] | None = None
    lens: LensSpec | None = None
    signals: tuple[SignalSpec, ...] = ()
    strategies: tuple[StrategySpec, ...] = ()

    @cached_property
    def inputs(self) -> Skill[..., object]:
        """Returns the function as a skill, which says what inputs it takes."""
        return make_skill(name=self.name)(self.function)


def workflow_decorator(
    function: Callable[P, Awaitable[R]],
    *,
    name: str | None,
    skills: Iterable[Skill[..., object]],
    verify: Iterable[Mapping[str, object]],
    max_backtracks: int | None = None,
    recovery: Mapping[str, str] | None = None,
    timeout_ms: int | None,
    secrets: Iterable[str],
    gates: SaidGates | None,
    children: Iterable[Workflow[..., object] | str] = (),
    effects: Iterable[object] | None = None,
    lens: Mapping[str, object] | None = None,
    signals: Mapping[str, str] | None = None,
    strategies: Iterable[Mapping[str, object]] = (),
) -> Workflow[P, R]:
    """Returns the workflow of an ``async def`` whose first parameter is ``ctx``.

    ``children`` are what it may run as children: workflows, and workflow files by their way from
    the folder of its own file.

    Raises:
        Misuse: the function has another form.
    """
    if not inspect.isfunction(cast("object", function)):
        raise Misuse(f"@workflow makes workflows of an async def, not of {a(function)}")
    given = tuple(_skill(each) for each in many("skills", skills, "skills"))
    find = _GateFinder(function, given)
    checks = tuple(_check(check, find) for check in many("verify", verify, "checks"))
    if len({check.id for check in checks}) < len(checks):
        raise Misuse("two checks have the same id")
    run_gates, after = read_run_gates(gates, find), read_recovery(recovery)
    _refuse_shared(checks, run_gates)
    made = Workflow(
        name=function.__name__ if name is None else _name(name),
        function=function,
        skills=given,
        checks=checks,
        max_backtracks=_backtracks(checks, run_gates, after, max_backtracks),
        recovery=after,
        timeout_ms=None if timeout_ms is None else whole("timeout_ms", timeout_ms),
        secrets=_names(secrets),
        description=" ".join((function.__doc__ or "").split("\n\n")[0].split()),
        gates=run_gates,
        children=tuple(map(_named_child, many("children", children, "workflows"))),
        effects=None if effects is None else given_effects(effects),
        lens=read_lens(lens, _names(secrets)),
        signals=read_signals(signals),
        strategies=read_strategies(strategies, signals),
    )
    names = [child_name(each) for each in made.children]
    if len(set(names)) < len(names):
        raise Misuse("two children have the same name; give one of them another `name=`")
    if made.inputs.kind != "context":
        raise Misuse(f"{made.name}: a workflow is an async def whose first parameter is ctx")
    return replace(made, skills=(*made.skills, *find.found))


class _GateFinder:
    """Finds the functions of gates: those given by themselves, or named and known by then."""

    def __init__(self, function: object, given: tuple[Skill[..., object], ...]) -> None:
        there = getattr(function, "__globals__", {}).values()
        found = [*(as_skill(value) for value in there), *given]
        self._known = {skill.name: skill for skill in found if skill is not None}
        self.found: list[Skill[..., object]] = []

    def __call__(self, named: object) -> Skill[..., object]:
        """Returns the function that is meant."""
        skill = self._known.get(named) if isinstance(named, str) else as_skill(named)
        if skill is None:
            raise Misuse(f"{shown(named)} is no function of a gate; give one made by @workc.gate")
        self.found.append(skill)
        return skill


def _named_child(child: object) -> Workflow[..., object] | str:
    if isinstance(child, Workflow):
        return cast("Workflow[..., object]", child)
    if isinstance(child, str) and re.search(WORKFLOW_PATTERN, child) and child.isprintable():
        return child
    raise Misuse(
        f"children are workflows, or workflow files below the folder of this one, not {shown(child)}"
    )


def child_name(child: Workflow[..., object] | str) -> str:
    """Returns the name by which a workflow runs another: that of a function, the way to a file."""
    return child if isinstance(child, str) else child.name


def _refuse_shared(checks: tuple[CheckSpec, ...], gates: RunGates) -> None:
    named = {gate.id for gate in (*gates.pre, *gates.post)}
    # What a program says of a check is recorded as a gate is; of a function nothing is.
    shared = [c.id for c in checks if c.asks and c.asks.command and c.id in named]
    if shared:
        raise Misuse(f"a gate and a check are named {shared[0]!r}; rename one")


def _names(secrets: Iterable[str]) -> tuple[str, ...]:
    if isinstance(cast("object", secrets), str):
        raise Misuse(f'secrets takes a list of names; write ["{shown(secrets)[1:-1]}"]')
    return texts("secrets", secrets)


def _name(name: object) -> str:
    found, most = text("the name of a workflow", name), _MAX_NAME_CHARS
    if not (found.isascii() and found.isprintable() and 0 < len(found) <= most):
        raise Misuse(f"the name of a workflow is 1 to {most} printable ASCII characters")
    return found


def skills_of(given: object) -> Skills:
    """Returns the skills that a caller gave by name, none for None.

    Raises:
        Misuse: it is no mapping of names to skills.
    """
    if given is None:
        return {}
    found = cast(
        "Mapping[object, object]",
        instance("skills", given, Mapping, "a mapping of names to skills"),
    )
    return {checked_name(name): _skill(value) for name, value in found.items()}


def _skill(value: object) -> Skill[..., object]:
    found = as_skill(value)
    if found is None:
        raise Misuse(f"skills holds skills; one is {a(value)}")
    return found


_CHECK_KEYS = {"id", "level", "on_fail", *CHECK_WAYS, *GATE_OF_COMMAND}


def _check(given: object, find: _GateFinder) -> CheckSpec:
    check = cast("Mapping[str, object]", instance("a check", given, Mapping, "a mapping"))
    ways = [way for way in CHECK_WAYS if way in check]
    if "id" not in check or len(ways) != 1 or check.keys() - _CHECK_KEYS:
        raise Misuse(
            "a check has the keys id, one of that, function and command, and, if you like, "
            "level and on_fail"
        )
    asks = read_asks(check, find)
    level, on_fail = check.get("level", "Semantic"), check.get("on_fail")
    choice("the level of a check", level, get_args(Level))
    if on_fail is not None:
        choice("on_fail of a check", on_fail, get_args(Target))
    name = text("id of a check", check["id"])
    that = text("that of a check", check["that"]) if asks is None else asks.that
    level, on_fail = cast("Level", level), cast("Target | None", on_fail)
    return CheckSpec(id=name, that=that, level=level, on_fail=on_fail, asks=asks)


def _backtracks(
    checks: tuple[CheckSpec, ...],
    gates: RunGates,
    recovery: Mapping[ErrorClass, GoingOn],
    most: int | None,
) -> int:
    if most is not None:
        whole("max_backtracks", most, most=MAX_BACKTRACKS)
    return backtracks_of(checks, (*gates.pre, *gates.post), recovery, most)


def home_of(workflow: Workflow[..., object]) -> Path:
    """Returns the folder below which a workflow function is found again by its name."""
    file = _file_of(workflow)
    return Path(file).parent if file is not None else Path.cwd()


def name_of(workflow: Workflow[..., object]) -> str:
    """Returns ``file.py:name`` for a function whose file was run or loaded, else ``module:name``."""
    file = _file_of(workflow)
    where = workflow.function.__module__ if file is None else Path(file).name
    return f"{where}:{workflow.function.__qualname__}"


def _file_of(workflow: Workflow[..., object]) -> str | None:
    module = workflow.function.__module__
    file = getattr(workflow.function, "__globals__", {}).get("__file__")
    by_path = module == MAIN or module.startswith(FILE_MODULE_PREFIX)
    return str(file) if by_path and file else None
