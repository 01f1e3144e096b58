"""The functions of the public face: short ways to what Runtime, replay and the oracle do."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import ParamSpec, Protocol, TypeVar, overload

from workc.api.replay import replay
from workc.api.runtime import Runtime
from workc.api.verification import verify_bundle
from workc.api.workflows import Workflow, workflow_decorator
from workc.kernel.values import Json
from workc.runtime.gate_reading import SaidGates
from workc.runtime.outcome import StructuredOutcome
from workc.stages.gate import gate
from workc.stages.planner import planner
from workc.stages.skill import Skill, skill

__all__ = ["gate", "planner", "replay", "run", "skill", "verify_bundle", "workflow"]

P = ParamSpec("P")
R = TypeVar("R")


def run(
    workflow: str | os.PathLike[str] | Workflow[..., object],
    inputs: Mapping[str, Json] | None = None,
    *,
    store: str | os.PathLike[str] | None = None,
    out: str | os.PathLike[str] | None = None,
    budget_cents: int | None = None,
) -> StructuredOutcome:
    """Runs a workflow with standard settings and returns its outcome; see :class:`Runtime`."""
    return Runtime(store=store, budget_cents=budget_cents).run(workflow, inputs, out=out)


class WorkflowDecorator(Protocol):
    """What ``@workflow(...)`` gives."""

    def __call__(self, function: Callable[P, Awaitable[R]], /) -> Workflow[P, R]:
        """Returns the workflow of a function."""
        ...


@overload
def workflow(function: Callable[P, Awaitable[R]], /) -> Workflow[P, R]: ...


@overload
def workflow(
    *,
    name: str | None = None,
    skills: Iterable[Skill[..., object]] = (),
    verify: Iterable[Mapping[str, object]] = (),
    max_backtracks: int | None = None,
    recovery: Mapping[str, str] | None = None,
    timeout_ms: int | None = None,
    secrets: Iterable[str] = (),
    gates: SaidGates | None = None,
    children: Iterable[Workflow[..., object] | str] = (),
    effects: Iterable[str | Mapping[str, str]] | None = None,
    lens: Mapping[str, object] | None = None,
    signals: Mapping[str, str] | None = None,
    strategies: Iterable[Mapping[str, object]] = (),
) -> WorkflowDecorator: ...


def workflow(
    function: Callable[P, Awaitable[R]] | None = None,
    *,
    name: str | None = None,
    skills: Iterable[Skill[..., object]] = (),
    verify: Iterable[Mapping[str, object]] = (),
    max_backtracks: int | None = None,
    recovery: Mapping[str, str] | None = None,
    timeout_ms: int | None = None,
    secrets: Iterable[str] = (),
    gates: SaidGates | None = None,
    children: Iterable[Workflow[..., object] | str] = (),
    effects: Iterable[str | Mapping[str, str]] | None = None,
    lens: Mapping[str, object] | None = None,
    signals: Mapping[str, str] | None = None,
    strategies: Iterable[Mapping[str, object]] = (),
) -> Workflow[P, R] | WorkflowDecorator:
    """Makes an ``async def name(ctx, ...)`` a workflow, as ``@workflow`` or ``@workflow(...)``.

    ``verify`` is a list of ``{"id", "level", "that", "on_fail"}`` as in a file (or ``function``
    or ``command`` in place of ``that``), ``max_backtracks``
    how often a run may go back because of them, of gates or of failures; ``recovery`` says where to
    after a failure of a class, such as ``{"Recoverable": "Act"}``. ``skills`` adds skills beyond
    those that the function's module knows. ``secrets`` names the environment variables that
    ``ctx.secret`` may use, and those of API keys beyond OPENAI_API_KEY and ANTHROPIC_API_KEY.
    ``gates`` are what must hold before the function begins, and of its output, as in a file:
    ``{"pre": [...], "post": [...]}``.
    ``children`` are the workflows that ``ctx.child`` may run, and workflow files, each by its way
    from the folder of the function's own file.
    ``effects`` are all that a run may have, such as ``"Network net:https://api.example.com/v1"``;
    without it nothing bounds them.
    ``lens`` is what a run looks at before the function begins, as in a file: ``{"items": {...}}``;
    ``ctx.lens`` shows it.
    ``strategies`` are ways to go about the work, as in a file, weighed by ``signals``: expressions by
    name. ``ctx.strategy`` is the one that fits best.

    Raises:
        Misuse: the function has another form.
    """

    def decorate(made: Callable[P, Awaitable[R]]) -> Workflow[P, R]:
        return workflow_decorator(
            made,
            name=name,
            skills=skills,
            verify=verify,
            max_backtracks=max_backtracks,
            recovery=recovery,
            timeout_ms=timeout_ms,
            secrets=secrets,
            gates=gates,
            children=children,
            effects=effects,
            lens=lens,
            signals=signals,
            strategies=strategies,
        )

    return decorate if function is None else decorate(function)  # type: ignore[return-value]
