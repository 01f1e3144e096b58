"""Says of each stage that a run called what the reports say of exactly it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import Literal, get_args

import msgspec

from workc.api.tested_stages.called import Called
from workc.api.tested_stages.reports import Row
from workc.kernel.stage_ids import StageIds
from workc.kernel.values import JsonObject
from workc.stages.stage.examples import StageVerdict

Status = Literal[
    "verified",
    "failed",
    "contradicted",
    "errored",
    "skipped",
    "unverifiable",
    "stale",
    "untested",
    "unnamed",
]
STATUSES: tuple[Status, ...] = get_args(Status)
#: What proves that the stage, or the bundle that names it, is bad.
BAD: frozenset[Status] = frozenset({"failed", "contradicted"})
#: Of several reports about one stage the verdict that stands first here counts.
_FIRST: tuple[StageVerdict, ...] = ("failed", "verified", "errored", "skipped", "unverifiable")

_SAID: dict[Status, str] = {
    "verified": "a report says that it is verified",
    "failed": "a report says that it is not what it declares",
    "errored": "its test ended with an error",
    "skipped": "its test was skipped",
    "unverifiable": "it could not be tested",
    "untested": "no report is about it",
}


class Judged(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one skill that a run called; ``where`` is what the report calls its place."""

    run_id: str
    name: str
    status: Status
    message: str
    attempts: int
    ids: StageIds | None
    where: str

    def to_json(self) -> JsonObject:
        """Returns it as JSON; ids are left out where there are none."""
        ids: JsonObject = {} if self.ids is None else msgspec.to_builtins(self.ids)
        return {
            "run_id": self.run_id,
            "name": self.name,
            "status": self.status,
            "message": self.message,
            "attempts": self.attempts,
            **ids,
            "where": self.where,
        }


class Reports:
    """What reports say, by each of the things that a stage is found by.

    ``built_in`` are the digests by which bundles name the code of the skills that come with workc: those
    have no ids in a bundle, and are found by these.
    """

    def __init__(self, rows: Iterable[Row], built_in: Collection[str] = ()) -> None:
        self._built_in = frozenset(built_in)
        self._by_evidence: defaultdict[str, list[Row]] = defaultdict(list)
        self._by_stage: defaultdict[str, list[Row]] = defaultdict(list)
        self._by_name: defaultdict[str, list[Row]] = defaultdict(list)
        self._by_built_in: defaultdict[str, list[Row]] = defaultdict(list)
        for row in rows:
            self._by_evidence[row.evidence_id].append(row)
            self._by_stage[row.stage_id].append(row)
            self._by_name[row.name].append(row)
            self._by_built_in[row.built_in].append(row)

    def judge(self, run_id: str, called: Called) -> Judged:
        """Returns what they say of one skill that a run called."""
        status, message, row = self._found(called)
        return Judged(
            run_id=run_id,
            name=called.name,
            status=status,
            message=message,
            attempts=called.attempts,
            ids=called.ids,
            where="" if row is None else row.where,
        )

    def _found(self, called: Called) -> tuple[Status, str, Row | None]:
        ids = called.ids
        if ids is None:
            return self._of_built_in(called)
        of_evidence, of_stage = self._by_evidence[ids.evidence_id], self._by_stage[ids.stage_id]
        for row in (*of_evidence, *of_stage):
            why = _contradiction(row, called, ids)
            if why:
                return "contradicted", why, row
        exact = [row for row in of_evidence if row.stage_id == ids.stage_id]
        if exact:
            return _said(exact)
        if of_stage:
            return "stale", "a test was of other examples or properties", of_stage[0]
        named = self._by_name[called.name]
        if named:
            return "stale", "a test was of other code, types or effects", named[0]
        return "untested", _SAID["untested"], None

    def _of_built_in(self, called: Called) -> tuple[Status, str, Row | None]:
        rows = self._by_built_in[called.code] if called.code else []
        if rows and rows[0].name != called.name:
            return "contradicted", "its code is that of another skill", rows[0]
        if rows:
            return _said(rows)
        if called.code in self._built_in:
            return "untested", _SAID["untested"], None
        return "unnamed", "the bundle names no stage: the skill has no examples", None


def _said(rows: list[Row]) -> tuple[Status, str, Row]:
    row = min(rows, key=lambda each: _FIRST.index(each.verdict))
    return row.verdict, _SAID[row.verdict], row


def _contradiction(row: Row, called: Called, ids: StageIds) -> str:
    """Returns how the bundle says something of a stage that a test of it knows to be false.

    A stage that failed may have been given false ids itself; so only one that is verified counts.
    """
    if row.verdict != "verified":
        return ""
    # The skills of one file have one digest of code, so the name, which is part of the ids, counts too.
    if row.name != called.name:
        return "its ids are those of a stage of another name"
    if row.evidence_id == ids.evidence_id and row.stage_id != ids.stage_id:
        return "its evidence is that of another stage"
    if row.implementation_hash not in ("", called.code):
        return "the bundle names other code than its ids are of"
    return ""
