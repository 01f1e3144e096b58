"""What callers give a runtime, checked: names, inputs, parameters, places and policies."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TypeVar, cast

from workc.adapters.place import name_problem, path_of
from workc.api.programs import FileProgram
from workc.api.settings import Settings
from workc.api.workflows import Workflow
from workc.kernel import jcs
from workc.kernel.arguments import a, instance, shown, texts, whole
from workc.kernel.canonical import CanonicalError
from workc.kernel.failure import Misuse, Refusal, refuse
from workc.kernel.ledger import MAX_CENTS, MICRO_CENTS_PER_CENT
from workc.kernel.values import Json
from workc.runtime.injection import Injection, by_attempt, parse_injection
from workc.stages.network import NetworkPolicy
from workc.stages.skill import Skill

T = TypeVar("T")


def name_of(what: object) -> str:
    """Returns what a run is called while nothing is known of it."""
    if isinstance(what, Workflow | Skill):
        return cast("Workflow[..., object]", what).name
    if isinstance(what, FileProgram):
        return what.program.name
    if isinstance(what, str | os.PathLike):
        return str(cast("object", what))
    return type(what).__name__


def as_inputs(inputs: Mapping[str, Json] | None) -> Mapping[str, Json]:
    """Returns inputs that are a mapping, or none.

    Raises:
        Refusal: ``INVALID_INPUT``.
    """
    given = cast("object", {} if inputs is None else inputs)
    if not isinstance(given, Mapping):
        raise refuse("INVALID_INPUT", f"inputs are a mapping, not {a(given)}")
    for name in cast("Mapping[object, object]", given):
        if not isinstance(name, str):
            raise refuse("INVALID_INPUT", f"the name of an input is a text, not {a(name)}")
    return cast("Mapping[str, Json]", given)


def expect_callables(**given: object) -> None:
    """Refuses what cannot be called; None is nothing.

    Raises:
        Misuse: one is neither.
    """
    for name, value in given.items():
        if value is not None and not callable(value):
            raise Misuse(f"{name} is a function, not {a(value)}")


def of_the_caller(name: str, function: Callable[[T], object] | None) -> Callable[[T], None] | None:
    """Returns the function of a caller so that what it raises is told as the caller's own.

    Raises, when it is called:
        Misuse: it raised something.
    """
    if function is None:
        return None

    def called(value: T) -> None:
        try:
            function(value)
        except Exception as error:
            raise Misuse(f"{name} raised {type(error).__name__}; it must not raise") from error

    return called


def injections_of(inject: Iterable[str]) -> tuple[Injection, ...]:
    """Returns the failures that a programmer wants injected.

    Raises:
        Misuse: one is not ``step:attempt:CODE``.
    """
    try:
        return tuple(by_attempt(map(parse_injection, texts("inject", inject))).values())
    except Refusal as refusal:
        raise Misuse(refusal.failure.message) from None


def given_settings(settings: Settings | None) -> Settings | None:
    """Returns settings, or None where none were given.

    Raises:
        Misuse: they are something else.
    """
    return None if settings is None else instance("settings", settings, Settings, "Settings")


def ceiling_of(budget_cents: int | None) -> int | None:
    """Returns a ceiling in micro-cents, or None where none was given.

    Raises:
        Misuse: it is no whole number of cents.
    """
    if budget_cents is None:
        return None
    return whole("budget_cents", budget_cents, most=MAX_CENTS) * MICRO_CENTS_PER_CENT


def read_workflow(path: Path) -> bytes:
    """Returns the bytes of a workflow file.

    Raises:
        Refusal: ``INVALID_WORKFLOW`` if it cannot be read.
    """
    problem = name_problem(str(path))
    if problem is not None:
        message = f"{shown(str(path))} can be no file: {problem}"
        raise refuse("INVALID_WORKFLOW", message)
    try:
        return path.read_bytes()
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise refuse("INVALID_WORKFLOW", f"{path} cannot be read: {why}", file=path.name) from None


def normal_json(params: Json) -> Json:
    """Returns parameters that fit as the JSON that is recorded of them."""
    try:
        return jcs.normalise(params)
    except CanonicalError as error:
        why = str(error).removeprefix("not JSON: ")
        raise refuse("INVALID_INPUT", f"the parameters are not JSON: {why}") from None


def free_place(out: object) -> Path:
    """Returns the path if a bundle may go there.

    Raises:
        Misuse: it is no path.
        Refusal: ``INVALID_INPUT``: there is something, or no folder can have that name.
    """
    path = path_of("out", out)
    problem = name_problem(os.fspath(cast("str", out)))
    if problem is not None:
        raise refuse("INVALID_INPUT", f"no bundle can go to {shown(str(out))}: {problem}")
    if path.is_symlink() or (path.exists() and not path.is_dir()) or _holds(path):
        raise refuse(
            "INVALID_INPUT", f"{path} is there already; a bundle is never written over another"
        )
    return path


def _holds(path: Path) -> bool:
    return path.is_dir() and any(path.iterdir())


def joined_policy(base: NetworkPolicy, own: NetworkPolicy | None) -> NetworkPolicy:
    """Returns the policy of a run: the workflow's own where it has one; offline always holds."""
    if own is None or base.offline:
        return base
    return own
