"""The gates of a run that did not hold, for people and programs that look on."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from msgspec import UNSET

from workc.kernel.events import Path
from workc.kernel.gates import GateEvaluated, When
from workc.kernel.payloads import given

#: The most characters of a value that are told.
MAX_GIVEN_CHARS = 80


class FailedGate(msgspec.Struct, frozen=True, kw_only=True):
    """One gate whose last evaluation did not pass; ``step`` is None for one of the run."""

    gate: str
    kind: str
    when: When
    step: str | None = None


def what_it_gave(found: GateEvaluated) -> str:
    """Returns in words what an evaluation gave, or why it gave nothing, cut where it is long."""
    if found.failure:
        return f"{found.failure.code}: {found.failure.message}"
    text = found.value.inline if found.value else UNSET
    if text is UNSET:
        return "a value in a file" if found.value else "nothing"
    return f"it gave {text if len(text) <= MAX_GIVEN_CHARS else text[: MAX_GIVEN_CHARS - 1] + '…'}"


def failed_last(last: Iterable[tuple[Path, GateEvaluated]]) -> list[GateEvaluated]:
    """Returns those of the last evaluations that did not pass, by their places, whichever came first."""
    return [found for _, found in sorted(last, key=lambda pair: pair[0]) if not found.passed]


def failed_gates(failed: Iterable[GateEvaluated]) -> tuple[FailedGate, ...]:
    """Returns gates that did not pass, as they are told."""
    return tuple(
        FailedGate(gate=each.gate, kind=each.kind, when=each.when, step=given(each.step))
        for each in failed
    )
