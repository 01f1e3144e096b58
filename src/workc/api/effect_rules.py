"""What bounds the effects of a run, and where its model calls go: written as rules, and read again.

Both are fixed when a run begins. Where a provider is may come from the environment, which a replay
does not have, so that it is a rule of each run whose effects are bounded.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce

import msgspec

from workc.adapters.redaction import Redactor
from workc.api.run_secrets import secret_values
from workc.api.settings import Settings
from workc.kernel.failure import refuse
from workc.kernel.selectors import common
from workc.kernel.values import Json, JsonObject
from workc.runtime.policy.model import PolicyFile
from workc.runtime.program import Program
from workc.runtime.workflow.facts import members
from workc.stages.effect_limits import EffectLimits, EffectRules
from workc.stages.effects import BASE_VARIABLES

_BASES = "model_bases"


def bases_of(program: Program, settings: Settings) -> JsonObject:
    """Returns the rule that says where providers are, if effects are bounded and the environment says so."""
    is_bounded = limits_of_effects(program, settings.ruling) is not None
    found = set_bases(settings.environment) if is_bounded else {}
    return {_BASES: dict[str, Json](found)} if found else {}


def refuse_secret_bases(program: Program, settings: Settings) -> None:
    """Refuses a run that would record a secret in the address of a provider: it is a rule of the run.

    Raises:
        Refusal: ``INVALID_INPUT``, naming the provider.
    """
    redactor = Redactor(secret_values(settings.environment, program))
    for name, base in members(bases_of(program, settings).get(_BASES)).items():
        if redactor.find(str(base).encode()):
            message = f"the base URL of {name} holds a secret, and would be recorded"
            raise refuse("INVALID_INPUT", f"{message}; use api_key_env for the key")


def set_bases(environment: Mapping[str, str]) -> dict[str, str]:
    """Returns the base URLs of providers that an environment sets, by provider."""
    set_ones = {name: environment.get(each, "") for name, each in BASE_VARIABLES.items()}
    return {name: base for name, base in set_ones.items() if base}


def recorded_bases(rules: JsonObject) -> dict[str, str]:
    """Returns the base URLs of providers that a run began with."""
    return {
        name: base for name, base in members(rules.get(_BASES)).items() if isinstance(base, str)
    }


def ruling_of_child(program: Program, step: str, ruling: PolicyFile | None) -> PolicyFile | None:
    """Returns the policy of a child that a step runs: it may do no more than the step may.

    What run and step declare is told to the child as what its policy allows.
    """
    own = next((each.effects for each in program.steps if each.id == step), None)
    declared = [each for each in (program.effects, own) if each is not None]
    if not declared:
        return ruling
    said = None if ruling is None else ruling.effects
    lists = declared if said is None else [*declared, said.allow]
    allowed = reduce(common, lists[1:], list(lists[0]))
    bounded = EffectRules(
        allow=tuple(allowed),
        deny=() if said is None else said.deny,
        unknown="allow" if said is None else said.unknown,
    )
    given = PolicyFile(name=program.name) if ruling is None else ruling
    return msgspec.structs.replace(given, effects=bounded)


def limits_of_effects(program: Program, ruling: PolicyFile | None) -> EffectLimits | None:
    """Returns what bounds the effects of a run under a policy, None if nothing does."""
    policy = None if ruling is None else ruling.effects
    if program.effects is None and policy is None:
        return None
    return EffectLimits(run=program.effects, policy=policy)
