"""Which of the failures that were injected into a run came, told by its records alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from workc.kernel import events
from workc.kernel.events import Record
from workc.kernel.kinds import Payload
from workc.kernel.payloads import Body, FailureRecord, RunStarted, SkillExecuted
from workc.kernel.values import Json
from workc.runtime.bodies import KeptFiles, load_json

_TOLD = frozenset({RunStarted.__name__, SkillExecuted.__name__})


class Rehearsal:
    """Takes the records of a run; ``read`` gives the JSON of a body."""

    def __init__(self, read: Callable[[Body], Json]) -> None:
        self._read = read
        self._injected: list[str] = []
        self._met: set[str] = set()

    @property
    def is_one(self) -> bool:
        """Returns whether anything was injected."""
        return bool(self._injected)

    def take(self, payload: Payload) -> None:
        """Takes one record."""
        match payload:
            case RunStarted():
                rules = self._read(payload.policy.rules)
                listed = rules.get("injected") if isinstance(rules, dict) else None
                self._injected = [str(each) for each in listed] if isinstance(listed, list) else []
            case SkillExecuted(failure=FailureRecord() as failure) if self._injected:
                details = self._read(failure.details)
                if isinstance(details, dict) and details.get("injected") is True:
                    self._met.add(f"{payload.step}:{payload.attempt}:{failure.code}")
            case _:
                pass

    def never_reached(self) -> list[str]:
        """Returns a note on what has not come, if anything: of a run that is over it never will."""
        left = [each for each in self._injected if each not in self._met]
        return [f"injected, but never reached: {', '.join(left)}"] if left else []

    def notes(self, *, over: bool) -> list[str]:
        """Returns notes on what was injected; ``over`` says that nothing more can come."""
        if not over:
            to_come = f"failures are injected, should it come to them: {', '.join(self._injected)}"
            return [to_come] if self._injected else []
        met = [each for each in self._injected if each in self._met]
        came = [f"failures were injected: {', '.join(met)}"] if met else []
        return [*came, *self.never_reached()]


def never_reached(records: Iterable[Record], files: KeptFiles) -> list[str]:
    """Returns a note on the failures that were injected into a run that is over and did not come."""
    rehearsal = Rehearsal(lambda body: load_json(files, body))
    for record in records:
        if record.kind in _TOLD:
            rehearsal.take(events.decode_payload(record.kind, record.payload))
            if not rehearsal.is_one:
                return []
    return rehearsal.never_reached()
