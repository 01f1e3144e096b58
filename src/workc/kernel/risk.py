"""How much effects risk under the rules of a policy, and what must be decided because of that.

The risk of effects at a lock level is *high* if asking a human about them would be worth it
(:mod:`workc.kernel.human_approval`), whether anybody is asked or not. What is not known is high.
Engine, audit and verifier ask the same few lines (``docs/spec/bundle-0.2.md``, section 22).

>>> rules = ApprovalRules()
>>> [is_high(rules, [Effect(op, name)], "Staged") for op, name in (
...     ("WriteFS", "fs:repo/a"), ("WriteFS", "fs:prod/a"), ("Publish", "pub:releases"))]
[False, True, True]
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Literal

import msgspec

from workc.kernel.human_approval import (
    COST_MS,
    LEVELS,
    LOSS_MS,
    PRODUCTION_LOSS_MS,
    Risk,
    chance,
    is_production,
    is_required,
    strain,
)
from workc.kernel.payloads import Count, EffectBound
from workc.kernel.permille import WHOLE
from workc.kernel.phases import LockLevel
from workc.kernel.selectors import Effect

#: What may be done without an explicit decision: what is of low risk, or nothing.
Implicit = Literal["low", "never"]


class ApprovalRules(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What asking a human costs, and what a wrong step loses, in ms (kernel/human_approval.py).

    ``production_loss_ms`` is for effects under ``prod/`` and on all files, ``publish_loss_ms`` for
    publications. ``timeout_ms`` is how long an answer may take; None: for ever.
    """

    loss_ms: Count = LOSS_MS
    production_loss_ms: Count = PRODUCTION_LOSS_MS
    publish_loss_ms: Count = PRODUCTION_LOSS_MS
    cost_ms: Count = COST_MS
    timeout_ms: Count | None = None


class DecideRules(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a step may do that nobody decided about: no planner, no human and no gate."""

    implicit: Implicit


def chance_of(effects: Collection[Effect], level: LockLevel, lens_aggregate: int = WHOLE) -> int:
    """Returns the chance in permille that a human overrules effects of a run that locks at a level.

    ``lens_aggregate`` is the quality of what the run looked at, 1000 of a run without a lens. No check
    has failed yet.

    Raises:
        Misuse: the aggregate is no permille.
    """
    risk = Risk(
        lock_level=level,
        publishes=any(effect.op == "Publish" for effect in effects),
        uses_network=any(effect.op == "Network" for effect in effects),
        lens_aggregate=lens_aggregate,
        check_failed=False,
    )
    return chance(strain(risk))


def loss_of(rules: ApprovalRules, effects: Iterable[Effect]) -> int:
    """Returns what a wrong step with these effects loses, in ms."""
    losses = [rules.loss_ms]
    for effect in filter(is_production, effects):
        is_publication = effect.op == "Publish"
        losses.append(rules.publish_loss_ms if is_publication else rules.production_loss_ms)
    return max(losses)


def is_high(
    rules: ApprovalRules,
    effects: Collection[Effect],
    level: LockLevel,
    lens_aggregate: int = WHOLE,
) -> bool:
    """Returns whether effects are of high risk in a run that locks at a level; raises as above."""
    p = chance_of(effects, level, lens_aggregate)
    return is_required(p, loss_ms=loss_of(rules, effects), cost_ms=rules.cost_ms)


def high_levels(
    rules: ApprovalRules, declared: Iterable[EffectBound] | None
) -> frozenset[LockLevel]:
    """Returns the lock levels at which a run that declares this is of high risk: all if it may do anything.

    So it is known before the run begins: its lens is taken to be good, its checks to hold.
    """
    if declared is None:
        return frozenset(LEVELS)
    effects = [Effect(each.op, each.selector) for each in declared]
    return frozenset(level for level in LEVELS if is_high(rules, effects, level))
