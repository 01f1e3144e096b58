"""Checks the stages of a bundle that passed, and those of the runs that it started, if one asks for them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import msgspec

from workc.api.tested_stages.called import Calls, calls_of
from workc.api.tested_stages.judging import BAD, Judged, Reports
from workc.bundle.layout import BUNDLE_VERSION
from workc.verify.family import Relatives
from workc.verify.reader import Reader, ReadError
from workc.verify.verdict import Verdict


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """What reports say of every skill that was called. ``problems`` say what could not be looked at."""

    stages: tuple[Judged, ...]
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def verified(self) -> int:
        """Returns how many are verified."""
        return sum(each.status == "verified" for each in self.stages)

    @property
    def result(self) -> Literal["verified", "bad", "undecided"]:
        """Returns what they are together; where nothing was called, nothing is known."""
        if any(each.status in BAD for each in self.stages):
            return "bad"
        whole = bool(self.stages) and self.verified == len(self.stages)
        return "verified" if whole and not self.problems else "undecided"


def check_stages(
    reader: Reader, verdict: Verdict, reports: Reports, relatives: Relatives | None
) -> Checked:
    """Returns what reports say of the stages of a bundle that passed with this verdict.

    ``relatives`` finds the bundles of its children, if these were verified too.
    """
    found: list[Judged] = []
    problems: list[str] = []
    unlooked = False
    for of, readers in _family(reader, verdict, relatives):
        calls, problem = _calls(of, readers)
        if calls is None:
            problems.append(f"{of.run_id}: {problem}")
            continue
        found += [reports.judge(of.run_id or "", each) for each in calls.skills]
        unlooked |= calls.children and relatives is None
    if not found and not problems:
        problems.append("no skill was called")
    notes = ("the runs that it started were not looked at",) if unlooked else ()
    return Checked(stages=tuple(found), problems=tuple(problems), notes=notes)


def _family(
    reader: Reader, verdict: Verdict, relatives: Relatives | None
) -> Iterator[tuple[Verdict, list[Reader]]]:
    """Yields each verdict with the bundles that it may be of, its own first; each bundle once."""
    yield verdict, [reader]
    seen = {verdict.proof_digest}
    open_verdicts = list(verdict.children) if relatives is not None else []
    while open_verdicts and relatives is not None:
        child = open_verdicts.pop(0)
        if child.proof_digest in seen:
            continue
        seen.add(child.proof_digest)
        open_verdicts += child.children
        yield child, list(relatives.find(child.run_id or ""))


def _calls(verdict: Verdict, readers: list[Reader]) -> tuple[Calls | None, str]:
    """Returns what the bundle of a verdict called, or why that is not known."""
    if verdict.bundle_version != BUNDLE_VERSION:
        return None, f"bundles of format {verdict.bundle_version} name no stages"
    why = "its bundle is not there any more"
    for reader in readers:
        try:
            return calls_of(reader, verdict.proof_digest or ""), ""
        except ReadError as error:
            why = str(error)
    return None, why
