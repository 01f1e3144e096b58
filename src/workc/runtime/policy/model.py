"""A checked policy file as values, and as the rules that every bundle of a run under it holds.

What a policy does not speak of is as it is without one: nothing of it enters the rules. So the
policy that ships as the default gives the very rules of a run without a policy.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

import msgspec

from workc.kernel.failure import refuse
from workc.kernel.payloads import Limits
from workc.kernel.phases import LockLevel
from workc.kernel.required_checks import VerifyRules
from workc.kernel.risk import ApprovalRules, DecideRules, high_levels
from workc.kernel.values import Json, JsonObject
from workc.runtime.declared_effects import bounds_of
from workc.stages.effect_limits import EffectLimits, EffectRules
from workc.stages.grant_rules import GrantRules
from workc.stages.network import NetworkPolicy

SCHEMA = "workc.policy/1"

T = TypeVar("T")


class BudgetRules(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The most that a run may be given; what is None is not limited by the policy."""

    ceiling_cents: int | None = None
    calls: int | None = None
    tokens: int | None = None
    wall_ms: int | None = None


class PolicyFile(msgspec.Struct, frozen=True, kw_only=True):
    """What a policy says; a part that is None says nothing.

    ``lens`` are the least aggregates of a lens for each lock level, in permille; that of Draft is for
    deciding. ``may_grant`` is what a run may be granted of this machine.
    """

    name: str
    description: str = ""
    effects: EffectRules | None = None
    network: NetworkPolicy | None = None
    budget: BudgetRules | None = None
    approval: ApprovalRules | None = None
    verify: VerifyRules | None = None
    decide: DecideRules | None = None
    lens: Mapping[LockLevel, int] | None = None
    may_grant: GrantRules | None = None


#: The parts that are rules beside the network's, which every run has.
_PARTS = ("approval", "budget", "decide", "effects", "lens", "may_grant", "verify")


#: What a run without a policy may reach: a policy that says so adds nothing.
_SAYS_NOTHING = (None, NetworkPolicy())


def rules_of(policy: PolicyFile | None) -> JsonObject:
    """Returns the rules that a policy adds to those that every run has; none if it says nothing."""
    said = {name: getattr(policy, name, None) for name in _PARTS}
    rules: dict[str, Json] = {
        name: msgspec.json.decode(msgspec.json.encode(part))
        for name, part in said.items()
        if part is not None
    }
    if policy is None or (not rules and policy.network in _SAYS_NOTHING):
        return {}
    return {**rules, "policy": policy.name}


def recorded_ruling(rules: JsonObject) -> PolicyFile | None:
    """Returns what the policy of a run says beside its network, from its recorded rules.

    Raises:
        Refusal: ``INVALID_INPUT`` if the rules hold something else.
    """
    if "policy" not in rules:
        return None
    found = {name: rules[name] for name in _PARTS if name in rules}
    try:
        return msgspec.convert({**found, "name": rules["policy"]}, PolicyFile)
    except msgspec.ValidationError as error:
        failed = refuse("INVALID_INPUT", f"the recorded rules of the policy are none: {error}")
    raise failed


def required_of(ruling: PolicyFile | None, limits: EffectLimits | None) -> VerifyRules:
    """Returns what a policy requires of the lock level of a run that may do so much, by its risk."""
    if ruling is None or ruling.verify is None:
        return VerifyRules()
    declared = None if limits is None else limits.declared
    bounds = None if declared is None else bounds_of(declared)[0]
    return ruling.verify.at_risk(high_levels(ruling.approval or ApprovalRules(), bounds))


def limits_of(budget: BudgetRules) -> Limits:
    """Returns what a policy limits beside money, as a run holds it."""
    names = ("calls", "tokens", "wall_ms")
    said = {name: getattr(budget, name) for name in names}
    return Limits(**{name: limit for name, limit in said.items() if limit is not None})
