"""Random scenarios: whole ones, and faults for one that is given; all by choices on record."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TypeAlias

import msgspec

from workc.kernel.digest import sha256_hex
from workc.kernel.gates import Decision
from workc.sim.scenario.additions import (
    ActError,
    ApprovalAnswer,
    BackTo,
    Budgets,
    ClockJump,
    Expected,
    LensNeeds,
    Recovery,
)
from workc.sim.scenario.scenario import ChildScript, Scenario
from workc.sim.scenario.scripts import (
    ActionScript,
    Ask,
    Call,
    CheckScript,
    ConflictResolution,
    CoordScript,
    Exec,
    Fail,
    ForceReleaseThenAcquire,
    GateDecision,
    GateScript,
    IntentScript,
    LensItem,
    LensScript,
    LockConflict,
    Network,
    PlanScript,
    PlanStepScript,
    Publish,
    ReadFile,
    VerifyScript,
    WaitThenAcquire,
    WriteFile,
)
from workc.sim.swarm.choices import Choices

#: What a step may fail with, by the class of the failure; the same codes as ports give.
CODES = (
    "TIMEOUT",
    "SERVICE_UNAVAILABLE",
    "RATE_LIMITED",
    "CONNECTION_RESET",
    "NOT_FOUND",
    "CONFLICT",
    "FORBIDDEN",
    "INTERNAL_ERROR",
)
_MODELS = ("gpt-4o-mini", "gpt-4o", "gpt-4.1-nano", "gpt-4.1-mini", "gpt-4.1")
_BACK: tuple[BackTo, ...] = ("Act", "Decide", "Orient", "stop")
_DECISIONS: tuple[Decision, ...] = ("denied", "timed_out")
_RESOLUTIONS: tuple[ConflictResolution, ...] = (
    WaitThenAcquire(wait_ms=30),
    WaitThenAcquire(wait_ms=90_000),
    Fail(code="RESOURCE_LOCKED", message="scripted"),
    ForceReleaseThenAcquire(),
)
_DAY_MS = 86_400_000
_RECENT, _OLD = "2025-12-30T00:00:00Z", "2025-06-01T00:00:00Z"

#: A fault that came to a scenario, by its kind.
Fault: TypeAlias = str
FAULTS: tuple[Fault, ...] = (
    "error",
    "slow",
    "late",
    "crash",
    "clock",
    "approval",
    "budget",
    "gate",
    "check",
    "lens",
    "lock",
)


def random_scenario(choices: Choices, seed: int) -> Scenario:
    """Returns a scenario without faults: up to four steps, children, a lens, checks."""
    made = _Body(choices)
    steps = made.steps("", choices.choose("steps", 4))
    children = made.children(choices.choose("children", 3))
    return Scenario(
        id=f"swarm/{seed}",
        seed=choices.choose("seed", 2**16) + 1,
        intent=IntentScript(description="Whatever comes."),
        lens=LensScript(items=tuple(made.items())),
        plan=PlanScript(
            steps=steps,
            complex_decompose=tuple(IntentScript(description="A part.") for _ in children) or None,
        ),
        verify=VerifyScript(results=tuple(made.checks())),
        recovery=Recovery(
            checks=choices.of("recovery:checks", _BACK),
            recoverable=choices.of("recovery", _BACK),
            unrecoverable=choices.of("recovery", _BACK),
            pattern_failure=choices.of("recovery", _BACK),
        ),
        budgets=Budgets(
            ceiling_cents=50,
            max_backtracks=choices.choose("max_backtracks", 3),
            max_attempts=choices.choose("max_attempts", 3) + 1,
            max_observations=choices.choose("max_observations", 2) + 1,
        ),
        children=children,
        policy={"approval": {"timeout_ms": 60_000}},
        also=Expected(invariants_only=True),
    )


class _Body:
    """Draws the parts of a scenario."""

    def __init__(self, choices: Choices) -> None:
        self._choices = choices

    def steps(self, prefix: str, count: int) -> tuple[PlanStepScript, ...]:
        names = [f"{prefix}s{number}" for number in range(count)]
        return tuple(self._step(name, names[:number]) for number, name in enumerate(names))

    def _step(self, name: str, before: list[str]) -> PlanStepScript:
        choices = self._choices
        after = None
        if before and choices.choose("parallel", 2):
            after = () if choices.choose("after", 2) else (choices.of("after:which", before),)
        kind = choices.of("action", (_write, _read, _exec, _network, _publish, _ask))
        return PlanStepScript(
            name=name,
            resources=("shared",) if choices.choose("resource", 3) == 0 else (),
            action=kind(name, choices),
            after=after,
        )

    def children(self, count: int) -> tuple[ChildScript, ...]:
        return tuple(self._child(f"c{number}") for number in range(count))

    def _child(self, prefix: str) -> ChildScript:
        scenario = Scenario(
            id=f"swarm/{prefix}",
            intent=IntentScript(description="A part.", source="parent_loop"),
            plan=PlanScript(steps=self.steps(prefix, self._choices.choose("child:steps", 3))),
            verify=VerifyScript(results=tuple(self.checks())),
            budgets=Budgets(ceiling_cents=5),
            also=Expected(invariants_only=True),
        )
        return ChildScript(
            critical=self._choices.choose("critical", 2) == 0,
            delay_ms=self._choices.of("child:delay", (0, 5, 50)),
            scenario=scenario,
        )

    def items(self) -> Iterator[LensItem]:
        for number in range(self._choices.choose("items", 3)):
            value = self._choices.of("item:value", ("ten", "twelve"))
            yield LensItem(
                key=self._choices.of("item:key", ("price", "style")),
                value=value,
                source=f"source{number}",
                ts_utc=self._choices.of("item:date", (_RECENT, _OLD)),
                sha256=sha256_hex(value.encode()),
            )

    def checks(self) -> Iterator[CheckScript]:
        for number in range(self._choices.choose("checks", 4)):
            yield CheckScript(check=f"check{number}", passed=True)


def _write(name: str, choices: Choices) -> ActionScript:
    folder = choices.of("write:folder", ("out", "prod"))
    return WriteFile(path=f"{folder}/{name}.txt", contents_sha256="0" * 64)


def _read(name: str, choices: Choices) -> ActionScript:
    del choices
    return ReadFile(path=f"src/{name}.txt")


def _exec(name: str, choices: Choices) -> ActionScript:
    del choices
    return Exec(program="make", argv=(name,))


def _network(name: str, choices: Choices) -> ActionScript:
    del choices
    return Network(host="api.example.com", path=f"/{name}")


def _publish(name: str, choices: Choices) -> ActionScript:
    del choices
    return Publish(destination=f"releases/{name}")


def _ask(name: str, choices: Choices) -> ActionScript:
    del name
    return Ask(model=choices.of("ask:model", _MODELS))


def with_faults(scenario: Scenario, choices: Choices) -> tuple[Scenario, frozenset[Fault]]:
    """Returns a scenario with faults drawn for it, and of which kinds they are."""
    came: set[Fault] = set()
    for fault in FAULTS:
        changed = _FAULTS[fault](scenario, choices)
        if changed != scenario:
            came.add(fault)
            scenario = changed
    return scenario, frozenset(came)


def _errors(scenario: Scenario, choices: Choices) -> Scenario:
    models = [s.action.model for s in scenario.plan.steps if isinstance(s.action, Ask)]
    errors = [
        ActError(
            at_step=number,
            code=choices.of("error:code", CODES),
            times=choices.choose("error:times", 4) + 1,
        )
        for number, step in enumerate(scenario.plan.steps)
        # Steps that ask the same model cannot be told apart.
        if not (isinstance(step.action, Ask) and models.count(step.action.model) > 1)
        and not isinstance(step.action, Call)
        and choices.fires("fault:error")
    ]
    return _with(scenario, act_errors=(*scenario.act_errors, *errors))


def _delayed(site: str, delays: tuple[int, ...]) -> Callable[[Scenario, Choices], Scenario]:
    def change(scenario: Scenario, choices: Choices) -> Scenario:
        steps = tuple(
            _with_step(step, delay_ms=choices.of(f"{site}:ms", delays))
            if not isinstance(step.action, Call) and choices.fires(site)
            else step
            for step in scenario.plan.steps
        )
        return _with(scenario, plan=msgspec.structs.replace(scenario.plan, steps=steps))

    return change


def _crash(scenario: Scenario, choices: Choices) -> Scenario:
    if not choices.fires("fault:crash"):
        return scenario
    crashes = tuple(
        choices.choose("crash:at", 40) for _ in range(choices.choose("crash:times", 2) + 1)
    )
    return _with(scenario, faults=msgspec.structs.replace(scenario.faults, crash_at=crashes))


def _clock(scenario: Scenario, choices: Choices) -> Scenario:
    if not choices.fires("fault:clock"):
        return scenario
    jump = ClockJump(
        at_look=choices.choose("clock:at", 60),
        ms=choices.of("clock:ms", (1_000, 40_000, _DAY_MS)),
    )
    return _with(scenario, faults=msgspec.structs.replace(scenario.faults, clock_jumps=(jump,)))


def _approvals(scenario: Scenario, choices: Choices) -> Scenario:
    answers = tuple(
        ApprovalAnswer(step=step.name, decision=choices.of("approval:decision", _DECISIONS))
        for step in scenario.plan.steps
        if choices.fires("fault:approval")
    )
    return _with(scenario, approvals=(*scenario.approvals, *answers))


def _budget(scenario: Scenario, choices: Choices) -> Scenario:
    if not choices.fires("fault:budget"):
        return scenario
    squeezed = choices.of(
        "budget:which", ({"ceiling_cents": 0}, {"ceiling_cents": 1}, {"wall_ms": 50})
    )
    return _with(scenario, budgets=msgspec.structs.replace(scenario.budgets, **squeezed))


def _gates(scenario: Scenario, choices: Choices) -> Scenario:
    pre = [_failing(n) for n, _ in enumerate(scenario.plan.steps) if choices.fires("fault:gate")]
    post = [_failing(n) for n, _ in enumerate(scenario.plan.steps) if choices.fires("fault:gate")]
    if not (pre or post):
        return scenario
    again = (GateScript(),) if choices.choose("gate:again", 2) else ()
    return _with(scenario, gates=GateScript(pre=tuple(pre), post=tuple(post)), gates_again=again)


def _failing(step: int) -> GateDecision:
    return GateDecision(at_step=step, passed=False)


def _checks(scenario: Scenario, choices: Choices) -> Scenario:
    results = tuple(
        msgspec.structs.replace(each, passed=False) if choices.fires("fault:check") else each
        for each in scenario.verify.results
    )
    if results == scenario.verify.results:
        return scenario
    again = (scenario.verify,) if choices.choose("check:again", 2) else ()
    return _with(scenario, verify=VerifyScript(results=results), verify_again=again)


def _lens(scenario: Scenario, choices: Choices) -> Scenario:
    if not scenario.lens.items or not choices.fires("fault:lens"):
        return scenario
    needs = LensNeeds(deciding=choices.of("lens:deciding", (300, 700, 950)))
    shown = scenario.lens.items[: choices.choose("lens:shown", len(scenario.lens.items) + 1)]
    resolver = scenario.resolver if shown else None
    lens = LensScript(items=shown)
    return _with(scenario, needs=needs, lens=lens, lens_again=(scenario.lens,), resolver=resolver)


def _locks(scenario: Scenario, choices: Choices) -> Scenario:
    if not choices.fires("fault:lock"):
        return scenario
    met = [
        LockConflict(
            resource="shared",
            on_claim_n=number,
            resolution=choices.of("lock:how", _RESOLUTIONS),
        )
        for number in range(choices.choose("lock:claims", 3) + 1)
    ]
    return _with(scenario, coord=CoordScript(conflicts=tuple(met)))


def _with(scenario: Scenario, **changes: object) -> Scenario:
    return msgspec.structs.replace(scenario, **changes)


def _with_step(step: PlanStepScript, **changes: object) -> PlanStepScript:
    return msgspec.structs.replace(step, **changes)


_FAULTS: Mapping[Fault, Callable[[Scenario, Choices], Scenario]] = {
    "error": _errors,
    "slow": _delayed("fault:slow", (5, 40, 300)),
    "late": _delayed("fault:late", (45_000, 200_000)),
    "crash": _crash,
    "clock": _clock,
    "approval": _approvals,
    "budget": _budget,
    "gate": _gates,
    "check": _checks,
    "lens": _lens,
    "lock": _locks,
}
