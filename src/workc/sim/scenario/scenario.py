"""A scenario: all that a simulated run is told, and what is expected of it, as one closed value.

Its JSON is that of the testing specification's section 5. Reading refuses with
:class:`ScenarioError`, and with nothing else, what no scenario can be.
"""

from __future__ import annotations

from typing import Annotated, TypeAlias, cast

import msgspec
from msgspec import Meta

from workc.kernel.values import Json, JsonObject
from workc.sim.bounded import U32
from workc.sim.json_text import JsonTextError, read_json, spell_json
from workc.sim.scenario.scripts import (
    CoordScript,
    GateScript,
    IntentScript,
    LensScript,
    PlanScript,
    Script,
    VerifyScript,
)
from workc.sim.scenario.variant import Variant, variant_json, variant_of

Name: TypeAlias = Annotated[str, Meta(min_length=1, max_length=200)]
Seed: TypeAlias = Annotated[int, Meta(ge=0)]
#: The most that ``u64`` holds; JSON Schema readers do not need to know it.
MAX_SEED = 2**64 - 1


class ScenarioError(ValueError):
    """Says in one sentence why something is no scenario, and where."""


class Expectations(Script, frozen=True, kw_only=True):
    """What must come of the run; the failure codes are the whole set, in any order."""

    expect_outcome_status: str
    expect_bundle_verdict: str
    expect_failure_codes: tuple[str, ...]
    max_retries: U32 | None = None
    must_backtrack_on_verify_fail: bool
    must_require_human_approval: bool


class Scenario(Script, frozen=True, kw_only=True):
    """One scenario. Seed 0 stands for the seed that ``kernel/rng.py`` maps it to."""

    id: Name
    description: str
    seed: Seed
    intent: IntentScript
    lens: LensScript
    plan: PlanScript
    gates: GateScript
    verify: VerifyScript
    coord: CoordScript
    expect: Expectations

    def __post_init__(self) -> None:
        """Refuses a seed that no 64 bits hold."""
        if self.seed > MAX_SEED:
            raise ValueError(f"seed is from 0 to {MAX_SEED}")

    def to_json(self) -> JsonObject:
        """Returns the scenario as JSON; what is optional and not said is null, as serde has it."""
        return {name: _json(getattr(self, name)) for name in self.__struct_fields__}

    def spelled(self) -> bytes:
        """Returns the scenario's JSON in one line, keys in order: the same for the same scenario."""
        return spell_json(self.to_json())

    @staticmethod
    def from_json(value: Json) -> Scenario:
        """Returns the scenario that a JSON value says.

        Raises:
            ScenarioError: it says none; the sentence ends with the place, such as ``$.lens.items[0]``.
        """
        try:
            return msgspec.convert(value, Scenario, dec_hook=_hook)
        except msgspec.ValidationError as error:
            raise ScenarioError(str(error)) from None
        except RecursionError:
            raise ScenarioError("nested too deep") from None

    @staticmethod
    def parse(text: str | bytes) -> Scenario:
        """Returns the scenario that a JSON text says.

        Raises:
            ScenarioError: it says none, or is no JSON.
        """
        try:
            value = read_json(text)
        except JsonTextError as error:
            raise ScenarioError(f"a scenario is JSON: {error}") from None
        return Scenario.from_json(value)


def _hook(kind: type[Variant], value: object) -> Variant:
    return variant_of(kind, value)


def _json(value: object) -> Json:
    if isinstance(value, Variant):
        return variant_json(value)
    if isinstance(value, Script):
        config = zip(value.__struct_encode_fields__, value.__struct_fields__, strict=True)
        return {name: _json(getattr(value, field)) for name, field in config}
    if isinstance(value, tuple):
        return [_json(item) for item in cast("tuple[object, ...]", value)]
    return cast("Json", value)
