"""When a failed attempt is tried again, and after how long: the catalog, a step's own numbers, a seed.

delay = min(max_delay, base x multiplier^(attempt - 1)), then up to jitter more or less, drawn from
the lane's stream; a Retry-After of the other side is the least it waits.
"""

from __future__ import annotations

import msgspec

from workc.kernel.catalog import CATALOG
from workc.kernel.failure import Failure, Retry
from workc.kernel.rng import SeededRng
from workc.runtime.workflow.model import RetrySpec

#: A server that asks for more than an hour is not waited for; the outcome says what it asked.
RETRY_AFTER_LIMIT_MS = 3_600_000


def policy_for(failure: Failure, own: RetrySpec) -> Retry:
    """Returns the catalog's policy for this failure, with the step's own numbers over it."""
    standard = CATALOG[failure.code].retry
    given = {key: value for key, value in msgspec.structs.asdict(own).items() if value is not None}
    return msgspec.structs.replace(standard, **given)


def delay_ms(policy: Retry, failure: Failure, attempt: int, rng: SeededRng) -> int | None:
    """Returns how long to wait before the next attempt, in ms; None: do not try again.

    ``attempt`` counts from 1 and is the one that failed.
    """
    asked = failure.retry_after_ms or 0
    if not CATALOG[failure.code].retryable or attempt >= policy.max_attempts:
        return None
    if asked > RETRY_AFTER_LIMIT_MS:
        return None
    delay, spread = _delay_and_spread(policy, attempt)
    jittered = delay - spread + rng.below(2 * spread + 1)
    return max(jittered, asked)


def longest_delay_ms(policy: Retry, attempt: int) -> int:
    """Returns the longest wait behind an attempt that no Retry-After makes longer, in ms."""
    delay, spread = _delay_and_spread(policy, attempt)
    return delay + spread


def _delay_and_spread(policy: Retry, attempt: int) -> tuple[int, int]:
    grown: int = policy.base_delay_ms * policy.multiplier_permille ** (attempt - 1)
    scale: int = 1000 ** (attempt - 1)
    delay = min(policy.max_delay_ms, grown // scale)
    return delay, delay * policy.jitter_permille // 1000
