"""The budget of a run: of what the runtime gives and what the workflow says the lowest holds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from msgspec import UNSET, UnsetType

from workc.api.settings import Settings
from workc.kernel.ledger import MICRO_CENTS_PER_CENT
from workc.kernel.payloads import Limits
from workc.runtime.continuing import Budget
from workc.runtime.policy.model import limits_of as limits_under
from workc.runtime.workflow.model import WorkflowFile


def with_budget_of(
    settings: Settings, workflow: WorkflowFile | None, *, default: int | None = 0
) -> Settings:
    """Returns the settings of a run of a workflow; ``default`` is its ceiling if nobody says one."""
    own = workflow.budget_ceiling_cents if workflow else None
    ceilings = [
        settings.ceiling_micro_cents,
        None if own is None else own * MICRO_CENTS_PER_CENT,
        None if settings.budget is None else settings.budget.ceiling_micro_cents,
        None if settings.contract is None else settings.contract.budget_micro_cents,
    ]
    lowest = min((each for each in ceilings if each is not None), default=default)
    limits = _lowest(settings.limits, workflow.limits) if workflow else settings.limits
    budget = None if settings.ruling is None else settings.ruling.budget
    if budget is not None:
        # A policy bounds what is given; it gives nothing itself.
        limits = _lowest(limits, limits_under(budget))
        lowest = lowest if budget.ceiling_cents is None else _capped(lowest, budget.ceiling_cents)
    return replace(settings, ceiling_micro_cents=lowest, limits=limits)


def _capped(ceiling: int | None, most_cents: int) -> int | None:
    return None if ceiling is None else min(ceiling, most_cents * MICRO_CENTS_PER_CENT)


def limits_of(calls: int | None, tokens: int | None, wall_ms: int | None) -> Limits:
    """Returns limits of which None is none."""
    return Limits(calls=_or_unset(calls), tokens=_or_unset(tokens), wall_ms=_or_unset(wall_ms))


def budget_of(
    cents: int | None, calls: int | None, tokens: int | None, wall_ms: int | None
) -> Budget:
    """Returns a budget of which None is not given."""
    return Budget(
        ceiling_micro_cents=None if cents is None else cents * MICRO_CENTS_PER_CENT,
        limits=limits_of(calls, tokens, wall_ms),
    )


def _lowest(one: Limits, other: Limits) -> Limits:
    return Limits(
        calls=_lower((one.calls, other.calls)),
        tokens=_lower((one.tokens, other.tokens)),
        wall_ms=_lower((one.wall_ms, other.wall_ms)),
    )


def _lower(limits: Iterable[int | UnsetType]) -> int | UnsetType:
    return min((each for each in limits if not isinstance(each, UnsetType)), default=UNSET)


def _or_unset(limit: int | None) -> int | UnsetType:
    return UNSET if limit is None else limit
