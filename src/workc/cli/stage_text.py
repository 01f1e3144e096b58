"""Tests of stages as lines: one a stage, then what was found, expected and actual side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from workc.api.stage_tests.report import StageResult, StageTests
from workc.cli.console import Style
from workc.cli.text import count, printable
from workc.stages.stage.examples import StageVerdict
from workc.stages.stage.judging import WORDS, Finding

Paint = Callable[[str, Style], str]

_MARKS: dict[StageVerdict, tuple[str, Style]] = {
    "verified": ("✓", "good"),
    "failed": ("✗", "bad"),
    "errored": ("✗", "bad"),
    "skipped": ("-", "warn"),
    "unverifiable": ("?", "warn"),
}
_WORD_WIDTH = max(map(len, _MARKS))
_NAME_WIDTH = 16
#: So wide is one of two values that stand side by side.
_HALF = 36
#: Of a value that is shown so many characters, of survivors so many.
_MAX_VALUE = 400
_MAX_SURVIVORS = 10


def stage_line(result: StageResult, paint: Paint) -> str:
    """Returns the line of a stage."""
    mark, style = _MARKS[result.verdict]
    head = paint(f"{mark} {result.verdict:<{_WORD_WIDTH}}", style)
    name = printable(result.name, 60)
    return f"{head}  {name:<{_NAME_WIDTH}}  {' · '.join(_facts(result))}".rstrip()


def _facts(result: StageResult) -> Iterator[str]:
    if result.verdict in ("skipped", "unverifiable"):
        yield printable(result.reason)
        return
    words = dict.fromkeys(finding.word for finding in result.findings)
    yield from words
    if not words:
        yield count(result.examples, "example")
        if result.generated:
            yield f"{result.generated} generated"
        if result.mutants is not None:
            killed = result.mutants - len(result.survivors)
            yield f"{killed}/{result.mutants} changes"
        if result.weak:
            yield "WEAK"
    if result.cached:
        yield "kept"


def detail_lines(result: StageResult) -> Iterator[str]:
    """Yields what was found of a stage; nothing of one that is verified, not weak, and without a note."""
    if not (result.findings or result.survivors or result.notes):
        return
    yield ""
    yield f"{printable(result.name)}  {printable(result.where, 4096)}"
    for finding in result.findings:
        yield from _finding(finding)
    for survivor in result.survivors[:_MAX_SURVIVORS]:
        yield f"  WEAK  line {survivor.line}: {printable(survivor.change)}: no example notices"
    if len(result.survivors) > _MAX_SURVIVORS:
        yield f"  and {len(result.survivors) - _MAX_SURVIVORS} more"
    for note in result.notes:
        yield f"  note  {printable(note, _MAX_VALUE)}"


def _finding(finding: Finding) -> Iterator[str]:
    where = "" if finding.example is None else f"example {finding.example}: "
    yield f"  {finding.word}  {where}{printable(finding.message, _MAX_VALUE)}"
    yield f"    {WORDS[finding.word][1]}"
    if finding.input is not None:
        yield f"    input     {printable(finding.input, _MAX_VALUE)}"
    yield from _sides(finding)
    if finding.input is not None:
        gives = "" if finding.actual is None else f", if {printable(finding.actual, 60)} is right"
        example = f'{{"input": {printable(finding.input, _MAX_VALUE)}, "output": ...}}'
        yield f"    try: add this example{gives}: {example}"


def _sides(finding: Finding) -> Iterator[str]:
    """Yields expected and actual side by side where both are short, else below each other."""
    expected, actual = finding.expected, finding.actual
    if expected is None and actual is None:
        return
    one = printable(expected or "—", _MAX_VALUE)
    other = printable(actual or "—", _MAX_VALUE)
    if expected is None:
        yield f"    actual    {other}"
    elif max(len(one), len(other)) <= _HALF:
        yield f"    {'expected':<{_HALF}}  actual"
        yield f"    {one:<{_HALF}}  {other}"
    else:
        yield f"    expected  {one}"
        yield f"    actual    {other}"


def summary_line(found: StageTests) -> str:
    """Returns the counts."""
    counts = [f"{number} {verdict}" for verdict, number in found.counts.items() if number]
    examples = sum(each.examples for each in found.results if each.tested)
    facts = [", ".join(counts), count(examples, "example")]
    score = found.score_permille
    if score is not None:
        facts.append(f"{score // 10}.{score % 10} % of {count(found.mutants, 'change')} noticed")
    return " · ".join(facts)
