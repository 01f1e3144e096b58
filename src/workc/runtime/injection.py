"""Injected failures: a rehearsal of what goes wrong, at a step and an attempt that are named.

They are rules of the run and stand in its evidence, so a replay fails where the run failed, and nobody
takes a rehearsal for the real thing. Nothing is asked of the world by an attempt that is to fail.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from typing import TypeAlias

import msgspec

from workc.kernel.catalog import CATALOG
from workc.kernel.failure import Failure, refuse

_FORM = re.compile(r"(?P<step>[^:\s][^:]*):(?P<attempt>[1-9][0-9]{0,5}):(?P<code>[A-Z0-9_]+)")


#: What becomes of runs and steps, and of no attempt.
_OF_RUNS = frozenset(
    {
        "ABORTED",
        "APPROVAL_DENIED",
        "APPROVAL_PENDING",
        "APPROVAL_TIMEOUT",
        "GATE_FAILED",
        "HALTED",
        "UPSTREAM_FAILED",
    }
)


class Injection(msgspec.Struct, frozen=True, order=True, kw_only=True, forbid_unknown_fields=True):
    """The failure of one attempt of one step; attempts count from 1."""

    step: str
    attempt: int
    code: str

    def __str__(self) -> str:
        """Returns it as it is written: ``fetch:1:TIMEOUT``."""
        return f"{self.step}:{self.attempt}:{self.code}"

    def failure(self) -> Failure:
        """Returns what the attempt fails with."""
        summary = CATALOG[self.code].summary
        return Failure(code=self.code, message=f"injected: {summary}", details={"injected": True})


#: Failures by step and attempt.
Injected: TypeAlias = Mapping[tuple[str, int], Injection]


def by_attempt(injections: Iterable[Injection]) -> Injected:
    """Returns injections by step and attempt.

    Raises:
        Refusal: ``INVALID_INPUT`` if there are two for one attempt.
    """
    found: dict[tuple[str, int], Injection] = {}
    for each in injections:
        before = found.setdefault((each.step, each.attempt), each)
        if before != each:
            message = f"one attempt fails once: {before} or {each}, not both"
            raise refuse("INVALID_INPUT", message)
    return found


def refuse_unknown_steps(injections: Iterable[Injection], steps: Collection[str]) -> None:
    """Refuses an injection into a step that there is not.

    Raises:
        Refusal: ``INVALID_INPUT``, with the steps that there are.
    """
    for each in injections:
        if each.step not in steps:
            known = ", ".join(steps) or "none"
            message = f"{each} cannot be injected: there is no step {each.step}; steps: {known}"
            raise refuse("INVALID_INPUT", message)


def parse_injection(text: str) -> Injection:
    """Returns the injection that ``STEP:ATTEMPT:CODE`` says.

    Raises:
        Refusal: ``INVALID_INPUT`` if it says none, or the catalog has no such code.
    """
    found = _FORM.fullmatch(text)
    if found is None:
        raise refuse("INVALID_INPUT", f"{text!r} is no injection; {_instead(text)}")
    code = found["code"]
    if code not in CATALOG:
        raise refuse("INVALID_INPUT", f"{code} is no failure code; `workc failures` lists them")
    if code in _OF_RUNS or CATALOG[code].category == "INTEGRITY":
        raise refuse("INVALID_INPUT", f"{code} is no failure of an attempt; inject another")
    return Injection(step=found["step"], attempt=int(found["attempt"]), code=found["code"])


def _instead(text: str) -> str:
    head, _, code = text.rpartition(":")
    meant = f"{head}:{code.upper()}"
    if code.upper() in CATALOG and _FORM.fullmatch(meant):
        return f"did you mean {meant}?"
    return "write STEP:ATTEMPT:CODE, as fetch:1:TIMEOUT"
