"""When a policy has a human asked before a step: the arithmetic of kernel/human_approval.py.

The chance of being overruled is that of a run that will lock at the level its checks give, with the
effects that the step may have, of what its lens is worth, in which no check has failed yet.
"""

from __future__ import annotations

from collections.abc import Iterable

from workc.kernel.human_approval import (
    Risk,
    chance,
    is_production,
    is_required,
    strain,
    worth_ms,
)
from workc.kernel.permille import WHOLE
from workc.kernel.phases import LockLevel
from workc.kernel.selectors import Effect
from workc.runtime.policy.model import ApprovalRules


def question_of(
    rules: ApprovalRules,
    step: str,
    effects: Iterable[Effect],
    level: LockLevel,
    lens_aggregate: int = WHOLE,
) -> str | None:
    """Returns what a human is asked before a step with these effects, or None if nobody is.

    ``lens_aggregate`` is the quality of what the run looked at, 1000 of a run without a lens.
    """
    found = sorted(effects)
    risk = Risk(
        lock_level=level,
        publishes=any(effect.op == "Publish" for effect in found),
        uses_network=any(effect.op == "Network" for effect in found),
        lens_aggregate=lens_aggregate,
        check_failed=False,
    )
    p, loss = chance(strain(risk)), _loss_ms(rules, found)
    if not is_required(p, loss_ms=loss, cost_ms=rules.cost_ms):
        return None
    named = ", ".join(f"{effect.op} {effect.selector}" for effect in found) or "no declared effects"
    worth = worth_ms(p, loss_ms=loss, cost_ms=rules.cost_ms)
    return (
        f"May {step} begin? It may do: {named}. By the policy: chance of no {p} permille, "
        f"loss {loss} ms, cost {rules.cost_ms} ms, worth asking {worth} ms."
    )


def _loss_ms(rules: ApprovalRules, effects: Iterable[Effect]) -> int:
    losses = [rules.loss_ms]
    for effect in filter(is_production, effects):
        is_publication = effect.op == "Publish"
        losses.append(rules.publish_loss_ms if is_publication else rules.production_loss_ms)
    return max(losses)
