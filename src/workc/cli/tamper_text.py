"""The report of the tamper suite as lines: every class, the matrix, surprises, the three numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator

from workc.cli.console import Style
from workc.cli.text import count, json_text, printable, table
from workc.sim.tamper.parts import COMPONENTS
from workc.testkit.tamper_report import ClassResult, Surprise, TamperReport

Paint = Callable[[str, Style], str]

#: So many surprises are shown one by one.
MAX_SHOWN = 20


def report_lines(report: TamperReport, name: str, paint: Paint) -> Iterator[str]:
    """Yields the report on one bundle."""
    rows = [("operator", "component", "rung", "mutants", "found")]
    yield from table([*rows, *(_row(result) for result in report.classes)])
    yield ""
    yield from table([*_matrix(report)])
    yield ""
    for surprise in report.surprises[:MAX_SHOWN]:
        yield from _surprise(surprise, paint)
    more = len(report.surprises) - MAX_SHOWN
    if more > 0:
        yield f"and {more} others or more"
    yield _head(report, name, paint)
    yield from table([*_numbers(report)])


def _row(result: ClassResult) -> tuple[str, ...]:
    operator, component, rung = result.group
    found = _counted(result.actual)
    if result.actual != result.expected:
        found = f"✗ {found}, expected {_counted(result.expected)}"
    return operator, component, str(rung), f"{result.mutants:,}", found


def _counted(found: Counter[str]) -> str:
    if len(found) == 1:
        return next(iter(found))
    return ", ".join(f"{name} ({number})" for name, number in sorted(found.items()))


def _matrix(report: TamperReport) -> Iterator[tuple[str, ...]]:
    yield ("mutants", *COMPONENTS)
    for operator, row in report.matrix().items():
        yield (operator, *(f"{row[c]:,}" if c in row else "-" for c in COMPONENTS))


def _surprise(surprise: Surprise, paint: Paint) -> Iterator[str]:
    operator, component, rung = surprise.group
    yield paint(f"✗ {operator} on {component}, rung {rung}: {printable(surprise.at)}", "bad")
    yield f"    expected  {surprise.expected}"
    yield f"    found     {surprise.actual}"
    if surprise.op is not None:
        op = json_text(surprise.op.to_json(), indent=0)
        yield f"    try: --op '{printable(op)}'"


def _head(report: TamperReport, name: str, paint: Paint) -> str:
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
