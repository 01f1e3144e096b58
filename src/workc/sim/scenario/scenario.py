"""A scenario: all that a simulated run is told, and what is expected of it, as one closed value.

Its JSON is that of the testing specification's section 5. Reading refuses with
:class:`ScenarioError`, and with nothing else, what no scenario can be.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, ClassVar, TypeAlias, cast

import msgspec
from msgspec import Meta

from workc.kernel.catalog import CATALOG
from workc.kernel.values import Json, JsonObject
from workc.sim.bounded import U32, U64
from workc.sim.json_text import JsonTextError, read_json, spell_json
from workc.sim.scenario.additions import (
    ActError,
    ApprovalAnswer,
    Budgets,
    Expected,
    Faults,
    LensNeeds,
    Recovery,
    SignalValue,
    StrategyScript,
)
from workc.sim.scenario.placing import located, whole_place
from workc.sim.scenario.resolving import RESOLVE
from workc.sim.scenario.scripts import (
    Call,
    CoordScript,
    GateScript,
    IntentScript,
    LensScript,
    PlanScript,
    Script,
    VerifyScript,
    default_of,
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

    expect_outcome_status: str = "success"
    expect_bundle_verdict: str = "PASS"
    expect_failure_codes: tuple[str, ...] = ()
    max_retries: U32 | None = None
    must_backtrack_on_verify_fail: bool = False
    must_require_human_approval: bool = False


class ChildScript(Script, frozen=True, kw_only=True):
    """A child: what it is told. ``expect`` of its scenario is compared with how it ends.

    The n-th child is that of the n-th intent of ``complex_decompose``; an intent without one has a
    child that does nothing. A parent fails with a child that is ``critical``. ``delay_ms`` pass before it
    begins, while others go on.
    """

    critical: bool = True
    delay_ms: U64 = 0
    scenario: Scenario | None = None


class ResolverScript(Script, frozen=True, kw_only=True):
    """A child that says what holds where the lens contradicts itself: the values of keys of its items.

    ``scenario`` is what it is told, and compared with how it ends; without one it does nothing else. One
    that fails says nothing, and the lens stays what it was.
    """

    holds: dict[str, str] = msgspec.field(default_factory=dict[str, str])
    scenario: Scenario | None = None


class Scenario(Script, frozen=True, kw_only=True):
    """One scenario. Seed 0 stands for the seed that ``kernel/rng.py`` maps it to.

    ``lens_again``, ``gates_again`` and ``verify_again`` are what is found the second time, the third
    time, and so on; the last one stays. ``policy`` holds members of a policy file.
    """

    ADDED: ClassVar[frozenset[str]] = frozenset(
        {
            "act_errors", "also", "approvals", "budgets", "children", "faults", "gates_again", "lens_again",
            "needs", "policy", "recovery", "resolver", "signals", "strategies", "verify_again",
        }
    )  # fmt: skip

    id: Name
    description: str = ""
    seed: Seed = 1
    intent: IntentScript
    lens: LensScript = LensScript()
    plan: PlanScript = PlanScript()
    gates: GateScript = GateScript()
    verify: VerifyScript = VerifyScript()
    coord: CoordScript = CoordScript()
    expect: Expectations = Expectations()
    also: Expected = Expected()
    budgets: Budgets = Budgets()
    needs: LensNeeds = LensNeeds()
    recovery: Recovery = Recovery()
    resolver: ResolverScript | None = None
    lens_again: tuple[LensScript, ...] = ()
    gates_again: tuple[GateScript, ...] = ()
    verify_again: tuple[VerifyScript, ...] = ()
    act_errors: tuple[ActError, ...] = ()
    faults: Faults = Faults()
    approvals: tuple[ApprovalAnswer, ...] = ()
    children: tuple[ChildScript, ...] = ()
    signals: tuple[SignalValue, ...] = ()
    strategies: tuple[StrategyScript, ...] = ()
    policy: dict[str, Any] = msgspec.field(default_factory=dict[str, Any])

    def __post_init__(self) -> None:
        """Refuses a seed that no 64 bits hold, and what is said of steps and children that are not."""
        if self.seed > MAX_SEED:
            raise ValueError(located(f"seed is from 0 to {MAX_SEED}", "seed"))
        problem = next(self._problems(), None)
        if problem is not None:
            raise ValueError(problem)

    @property
    def intents(self) -> tuple[IntentScript, ...]:
        """Returns the intents of the children."""
        return self.plan.complex_decompose or ()

    def below(self) -> Iterator[tuple[str, Scenario | None]]:
        """Yields the scenarios of the children and of who says what holds, each with its place."""
        for number, child in enumerate(self.children):
            yield f"children[{number}].scenario", child.scenario
        if self.resolver is not None:
            yield "resolver.scenario", self.resolver.scenario

    def _problems(self) -> Iterator[str]:
        steps, names = len(self.plan.steps), {step.name for step in self.plan.steps}
        for place, number in self._numbers():
            if number >= steps:
                yield located(f"at_step {number} is none of the {steps} steps", f"{place}.at_step")
        yield from self._error_problems()
        yield from self._named_problems()
        for number, step in enumerate(self.plan.steps):
            for name in sorted(set(step.after or ()) - names):
                text = f"after names {name!a}, which is no step"
                yield located(text, f"plan.steps[{number}].after")
        if len(self.children) > len(self.intents):
            yield located("each of children needs an intent in plan.complex_decompose", "children")
        if self.resolver is not None and not self.lens.items:
            text = "resolver needs items in lens.items, which may contradict each other"
            yield located(text, "resolver")
        for place, below in self.below():
            if below is not None and (below.policy or below.faults != Faults()):
                text = f"{below.id} is a child, which has no policy and no faults of its own"
                yield located(text, place)

    def _numbers(self) -> Iterator[tuple[str, int]]:
        """Yields the places at which something is said of a step by its number."""
        again = ((f"gates_again[{n}]", script) for n, script in enumerate(self.gates_again))
        for place, script in (("gates", self.gates), *again):
            for side, said in (("pre", script.pre), ("post", script.post)):
                yield from ((f"{place}.{side}[{n}]", each.at_step) for n, each in enumerate(said))
        yield from ((f"act_errors[{n}]", each.at_step) for n, each in enumerate(self.act_errors))

    def _error_problems(self) -> Iterator[str]:
        for number, error in enumerate(self.act_errors):
            if isinstance(self.plan.steps[error.at_step].action, Call):
                text = (
                    f"step {error.at_step} calls a function, which fails by itself: no act_errors"
                )
                yield located(text, f"act_errors[{number}]")
            if error.code is not None and error.code not in CATALOG:
                text = (
                    f"act_errors: {error.code[:64]} is no failure code; `workc failures` lists them"
                )
                yield located(text, f"act_errors[{number}].code")

    def _named_problems(self) -> Iterator[str]:
        """Yields what is said of steps by a name that none has, or that two have."""
        names = [step.name for step in self.plan.steps]
        known = {*names, *(f"child-{number}" for number in range(len(self.intents)))}
        known |= set() if self.resolver is None else {RESOLVE}
        said = [(f"approvals[{n}].step", each.step) for n, each in enumerate(self.approvals)]
        for place, name in said:
            if name not in known:
                yield located(f"approvals: there is no step {name[:64]!a}", place)
        for number, step in enumerate(self.plan.steps):
            said += [(f"plan.steps[{number}].after", name) for name in step.after or ()]
        for place, name in said:
            if names.count(name) > 1:
                text = f"two steps are named {name[:64]!a}, and something is said of one of them"
                yield located(text, place)

    def to_json(self) -> JsonObject:
        """Returns the scenario as JSON; what is optional and not said is null, as serde has it."""
        return cast("JsonObject", _json(self))

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
            raise ScenarioError(whole_place(str(error))) from None
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


def _said(value: Script) -> Iterator[tuple[str, object]]:
    """Yields the members of a script: of those beyond the specification the ones that say something."""
    for field in msgspec.structs.fields(value):
        found = getattr(value, field.name)
        if field.name not in value.ADDED or found != default_of(field):
            yield field.encode_name, found


def _json(value: object) -> Json:
    if isinstance(value, Variant):
        return variant_json(value)
    if isinstance(value, Script):
        return {name: _json(found) for name, found in _said(value)}
    if isinstance(value, tuple):
        return [_json(item) for item in cast("tuple[object, ...]", value)]
    return cast("Json", value)
