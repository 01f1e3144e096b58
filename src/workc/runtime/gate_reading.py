"""What code says of gates: the forms of a workflow file, and gate functions by themselves.

``{"pre": [...], "post": [...]}``; each gate is ``{"id": ..., "check": ...}``, or ``function``,
``policy`` or (of a call, before it) ``approval`` in place of ``check``. A function that stands there
alone is called by its own name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias, cast

from msgspec.structs import replace

from workc.kernel.arguments import a, choice, shown, text, texts, whole
from workc.kernel.failure import Misuse, Refusal
from workc.kernel.gates import OF_STEP, GateKind, When
from workc.runtime.expressions import compile_expression
from workc.runtime.gate_policies import GATE_POLICIES
from workc.runtime.workflow.json_schema import GATE_OF_COMMAND, GATE_WAYS, GOING_ON, NAME_PATTERN
from workc.runtime.workflow.model import (
    APPROVAL,
    ApprovalSpec,
    CommandSpec,
    GateSpec,
    GoingOn,
    HumanGate,
    RunGates,
    StepGates,
    command_gate,
)
from workc.stages.gate import SEEN, unseen_problem
from workc.stages.skill import Skill

#: What ``ctx.call`` and ``@workflow`` take as ``gates``.
SaidGates: TypeAlias = Mapping[str, Sequence["Mapping[str, object] | Skill[..., object]"]]
#: Finds the function that is named, or refuses it.
Find: TypeAlias = Callable[[object], Skill[..., object]]
#: Reads what a human is asked, or refuses it.
Ask: TypeAlias = Callable[[object], ApprovalSpec]

_NAME = re.compile(NAME_PATTERN)


def read_run_gates(said: object, find: Find) -> RunGates:
    """Returns the gates of a workflow.

    Raises:
        Misuse: they have another form, or one of them can never be evaluated.
    """
    pre, post = _lists(said)
    gates = RunGates(
        pre=tuple(_evaluated(each, "pre_run", find) for each in pre),
        post=tuple(_evaluated(each, "post_run", find) for each in post),
    )
    _refuse_twice([gate.id for gate in (*gates.pre, *gates.post)])
    return gates


#: What nearly every call says.
_NONE = StepGates()


def read_step_gates(said: object, find: Find, ask: Ask, *, approved: bool) -> StepGates:
    """Returns the gates of a call; ``approved`` says that a human is asked besides.

    Raises:
        Misuse: as for :func:`read_run_gates`.
    """
    if said is None:
        return _NONE
    pre, post = _lists(said)
    gates = StepGates(
        pre=tuple(_human(each, ask) or _evaluated(each, "pre_step", find) for each in pre),
        post=tuple(_evaluated(each, "post_step", find) for each in post),
    )
    own = [APPROVAL] if approved else []
    _refuse_twice([*own, *(gate.id for gate in (*gates.pre, *gates.post))])
    return gates


def read_asks(said: Mapping[str, object], find: Find) -> GateSpec | None:
    """Returns what a check asks of a function or a program; None if it is an expression.

    Raises:
        Misuse: as for :func:`read_run_gates`.
    """
    if "that" in said:
        return None
    return _evaluated(
        {key: value for key, value in said.items() if key not in {"level", "on_fail"}},
        "post_run",
        find,
    )


def _lists(said: object) -> tuple[Sequence[object], Sequence[object]]:
    if said is None:
        return (), ()
    if not isinstance(said, Mapping):
        raise Misuse(f"gates are a mapping with pre and post, not {a(said)}")
    found = cast("Mapping[object, object]", said)
    unknown = [key for key in found if key not in {"pre", "post"}]
    if unknown:
        raise Misuse(f"gates have pre and post, and no {shown(unknown[0])}")
    return _listed(found.get("pre", ())), _listed(found.get("post", ()))


def _listed(gates: object) -> Sequence[object]:
    if not isinstance(gates, list | tuple):
        raise Misuse(f"gates stand in a list, not in {a(gates)}")
    return cast("Sequence[object]", gates)


def _refuse_twice(names: Sequence[str]) -> None:
    twice = [name for index, name in enumerate(names) if name in names[:index]]
    if twice:
        raise Misuse(f"two gates are named {twice[0]!r}; rename one")


def _human(said: object, ask: Ask) -> HumanGate | None:
    if not isinstance(said, Mapping) or APPROVAL not in said:
        return None
    name, _, asked = _parts(cast("Mapping[object, object]", said))
    return HumanGate(id=name, asked=ask(asked))


def _evaluated(said: object, when: When, find: Find) -> GateSpec:
    if isinstance(said, Skill):
        skill = cast("Skill[..., object]", said)
        return _function(skill.name, skill, when, find)
    if not isinstance(said, Mapping):
        raise Misuse(f"a gate is a mapping or a function made by @workc.gate, not {a(said)}")
    fields = cast("Mapping[object, object]", said)
    name, way, asked = _parts(fields)
    on_fail = _on_fail(fields)
    if way == "command":
        return command_gate(name, _command(name, fields), on_fail)
    if way == "function":
        return replace(_function(name, asked, when, find), on_fail=on_fail)
    if way == APPROVAL:
        raise Misuse(f"the gate {name}: a human is asked before a step, and nowhere else")
    that = text(f"{way} of the gate {name}", asked)
    if way == "policy" and that not in GATE_POLICIES:
        known = ", ".join(GATE_POLICIES)
        raise Misuse(f"the gate {name}: there is no rule {shown(that)}; there are {known}")
    if way == "check":
        _check_expression(name, that, when)
    return GateSpec(id=name, kind=cast("GateKind", way), that=that, on_fail=on_fail)


def _parts(said: Mapping[object, object]) -> tuple[str, str, object]:
    """Returns the name of a gate, in which way it asks, and what."""
    there = [way for way in GATE_WAYS if way in said]
    more = {"command": ("on_fail", *GATE_OF_COMMAND), APPROVAL: ()}
    beside = set(more.get(there[0], ("on_fail",)) if there else ()) & set(said)
    if len(there) != 1 or set(said) != {"id", *there, *beside}:
        raise Misuse(f"a gate has an id and one of {', '.join(GATE_WAYS)}, not {shown(said)}")
    name = text("the id of a gate", said["id"])
    if _NAME.fullmatch(name) is None:
        raise Misuse(f"the id of a gate matches {NAME_PATTERN}, not {shown(name)}")
    return name, there[0], said[there[0]]


def _function(name: str, asked: object, when: When, find: Find) -> GateSpec:
    skill = find(asked)
    is_pure = skill.pure and skill.kind == "function"
    problem = unseen_problem(skill.name, skill.parameters if is_pure else None, when)
    if problem is not None:
        raise Misuse(f"{problem}; decorate a function with @workc.gate")
    if _NAME.fullmatch(name) is None:
        raise Misuse(f"{shown(name)} can be no id of a gate; write {{'id': ..., 'function': ...}}")
    return GateSpec(id=name, kind="function", that=skill.name)


def _on_fail(said: Mapping[object, object]) -> GoingOn | None:
    if "on_fail" not in said:
        return None
    choice("on_fail of a gate", said["on_fail"], GOING_ON)
    return cast("GoingOn", said["on_fail"])


def _command(name: str, said: Mapping[object, object]) -> CommandSpec:
    argv = texts(f"the command of the gate {name}", said["command"])
    cwd = said.get("cwd")
    if not argv or not all(argv):
        raise Misuse(f"the gate {name}: a command is a program and its arguments, none empty")
    return CommandSpec(
        argv=argv,
        cwd=None if cwd is None else text("cwd", cwd),
        timeout_ms=whole("timeout_ms", said.get("timeout_ms", CommandSpec(argv=()).timeout_ms)),
    )


def _check_expression(name: str, that: str, when: When) -> None:
    try:
        chains = compile_expression(that).chains
    except Refusal as refusal:
        raise Misuse(f"the gate {name}: {refusal.failure.message}") from None
    unknown = [chain[0] for chain in chains if chain[0] not in SEEN[when]]
    if unknown:
        known = ", ".join(SEEN[when])
        where = "of a call" if when in OF_STEP else "of a workflow"
        raise Misuse(f"the gate {name} {where} sees {known}; there is no {shown(unknown[0])}")
