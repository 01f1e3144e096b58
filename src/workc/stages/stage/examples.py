"""Verification of a stage by its own examples, as the specification of ``verify_stage`` has it.

Each example is given to an executor; what comes out is compared with what the example says by
canonical bytes (RFC 8785): the order of members is free, and ``1.0`` is ``1``. A stage whose
outputs cannot repeat is skipped, with the reason. Here a skipped stage counts as passed, because
that specification says so; the stricter verdict (:func:`verdict_of`) does not.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal, Protocol, TypeAlias

import msgspec

from workc.kernel.values import Json
from workc.stages.stage.refinements import StageError, canonical
from workc.stages.stage.value import Example, Stage

StageSkipReason: TypeAlias = Literal[
    "Network", "Llm", "NonDeterministic", "Process", "NoExamples", "NoImplementation"
]
StageVerdict: TypeAlias = Literal["verified", "failed", "errored", "skipped", "unverifiable"]

#: What each reason says to people.
REASONS: Mapping[StageSkipReason, str] = {
    "Network": "network effect — example outputs are illustrative",
    "Llm": "LLM effect — output is non-reproducible",
    "NonDeterministic": "non-deterministic effect",
    "Process": "process effect — side-effectful",
    "NoExamples": "no examples declared",
    "NoImplementation": "no implementation available in this executor",
}
#: Of effects whose outputs do not repeat, the reason.
_OF_EFFECTS: Mapping[str, StageSkipReason] = {
    "Network": "Network",
    "Llm": "Llm",
    "NonDeterministic": "NonDeterministic",
    "Process": "Process",
}


class ExecutionError(Exception):
    """The executor could not make the output; ``code`` is that of the failure, if it has one."""

    def __init__(self, message: str = "", code: str | None = None) -> None:
        super().__init__(message)
        self.code = code


class StageNotFound(ExecutionError):
    """The executor has no implementation of the stage."""


class StageExecutor(Protocol):
    """Whoever runs stages."""

    def execute(self, stage_id: str, input: Json, /) -> Json:  # noqa: A002 - the name of the field
        """Returns the output of a stage for an input.

        Raises:
            StageNotFound: there is no implementation of it.
            ExecutionError: it failed.
        """
        ...


class Ok(msgspec.Struct, frozen=True):
    """The output is that of the example."""


class Mismatch(msgspec.Struct, frozen=True):
    """Another output came."""

    expected: Json
    actual: Json


class Errored(msgspec.Struct, frozen=True):
    """No output came."""

    message: str


ExampleOutcome: TypeAlias = Ok | Mismatch | Errored


class Skipped(msgspec.Struct, frozen=True):
    """The stage was not tested."""

    reason: StageSkipReason

    def __str__(self) -> str:
        """Returns what the reason says."""
        return REASONS[self.reason]


class Tested(msgspec.Struct, frozen=True):
    """Every example was tried, in order."""

    # Its name begins with Test, which a test runner would take for a test.
    __test__: ClassVar[bool] = False

    examples: tuple[ExampleOutcome, ...]


ReportOutcome: TypeAlias = Skipped | Tested


class StageReport(msgspec.Struct, frozen=True):
    """What became of the examples of a stage."""

    stage_id: str
    description: str
    outcome: ReportOutcome

    def passed(self) -> bool:
        """Returns whether every example matched, or the stage was skipped."""
        outcome = self.outcome
        return isinstance(outcome, Skipped) or all(isinstance(e, Ok) for e in outcome.examples)

    def failed(self) -> bool:
        """Returns whether an example did not match."""
        return not self.passed()


def skip_reason(stage: Stage) -> StageSkipReason | None:
    """Returns why the examples of a stage say nothing of it, or None: none at all, then its effects."""
    if not stage.examples:
        return "NoExamples"
    for effect in stage.signature.effects:
        if effect.kind in _OF_EFFECTS:
            return _OF_EFFECTS[effect.kind]
    return None


def verify_stage(stage: Stage, executor: StageExecutor) -> StageReport:
    """Returns what became of each example; a stage that is skipped is not run at all."""
    reason = skip_reason(stage)
    if reason is not None:
        return StageReport(stage.id, stage.description, Skipped(reason))
    outcomes: list[ExampleOutcome] = []
    for example in stage.examples:
        try:
            actual = executor.execute(stage.id, example.input)
        except StageNotFound:
            return StageReport(stage.id, stage.description, Skipped("NoImplementation"))
        except Exception as error:  # noqa: BLE001 - an executor is somebody else's code
            outcomes.append(_failed(example, error))
        else:
            outcomes.append(_compared(example, actual))
    return StageReport(stage.id, stage.description, Tested(tuple(outcomes)))


def verdict_of(report: StageReport) -> StageVerdict:
    """Returns the strict verdict: nothing that was not tested is verified.

    A stage that has no examples, or nobody to run it, is ``unverifiable``.
    """
    outcome = report.outcome
    if isinstance(outcome, Skipped):
        untestable = outcome.reason in ("NoExamples", "NoImplementation")
        return "unverifiable" if untestable else "skipped"
    if any(isinstance(each, Mismatch) for each in outcome.examples):
        return "failed"
    return "errored" if any(isinstance(e, Errored) for e in outcome.examples) else "verified"


def is_same(one: Json, other: Json) -> bool:
    """Returns whether two values have the same canonical bytes.

    Where canonical JSON cannot keep one, such as an integer beyond 2**53, they are compared part by
    part: numbers by their exact value, and no truth value is a number.
    """
    try:
        return canonical(one) == canonical(other)
    except StageError:
        return _is_same(one, other)


def _is_same(one: Json, other: Json) -> bool:
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_is_same(one[k], other[k]) for k in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_is_same, one, other))
    return isinstance(one, bool) == isinstance(other, bool) and one == other


def _failed(example: Example, error: Exception) -> ExampleOutcome:
    code = error.code if isinstance(error, ExecutionError) else None
    if example.error_code is None or code is None:
        return Errored(str(error) or type(error).__name__)
    if code == example.error_code:
        return Ok()
    return Mismatch({"error_code": example.error_code}, {"error_code": code})


def _compared(example: Example, actual: Json) -> ExampleOutcome:
    if example.error_code is not None:
        return Mismatch({"error_code": example.error_code}, actual)
    return Ok() if is_same(example.output, actual) else Mismatch(example.output, actual)
