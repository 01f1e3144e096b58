"""Programs from where users keep them: a workflow file, a Python function, a sealed bundle."""

from __future__ import annotations

import inspect
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path
from typing import Generic, ParamSpec, TypeVar, cast

from workc.adapters.code import (
    as_skill,
    digest_of,
    load_module,
    skills_in,
    source_of,
)
from workc.kernel import jcs
from workc.kernel.arguments import a, choice, instance, many, shown, text, texts, whole
from workc.kernel.digest import sha256_hex
from workc.kernel.failure import Misuse, Refusal, refuse
from workc.kernel.payloads import Target
from workc.kernel.values import Json, JsonObject
from workc.runtime.gate_reading import SaidGates, read_run_gates
from workc.runtime.program import Program
from workc.runtime.workflow.graph import plan_order
from workc.runtime.workflow.json_schema import MAX_BACKTRACKS
from workc.runtime.workflow.loader import declared_skills, load_workflow
from workc.runtime.workflow.model import (
    CheckSpec,
    Level,
    RunGates,
    SkillInfo,
    StepSpec,
    WorkflowFile,
    backtracks_of,
    gate_functions,
    uses_of,
)
from workc.skills.prices import Prices
from workc.skills.registry import builtin_skills
from workc.stages.exception import FILE_MODULE_PREFIX, MAIN
from workc.stages.skill import Skill, checked_name
from workc.stages.skill import skill as make_skill

#: What may stand in the name of a skill and not in that of a workflow.
_UNUSUAL = re.compile(r"[^A-Za-z0-9_-]")
_MAX_NAME_CHARS = 64
_MAX_WORKFLOW_NAME_CHARS = 256

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")

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
    timeout_ms: int | None
    secrets: tuple[str, ...]
    description: str
    gates: RunGates

    @cached_property
    def inputs(self) -> Skill[..., object]:
        """Returns the function as a skill, which says what inputs it takes."""
        return make_skill(name=self.name)(self.function)


def workflow_decorator(
    function: Callable[P, Awaitable[R]],
    *,
    name: str | None,
    skills: Iterable[Skill[..., object]],
    verify: Iterable[Mapping[str, str]],
    max_backtracks: int | None = None,
    timeout_ms: int | None,
    secrets: Iterable[str],
    gates: SaidGates | None,
) -> Workflow[P, R]:
    """Returns the workflow of an ``async def`` whose first parameter is ``ctx``.

    Raises:
        Misuse: the function has another form.
    """
    checks = tuple(_check(check) for check in many("verify", verify, "checks"))
    if len({check.id for check in checks}) < len(checks):
        raise Misuse("two checks have the same id")
    if not inspect.isfunction(cast("object", function)):
        raise Misuse(f"@workflow makes workflows of an async def, not of {a(function)}")
    given = tuple(_skill(each) for each in many("skills", skills, "skills"))
    find = _GateFinder(function, given)
    made = Workflow(
        name=function.__name__ if name is None else _name(name),
        function=function,
        skills=given,
        checks=checks,
        max_backtracks=_backtracks(checks, max_backtracks),
        timeout_ms=None if timeout_ms is None else whole("timeout_ms", timeout_ms),
        secrets=_names(secrets),
        description=" ".join((function.__doc__ or "").split("\n\n")[0].split()),
        gates=read_run_gates(gates, find),
    )
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


def _names(secrets: Iterable[str]) -> tuple[str, ...]:
    if isinstance(cast("object", secrets), str):
        raise Misuse(f'secrets takes a list of names; write ["{shown(secrets)[1:-1]}"]')
    return texts("secrets", secrets)


def _name(name: object) -> str:
    found, most = text("the name of a workflow", name), _MAX_WORKFLOW_NAME_CHARS
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


_LEVELS: dict[str, Level] = {
    "Syntactic": "Syntactic",
    "Semantic": "Semantic",
    "Regression": "Regression",
    "Acceptance": "Acceptance",
}


_TARGETS: dict[str, Target] = {"Act": "Act", "Decide": "Decide", "Orient": "Orient"}
_CHECK_KEYS = {"id", "that", "level", "on_fail"}


