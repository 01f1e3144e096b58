"""What a failure is: a value with a code of the catalog, never a bare exception.

Three kinds of failure exist and each has its own type. A *refusal* is about the data or the
world: :class:`Failure`, carried up by :class:`Refusal`. *Misuse* is the programmer's mistake:
:class:`Misuse`. Everything else is our bug and ends as ``INTERNAL_ERROR``.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from workc.kernel.values import JsonObject

Category = Literal[
    "TRANSIENT", "RESOURCE", "PERMANENT", "PERMISSION", "VALIDATION", "INTEGRITY", "INTERNAL"
]


class Retry(msgspec.Struct, frozen=True, kw_only=True):
    """Says how often a step is tried and how long it waits; ``max_attempts`` counts the first."""

    strategy: Literal["none", "immediate", "exponential"]
    max_attempts: int
    base_delay_ms: int
    max_delay_ms: int
    multiplier_permille: int
    jitter_permille: int


class CatalogEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One code of the catalog. ``exit`` is what the command line exits with for it."""

    code: str
    category: Category
    retryable: bool
    exit: int
    retry: Retry
    http_status: int | None
    summary: str
    hint: str
    since: str


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """A refusal as a value: what happened, in the words of the catalog and of this case.

    ``message`` is one sentence about this case; ``details`` is JSON for programs. Category,
    retryable and hint are not stored: they follow from ``code`` through the catalog.
    """

    code: str
    message: str
    details: JsonObject = {}
    retry_after_ms: int | None = None


class Refusal(Exception):
    """Carries a :class:`Failure` up to the nearest boundary that turns it into an outcome."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(f"{failure.code}: {failure.message}")
        self.failure = failure


class Misuse(Exception):
    """The programmer called workc in a way that cannot work; says what to change."""


def refuse(code: str, message: str, **details: object) -> Refusal:
    """Returns a refusal, to be raised at once.

    >>> str(refuse("TIMEOUT", "no answer within 5 s", limit_ms=5000))
    'TIMEOUT: no answer within 5 s'

    ``details`` must be JSON values; they are for programs, the message is for people.
    """
    return Refusal(Failure(code=code, message=message, details=details))  # type: ignore[arg-type]
