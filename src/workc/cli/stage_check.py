"""What ``verify-bundle --stages`` adds to a verdict: which stages ran, and whether a report verifies each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from workc.api.bundles import reader_of
from workc.api.programs import code_digests
from workc.api.relatives import BundlesIn, beside
from workc.api.tested_stages.checking import Checked, check_stages
from workc.api.tested_stages.judging import BAD, Judged, Reports, Status
from workc.api.tested_stages.reports import KEPT, rows_of
from workc.cli import exits
from workc.cli.console import Style
from workc.cli.errors import stop
from workc.cli.state import State
from workc.cli.text import argument, printable
from workc.kernel.values import Json, JsonObject
from workc.skills.registry import builtin_skills
from workc.verify.verdict import Verdict

#: What stands for the results that are kept in the store.
IN_STORE = ""
_HOW = ("workc stage test PATH --json > report.json", "name the report: --stages report.json")
_EXIT = {"verified": exits.OK, "bad": exits.PROVEN_BAD, "undecided": exits.UNDECIDED}
_WIDTH = 12
_DIGITS = 12


def reports_at(state: State, places: Sequence[str]) -> Reports:
    """Returns what the reports at these places say.

    Raises:
        Refusal: ``INVALID_INPUT`` if there is none.
    """
    kept = state.absolute(state.store) / KEPT
    if IN_STORE in places and not kept.is_dir():
        message = f"no test of a stage has left a result in {printable(str(state.store))}"
        raise stop("INVALID_INPUT", message, *_HOW)
    state.tries = _HOW
    rows = rows_of([kept if place == IN_STORE else Path(place) for place in places])
    return Reports(rows, code_digests(builtin_skills()).values())


def checked(
    path: str,
    verdict: Verdict,
    reports: Reports,
    folders: Sequence[Path] | None,
    *,
    recursive: bool,
) -> Checked:
    """Returns what reports say of the stages of a bundle that passed, and of its children's."""
    relatives = None
    if recursive:
        relatives = BundlesIn(beside(Path(path)) if folders is None else folders)
    return check_stages(reader_of(Path(path)), verdict, reports, relatives)


def exit_of_stages(found: Checked) -> int:
    """Returns what a check of stages exits with."""
    return _EXIT[found.result]


def stages_json(found: Checked, path: str) -> JsonObject:
    """Returns a check of stages as JSON, the member ``stages`` of a verdict."""
    listed: list[Json] = [{**each.to_json(), "try": _next(each, path)} for each in found.stages]
    return {
        "ok": found.result == "verified",
        "result": found.result,
        "verified": found.verified,
        "stages": listed,
        "problems": list[Json](found.problems),
        "notes": list[Json](found.notes),
    }


def show_stages(state: State, found: Checked, path: str) -> None:
    """Writes a line for each stage, what is not known, and what to do next."""
    paint = state.console.paint
    total = len(found.stages)
    state.out(f"  stages  {found.verified} of {total} verified")
    runs = {each.run_id for each in found.stages}
    for each in found.stages:
        mark, style = _mark(each.status)
        head = paint(f"{mark} {each.status:<{_WIDTH}}", style)
        of_run = f"  run {printable(each.run_id)}" if len(runs) > 1 else ""
        state.out(f"    {head}  {printable(each.name)}{of_run}")
        for line in _facts(each):
            state.out(f"        {line}")
    for problem in found.problems:
        state.out(f"    {paint('? not known', 'warn')}  {printable(problem)}")
    for note in found.notes:
        state.out(paint(f"  - note  {printable(note)}: --recursive", "weak"))
    nexts = (_next(each, path) for each in found.stages)
    for text in dict.fromkeys(text for text in nexts if text):
        state.advise("try", text)


def _mark(status: Status) -> tuple[str, Style]:
    if status == "verified":
        return "✓", "good"
    return ("✗", "bad") if status in BAD else ("?", "warn")


def _facts(judged: Judged) -> Iterator[str]:
    if judged.ids is not None:
        stage, evidence = judged.ids.stage_id[:_DIGITS], judged.ids.evidence_id[:_DIGITS]
        yield f"stage {stage}  evidence {evidence}"
    if judged.status != "verified":
        yield printable(judged.message)


def _next(judged: Judged, path: str) -> str:
    """Returns what to do about a stage; nothing where it is verified."""
    if judged.status == "verified":
        return ""
    if judged.status == "contradicted":
        return f"workc replay {argument(path)}"
    if judged.status == "unnamed":
        return "@workc.skill(examples=[...]), and run it again"
    if judged.status in ("untested", "stale"):
        return _HOW[0] if judged.ids is not None else _HOW[0].replace("PATH", "builtin")
    return f"workc stage test {argument(_place(judged.where))}"


def _place(where: str) -> str:
    """Returns what names the file of a stage to a test: that of ``file.py:name`` or ``file.json:0``.

    A report may say anything: it names no option, and where it names nothing, nobody knows the place.
    """
    place = where.rpartition(":")[0] or where or "PATH"
    if place.startswith("-"):
        return f"./{place}"
    return "builtin" if place.startswith("workc.library") else place