def _check(given: object) -> CheckSpec:
    check = cast("Mapping[str, object]", instance("a check", given, Mapping, "a mapping"))
    if {"id", "that"} - check.keys() or check.keys() - _CHECK_KEYS:
        raise Misuse("a check has the keys id, that and, if you like, level and on_fail")
    level, on_fail = check.get("level", "Semantic"), check.get("on_fail")
    choice("the level of a check", level, tuple(_LEVELS))
    if on_fail is not None:
        choice("on_fail of a check", on_fail, tuple(_TARGETS))
    name, that = (text(f"{each} of a check", check[each]) for each in ("id", "that"))
    target = None if on_fail is None else _TARGETS[str(on_fail)]
    return CheckSpec(id=name, that=that, level=_LEVELS[str(level)], on_fail=target)


def _backtracks(checks: tuple[CheckSpec, ...], most: int | None) -> int:
    if most is not None:
        whole("max_backtracks", most, most=MAX_BACKTRACKS)
    return backtracks_of(checks, most)


def function_program(workflow: Workflow[..., object], skills: Skills, prices: Prices) -> Program:
    """Returns the program of a workflow function."""
    known = {**skills, **used_skills(workflow)}
    own = workflow.inputs

    async def function(ctx: object, **inputs: Json) -> Json:
        return own.conclude(await own.call_in(ctx, own.bind(inputs)))

    source = source_of(workflow.function) or b""
    text: JsonObject = {
        "function": name_of(workflow),
        "sha256": digest_of(workflow.function),
        "source": source.decode("utf-8", "replace"),
    }
    return Program(
        name=workflow.name,
        description=workflow.description,
        kind="function",
        path="evidence/function.json",
        text=jcs.encode(text),
        skills=known,
        code={**code_digests(known), workflow.name: digest_of(workflow.function)},
        prices=prices,
        function=function,
        gates=workflow.gates,
        checks=workflow.checks,
        max_backtracks=workflow.max_backtracks,
        timeout_ms=workflow.timeout_ms,
        secrets=workflow.secrets,
    )


def used_skills(workflow: Workflow[..., object]) -> dict[str, Skill[..., object]]:
    """Returns the skills that a workflow may call: of its module, and those it was given."""
    names = getattr(workflow.function, "__globals__", {})
    found = [*(as_skill(value) for value in names.values()), *workflow.skills]
    return {skill.name: skill for skill in found if skill is not None}


@dataclass(frozen=True)
class FileProgram:
    """A workflow file that was found valid, and what it needs."""

    workflow: WorkflowFile
    program: Program
    folder: Path


def file_program(
    data: bytes,
    name: str,
    folder: Path,
    skills: Skills,
    prices: Prices,
    never: Path | None = None,
) -> FileProgram:
    """Returns the program of a workflow file whose Python files stand below ``folder``.

    No code below ``never`` is loaded.

    Raises:
        InvalidWorkflow: with every problem, code that cannot be loaded included.
    """
    known, unloaded = _with_declared(skills, declared_skills(data, name), folder, never)
    infos = {key: _info(skill) for key, skill in known.items()}
    workflow = load_workflow(data, name, infos, unloaded)
    names = (*(step.skill for step in uses_of(workflow.steps)), *gate_functions(workflow))
    used = {each: known[each] for each in names}
    program = Program(
        name=workflow.name,
        description=workflow.description,
        kind="file",
        path="evidence/program.json" if name.endswith(".json") else "evidence/program.yaml",
        text=data,
        skills=used,
        code=code_digests(used),
        prices=prices,
        steps=_in_plan_order(workflow.steps),
        gates=workflow.gates,
        checks=workflow.verify,
        max_backtracks=workflow.max_backtracks,
        output=workflow.output,
        timeout_ms=workflow.timeout_ms,
        secrets=(*workflow.secrets, *_literal_keys(workflow.steps)),
    )
    return FileProgram(workflow, program, folder)


