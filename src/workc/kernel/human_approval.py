"""When a run must ask a human: the chance of being overruled, and what asking is worth.

All is integers, and every division rounds down, towards minus infinity
(docs/reference/formulas.md):

1. ``z = -3000 + 4*x1 + 2.5*x2 + 1.8*x3 + 2*x4 + 2.2*x5``, each ``x`` in permille: x1 is the lock
   level, x2 whether anything is published, x3 whether the network is used, x4 what the lens
   lacks to 1000, x5 whether a check failed before the lock.
2. ``p = 500 + 1000*z / (4000+|z|)``, kept within 0 to 1000: the chance that a human overrules.
3. Asking costs ``C`` ms of a human; a wrong lock loses ``L`` ms. A human is asked if and only if
   ``p*L > 1000*C``. What asking is worth is ``p*L/1000 - C``, which may be 0 when it is required.
4. Under POLICY-DEFAULT ``L`` is 50,000, and 900,000 if anything is published or a selector is
   under ``prod/``: its path, without a ``/`` in front, begins so, or it is ``fs:/``.

>>> chance(-400), worth_ms(409, loss_ms=900_000, cost_ms=45_000)
(409, 323100)
>>> is_required(409, loss_ms=50_000, cost_ms=45_000)
False
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from workc.kernel.failure import Misuse
from workc.kernel.permille import WHOLE, checked, clamped
from workc.kernel.phases import LockLevel
from workc.kernel.selectors import ROOT, Effect

#: What a human's answer costs, in ms.
COST_MS = 45_000

#: What a wrong lock loses under POLICY-DEFAULT, in ms.
LOSS_MS = 50_000

#: The same where production is touched, in ms.
PRODUCTION_LOSS_MS = 900_000

#: How much a lock level binds, in permille.
LEVELS: Mapping[LockLevel, int] = {
    "Draft": 0,
    "Staged": 200,
    "Committed": 600,
    "Published": 850,
    "Immutable": 1000,
}

_BIAS = -3000
_SOFTNESS = 4000


class Risk(msgspec.Struct, frozen=True, kw_only=True):
    """What speaks for asking: the level to lock at, the effects, the lens, the checks.

    ``lens_aggregate`` is in permille, more is better.
    """

    lock_level: LockLevel
    publishes: bool
    uses_network: bool
    lens_aggregate: int
    check_failed: bool


def strain(risk: Risk) -> int:
    """Returns ``z``: how much speaks for being overruled, -3000 to 9500.

    Raises:
        Misuse: the lens aggregate is no permille.
    """
    lacking = WHOLE - checked("the lens aggregate", risk.lens_aggregate)
    weighed = (
        (4000, LEVELS[risk.lock_level]),
        (2500, WHOLE * risk.publishes),
        (1800, WHOLE * risk.uses_network),
        (2000, lacking),
        (2200, WHOLE * risk.check_failed),
    )
    return _BIAS + sum(weight * x // WHOLE for weight, x in weighed)


def chance(strain: int) -> int:
    """Returns ``p`` in permille: the chance that a human overrules."""
    return clamped(WHOLE // 2 + WHOLE * strain // (_SOFTNESS + abs(strain)))


def loss_ms(effects: Iterable[Effect]) -> int:
    """Returns what a wrong lock of a run with these effects loses under POLICY-DEFAULT, in ms."""
    return PRODUCTION_LOSS_MS if any(map(is_production, effects)) else LOSS_MS


def is_production(effect: Effect) -> bool:
    """Says whether an effect touches production: it publishes, or is under ``prod/`` or on all files."""
    path = effect.selector.partition(":")[2]
    if effect.op == "Network":
        path = path.partition("://")[2].partition("/")[2]
    is_under = path.lstrip("/").startswith("prod/")
    return effect.op == "Publish" or is_under or effect.selector == ROOT


def is_required(p: int, *, loss_ms: int, cost_ms: int = COST_MS) -> bool:
    """Says whether a human must be asked; ``p`` is in permille.

    Raises:
        Misuse: ``p`` is no permille, or a time is below 0.
    """
    return _expected(p, loss_ms, cost_ms) > WHOLE * cost_ms


def worth_ms(p: int, *, loss_ms: int, cost_ms: int = COST_MS) -> int:
    """Returns what asking is worth in ms (EVI); below 0 it is not worth it. ``p`` is in permille.

    Raises:
        Misuse: ``p`` is no permille, or a time is below 0.
    """
    return _expected(p, loss_ms, cost_ms) // WHOLE - cost_ms


def _expected(p: int, loss_ms: int, cost_ms: int) -> int:
    if loss_ms < 0 or cost_ms < 0:
        raise Misuse("a loss and a cost are never below 0 ms")
    return checked("the chance", p) * loss_ms
