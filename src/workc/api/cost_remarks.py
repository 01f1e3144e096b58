"""What an audit says of the cost of a plan: what cannot be paid for, and what may not be.

A problem is a call that no run of the workflow can make under this budget; a warning is one that some
run may not.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

import msgspec

from workc.api.bounds import Bound
from workc.kernel.payloads import Limits, given
from workc.runtime.amounts import money


class Remark(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to know before running. ``code`` is of the failure catalog, if it has one.

    Of one about code ``skill``, ``file`` and ``line`` (from 1) say where, ``instead`` what to use.
    """

    level: Literal["problem", "warning"]
    message: str
    step: str | None = None
    code: str | None = None
    skill: str | None = None
    file: str | None = None
    line: int | None = None
    instead: str | None = None


class Costly(msgspec.Struct, frozen=True):
    """A use of a skill whose calls are paid for, with its bound and its step's ceiling in micro-cents.

    ``is_fallback`` says that it comes to it only if the step's own skill has failed.
    """

    step: str
    bound: Bound
    ceiling: int | None
    is_fallback: bool = False


class Totals(msgspec.Struct, frozen=True, kw_only=True):
    """What all attempts of all steps can use at most; None while a bound is not known."""

    micro_cents: int | None
    tokens: int | None
    calls: int


def totals_of(steps: Sequence[Costly], passes: int) -> Totals:
    """Returns the totals of a plan that is carried out so often at most."""
    return Totals(
        micro_cents=_sum([step.bound.worst_micro_cents for step in steps], passes),
        tokens=_sum([step.bound.worst_tokens for step in steps], passes),
        calls=sum(step.bound.attempts for step in steps) * passes,
    )


def _sum(bounds: Sequence[int | None], passes: int) -> int | None:
    known = [bound for bound in bounds if bound is not None]
    return sum(known) * passes if len(known) == len(bounds) else None


def cost_remarks(
    steps: Sequence[Costly], totals: Totals, ceiling: int, limits: Limits
) -> Iterator[Remark]:
    """Yields what is to be said of the cost of a plan under a budget, in micro-cents."""
    for step in steps:
        remark = _of_step(step, ceiling, limits)
        if remark is not None:
            yield remark
    most = given(limits.calls)
    sure = sum(not step.is_fallback for step in steps)
    if most is not None and sure > most:
        message = f"the steps make {_calls(sure)}, more than the budget of {most}"
        yield Remark(level="problem", message=message, code="QUOTA_EXCEEDED")
    yield from _of_all(totals, ceiling, limits)


def _of_step(step: Costly, ceiling: int, limits: Limits) -> Remark | None:
    bound = step.bound
    if bound.failure is not None:
        return _problem(step, bound.failure.code, bound.failure.message)
    least = bound.bound_micro_cents or bound.known_part_micro_cents or 0
    tokens, most = bound.bound_tokens or bound.known_part_tokens or 0, given(limits.tokens)
    cost = f"one call may cost {money(least)}, more than the budget"
    if step.ceiling is not None and least > step.ceiling:
        message = f"{cost} of the step of {money(step.ceiling)}"
        return _problem(step, "STEP_CEILING_EXCEEDED", message)
    if least > ceiling:
        return _problem(step, "BUDGET_EXCEEDED", f"{cost} of {money(ceiling)}")
    if most is not None and tokens > most:
        message = f"one call may use {tokens} tokens, more than the budget of {most}"
        return _problem(step, "QUOTA_EXCEEDED", message)
    if bound.depends_on:
        message = f"its cost depends on {', '.join(bound.depends_on)}"
        return Remark(level="warning", message=message, step=step.step)
    return None


def _problem(step: Costly, code: str, message: str) -> Remark:
    return Remark(level="problem", message=message, step=step.step, code=code)


def _of_all(totals: Totals, ceiling: int, limits: Limits) -> Iterator[Remark]:
    tokens, calls = given(limits.tokens), given(limits.calls)
    may = "all attempts together may"
    if totals.micro_cents is not None and totals.micro_cents > ceiling:
        yield _warning(f"{may} cost {money(totals.micro_cents)}; the budget may refuse some")
    if tokens is not None and totals.tokens is not None and totals.tokens > tokens:
        yield _warning(f"{may} use {totals.tokens} tokens; the budget may refuse some")
    if calls is not None and totals.calls > calls:
        yield _warning(f"{may} be {_calls(totals.calls)}; the budget may refuse some")


def _calls(number: int) -> str:
    return "1 billable call" if number == 1 else f"{number} billable calls"


def _warning(message: str) -> Remark:
    return Remark(level="warning", message=message)
