"""What a run waits for: questions of its journal that no human has answered."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import msgspec
from msgspec import UNSET

from workc.api.family_runs import runs_below
from workc.kernel import events
from workc.kernel.events import Path as Place
from workc.kernel.events import Record
from workc.kernel.failure import Refusal
from workc.kernel.gates import ApprovalAsked
from workc.kernel.values import JsonObject
from workc.runtime.bodies import KeptFiles, load


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """A question that nobody has answered.

    ``asked_ms`` is the time of the last answer that was recorded before it, and ``deadline_ms``
    when its time is over, if it has one.
    """

    step: str
    gate: str
    question: str
    asked_ms: int
    deadline_ms: int | None
    at: Place

    def is_over(self, now_ms: int) -> bool:
        """Returns whether it can be answered no more."""
        return self.deadline_ms is not None and now_ms >= self.deadline_ms

    def to_json(self) -> JsonObject:
        """Returns it as JSON."""
        return {
            "step": self.step,
            "gate": self.gate,
            "question": self.question,
            "asked_ms": self.asked_ms,
            "deadline_ms": self.deadline_ms,
        }


def waiting_of(records: Iterable[Record], files: KeptFiles) -> list[Waiting]:
    """Returns the questions without an answer, in the order of their places.

    ``records`` stand in the order of the journal.
    """
    asked: dict[Place, Waiting] = {}
    now_ms = 0
    for record in records:
        at = tuple(record.at)
        asked.pop((*at[:-1], at[-1] - 1), None)
        if isinstance(record.at_ms, int):
            now_ms = max(now_ms, record.at_ms)
        if record.kind != ApprovalAsked.__name__:
            continue
        payload = events.decode_payload(record.kind, record.payload)
        if isinstance(payload, ApprovalAsked):
            asked[at] = _waiting(payload, files, now_ms, at)
    return [asked[at] for at in sorted(asked)]


def waiting_kin(folder: Path) -> list[tuple[str, Waiting]]:
    """Returns what the children of a run wait for, with the ids of theirs; ``folder`` is the run's.

    A child whose records cannot be read waits for nobody.
    """
    found: list[tuple[str, Waiting]] = []
    for kin in runs_below(folder):
        with suppress(OSError, Refusal):
            if not kin.bundle.exists():
                found += [(kin.path.name, one) for one in waiting_of(kin.records(), kin)]
    return found


def _waiting(payload: ApprovalAsked, files: KeptFiles, now_ms: int, at: Place) -> Waiting:
    timeout = payload.timeout_ms
    return Waiting(
        step=payload.step,
        gate=payload.gate,
        question=load(files, payload.question).decode("utf-8", "replace"),
        asked_ms=now_ms,
        deadline_ms=None if timeout is UNSET else now_ms + timeout,
        at=at,
    )
