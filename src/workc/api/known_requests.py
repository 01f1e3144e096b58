"""What a step is sure to ask of the world, as far as its parameters are known before it runs.

Only built-in skills are asked: a user's might do anything.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from workc.api.bounds import known_params
from workc.kernel.failure import Failure, Misuse, Refusal
from workc.kernel.values import Json, JsonObject
from workc.runtime.declared_effects import addressed, effect_of
from workc.runtime.workflow.facts import listed
from workc.runtime.workflow.model import StepSpec
from workc.skills.llm_invoke import Provider, path_of
from workc.skills.registry import builtin_skills
from workc.stages.effect_limits import EffectLimits, decide_effect
from workc.stages.effects import (
    EffectRequest,
    FileRead,
    FileWrite,
    HttpRequest,
    ModelRequest,
    ProgramRun,
    Publication,
    SecretText,
)
from workc.stages.grants import Grants
from workc.stages.network import NetworkPolicy, decide, is_address
from workc.stages.skill import Skill
from workc.stages.url import parse_url

#: Where the built-in skills take an address, and which port they ask.
ADDRESS = {"http_call": ("url", "http"), "llm_invoke": ("base_url", "model")}
#: The parameter that says what a skill does to this machine, and the request by all that are known.
_LOCAL: Mapping[str, tuple[str, Callable[[JsonObject], EffectRequest]]] = {
    "read_file": ("path", lambda known: FileRead(path=str(known["path"]))),
    "write_file": ("path", lambda known: FileWrite(path=str(known["path"]), data=b"")),
    "exec": ("argv", lambda known: _program(known)),
    "publish": ("to", lambda known: Publication(to=str(known["to"]), name="", data=b"")),
}


def _program(known: JsonObject) -> ProgramRun:
    cwd = known.get("cwd")
    argv = tuple(map(str, listed(known["argv"])))
    return ProgramRun(argv=argv, cwd=cwd if isinstance(cwd, str) else None)


def known_request(
    step: StepSpec, skill: Skill[..., object], inputs: Mapping[str, Json]
) -> EffectRequest | None:
    """Returns a request with the address that a built-in skill will ask, if that is known now."""
    if builtin_skills().get(step.skill) is not skill:
        return None
    return _known_request(step, known_params(step.params, inputs))


def effect_failure(
    step: StepSpec, request: EffectRequest, limits: EffectLimits, bases: Mapping[str, str]
) -> Failure | None:
    """Returns why the effect of a request may not happen, or None."""
    try:
        effect = effect_of(addressed(request, bases))
    except Refusal as refusal:
        return refusal.failure
    own = EffectLimits(run=limits.run, step=step.effects, policy=limits.policy)
    return decide_effect(own, effect)


def address_failure(
    step: StepSpec, inputs: Mapping[str, Json], policy: NetworkPolicy
) -> Failure | None:
    """Returns why a policy will not let a built-in skill reach its address, as far as it is known."""
    if step.skill not in ADDRESS:
        return None
    address = known_params(step.params, inputs).get(ADDRESS[step.skill][0])
    try:
        host = parse_url(str(address)).host if isinstance(address, str) else ""
    except Refusal as refusal:
        return refusal.failure
    known = bool(host) or policy.offline
    return decide(policy, host, [host] if is_address(host) else []) if known else None


def grant_failure(request: EffectRequest, grants: Grants) -> Failure | None:
    """Returns why a request to this machine is not granted, or None."""
    try:
        match request:
            case FileRead() | FileWrite():
                grants.file(request)
            case ProgramRun():
                grants.program(request)
                if request.cwd is not None:
                    grants.folder(request.cwd)
            case Publication() if request.to not in grants.targets:
                grants.target(Publication(to=request.to, name="name", data=b""))
            case _:
                pass
    except Refusal as refusal:
        return refusal.failure
    except Misuse as misuse:
        return Failure(code="INVALID_INPUT", message=str(misuse))
    return None


def _known_request(step: StepSpec, known: JsonObject) -> EffectRequest | None:
    if step.skill in _LOCAL:
        name, make = _LOCAL[step.skill]
        return make(known) if name in known else None
    if step.skill == "http_call":
        url: object = known.get("url")
        return HttpRequest(method="GET", url=url) if isinstance(url, str | SecretText) else None
    if step.skill != "llm_invoke" or {"provider", "base_url"} & (step.params.keys() - known.keys()):
        return None
    base: object = known.get("base_url")
    provider: Provider = "anthropic" if known.get("provider") == "anthropic" else "openai"
    return ModelRequest(
        provider=provider,
        path=path_of(provider),
        body=b"",
        base_url=base if isinstance(base, str | SecretText) else None,
    )
