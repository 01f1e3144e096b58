"""Gates: what is evaluated before and after a step, and before and after the whole run.

A gate lets work go on if it gives ``true``, and nothing else does. What it gave, or why it gave
nothing, is recorded. One that bars the way is followed by nothing that it bars; one on what was done
changes nothing any more, but forbids success (docs/adr/0021). But for commands none of them asks the
world, so a replay and a resumed run evaluate them again, and compare.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from msgspec import UNSET
from msgspec.structs import replace

from workc.kernel.failure import Failure, Misuse, Refusal
from workc.kernel.gates import GATE_FAILED, OF_STEP, GateEvaluated, When
from workc.kernel.payloads import CallHalted
from workc.kernel.values import Json
from workc.runtime.answering import result_of
from workc.runtime.approval import ask_approval, halted, skipped
from workc.runtime.attempt import Trial
from workc.runtime.bodies import record_failure, store_json
from workc.runtime.engine import Lane
from workc.runtime.expressions import compile_expression, evaluate
from workc.runtime.failed_gate import failed_last, what_it_gave
from workc.runtime.gate_policies import GATE_POLICIES
from workc.runtime.guarding import context_of
from workc.runtime.probing import Scope, probed
from workc.runtime.run import Run, StepResult
from workc.runtime.workflow.model import GateSpec, HumanGate, StepSpec
from workc.runtime.workflow.references import Resolved
from workc.stages.effects import SecretText
from workc.stages.skill import Result


async def bar_step(trial: Trial, result: StepResult) -> StepResult | None:
    """Passes the gates before an attempt; returns what became of the step if it may not begin.

    ``result`` is what it was so far. A human is asked before the first attempt only: who let the
    step begin let it try again.
    """
    run, lane, step = trial.run, trial.lane, trial.step
    for gate in step.barriers:
        if isinstance(gate, HumanGate):
            refused = await ask_approval(run, lane, step, gate) if trial.made == 1 else None
            if refused is not None:
                return refused
            continue
        seen = {**_seen_by(run, step), "params": _shown(cast("Resolved", trial.params))}
        found = await _pass(run, lane, gate, "pre_step", seen, step)
        if isinstance(found, CallHalted):
            return halted(lane, replace(result, halt=found.code))
        if not found.passed:
            return skipped(lane, replace(result, value=None), failure_of_gate(found))
    if step.barriers:
        run.decided.add(lane.path)
    return None


async def judge_step(run: Run, lane: Lane, step: StepSpec, value: Json) -> None:
    """Evaluates the gates on what a step gave."""
    for gate in step.gates.post:
        await _pass(run, lane, gate, "post_step", {**_seen_by(run, step), "value": value}, step)


async def bar_run(run: Run, lane: Lane) -> Failure | None:
    """Passes the gates before the first step; returns the failure of the run if one bars it."""
    for gate in run.program.gates.pre:
        seen: Scope = {"inputs": run.inputs, "lens": run.lens}
        found = await _pass(run, lane, gate, "pre_run", seen)
        if isinstance(found, GateEvaluated) and not found.passed:
            return failure_of_gate(found)
    return None


async def judge_run(run: Run, lane: Lane, output: Json) -> None:
    """Evaluates the gates on the output of a run."""
    for gate in run.program.gates.post:
        await _pass(run, lane, gate, "post_run", _seen_after(run, output))


def _seen_by(run: Run, step: StepSpec) -> dict[str, Json]:
    """Returns what both kinds of gates of a step see: of others only those that are surely over."""
    return {
        "inputs": run.inputs,
        "lens": run.lens,
        "steps": run.values_of(step.gates.sees),
    }


def _shown(params: Resolved) -> Json:
    """Returns parameters as JSON, with the names of secrets where they go."""
    match params:
        case SecretText():
            return str(params)
        case dict():
            return {key: _shown(value) for key, value in params.items()}
        case list():
            return [_shown(value) for value in params]
        case _:
            return params


async def _pass(
    run: Run, lane: Lane, gate: GateSpec, when: When, seen: Scope, step: StepSpec | None = None
) -> GateEvaluated | CallHalted:
    """Evaluates one gate and records what it gave; a halt may come before a step instead."""
    at = lane.next_place
    if gate.command is not None:
        found = await probed(run, lane, gate, gate.command, when, seen, step)
    else:
        name = None if step is None else step.id
        found = _looked(run, gate, when, _result(run, gate, seen, name), name)
        lane.emit(found)
    if isinstance(found, GateEvaluated):
        key = None if step is None else step.id, gate.id
        run.gates[key] = (at, found)
        to = None if found.passed else gate.back_to(when)
        if to is not None:
            run.backs[key] = to
    return found


async def ask_check(
    run: Run, lane: Lane, gate: GateSpec, output: Json
) -> GateEvaluated | CallHalted:
    """Returns what a check asked of a function or a program; of a function nothing is recorded here."""
    seen = _seen_after(run, output)
    if gate.command is not None:
        return await _pass(run, lane, gate, "post_run", seen)
    return _looked(run, gate, "post_run", _result(run, gate, seen, None), None)


def _seen_after(run: Run, output: Json) -> Scope:
    """Returns what is seen when the work is done."""
    return {
        "inputs": run.inputs,
        "lens": run.lens,
        "steps": run.values_of(sorted(run.results)),
        "output": output,
    }


def _looked(run: Run, gate: GateSpec, when: When, given: Result, step: str | None) -> GateEvaluated:
    failure = given.failure
    return GateEvaluated(
        failure=UNSET if failure is None else record_failure(run.files, failure),
        gate=gate.id,
        kind=gate.kind,
        passed=failure is None and given.value is True,
        step=UNSET if step is None else step,
        that=gate.that,
        value=UNSET if failure is not None else store_json(run.files, given.value),
        when=when,
    )


def _result(run: Run, gate: GateSpec, seen: Scope, step: str | None) -> Result:
    match gate.kind:
        case "check":
            return _evaluated(gate.that, seen)
        case "function":
            return _called(run, gate.that, seen, step)
        case "policy":
            return Result(value=GATE_POLICIES[gate.that].holds(run.rules))
        case "command":
            raise Misuse(f"the gate {gate.id} has no command")


def _evaluated(that: str, seen: Scope) -> Result:
    try:
        return Result(value=evaluate(compile_expression(that), {**seen}))
    except Refusal as refusal:
        return Result(failure=refusal.failure)


def _called(run: Run, name: str, seen: Scope, step: str | None) -> Result:
    skill = run.program.skills[name]
    taken = {each: seen[each] for each in skill.parameters}
    guard = context_of(run.guard, step or run.program.name, skill.function)
    return result_of(skill, taken, guard)


def failure_of_gate(found: GateEvaluated) -> Failure:
    """Returns the failure of what a gate bars, or forbids to succeed."""
    return Failure(
        code=GATE_FAILED,
        message=f"the gate {found.gate} did not hold: {found.that} ({what_it_gave(found)})",
        details={"gate": found.gate, "kind": found.kind, "when": found.when},
    )


def failed_step_gate(run: Run) -> tuple[Failure, str] | None:
    """Returns the failure of the first gate of a step that failed last, and the step, if any did."""
    found = next((gate for gate in failed_in(run) if gate.when in OF_STEP), None)
    if found is None:
        return None
    return failure_of_gate(found), str(found.step)


def failed_run_gates(run: Run) -> tuple[str, ...]:
    """Returns the gates of the run that failed last."""
    return tuple(gate.gate for gate in failed_in(run) if gate.when not in OF_STEP)


def failed_in(run: Run) -> list[GateEvaluated]:
    """Returns the gates that failed last in this pass, by place."""
    return failed_last(run.gates.values())


def run_gates_failure(names: Sequence[str]) -> Failure:
    """Returns the failure of a run of which these gates failed last."""
    return Failure(
        code=GATE_FAILED,
        message=f"gates that did not hold: {', '.join(names)}",
        details={"gates": list[Json](names)},
    )
