"""Programs from where users keep them: a workflow file, a Python function, a sealed bundle."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import cast

from workc.adapters.code import (
    as_skill,
    digest_of,
    load_module,
    skills_in,
    source_of,
)
from workc.api.child_files import (
    ChildFiles,
    child_of_file,
    files_below,
    generations,
    refuse_large_family,
    texts_of,
    why_unfit,
)
from workc.api.plan_judging import judged_plan, plan_skills, refuse_deep_plan
from workc.api.stage_identity import stage_ids
from workc.api.workflows import Skills, Workflow, child_name, home_of, name_of
from workc.kernel import jcs
from workc.kernel.digest import sha256_hex
from workc.kernel.failure import Refusal, refuse
from workc.kernel.values import Json, JsonObject
from workc.runtime.child_step import ChildSkill, child_skill, children_in
from workc.runtime.program import ChildProgram, Program
from workc.runtime.skill_info import infos_of
from workc.runtime.workflow.facts import CHILD_PREFIX
from workc.runtime.workflow.graph import plan_order
from workc.runtime.workflow.lens import declaring
from workc.runtime.workflow.loader import (
    Reading,
    declared_skills,
    declared_workflows,
    load_workflow,
    read_recorded,
    read_workflow,
)
from workc.runtime.workflow.model import (
    StepSpec,
    WorkflowFile,
    gate_functions,
    uses_of,
)
from workc.runtime.workflow.schema_words import WORKFLOW_PATTERN
from workc.skills.prices import Prices
from workc.skills.registry import builtin_skills
from workc.stages.skill import Skill

#: What may stand in the name of a skill and not in that of a workflow.
_UNUSUAL = re.compile(r"[^A-Za-z0-9_-]")
_MAX_NAME_CHARS = 64

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def function_program(
    workflow: Workflow[..., object],
    skills: Skills,
    prices: Prices,
    files: ChildFiles | None = None,
) -> Program:
    """Returns the program of a workflow function.

    ``files`` reads the workflow files that it runs; without it they are read from beside its own.

    Raises:
        Refusal: ``INVALID_WORKFLOW`` if one of them cannot be run.
    """
    at_hand = files or ChildFiles(files_below(home_of(workflow)), ("",))
    stock = home_of(workflow), skills, prices, None
    children = dict(_child_of_function(each, stock, at_hand, files) for each in workflow.children)
    known = {**skills, **used_skills(workflow), **children}
    own, kin = workflow.inputs, children_in(children)

    async def function(ctx: object, **inputs: Json) -> Json:
        return own.conclude(await own.call_in(ctx, own.bind(inputs)))

    code = code_digests(known)
    _refuse_namesake(workflow, known, code)
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
        code={**code, workflow.name: digest_of(workflow.function)},
        prices=prices,
        function=function,
        signals=workflow.signals,
        strategies=workflow.strategies,
        gates=workflow.gates,
        checks=workflow.checks,
        max_backtracks=workflow.max_backtracks,
        recovery=workflow.recovery,
        timeout_ms=workflow.timeout_ms,
        secrets=_all_secrets(workflow.secrets, kin),
        programs=texts_of(
            {name.removeprefix(CHILD_PREFIX): child for name, child in kin.items()}, _prefix_of
        ),
        effects=declaring(workflow.effects, workflow.lens),
        lens=workflow.lens,
        stages=stage_ids(known, code),
    )


def _refuse_namesake(
    workflow: Workflow[..., object], known: Skills, code: Mapping[str, str]
) -> None:
    """Refuses a function that has the name of a skill from another file, unless it comes with workc.

    A run names code by one name each: it would name that of the function beside the ids of the skill.
    """
    name = workflow.name
    skill = known.get(name)
    if skill is None or skill is builtin_skills().get(name):
        return
    if code[name] != digest_of(workflow.function):
        message = (
            f"the workflow {name} has the name of a skill from another file; rename one of them"
        )
        raise refuse("INVALID_WORKFLOW", message)


def _all_secrets(own: Iterable[str], kin: Mapping[str, ChildProgram]) -> tuple[str, ...]:
    """Returns the secrets of a run and of all that it may start, each once."""
    theirs = (name for child in kin.values() for name in child.program.secrets)
    return tuple(dict.fromkeys([*own, *theirs]))


def _child_of_function(
    child: Workflow[..., object] | str, stock: _Stock, files: ChildFiles, given: ChildFiles | None
) -> tuple[str, ChildSkill]:
    key = CHILD_PREFIX + child_name(child)
    try:
        made = (
            _child(child, stock, files)
            if isinstance(child, str)
            else _function_child(child, stock, files, given)
        )
    except Refusal as refusal:
        message = f"{child_name(child)}: {why_unfit(refusal)}"
        raise refuse("INVALID_WORKFLOW", message) from None
    return key, child_skill(key, made)


def _function_child(
    child: Workflow[..., object], stock: _Stock, files: ChildFiles, given: ChildFiles | None
) -> ChildProgram:
    files.refuse_deep(0)
    # Without recorded texts a function reads the files beside itself, whoever runs it.
    read = files_below(home_of(child)) if given is None else given.under(_prefix_of(child.name))
    below = ChildFiles(read, (*files.way, ""), files.is_deep)
    program = function_program(child, stock[1], stock[2], below)
    children = children_in(program.skills)
    files.refuse_deep(generations(children))

    def bind(params: JsonObject) -> JsonObject:
        inputs = jcs.normalise(params)
        child.inputs.bind(cast("JsonObject", inputs))
        return cast("JsonObject", inputs)

    return ChildProgram(
        program=program,
        input_schema=child.inputs.input_schema,
        bind=bind,
        generations=generations(children),
    )


def _prefix_of(name: str) -> str:
    """Returns what stands before the names of the programs that a child may start."""
    return _folder_in(name) if re.search(WORKFLOW_PATTERN, name) else f"{name}:"


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
    files: ChildFiles | None = None,
) -> FileProgram:
    """Returns the program of a workflow file whose Python files stand below ``folder``.

    No code below ``never`` is loaded. ``files`` reads the workflows that its steps run; without it
    they are read from ``folder``.

    Raises:
        InvalidWorkflow: with every problem, code that cannot be loaded included.
    """
    file = read_workflow(data, name)
    known, unloaded = _with_declared(skills, declared_skills(file), folder, never)
    at_hand = files or ChildFiles(files_below(folder), (name,))
    children, unfit = _children(file, (folder, skills, prices, never), at_hand)
    known = {**known, **children}
    workflow = load_workflow(file, infos_of(known), unloaded, unfit)
    kin = children_in(children)
    resolver = () if workflow.resolver is None else (workflow.resolver,)
    refuse_large_family((step.skill for step in (*resolver, *workflow.steps)), kin)
    refuse_deep_plan(workflow.plan, kin)
    names = (
        *(step.skill for step in uses_of((*resolver, *workflow.steps))),
        *gate_functions(workflow),
        *plan_skills(workflow.plan),
    )
    used = {each: known[each] for each in names}
    code = code_digests(used)
    program = Program(
        name=workflow.name,
        description=workflow.description,
        kind="file",
        path=_path_of(name),
        text=data,
        skills=used,
        code=code,
        prices=prices,
        steps=_in_plan_order(workflow.steps),
        plan=workflow.plan,
        judge=judged_plan,
        signals=workflow.signals,
        strategies=workflow.strategies,
        gates=workflow.gates,
        checks=workflow.verify,
        max_backtracks=workflow.max_backtracks,
        recovery=workflow.recovery,
        output=workflow.output,
        timeout_ms=workflow.timeout_ms,
        secrets=_all_secrets((*workflow.secrets, *_literal_keys(workflow)), kin),
        programs=texts_of(
            {name.removeprefix(CHILD_PREFIX): child for name, child in kin.items()}, _folder_in
        ),
        effects=workflow.effects,
        lens=workflow.lens,
        resolver=workflow.resolver,
        stages=stage_ids(used, code),
    )
    return FileProgram(workflow, program, folder)


#: What a program is made of beside its own text: folder, skills, prices, and where no code may be.
_Stock = tuple[Path, Skills, Prices, Path | None]


def _children(
    file: Reading, stock: _Stock, files: ChildFiles
) -> tuple[dict[str, ChildSkill], dict[str, str]]:
    """Returns the skills that run the children of a file, and why a file can be none."""
    found: dict[str, ChildSkill] = {}
    unfit: dict[str, str] = {}
    for path in declared_workflows(file):
        key = CHILD_PREFIX + path
        try:
            found[key] = child_skill(key, _child(path, stock, files))
        except Refusal as refusal:
            unfit[path] = why_unfit(refusal)
    return found, unfit


def _child(path: str, stock: _Stock, files: ChildFiles) -> ChildProgram:
    below = files.below(path)
    where = below.way[-1]
    folder, skills, prices, never = stock
    if where not in below.known:
        text, name = below.read(where), path.rpartition("/")[2]
        if below.is_deep:
            made = file_program(text, name, folder / _folder_in(path), skills, prices, never, below)
            below.known[where] = made.workflow, made.program
        else:
            workflow = read_recorded(text, name)
            below.known[where] = workflow, _undone(workflow, text, name, prices)
    child = child_of_file(*below.known[where], _folder_in(path))
    files.refuse_deep(child.generations)
    return child


def _undone(workflow: WorkflowFile, text: bytes, name: str, prices: Prices) -> Program:
    """Returns the program of a child that is not to be run: a replay of its parent needs no more."""
    return Program(
        name=workflow.name,
        description=workflow.description,
        kind="file",
        path=_path_of(name),
        text=text,
        skills={},
        code={},
        prices=prices,
    )


def _folder_in(path: str) -> str:
    """Returns the folder of a file, with a slash at its end, or nothing."""
    return path[: path.rfind("/") + 1]


def _path_of(name: str) -> str:
    return "evidence/program.json" if name.endswith(".json") else "evidence/program.yaml"


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


def _literal_keys(workflow: WorkflowFile) -> tuple[str, ...]:
    """Returns the variables that steps name as their key: the author's words, never data."""
    planner = () if workflow.plan is None else (workflow.plan.step,)
    keys = (step.params.get("api_key_env") for step in uses_of((*planner, *workflow.steps)))
    return tuple(key for key in keys if isinstance(key, str) and _VARIABLE.fullmatch(key))


