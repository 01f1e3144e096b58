"""``SkillMetadata``: what a skill takes and gives, does to the world, may cost, and needs to be allowed."""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

from workc.api.bounds import STANDARD_ATTEMPTS
from workc.api.programs import code_digests
from workc.kernel.values import Json, JsonObject
from workc.skills.registry import builtin_skills
from workc.stages.skill import Skill

SCHEMA = "workc.skill/1"
CostBasis: TypeAlias = Literal["free", "reserved", "unknown"]
#: Effects that somebody has to allow: the policy, the budget, or whoever runs the process.
_ALLOWED_BY = ("Cost", "FsRead", "FsWrite", "Llm", "Network", "Process", "Unknown")


class CostEstimate(msgspec.Struct, frozen=True, kw_only=True):
    """What one use may cost at most, in micro-cents, as far as the skill alone says.

    ``free`` costs nothing. ``reserved`` reserves its bound, which depends on its parameters: see
    ``Runtime.simulate``. ``unknown`` is a function whose effects are not declared.
    """

    basis: CostBasis
    at_most_micro_cents: int | None


class RetryPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """How a use is tried again: each failure by its code, see ``workc.failures``.

    ``max_attempts`` is the most of any code. ``idempotent`` says whether it is also tried again when
    it is not known what became of it.
    """

    by: Literal["failure code"] = "failure code"
    max_attempts: int
    idempotent: bool


class SkillMetadata(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a skill before it is used. ``skill_id`` names its code by digest.

    ``side_effects`` are its declared effects: empty is pure, ``Unknown`` is that nobody said.
    ``permissions`` are those of them that have to be allowed.
    """

    skill_id: str
    name: str
    version: str
    description: str
    input_schema: JsonObject
    output_schema: JsonObject
    timeout_ms: int | None
    cost_estimate: CostEstimate
    retry_policy: RetryPolicy
    permissions: tuple[str, ...]
    side_effects: tuple[str, ...]
    tags: tuple[str, ...]

    def to_json(self) -> JsonObject:
        """Returns it as JSON, schema ``workc.skill/1``."""
        members: JsonObject = msgspec.json.decode(msgspec.json.encode(self))
        return {"schema": SCHEMA, **members}


def metadata_of(name: str, skill: Skill[..., object], tags: tuple[str, ...] = ()) -> SkillMetadata:
    """Returns the metadata of a skill under the name that it is registered by."""
    effects = ("Unknown",) if skill.effects is None else skill.effects
    origin = "builtin" if builtin_skills().get(name) is skill else "registered"
    return SkillMetadata(
        skill_id=f"{name}@{skill.version}:sha256:{code_digests({name: skill})[name]}",
        name=name,
        version=skill.version,
        description=skill.description,
        input_schema=skill.input_schema,
        output_schema=skill.output_schema,
        timeout_ms=own_timeout(skill),
        cost_estimate=_cost(effects),
        retry_policy=RetryPolicy(max_attempts=STANDARD_ATTEMPTS, idempotent=skill.idempotent),
        permissions=tuple(effect for effect in effects if effect in _ALLOWED_BY),
        side_effects=effects,
        tags=(origin, "pure" if skill.pure else skill.kind, *tags),
    )


def _cost(effects: tuple[str, ...]) -> CostEstimate:
    if "Unknown" in effects:
        return CostEstimate(basis="unknown", at_most_micro_cents=None)
    if "Cost" in effects:
        return CostEstimate(basis="reserved", at_most_micro_cents=None)
    return CostEstimate(basis="free", at_most_micro_cents=0)


def own_timeout(skill: Skill[..., object]) -> int | None:
    """Returns its time limit in ms: its own, or the standard of its parameter ``timeout_ms``."""
    if skill.timeout_ms is not None:
        return skill.timeout_ms
    properties = skill.input_schema.get("properties")
    found: Json = properties.get("timeout_ms") if isinstance(properties, dict) else None
    standard = found.get("default") if isinstance(found, dict) else None
    return standard if type(standard) is int else None
