"""What the suites say when a port does not behave: plain checks that python -O keeps."""

from __future__ import annotations

from collections.abc import Awaitable

from workc.kernel.failure import Failure, Refusal


class NotConforming(AssertionError):
    """The port did something else than its contract says."""


def expect_equal(actual: object, expected: object, what: str) -> None:
    """Checks that two values are equal.

    Raises:
        NotConforming: when they are not; the message has both.
    """
    if actual != expected:
        raise NotConforming(f"{what}: expected {expected!r}, got {actual!r}")


def expect_in(part: str, text: str) -> None:
    """Checks that a text holds a part.

    Raises:
        NotConforming: when it does not.
    """
    if part not in text:
        raise NotConforming(f"expected {part!r} in {text!r}")


async def expect_refusal(answer: Awaitable[object], code: str) -> Failure:
    """Returns the failure that the port must refuse with.

    Raises:
        NotConforming: when it gives an answer, or another code.
    """
    try:
        given = await answer
    except Refusal as refusal:
        expect_equal(refusal.failure.code, code, "the code of the refusal")
        return refusal.failure
    raise NotConforming(f"expected a refusal with {code}, got {given!r}")