def _in_plan_order(steps: tuple[StepSpec, ...]) -> tuple[StepSpec, ...]:
    by_id = {step.id: step for step in steps}
    return tuple(by_id[step_id] for step_id in plan_order(steps))


def code_digests(skills: Skills) -> dict[str, str]:
    """Returns the digest of each skill's code; of a built-in one, of its name and version."""
    builtin = builtin_skills()
    return {
        name: sha256_hex(f"workc {name}@{skill.version}".encode())
        if builtin.get(name) is skill
        else _digest_of(skill)
        for name, skill in sorted(skills.items())
    }


def built_in_code(skill: Skill[..., object]) -> str:
    """Returns the digest by which bundles name the code of a built-in skill, or nothing of another.

    One with other examples or another description is still that skill.
    """
    found = builtin_skills().get(skill.name)
    if found is None or found.function is not skill.function:
        return ""
    return code_digests({skill.name: found})[skill.name]


def _digest_of(skill: Skill[..., object]) -> str:
    """Returns the digest of a skill's code; of a child, of its program and all the code it uses."""
    if not isinstance(skill, ChildSkill):
        return digest_of(skill.function)
    program = skill.child.program
    used: JsonObject = {"code": {**program.code}, "program": sha256_hex(program.text)}
    return sha256_hex(jcs.encode(used))


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
