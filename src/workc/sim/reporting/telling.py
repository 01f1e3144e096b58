"""How the texts of a report are told: bounded, printable, and the same in every form."""

from __future__ import annotations

from collections.abc import Iterator

from workc.kernel.printing import shown
from workc.sim.report import FailureRecord, ScenarioResult

#: What stands for a scenario or suite without a name: no form takes an empty one.
NAMELESS = "(nameless)"
#: What breaks a line or lays it out, and may stand in text of many lines.
_LAYOUT = "\n\t"


def one_line(text: str, limit: int) -> str:
    """Returns a text as one printable line of at most ``limit`` characters."""
    return _cut(shown(text[: limit + 1]), limit)


def many_lines(text: str, limit: int) -> str:
    """Returns a text as printable lines of at most ``limit`` characters in all."""
    return _cut(shown(text[: limit + 1], keep=_LAYOUT), limit)


def failure_lines(failure: FailureRecord, limit: int) -> Iterator[str]:
    """Yields what was found, what was expected and what was there; each text is cut at ``limit``."""
    yield one_line(f"{failure.code}: {failure.message}", limit)
    for name, text in (("expected", failure.expected), ("actual", failure.actual)):
        if text is not None:
            yield one_line(f"{name}: {text}", limit)


def first_lines(scenario: ScenarioResult, limit: int, most: int) -> list[str]:
    """Returns what was found of a scenario in at most ``most`` lines, and how many more there are."""
    lines = [line for each in scenario.failures for line in failure_lines(each, limit)]
    more = len(lines) - most
    return [*lines[:most], f"and {more} more lines"] if more > 0 else lines


def name_of(scenario: ScenarioResult, limit: int) -> str:
    """Returns the id of a scenario as one line; an empty one is named so."""
    return one_line(scenario.scenario_id, limit) or NAMELESS


def duration(ms: int) -> str:
    """Returns a time for people: ``12 ms``, ``3.40 s``."""
    return f"{ms} ms" if ms < 1000 else f"{ms / 1000:,.2f} s"


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"
