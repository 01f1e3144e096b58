"""Why a reservation was refused: the code that it ends with, and the sentence that says so."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from workc.kernel.failure import Refusal, refuse
from workc.kernel.ledger import Dimension
from workc.kernel.payloads import BudgetReserved, Limits, given
from workc.kernel.values import Json, JsonObject
from workc.runtime.amounts import money

#: What refused -> the code. Only a step's own ceiling leaves the rest of the run alone.
CODES: Mapping[Dimension, str] = {
    "step": "STEP_CEILING_EXCEEDED",
    "run": "BUDGET_EXCEEDED",
    "tokens": "QUOTA_EXCEEDED",
    "calls": "QUOTA_EXCEEDED",
    "wall": "TIMEOUT",
    "shared": "BUDGET_EXCEEDED",
}

#: A sentence, and what else is told with it.
_Words = tuple[str, JsonObject]


def refused_dimension(answer: BudgetReserved) -> Dimension | None:
    """Returns what refused a reservation, or None if nothing did."""
    return None if answer.granted else given(answer.refused_by) or "run"


def halt_of(answer: BudgetReserved) -> str | None:
    """Returns the code with which a reservation halts the run, or None if it does not."""
    refused_by = refused_dimension(answer)
    return None if refused_by is None or refused_by == "step" else CODES[refused_by]


def refusal_of(answer: BudgetReserved, ceiling: int, limits: Limits) -> Refusal:
    """Returns the refusal of a reservation under a ceiling in micro-cents and the run's limits."""
    refused_by = refused_dimension(answer) or "run"
    why, details = _WORDS[refused_by](answer, ceiling, limits)
    told: dict[str, Json] = {"bound_micro_cents": answer.bound, **details}
    return refuse(CODES[refused_by], why, **told)


def _of_step(answer: BudgetReserved, _ceiling: int, _limits: Limits) -> _Words:
    most = answer.step_ceiling or 0
    why = f"the call may cost up to {money(answer.bound)}; with what its step has cost that is more"
    return f"{why} than the step may: {money(most)}", {"step_ceiling_micro_cents": most}


def _of_run(answer: BudgetReserved, ceiling: int, _limits: Limits) -> _Words:
    left = ceiling - answer.reserved - answer.spent
    rest = f"{money(left)} are left of {money(ceiling)}" if ceiling else "the budget is $0.00"
    return f"the call may cost up to {money(answer.bound)}; {rest}", {
        "ceiling_micro_cents": ceiling,
        "left_micro_cents": left,
        "spent_micro_cents": answer.spent,
    }


def _of_tokens(answer: BudgetReserved, _ceiling: int, limits: Limits) -> _Words:
    tokens, most = answer.tokens or 0, limits.tokens or 0
    why = f"the call may use up to {tokens} tokens, more than are left of the {most} of the run"
    return why, {"tokens": tokens, "limit_tokens": most}


def _of_calls(_answer: BudgetReserved, _ceiling: int, limits: Limits) -> _Words:
    most = limits.calls or 0
    why = f"the run may make no more billable calls than {most}"
    return why, {"limit_calls": most}


def _of_wall(_answer: BudgetReserved, _ceiling: int, limits: Limits) -> _Words:
    most = limits.wall_ms or 0
    why = f"the {most} ms of the run were over before the call was made"
    return why, {"limit_wall_ms": most, "scope": "run"}


def _of_pool(answer: BudgetReserved, _ceiling: int, _limits: Limits) -> _Words:
    left = answer.shared_left or 0
    why = f"the call may cost up to {money(answer.bound)}; {money(left)} are left of the budget"
    return f"{why} that runs share", {"left_micro_cents": left}


_WORDS: Mapping[Dimension, Callable[[BudgetReserved, int, Limits], _Words]] = {
    "step": _of_step,
    "run": _of_run,
    "tokens": _of_tokens,
    "calls": _of_calls,
    "wall": _of_wall,
    "shared": _of_pool,
}
