"""What an audit says of effects: those that a plan is sure to ask for and may not have."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from workc.api.cost_remarks import Remark
from workc.api.effect_rules import limits_of_effects, set_bases
from workc.api.known_requests import effect_failure, known_request
from workc.api.settings import Settings
from workc.kernel.failure import Failure, Refusal
from workc.kernel.selectors import Effect
from workc.kernel.values import JsonObject
from workc.runtime.declared_effects import effect_of
from workc.runtime.program import Program
from workc.runtime.workflow.model import StepSpec, asked_by, gates_of_all
from workc.stages.effect_limits import EffectLimits, decide_effect, decide_unknown
from workc.stages.effects import EffectRequest, ProgramRun
from workc.stages.skill import Skill


def shown_effects(effects: tuple[Effect, ...] | None) -> tuple[str, ...] | None:
    """Returns effects as a workflow file writes them, None if none are declared."""
    return None if effects is None else tuple(f"{each.op} {each.selector}" for each in effects)


def effect_remarks(program: Program, inputs: JsonObject, settings: Settings) -> Iterator[Remark]:
    """Yields which steps ask for what they may not have, as far as that is known before the run."""
    limits = limits_of_effects(program, settings.ruling)
    if limits is None:
        return
    bases = set_bases(settings.environment)
    for step in program.named_uses:
        skill = program.skills[step.skill]
        yield from _of_function(step, skill, limits)
        request = known_request(step, skill, inputs)
        failure = None if request is None else effect_failure(step, request, limits, bases)
        if failure is not None:
            yield Remark(level="problem", step=step.id, code=failure.code, message=failure.message)
    yield from _of_gates(program, limits)


def _of_gates(program: Program, limits: EffectLimits) -> Iterator[Remark]:
    of_checks = [(None, gate) for gate in asked_by(program.checks)]
    for step, gate in (*gates_of_all(program.gates, program.steps), *of_checks):
        if gate.command is None:
            continue
        own = msgspec.structs.replace(limits, step=None if step is None else step.effects)
        failure = _decided(ProgramRun(argv=gate.command.argv), own)
        if failure is not None:
            message = f"the program of {gate.id}: {failure.message}"
            name = None if step is None else step.id
            yield Remark(level="problem", step=name, code=failure.code, message=message)


def _decided(request: EffectRequest, limits: EffectLimits) -> Failure | None:
    """Returns why a request may not be made, or None."""
    try:
        return decide_effect(limits, effect_of(request))
    except Refusal as refusal:
        return refusal.failure


def _of_function(
    step: StepSpec, skill: Skill[..., object], limits: EffectLimits
) -> Iterator[Remark]:
    if skill.pure or skill.kind == "context":
        return
    denied = decide_unknown(limits)
    if denied is not None:
        yield Remark(level="problem", step=step.id, code=denied.code, message=denied.message)
        return
    message = "its function does not work through ctx, so that declared effects do not bound it"
    yield Remark(level="warning", step=step.id, message=message)
