"""The most a step can cost, found by the skill itself: it runs up to its reservation, no further.

So the bound that `check` shows is the very number that a run would reserve. Only the built-in
``llm_invoke`` is asked; a user's skill might do anything before it reserves.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import msgspec

from workc.kernel.catalog import CATALOG
from workc.kernel.failure import Failure, Misuse, Refusal
from workc.kernel.values import Json, JsonObject
from workc.runtime.workflow.model import StepSpec
from workc.runtime.workflow.references import Reference, parse_template, references_of, resolve
from workc.stages.context import Grant, PriceTable
from workc.stages.skill import Skill

#: Parameters of which the known part of a text is worth a lower estimate.
_TEXTS = frozenset({"prompt", "system"})
#: Parameters on which the price of a call does not depend; each may be left out.
_UNPRICED = frozenset({"api_key_env", "base_url", "timeout_ms"})
#: Parameters without which no price is known, not even a part of it.
_DECIDING = frozenset({"model", "provider"})
#: What stands for a parameter that is not known yet and that must, or may, make the call cheaper.
_SMALLEST: JsonObject = {
    "limit_field": "max_tokens",
    "max_tokens": 1,
    "messages": [{"role": "user", "content": ""}],
}
#: The roots of references that have a value, or a name, before the run.
_KNOWN = frozenset({"inputs", "secrets"})
#: How often a step is tried at most when it does not say: the largest of the catalog.
STANDARD_ATTEMPTS = max(e.retry.max_attempts for e in CATALOG.values() if e.retryable)


class Bound(msgspec.Struct, frozen=True, kw_only=True):
    """What one attempt can use at most, in micro-cents and in tokens.

    ``bound_...`` is None when it depends on what is not known (``depends_on``); then
    ``known_part_...`` counts what is. ``failure`` says why there is no bound at all.
    """

    bound_micro_cents: int | None = None
    bound_tokens: int | None = None
    known_part_micro_cents: int | None = None
    known_part_tokens: int | None = None
    attempts: int = 1
    depends_on: tuple[str, ...] = ()
    failure: Failure | None = None

    @property
    def worst_micro_cents(self) -> int | None:
        """Returns what all attempts together can cost at most."""
        return None if self.bound_micro_cents is None else self.bound_micro_cents * self.attempts

    @property
    def worst_tokens(self) -> int | None:
        """Returns the most tokens that all attempts together can use."""
        return None if self.bound_tokens is None else self.bound_tokens * self.attempts


class _Reserved(Exception):
    """Carries the bound out of the skill that asked to reserve it."""

    def __init__(self, bound_micro_cents: int, tokens: int) -> None:
        super().__init__()
        self.bound_micro_cents = bound_micro_cents
        self.tokens = tokens


class _Estimate:
    """Is the context of a skill that may come to its reservation and no further."""

    idempotency_key = ""

    def __init__(self, prices: PriceTable) -> None:
        self.prices = prices

    async def reserve(self, bound_micro_cents: int, tokens: int | None = None) -> Grant:
        """Ends the skill."""
        raise _Reserved(bound_micro_cents, tokens or 0)


def bound_of(
    step: StepSpec, skill: Skill[..., object], prices: PriceTable, inputs: Mapping[str, Json]
) -> Bound:
    """Returns the bound of a step of ``llm_invoke``; inputs that are not given are not known."""
    open_names = unknown_references(step.params, inputs)
    unknown = {name: refs for name, refs in open_names.items() if name not in _UNPRICED}
    params = {name: each for name, each in step.params.items() if name not in open_names}
    attempts = step.retry.max_attempts or STANDARD_ATTEMPTS
    depends = tuple(dict.fromkeys(ref.text[2:-1] for refs in unknown.values() for ref in refs))
    if not unknown:
        return _asked(params, skill, prices, inputs, attempts)
    if unknown.keys() & _DECIDING:
        return Bound(attempts=attempts, depends_on=depends)
    texts = {name: _literal(step.params[name]) for name in unknown if name in _TEXTS}
    smallest = {name: _SMALLEST[name] for name in unknown if name in _SMALLEST}
    least = _asked({**params, **texts, **smallest}, skill, prices, inputs, attempts)
    if least.failure is not None and (
        unknown.keys() <= _TEXTS or least.failure.code == "PRICE_UNKNOWN"
    ):
        return least
    return Bound(
        known_part_micro_cents=least.bound_micro_cents,
        known_part_tokens=least.bound_tokens,
        attempts=attempts,
        depends_on=depends,
    )


def unknown_references(
    params: JsonObject, inputs: Mapping[str, Json]
) -> dict[str, list[Reference]]:
    """Returns the references that have no value before the run, by parameter."""
    found = {name: [*_unknown(value, inputs)] for name, value in params.items()}
    return {name: references for name, references in found.items() if references}


def _unknown(value: Json, inputs: Mapping[str, Json]) -> list[Reference]:
    return [
        found
        for found in references_of(value)
        if found.root not in _KNOWN or (found.root == "inputs" and found.name not in inputs)
    ]


def _literal(value: Json) -> Json:
    """Returns a text without its references."""
    parts = parse_template(str(value)).parts
    return "".join(part for part in parts if isinstance(part, str))


def known_params(params: JsonObject, inputs: Mapping[str, Json]) -> JsonObject:
    """Returns the parameters that are known before the run; secrets stand as their names."""
    unknown = unknown_references(params, inputs)
    literal = {name: value for name, value in params.items() if name not in unknown}
    try:
        return cast("JsonObject", resolve(literal, {"inputs": dict(inputs), "steps": {}}))
    except Refusal:
        return {}


def _asked(
    params: JsonObject,
    skill: Skill[..., object],
    prices: PriceTable,
    inputs: Mapping[str, Json],
    attempts: int,
) -> Bound:
    try:
        resolved = resolve(params, {"inputs": dict(inputs), "steps": {}})
        arguments = skill.bind(cast("JsonObject", resolved))
        skill.call_in(_Estimate(prices), arguments).__await__().send(None)
    except _Reserved as reserved:
        return Bound(
            bound_micro_cents=reserved.bound_micro_cents,
            bound_tokens=reserved.tokens,
            attempts=attempts,
        )
    except Refusal as refusal:
        return Bound(failure=refusal.failure, attempts=attempts)
    raise Misuse("llm_invoke did not reserve what it may cost")
