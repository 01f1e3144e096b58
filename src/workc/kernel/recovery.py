"""Classes of errors: how far a failure reaches, and so whether going back may mend it.

One table for the whole catalog. A code that is asked about again in a pass to which it had already led
is a pattern: going back did not mend it. What stops a run, what says that a record is not true and our
own bugs are catastrophic, whatever came before (``docs/spec/bundle-0.2.md``, section 16).

>>> class_of("TIMEOUT", ()), class_of("TIMEOUT", {"TIMEOUT"}), class_of("NOT_FOUND", ())
('Recoverable', 'PatternFailure', 'Unrecoverable')
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal, get_args

ErrorClass = Literal["Recoverable", "Unrecoverable", "PatternFailure", "Catastrophic"]
#: Every class, the mildest first.
CLASSES: tuple[ErrorClass, ...] = get_args(ErrorClass)

#: What another attempt may mend: every code of the catalog that is retryable.
RECOVERABLE = frozenset(
    {
        "BAD_GATEWAY",
        "CONNECTION_REFUSED",
        "CONNECTION_RESET",
        "DNS_FAILURE",
        "GATEWAY_TIMEOUT",
        "HTTP_5XX",
        "LLM_API_ERROR",
        "LLM_OVERLOADED",
        "RATE_LIMITED",
        "RESOURCE_LOCKED",
        "SERVICE_UNAVAILABLE",
        "TIMEOUT",
    }
)
#: What no pass may follow: what stops a run by itself, the categories INTEGRITY and INTERNAL.
CATASTROPHIC = frozenset(
    {
        "ABORTED",
        "BUDGET_BOUND_VIOLATED",
        "BUDGET_EXCEEDED",
        "BUNDLE_INVALID",
        "BUNDLE_UNDECIDED",
        "CAPTURE_EDITED",
        "CAPTURE_MISSING",
        "CAPTURE_UNUSED",
        "CODE_CHANGED",
        "HALTED",
        "INTERNAL_ERROR",
        "IN_DOUBT",
        "JOURNAL_CORRUPT",
        "NONDETERMINISTIC",
        "QUOTA_EXCEEDED",
        "REPLAY_DIVERGED",
        "RUN_LOCKED",
        "STAGE_CHANGED",
    }
)


def class_of(code: str, earlier: Collection[str]) -> ErrorClass:
    """Returns the class of a failure by its code; ``earlier`` are those that sent the run back before."""
    if code in CATASTROPHIC:
        return "Catastrophic"
    if code in earlier:
        return "PatternFailure"
    return "Recoverable" if code in RECOVERABLE else "Unrecoverable"