def _with_declared(
    skills: Skills, modules: Iterable[str], folder: Path, never: Path | None
) -> tuple[Skills, dict[str, str]]:
    """Returns the skills with those of the modules, and why a module could not be loaded."""
    known = {**skills}
    unloaded: dict[str, str] = {}
    for module in modules:
        try:
            known.update(skills_in(load_module(module, folder, inside=True, never=never)))
        except Refusal as refusal:
            unloaded[module] = refusal.failure.message
    return known, unloaded


def single_step(skill: Skill[..., object], names: Iterable[str], prices: Prices) -> Program:
    """Returns the program that uses one skill once; its parameters come as the input ``params``.

    Raises:
        Refusal: ``INVALID_WORKFLOW`` if the parameters' names do not fit the skill.
    """
    places = {name: f"${{inputs.params[{jcs.encode(name).decode()}]}}" for name in sorted(names)}
    document: JsonObject = {
        "workc": 1,
        "name": _UNUSUAL.sub("_", skill.name)[:_MAX_NAME_CHARS],
        "inputs": {"params": {"type": "object"}},
        "steps": {"call": {"skill": skill.name, "with": dict[str, Json](places)}},
        "output": "${steps.call}",
    }
    text = jcs.encode(document)
    return file_program(text, "call.json", Path(), {skill.name: skill}, prices).program


def _literal_keys(steps: tuple[StepSpec, ...]) -> tuple[str, ...]:
    """Returns the variables that steps name as their key: the author's words, never data."""
    keys = (step.params.get("api_key_env") for step in uses_of(steps))
    return tuple(key for key in keys if isinstance(key, str) and _VARIABLE.fullmatch(key))


def _in_plan_order(steps: tuple[StepSpec, ...]) -> tuple[StepSpec, ...]:
    by_id = {step.id: step for step in steps}
    return tuple(by_id[step_id] for step_id in plan_order(steps))


def _info(skill: Skill[..., object]) -> SkillInfo:
    expressions = ("expression", "where") if skill.name == "json_transform" else ()
    return SkillInfo(
        input_schema=skill.input_schema,
        secret_params=tuple(sorted(skill.secret_params)),
        expression_params=expressions,
        gate_params=skill.parameters if skill.pure and skill.kind == "function" else None,
    )


def code_digests(skills: Skills) -> dict[str, str]:
    """Returns the digest of each skill's code; of a built-in one, of its name and version."""
    builtin = builtin_skills()
    return {
        name: sha256_hex(f"workc {name}@{skill.version}".encode())
        if builtin.get(name) is skill
        else digest_of(skill.function)
        for name, skill in sorted(skills.items())
    }


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


def find_workflow(
    text: str, folder: Path, *, inside: bool = False, never: Path | None = None
) -> Workflow[..., object]:
    """Returns the workflow that ``file.py:name`` or ``module:name`` names.

    With ``inside`` a file must stand below the folder; no code below ``never`` is loaded.

    Raises:
        Refusal: ``INVALID_INPUT`` if there is none, ``SKILL_NOT_FOUND`` if it does not import.
    """
    module, _, name = text.rpartition(":")
    there = vars(load_module(module, folder, inside=inside, never=never))
    found = there.get(name)
    if isinstance(found, Workflow):
        return cast("Workflow[..., object]", found)
    workflows = [each for each, value in there.items() if isinstance(value, Workflow)]
    raise refuse("INVALID_INPUT", _no_workflow(module, name, found, workflows))


def _no_workflow(module: str, name: str, found: object, workflows: list[str]) -> str:
    near = get_close_matches(name.lower(), [each.lower() for each in workflows], n=1)
    meant = [each for each in workflows if each.lower() in near]
    if meant:
        advice = f"did you mean {module}:{meant[0]}?"
    elif workflows:
        advice = f"its workflows are {', '.join(workflows[:10])}"
    else:
        advice = "it has no workflow; make one of a function with @workc.workflow"
    if found is None:
        return f"{module} has nothing named {name!r}; {advice}"
    return f"{name!r} of {module} is of type {type(found).__name__} and no workflow; {advice}"
