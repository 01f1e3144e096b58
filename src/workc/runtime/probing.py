"""Asking the program of a gate: what it gets to look at, what it does by name, and its time.

It is an effect as that of the skill ``exec``: it needs a grant, and where effects are bounded it must be
one of those. One that must not run is answered at once, and nothing starts.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import UNSET, UnsetType

from workc.kernel import jcs
from workc.kernel.canonical import CanonicalError
from workc.kernel.failure import Failure, Misuse, Refusal
from workc.kernel.gates import GateEvaluated, When
from workc.kernel.payloads import CallHalted, EffectBound
from workc.kernel.values import Json
from workc.runtime.asks import Probe
from workc.runtime.bodies import record_failure
from workc.runtime.declared_effects import as_bound, effect_of
from workc.runtime.engine import Lane
from workc.runtime.run import Run
from workc.runtime.workflow.model import CommandSpec, GateSpec, StepSpec
from workc.stages.effect_limits import EffectLimits, decide_effect
from workc.stages.effects import ProgramRun

#: What a gate sees, by name.
Scope = Mapping[str, Json]


async def probed(
    run: Run,
    lane: Lane,
    gate: GateSpec,
    command: CommandSpec,
    when: When,
    seen: Scope,
    step: StepSpec | None,
) -> GateEvaluated | CallHalted:
    """Runs the program of a gate and returns what became of the gate, or the halt that came instead."""
    request = ProgramRun(
        argv=command.argv,
        cwd=command.cwd,
        # What it may look at comes by its input: data is never an argument, which could be an option.
        stdin=_input(seen),
        timeout_ms=command.timeout_ms,
    )
    named, failure = _named(request, run.within(None if step is None else step.effects))
    probe = Probe(
        request,
        gate.id,
        when,
        gate.that,
        None if step is None else step.id,
        named,
        None if failure is None else record_failure(run.files, failure),
    )
    own = request.timeout_ms
    left = own if run.deadline_ms is None else max(0, run.deadline_ms - lane.now_ms)
    answer = await lane.ask(probe, min(own, left))
    if not isinstance(answer, GateEvaluated | CallHalted):
        raise Misuse(f"a gate was answered with a {type(answer).__name__}")
    return answer


def _input(seen: Scope) -> bytes:
    try:
        return jcs.encode({**seen})
    except CanonicalError:
        # What is put together may be deeper than JSON is kept.
        return b""


def _named(
    request: ProgramRun, within: EffectLimits | None
) -> tuple[EffectBound | UnsetType, Failure | None]:
    """Returns the effect of a program if effects are bounded, or why it must not run."""
    if within is None:
        return UNSET, None
    try:
        effect = effect_of(request)
    except Refusal as refusal:
        return UNSET, refusal.failure
    failure = decide_effect(within, effect)
    return (as_bound(effect), None) if failure is None else (UNSET, failure)
