"""What callers give a runtime, checked: names, inputs, parameters, places and policies."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import cast

from workc.api.programs import FileProgram, Workflow
from workc.kernel import jcs
from workc.kernel.canonical import CanonicalError
from workc.kernel.failure import Misuse, Refusal, refuse
from workc.kernel.values import Json
from workc.runtime.injection import Injection, by_attempt, parse_injection
from workc.stages.network import NetworkPolicy
from workc.stages.skill import Skill


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
        raise refuse("INVALID_INPUT", f"inputs are a mapping, not a {type(given).__name__}")
    return cast("Mapping[str, Json]", given)


def injections_of(texts: Iterable[str]) -> tuple[Injection, ...]:
    """Returns the failures that a programmer wants injected.

    Raises:
        Misuse: one is not ``step:attempt:CODE``.
    """
    try:
        return tuple(by_attempt(map(parse_injection, texts)).values())
    except (Refusal, TypeError) as error:
        raise Misuse(error.failure.message if isinstance(error, Refusal) else str(error)) from None


def read_workflow(path: Path) -> bytes:
    """Returns the bytes of a workflow file.

    Raises:
        Refusal: ``INVALID_WORKFLOW`` if it cannot be read.
    """
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


def free_place(path: Path) -> Path:
    """Returns the path if a bundle may go there."""
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
