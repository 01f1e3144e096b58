"""What a program that did not end well is told as: its status or signal, and the end of its output."""

from __future__ import annotations

from workc.kernel.failure import Failure
from workc.stages.effects import PortResult

#: How much of its output a failure quotes, in bytes, from the end: there the reason stands.
EXCERPT_BYTES = 2048


def program_failure(name: str, result: PortResult) -> Failure:
    """Returns the failure of a program that did not end with status 0."""
    status, signal = result.facts.get("exit"), result.facts.get("signal")
    how = f"was ended by signal {signal}" if status is None else f"ended with status {status}"
    return Failure(
        code="PROGRAM_FAILED",
        message=f"{name} {how}",
        details={
            "exit": status,
            "signal": signal,
            "stderr": _end_of(result.errors),
            "stdout": _end_of(result.data),
        },
    )


def _end_of(data: bytes | None) -> str:
    return (data or b"")[-EXCERPT_BYTES:].decode("utf-8", "replace")
