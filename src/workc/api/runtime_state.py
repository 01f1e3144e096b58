"""What a runtime answers when it is asked about itself: money, what was tried, what is allowed."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from threading import Lock

import msgspec

from workc.api.contract_account import ContractAccount
from workc.api.settings import Settings
from workc.kernel.values import Json, JsonObject
from workc.runtime.outcome import Status, StructuredOutcome

SCHEMA = "workc.state/1"
#: So many runs are remembered, the newest.
MAX_TRIED = 100


class Tried(msgspec.Struct, frozen=True, kw_only=True):
    """One run, or what was refused before it became one (``run_id`` None)."""

    name: str
    run_id: str | None
    status: Status
    code: str
    attempts: int
    cost_micro_cents: int


class RuntimeState(msgspec.Struct, frozen=True, kw_only=True):
    """A runtime at one moment.

    ``left_micro_cents`` is what a run may spend now: of the contract, or of the runtime's ceiling,
    which is each run's own; None is that the workflow alone says. ``uses_left`` is by operation, for
    a contract; None is without limit. ``tried`` are the last runs, the newest last.
    """

    left_micro_cents: int | None
    spent_micro_cents: int
    allowed_skills: tuple[str, ...]
    uses_left: dict[str, int | None]
    expires_at: str | None
    tried: tuple[Tried, ...]
    last_outcome: StructuredOutcome | None

    def to_json(self) -> JsonObject:
        """Returns it as JSON, schema ``workc.state/1``."""
        last = self.last_outcome
        tried: list[Json] = [msgspec.to_builtins(each) for each in self.tried]
        return {
            "schema": SCHEMA,
            "left_micro_cents": self.left_micro_cents,
            "spent_micro_cents": self.spent_micro_cents,
            "allowed_skills": [*self.allowed_skills],
            "uses_left": {**self.uses_left},
            "expires_at": self.expires_at,
            "tried": tried,
            "last_outcome": None if last is None else last.to_json(),
        }


class History:
    """What a runtime remembers of its runs; any number of them may end at once."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._tried: deque[Tried] = deque(maxlen=MAX_TRIED)
        self._last: StructuredOutcome | None = None
        self._spent = 0

    def take(self, name: str, outcome: StructuredOutcome) -> StructuredOutcome:
        """Remembers the outcome of a run, and returns it."""
        tried = Tried(
            name=name,
            run_id=outcome.run_id,
            status=outcome.status,
            code=outcome.code,
            attempts=outcome.attempts,
            cost_micro_cents=outcome.cost_micro_cents,
        )
        with self._lock:
            self._tried.append(tried)
            self._last = outcome
            self._spent += outcome.cost_micro_cents
        return outcome

    def state(self, left_micro_cents: int | None, skills: Iterable[str]) -> RuntimeState:
        """Returns the state of a runtime without a contract."""
        with self._lock:
            return RuntimeState(
                left_micro_cents=left_micro_cents,
                spent_micro_cents=self._spent,
                allowed_skills=tuple(sorted(skills)),
                uses_left={},
                expires_at=None,
                tried=tuple(self._tried),
                last_outcome=self._last,
            )


def state_of(
    settings: Settings, account: ContractAccount | None, skills: Iterable[str], history: History
) -> RuntimeState:
    """Returns what may be spent and used now under these settings, and what was tried."""
    own = settings.ceiling_micro_cents
    if account is None:
        return history.state(own, skills)
    now_ms = settings.clock(0).now_ms()
    left = account.left_micro_cents(now_ms)
    allowed = [name for name in skills if name in account.contract.allowed_operations]
    return msgspec.structs.replace(
        history.state(left if own is None else min(own, left), allowed),
        spent_micro_cents=account.spent_micro_cents(now_ms),
        uses_left=account.uses_left(now_ms),
        expires_at=account.contract.expires_at,
    )
