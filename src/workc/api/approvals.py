"""Approvals of a run that waits for people: which are open, and how one is decided.

A decision is written into the run's journal as the answer to its question; nothing else is done. The
run goes on when it is resumed, on whatever machine.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import msgspec

from workc.adapters.run_folder import RunFolder, RunWriter
from workc.api import launch
from workc.api.settings import Settings
from workc.api.store import Store
from workc.api.waiting import Waiting, waiting_of
from workc.kernel.events import Entry
from workc.kernel.failure import Failure, refuse
from workc.kernel.gates import ApprovalAnswered
from workc.kernel.values import Json, JsonObject
from workc.runtime.children import family_of
from workc.runtime.outcome import StructuredOutcome, error_of

MAX_NAME_CHARS = 256
MAX_NOTE_BYTES = 4_096


def paused(
    place: launch.Place, run_id: str, of_children: Sequence[tuple[str, Waiting]], *, kept: bool
) -> StructuredOutcome:
    """Returns the outcome of a run that waits for people, itself or in its children, by their ids.

    ``kept``: there is a store to resume from.
    """
    asked = [(run_id, one) for one in waiting_of(place.records(), place)]
    asked += of_children
    waiting = [one for _, one in asked]
    steps = ", ".join(one.step for one in waiting)
    then = "" if kept else "; without a store it is lost"
    failure = Failure(
        code="APPROVAL_PENDING",
        message=f"waits for a human to approve {steps}{then}",
        details={"waiting": list[Json]({**one.to_json(), "run_id": of} for of, one in asked)},
    )
    return StructuredOutcome(
        status="paused",
        code=failure.code,
        message=failure.message,
        error=error_of(failure, waiting[0].step if waiting else None),
        run_id=run_id,
        step=waiting[0].step if waiting else None,
    )


class Decided(msgspec.Struct, frozen=True, kw_only=True):
    """A decision that was recorded, and how many questions of the run are still open."""

    run_id: str
    step: str
    question: str
    decision: Literal["approved", "denied"]
    by: str
    note: str
    open: int

    def to_json(self) -> JsonObject:
        """Returns it as JSON, schema ``workc.decided/1``."""
        fields: JsonObject = {name: getattr(self, name) for name in self.__struct_fields__}
        return {"schema": "workc.decided/1", **fields}


def decide(
    store: Store,
    run: str,
    decision: Literal["approved", "denied"],
    *,
    by: str,
    note: str = "",
    step: str | None = None,
    settings: Settings | None = None,
) -> Decided:
    """Records who approved or denied a step of a run that waits for it.

    ``run`` is an id, the beginning of one, or ``last``; without a ``step`` there must be one
    question only.

    Raises:
        Refusal: ``INVALID_INPUT`` if there is no such run or question, or its time is over;
            ``RUN_LOCKED`` while a process writes the run; ``JOURNAL_CORRUPT``.
    """
    _check_words(by, note)
    folder = store.find(run)
    name = folder.path.name
    if folder.bundle.exists():
        raise refuse("INVALID_INPUT", f"the run {name} is finished; nothing waits for a human")
    using = settings or Settings()
    asked = _asked_in(store, folder)
    now_ms = using.clock(max((one.asked_ms for _, one in asked), default=0)).now_ms()
    in_time = [(of, one) for of, one in asked if not one.is_over(now_ms)]
    _refuse_late(name, asked, in_time, step)
    of, chosen = _chosen(name, in_time, step)
    answer = ApprovalAnswered(
        by=by, decision=decision, gate=chosen.gate, note=note, step=chosen.step
    )
    _write(RunWriter(of.path, using.durability), chosen, answer, now_ms)
    return Decided(
        run_id=of.path.name,
        step=chosen.step,
        question=chosen.question,
        decision=decision,
        by=by,
        note=note,
        open=len(in_time) - 1,
    )


#: A question and the run that asks it.
_Asked = tuple[RunFolder, Waiting]


def _asked_in(store: Store, folder: RunFolder) -> list[_Asked]:
    """Returns what a run waits for, and its children if it is the first of a family."""
    kin = [folder, *(each for each in store.family(folder.path.name) if not each.bundle.exists())]
    return [(each, one) for each in kin for one in waiting_of(each.records(), each)]


def _write(writer: RunWriter, chosen: Waiting, answer: ApprovalAnswered, now_ms: int) -> None:
    """Writes an answer into the journal of the run that waits for it; closes the writer."""
    try:
        records = list(writer.records())
        if chosen not in waiting_of(records, writer):
            message = f"the step {chosen.step} was decided on meanwhile"
            raise refuse("INVALID_INPUT", message)
        place = (*chosen.at[:-1], chosen.at[-1] + 1)
        launch.journal_after(records, writer).append(Entry(at=place, payload=answer, at_ms=now_ms))
        writer.commit(effect=True)
    finally:
        writer.close()


def _check_words(by: str, note: str) -> None:
    if not (0 < len(by) <= MAX_NAME_CHARS and by.isprintable()):
        message = f"whoever decides has a name of 1 to {MAX_NAME_CHARS} printable characters"
        raise refuse("INVALID_INPUT", message)
    try:
        size = len(note.encode())
    except UnicodeEncodeError:
        raise refuse("INVALID_INPUT", "the note is no text that UTF-8 can hold") from None
    if size > MAX_NOTE_BYTES:
        raise refuse("INVALID_INPUT", f"a note has at most {MAX_NOTE_BYTES} bytes, not {size}")


def _refuse_late(run: str, asked: list[_Asked], in_time: list[_Asked], step: str | None) -> None:
    """Refuses a step on which nobody can decide any more, and any if there are only such."""
    late = [one.step for of, one in asked if (of, one) not in in_time and step in {None, one.step}]
    if late and not (step is None and in_time):
        message = f"the time to decide on {', '.join(late)} is over; resume the run"
        raise refuse("INVALID_INPUT", message, resume=family_of(run))


def _chosen(run: str, asked: list[_Asked], step: str | None) -> _Asked:
    steps = [one.step for _, one in asked]
    names = ", ".join(steps)
    if not asked:
        raise refuse("INVALID_INPUT", f"no step of the run {run} waits for a human")
    if step is None and len(asked) > 1:
        raise refuse("INVALID_INPUT", f"several steps wait, say which: {names}", waiting=steps)
    found = [each for each in asked if step in {None, each[1].step}]
    if not found:
        raise refuse(
            "INVALID_INPUT",
            f"the step {step} does not wait for a human; these do: {names}",
            waiting=steps,
        )
    if len(found) > 1:
        runs = ", ".join(of.path.name for of, _ in found)
        message = f"the step {step} waits in several runs, say which: {runs}"
        raise refuse("INVALID_INPUT", message, waiting=steps)
    return found[0]
