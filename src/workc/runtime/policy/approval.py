"""When a policy has a human asked before a step: the arithmetic of kernel/human_approval.py.

The chance of being overruled is that of a run that will lock at the level its checks give, with the
effects that the step may have, of what its lens is worth, in which no check has failed yet.
"""

from __future__ import annotations

from collections.abc import Iterable

from workc.kernel.human_approval import is_required, worth_ms
from workc.kernel.permille import WHOLE
from workc.kernel.phases import LockLevel
from workc.kernel.risk import ApprovalRules, chance_of, loss_of
from workc.kernel.selectors import Effect


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
    p, loss = chance_of(found, level, lens_aggregate), loss_of(rules, found)
    if not is_required(p, loss_ms=loss, cost_ms=rules.cost_ms):
        return None
    named = ", ".join(f"{effect.op} {effect.selector}" for effect in found) or "no declared effects"
    worth = worth_ms(p, loss_ms=loss, cost_ms=rules.cost_ms)
    return (
        f"May {step} begin? It may do: {named}. By the policy: chance of no {p} permille, "
        f"loss {loss} ms, cost {rules.cost_ms} ms, worth asking {worth} ms."
    )
