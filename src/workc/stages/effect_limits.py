"""Decides which effects a call may have: what a run and a step declare, and what a policy allows.

1. An effect of a run that declares some lies within one of them; of a step that declares some,
   within one of those too. A run or a step that declares none is not bounded by that.
2. Under a policy with lines about effects, one of its ``allow`` covers the effect, and none of its
   ``deny``. No line allows nothing.
3. What a policy and declared effects refuse both, the declared ones are told of: they are nearer.

Coverage is that of :mod:`workc.kernel.selectors`; every effect here is in its one spelling.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal

import msgspec

from workc.kernel.failure import Failure
from workc.kernel.selectors import Effect, ancestors

Unknown = Literal["allow", "deny"]
#: What servers may take for a separator in the path of an address.
_ESCAPED = re.compile(r"%(?:2f|5c)|\\", re.IGNORECASE)


class EffectRules(msgspec.Struct, frozen=True, kw_only=True):
    """What a policy says of effects; ``unknown`` of functions that do not say what they do."""

    allow: tuple[Effect, ...]
    deny: tuple[Effect, ...] = ()
    unknown: Unknown = "deny"


class EffectLimits(msgspec.Struct, frozen=True, kw_only=True):
    """What an effect must lie within: all of these that are not None."""

    run: tuple[Effect, ...] | None = None
    step: tuple[Effect, ...] | None = None
    policy: EffectRules | None = None

    @property
    def declared(self) -> tuple[Effect, ...] | None:
        """Returns what the run may do as a plan declares it: its own effects, else what a policy allows."""
        if self.run is not None:
            return self.run
        return None if self.policy is None else self.policy.allow


def decide_effect(
    limits: EffectLimits, effect: Effect, told: Effect | None = None
) -> Failure | None:
    """Returns why the effect must not happen, or None when it may; it is ``told`` so, if that is given."""
    for declared, whose in ((limits.run, "run"), (limits.step, "step")):
        if declared is not None and covering(declared, effect) is None:
            return _not_declared(told or effect, whose)
    return None if limits.policy is None else _against_policy(limits.policy, effect, told or effect)


def decide_unknown(limits: EffectLimits | None) -> Failure | None:
    """Returns why a function that does not say what it does must not be called, or None."""
    policy = None if limits is None else limits.policy
    if policy is None or policy.unknown == "allow":
        return None
    message = (
        "the function is not pure and does not work through ctx, so its effects are unknown; the "
        'policy allows only what is known. It would need [effects] unknown = "allow"'
    )
    return Failure(code="POLICY_VIOLATION", message=message, details={"unknown": True})


def covering(wide: Iterable[Effect], effect: Effect) -> Effect | None:
    """Returns the first of ``wide`` that covers the effect."""
    above = {effect, *ancestors(effect)}
    return next((each for each in wide if each in above), None)


def as_meant(effect: Effect) -> Effect:
    """Returns an effect as a server may take it: an escaped slash of an address as a slash.

    >>> as_meant(Effect("Network", "net:http://a/x%2Fy")).selector
    'net:http://a/x/y'
    """
    scheme, mark, rest = effect.selector.partition("://")
    if effect.op != "Network" or not _ESCAPED.search(rest):
        return effect
    host, _, path = rest.partition("/")
    parts = [part for part in _ESCAPED.sub("/", path).split("/") if part not in {"", "."}]
    return Effect(effect.op, f"{scheme}{mark}{host}/{'/'.join(parts)}")


def _not_declared(effect: Effect, whose: str) -> Failure:
    line = f'- "{effect.op} {effect.selector}"'
    return Failure(
        code="EFFECT_NOT_DECLARED",
        message=f"{_shown(effect)} is not declared; add to effects of the {whose}: {line}",
        details={"op": effect.op, "selector": effect.selector, "whose": whose, "add": line},
    )


def _against_policy(policy: EffectRules, effect: Effect, told: Effect) -> Failure | None:
    denied = covering(policy.deny, effect) or covering(policy.deny, as_meant(effect))
    allowed = covering(policy.allow, effect)
    if denied is None and allowed is not None:
        return None
    details = {"op": told.op, "selector": told.selector}
    if denied is not None:
        message = f"the policy denies {_shown(told)}, by its line {_shown(denied)}"
        return Failure(
            code="POLICY_VIOLATION", message=message, details={**details, "line": _shown(denied)}
        )
    line = f'[[effects.allow]] op = "{told.op}" selector = "{told.selector}"'
    message = f"no line of the policy allows {_shown(told)}; it would be {line}"
    return Failure(code="POLICY_VIOLATION", message=message, details={**details, "add": line})


def _shown(effect: Effect) -> str:
    return f"{effect.op} {effect.selector}"
