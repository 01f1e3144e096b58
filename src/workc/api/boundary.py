"""The boundary to users: whatever the work did, an outcome comes out.

Refusals become outcomes, a disk that fails is ``STORE_UNAVAILABLE``, and what nobody foresaw is our
bug: ``INTERNAL_ERROR``, with the places it went through and none of the user's data. Misuse and an
interruption are not outcomes of work and pass.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable

from workc.adapters.driver import Interrupted
from workc.kernel.failure import Failure, Misuse, Refusal
from workc.kernel.values import Json
from workc.runtime.divergence import Diverged
from workc.runtime.outcome import StructuredOutcome, refused

_FRAMES_SHOWN = 12


def outcome_of_work(work: Callable[[], StructuredOutcome]) -> StructuredOutcome:
    """Returns what ``work`` returns, or the outcome of what it raised.

    Raises:
        Misuse, Interrupted: as they come.
    """
    try:
        return work()
    except (Misuse, Interrupted):
        raise
    except Refusal as refusal:
        return refused(refusal.failure)
    except Diverged as diverged:
        return refused(diverged.divergence.to_failure())
    except OSError as error:
        return refused(_store_failure(error))
    except Exception as error:  # noqa: BLE001 - the one place where our own bugs become outcomes
        return refused(internal_error(error))


def _store_failure(error: OSError) -> Failure:
    why = error.strerror or type(error).__name__
    where = "" if error.filename is None else f"{error.filename}: "
    return Failure(
        code="STORE_UNAVAILABLE", message=f"the store failed: {where}{why}", details={"error": why}
    )


def internal_error(error: Exception) -> Failure:
    """Returns our own bug as a failure: type and places, no words that may hold users' data."""
    frames: list[Json] = [
        f"{frame.name}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)
    ]
    return Failure(
        code="INTERNAL_ERROR",
        message=f"{type(error).__name__} in workc itself",
        details={"frames": frames[-_FRAMES_SHOWN:]},
    )
