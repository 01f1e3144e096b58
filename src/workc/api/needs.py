"""What a workflow needs to be granted, and which gates it has: read from it before it runs.

Only what is written out is known: what a reference gives, or a function asks, is not. Then what it
depends on is told in place of the name.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import urlsplit

import msgspec

from workc.api.bounds import known_params
from workc.api.cost_remarks import Remark
from workc.kernel.failure import Misuse
from workc.kernel.gates import When
from workc.kernel.values import Json, JsonObject
from workc.runtime.policy.model import PolicyFile
from workc.runtime.program import Program
from workc.runtime.workflow.facts import listed, members
from workc.runtime.workflow.lens import ItemSpec
from workc.runtime.workflow.model import (
    CheckSpec,
    CommandSpec,
    GateSpec,
    HumanGate,
    RunGates,
    StepSpec,
    asked_by,
    gates_of_all,
    uses_of,
)
from workc.skills.registry import builtin_skills
from workc.stages.effects import PROVIDER_BASES
from workc.stages.grant_rules import beyond
from workc.stages.grants import Grants, Mode, is_address


class Needs(msgspec.Struct, frozen=True, kw_only=True):
    """Options that grant what a workflow needs, hosts that it asks, and steps that need more than is known."""

    options: tuple[str, ...]
    hosts: tuple[str, ...]
    unknown: tuple[str, ...]


class GateNote(msgspec.Struct, frozen=True, kw_only=True):
    """One gate as it stands in a workflow; ``step`` is None for one of the run."""

    gate: str
    kind: str
    when: When
    that: str
    step: str | None = None


class _Found:
    """What was found so far."""

    def __init__(self) -> None:
        self.roots: dict[str, Mode] = {}
        self.programs: set[str] = set()
        self.targets: set[str] = set()
        self.hosts: set[str] = set()

    def root(self, path: Json, mode: Mode) -> None:
        name = str(path).partition("/")[0]
        self.roots[name] = "rw" if "rw" in (mode, self.roots.get(name)) else "ro"

    def options(self) -> Iterator[str]:
        for name, mode in sorted(self.roots.items()):
            yield f"--root {name}=FOLDER" + (":ro" if mode == "ro" else "")
        yield from (f"--allow-program {name}" for name in sorted(self.programs))
        yield from (f"--allow-publish {target}" for target in sorted(self.targets))


def needs_of(program: Program, inputs: Mapping[str, Json]) -> Needs:
    """Returns what lens, steps, gates and checks of a program need; ``inputs`` are those known."""
    found, unknown = _found(program, inputs)
    return Needs(
        options=tuple(found.options()),
        hosts=tuple(sorted(found.hosts)),
        unknown=tuple(dict.fromkeys(unknown)),
    )


def grant_remarks(
    program: Program, inputs: Mapping[str, Json], ruling: PolicyFile | None
) -> Iterator[Remark]:
    """Yields what a program needs and its policy lets no run be granted."""
    if ruling is None or ruling.may_grant is None:
        return
    found, _ = _found(program, inputs)
    try:
        needed = Grants(
            roots=found.roots, programs=tuple(found.programs), targets=tuple(found.targets)
        )
    except Misuse:
        # What no run can be granted is told by the step that asks for it.
        return
    failure = beyond(ruling.may_grant, needed)
    if failure is not None:
        yield Remark(level="problem", code=failure.code, message=failure.message)


def _found(program: Program, inputs: Mapping[str, Json]) -> tuple[_Found, list[str]]:
    """Returns what is needed as far as it is known, and the steps of which more is needed."""
    found, unknown = _Found(), list[str]()
    for item in program.lens.items if program.lens is not None else ():
        _look(found, item)
    builtin = builtin_skills()
    for step in uses_of(program.steps):
        if builtin.get(step.skill) is program.skills[step.skill]:
            _take(found, unknown, step, known_params(step.params, inputs))
    of_gates = (gate for _, gate in gates_of_all(program.gates, program.steps))
    for gate in (*of_gates, *asked_by(program.checks)):
        if gate.command is not None:
            _command(found, gate.command)
    return found, unknown


#: The parameters by which a skill names what it must be granted.
_NAMED: Mapping[str, tuple[str, ...]] = {
    "exec": ("argv", "cwd"),
    "publish": ("to", "files"),
    "read_file": ("path",),
    "write_file": ("path",),
}


def _take(found: _Found, unknown: list[str], step: StepSpec, known: JsonObject) -> None:
    names = _NAMED.get(step.skill, ())
    if any(name in step.params and name not in known for name in names):
        unknown.append(step.id)
    for name in (name for name in names if known.get(name) is not None):
        _parameter(found, step.skill, name, known[name])
    if step.skill == "http_call":
        _host(found, known.get("url"))
    if step.skill == "llm_invoke":
        _model(found, step, known)


def _parameter(found: _Found, skill: str, name: str, value: Json) -> None:
    match name:
        case "path" | "cwd":
            found.root(value, "rw" if skill == "write_file" else "ro")
        case "argv":
            found.programs.update(str(word) for word in listed(value)[:1])
        case "to":
            found.targets.add(str(value))
            if not is_address(str(value)):
                found.root(value, "rw")
        case _:
            for file in map(members, listed(value)):
                if "path" in file:
                    found.root(file["path"], "ro")


def _model(found: _Found, step: StepSpec, known: JsonObject) -> None:
    if "base_url" in step.params:
        _host(found, known.get("base_url"))
    else:
        provider = known.get("provider", "openai")
        base = PROVIDER_BASES["anthropic" if provider == "anthropic" else "openai"]
        _host(found, base)


def _look(found: _Found, item: ItemSpec) -> None:
    """Takes what looking at an item of the lens needs; a pattern and a bundle are below a root too."""
    if item.how in ("file", "files", "bundle"):
        found.root(item.source, "ro")
    if item.how == "url":
        _host(found, item.source)


def _host(found: _Found, address: object) -> None:
    try:
        host = urlsplit(str(address)).netloc.rpartition("@")[2]
    except ValueError:
        return
    found.hosts.update({host} if host else ())


def _command(found: _Found, command: CommandSpec) -> None:
    found.programs.add(command.argv[0])
    if command.cwd is not None:
        found.root(command.cwd, "ro")


def gates_in(
    gates: RunGates, steps: Iterable[StepSpec], checks: Iterable[CheckSpec]
) -> tuple[GateNote, ...]:
    """Returns every gate of a workflow, in the order in which they are passed."""
    notes = [_note(gate, "pre_run") for gate in gates.pre]
    for step in steps:
        notes += [_of_step(gate, step.id) for gate in step.barriers]
        notes += [_note(gate, "post_step", step.id) for gate in step.gates.post]
    notes += [_note(gate, "post_run") for gate in gates.post]
    return (*notes, *(_note(gate, "post_run") for gate in asked_by(checks) if gate.command))


def _of_step(gate: GateSpec | HumanGate, step: str) -> GateNote:
    if isinstance(gate, GateSpec):
        return _note(gate, "pre_step", step)
    return GateNote(
        gate=gate.id, kind="human", when="pre_step", that=gate.asked.question, step=step
    )


def _note(gate: GateSpec, when: When, step: str | None = None) -> GateNote:
    return GateNote(gate=gate.id, kind=gate.kind, when=when, that=gate.that, step=step)
