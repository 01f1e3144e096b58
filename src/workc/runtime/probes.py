"""Probes: the programs that gates run, and how their answers are recorded.

The answer is the evaluation itself. A halt of the run is one too, of a gate that does not pass, but
before a step, where the table has a place for the halt.
"""

from __future__ import annotations

from msgspec import UNSET

from workc.kernel.failure import Failure
from workc.kernel.gates import GateEvaluated
from workc.kernel.payloads import Body, CallHalted, FailureRecord
from workc.runtime.asks import Probe, Question
from workc.runtime.bodies import Files, record_failure, store_json
from workc.stages.effects import EffectResponse, PortResult
from workc.stages.program_failure import program_failure


def record_probe(files: Files, probe: Probe, answer: EffectResponse | Failure) -> GateEvaluated:
    """Returns the evaluation of a gate whose program gave this; it passes with status 0."""
    status = answer.facts.get("exit") if isinstance(answer, PortResult) else None
    failure = _failure(probe, answer)
    return _evaluated(
        probe,
        failure=None if failure is None else record_failure(files, failure),
        value=store_json(files, status) if isinstance(status, int) else None,
    )


def _failure(probe: Probe, answer: EffectResponse | Failure) -> Failure | None:
    match answer:
        case Failure():
            return answer
        case PortResult() if answer.facts.get("exit") != 0:
            return program_failure(probe.request.argv[0], answer)
        case _:
            return None


def halted_answer(question: Question, code: str) -> GateEvaluated | CallHalted:
    """Returns the answer to what a halt of the run, with this cause, keeps away."""
    if not isinstance(question, Probe) or question.when == "pre_step":
        return CallHalted(code=code)
    nothing = Body(form="json", inline="{}")
    message = f"the run was stopped: {code}"
    return _evaluated(
        question, failure=FailureRecord(code="HALTED", message=message, details=nothing), value=None
    )


def refused_answer(probe: Probe, refused: FailureRecord) -> GateEvaluated:
    """Returns the evaluation of a gate whose program must not run."""
    return _evaluated(probe, failure=refused, value=None)


def is_broken_off(found: GateEvaluated) -> bool:
    """Returns whether a halt, and not its program, decided about a gate."""
    return found.failure is not UNSET and found.failure.code in {"HALTED", "ABORTED"}


def _evaluated(probe: Probe, *, failure: FailureRecord | None, value: Body | None) -> GateEvaluated:
    return GateEvaluated(
        effect=probe.named,
        failure=failure or UNSET,
        gate=probe.gate,
        kind="command",
        passed=failure is None,
        step=UNSET if probe.step is None else probe.step,
        that=probe.that,
        value=value or UNSET,
        when=probe.when,
    )
