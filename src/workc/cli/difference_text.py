"""Differences that a replay found, as lines: those of the run first, then what code was changed."""

from __future__ import annotations

from collections.abc import Sequence

from workc.cli.text import printable, short
from workc.runtime.divergence import Divergence

CHANGED = "CODE_CHANGED"


def difference_lines(found: Sequence[Divergence]) -> list[str]:
    """Returns the differences as lines, each with where it is and both values."""
    changed = [each for each in found if _is_of_code(each)]
    other = [each for each in found if not _is_of_code(each)]
    lines = [line for each in other for line in divergence_lines(each)]
    # What was written in one file has one digest, whatever the number of its functions.
    files: dict[tuple[str | None, str | None], list[str]] = {}
    for each in changed:
        name = (each.pointer or "").removeprefix("/code/")
        files.setdefault((each.recorded, each.now), []).append(name)
    for (recorded, now), names in files.items():
        shown = printable(", ".join(names))
        lines.append(f"{CHANGED}  the code of {shown} is not the code that was recorded")
        lines.append(f"  sha256    {short(recorded)} was recorded, {short(now)} is here")
    return lines


def _is_of_code(found: Divergence) -> bool:
    """Says whether it is about a digest of code, and not about the ids of a stage."""
    return found.code == CHANGED and not (found.pointer or "").startswith("/stages/")


def divergence_lines(found: Divergence) -> list[str]:
    """Returns a difference as lines: where, what was recorded, what came now."""
    places = (
        ("step", found.step),
        ("file", found.path),
        ("event", f"{found.kind or ''} at {found.at}" if found.at else None),
        ("pointer", found.pointer),
        ("recorded", found.recorded),
        ("now", found.now),
    )
    head = f"{found.code}  {printable(found.message)}"
    return [head, *(f"  {name:8}  {printable(text, 500)}" for name, text in places if text)]
