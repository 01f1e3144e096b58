"""What a swarm came to, in lines: what broke, how it is run again, and what was never reached."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from workc.cli.suite_text import failure_lines
from workc.cli.text import argument, count, printable
from workc.sim.swarm.generator import FAULTS
from workc.testkit.swarm import MOVES, Batch, Found

#: So many codes are listed, the most frequent first.
_MAX_CODES = 12


def again(found: Found, base: str | None) -> str:
    """Returns the one line that runs a seed again, by its choices."""
    scenario = "" if base is None else f" --scenario {argument(base)}"
    return f"workc swarm --trace {found.trace or '-'}{scenario}"


def found_lines(found: Found, place: str | None, base: str | None = None) -> Iterator[str]:
    """Yields what a seed broke, and how to see it again."""
    yield f"✗ seed {found.seed}" if found.seed else "✗ the record of choices"
    for failure in found.failures:
        yield from failure_lines(failure)
    if found.small is not None:
        steps = count(len(found.small.plan.steps), "step")
        yield f"    smallest: {steps}, {count(len(found.small.children), 'part')} below it"
    yield f"    again: {again(found, base)}"
    if place is not None:
        yield f"    kept: {printable(place, 500)}"


def tally_lines(batch: Batch) -> Iterator[str]:
    """Yields how the runs ended."""
    yield f"outcomes {', '.join(_counted(batch.outcomes))}"
    codes = _counted(batch.codes)
    more = len(codes) - _MAX_CODES
    if codes:
        listed = ", ".join(codes[:_MAX_CODES])
        yield f"codes    {listed}{f', and {more} more' if more > 0 else ''}"


def _counted(numbers: Mapping[str, int]) -> list[str]:
    """Returns names with their numbers, the most frequent first, the same ones always alike."""
    rows = sorted(numbers.items(), key=lambda row: (-row[1], row[0]))
    return [f"{name} {number:,}" for name, number in rows]


def coverage_lines(batch: Batch) -> Iterator[str]:
    """Yields what runs of random scenarios reached, and what none did."""
    size = len(MOVES) * len(FAULTS)
    missing = batch.unreached
    permille = 1000 * (size - len(missing)) // size
    yield (
        f"reached {size - len(missing)} of {size} pairs of a move between phases and a fault "
        f"({permille / 10:.1f} %)"
    )
    for fault in FAULTS:
        moves = [move for move, each in missing if each == fault]
        if moves:
            yield f"never    {fault}: {', '.join(moves)}"
