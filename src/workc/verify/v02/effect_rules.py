"""Whether what was asked for is what the policy allows, where its rules speak of effects.

Rules that speak of effects in another form than :class:`_Effects` allow none.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import msgspec

from workc.bundle.layout import EVENTS
from workc.kernel.payloads import EffectBound, Part
from workc.kernel.selectors import EffectOp
from workc.kernel.values import Json, JsonObject
from workc.verify.case import Case
from workc.verify.effect_bounds import Bounds
from workc.verify.v02 import rules
from workc.verify.v02.payload_rules import is_spelled
from workc.verify.verdict import MAX_FINDINGS


class _Effects(Part, frozen=True, kw_only=True):
    """What rules say of effects; ``unknown`` is of functions, which ask for none."""

    allow: list[EffectBound]
    deny: list[EffectBound]
    unknown: Literal["allow", "deny"]


_NOTHING = _Effects(allow=[], deny=[], unknown="deny")


def check_effect_rules(
    said: JsonObject, asked: Iterable[tuple[EffectOp, str]] | None, case: Case
) -> None:
    """Compares the effects that were ``asked`` for with the rules; None if a plan declares none."""
    if "effects" not in said:
        return
    if asked is None:
        message = "the policy says which effects are allowed, and a plan declares none"
        case.fail(rules.EFFECT_IS_ALLOWED, EVENTS, message)
        return
    effects = _effects_of(said["effects"])
    allow, deny = (_bounds(each) for each in (effects.allow, effects.deny))
    beyond = [each for each in asked if not allow.cover(*each) or deny.cover(*each)]
    for op, selector in sorted(beyond)[:MAX_FINDINGS]:
        case.fail(rules.EFFECT_IS_ALLOWED, EVENTS, f"the policy does not allow {op} {selector}")


def _bounds(effects: Iterable[EffectBound]) -> Bounds:
    return Bounds((effect.op, effect.selector) for effect in effects)


def _effects_of(effects: Json) -> _Effects:
    """Returns what rules say of effects: nothing is allowed by those of another form."""
    try:
        said = msgspec.convert(effects, _Effects)
    except msgspec.ValidationError:
        return _NOTHING
    return said if all(map(is_spelled, [*said.allow, *said.deny])) else _NOTHING
