"""The lifecycle of a stage: which state may follow which, and where a chain of successors ends.

A stage is drafted, active, replaced by another, or withdrawn. What is withdrawn stays so:

>>> move_problem("Tombstone", "Active")
'what is Tombstone stays so'
>>> chain("a", {"a": "b", "b": "c", "c": None}.get)
('a', 'b', 'c')
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from workc.stages.stage.refinements import StageError
from workc.stages.stage.value import State

#: What each state may become. ``Deprecated`` twice: another successor.
FOLLOWS: Mapping[State, tuple[State, ...]] = {
    "Draft": ("Active", "Tombstone"),
    "Active": ("Deprecated", "Tombstone"),
    "Deprecated": ("Active", "Deprecated", "Tombstone"),
    "Tombstone": (),
}
#: Those that somebody may still choose to use.
IN_USE: tuple[State, ...] = ("Draft", "Active")


def move_problem(before: State, after: State) -> str | None:
    """Returns why a stage may not go from one state to another, or None if it may."""
    allowed = FOLLOWS[before]
    if after in allowed:
        return None
    if not allowed:
        return f"what is {before} stays so"
    return f"what is {before} may become {' or '.join(allowed)}, not {after}"


def chain(of: str, successor_of: Callable[[str], str | None]) -> tuple[str, ...]:
    """Returns the ids from a stage to the last of its successors, itself first.

    Raises:
        StageError: the chain leads back into itself.
    """
    found = [of]
    while (after := successor_of(found[-1])) is not None:
        if after in found:
            raise StageError(f"the successors of {of[:12]} lead back to {after[:12]}")
        found.append(after)
    return tuple(found)


def succession_problem(
    of: str, by: str, state_of_successor: State, successor_of: Callable[[str], str | None]
) -> str | None:
    """Returns why a stage may not be replaced by another, or None if it may.

    Raises:
        StageError: the successors of the other lead back into themselves already.
    """
    if of == by:
        return "a stage is not its own successor"
    if state_of_successor == "Tombstone":
        return f"{by[:12]} is Tombstone, and nobody's successor"
    if of in chain(by, successor_of):
        return f"the successors of {by[:12]} lead to {of[:12]} already"
    return None
