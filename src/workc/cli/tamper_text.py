"""The report of the tamper suite as lines: every class, the matrix, surprises, the three numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from workc.cli.lines import table
from workc.cli.state import State
from workc.cli.text import count, json_text, printable
from workc.sim.tamper.parts import COMPONENTS
from workc.testkit.tamper_report import ClassResult, Surprise, TamperReport

#: So many surprises are shown one by one.
MAX_SHOWN = 20
#: A column of the matrix is as narrow as its numbers.
_SHORT = {
    "receipt": "rcpt",
    "events": "evts",
    "manifest": "mfst",
    "evidence": "evid",
    "artifacts": "arts",
    "signatures": "sigs",
    "names": "names",
}


def show_report(state: State, report: TamperReport, name: str) -> None:
    """Writes the report on one bundle."""
    head = ("mutants", "rung", "component", "operator: what was found first")
    state.table([head, *(_row(result) for result in report.classes)])
    state.out()
    state.out(f"mutants by operator and component: {_legend()}")
    state.table([*_matrix(report)])
    state.out()
    for surprise in report.surprises[:MAX_SHOWN]:
        _show_surprise(state, surprise)
    more = len(report.surprises) - MAX_SHOWN
    if more > 0:
        state.out(f"and {more} others or more")
    state.out(_head(state, report, name))
    for line in table([*_numbers(report)], state.width("out")):
        state.out(line)


def _legend() -> str:
    return ", ".join(f"{_SHORT[name]} {name}" for name in COMPONENTS if _SHORT[name] != name)


def _row(result: ClassResult) -> tuple[str, ...]:
    operator, component, rung = result.group
    found = _counted(result.actual)
    if result.actual != result.expected:
        found = f"✗ {found}, expected {_counted(result.expected)}"
    return f"{result.mutants:,}", str(rung), component, f"{operator}: {found}"


def _counted(found: Counter[str]) -> str:
    if len(found) == 1:
        return next(iter(found))
    return ", ".join(f"{name} ({number})" for name, number in sorted(found.items()))


def _matrix(report: TamperReport) -> Iterator[tuple[str, ...]]:
    yield (*(_SHORT[name] for name in COMPONENTS), "operator")
    for operator, row in report.matrix().items():
        yield (*(f"{row[c]:,}" if c in row else "-" for c in COMPONENTS), operator)


def _show_surprise(state: State, surprise: Surprise) -> None:
    operator, component, rung = surprise.group
    head = f"✗ {operator} on {component}, rung {rung}: {printable(surprise.at)}"
    state.out(state.console.paint(head, "bad"))
    state.out(f"    expected  {surprise.expected}")
    state.out(f"    found     {surprise.actual}")
    if surprise.op is not None:
        op = json_text(surprise.op.to_json(), indent=0)
        # As it is: what is broken within quotes is another operation.
        state.console.out(f"    try: --op '{printable(op)}'")


def _head(state: State, report: TamperReport, name: str) -> str:
    paint = state.console.paint
    sign = paint("✓ FOUND", "good") if report.ok else paint("✗ NOT FOUND", "bad")
    how = "evenly chosen" if report.is_sampled else "all there are"
    mutants = count(report.mutants, "mutant")
    return f"{sign}  {name}  format {report.bundle_version}, {mutants}, {how}"


def _numbers(report: TamperReport) -> Iterator[tuple[str, ...]]:
    yield "  detection", *_share(report.detected, report.mutants), "did not pass"
    exact = "found first in the step and with the code that the format gives"
    yield "  exactness", *_share(report.exact, report.mutants), exact
    hit = len(report.classes)
    others = "classes of mutants; the others have no place in this bundle"
    yield "  coverage", *_share(hit, report.size), others


def _share(part: int, whole: int) -> tuple[str, str]:
    """Returns a share in percent, cut and never rounded up, and both numbers."""
    tenths = part * 1000 // whole
    return f"{tenths // 10}.{tenths % 10} %", f"{part:,} of {whole:,}"
