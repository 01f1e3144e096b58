"""What must be found first of an edit in events or files, for each rung of the ladder.

The rungs are those of :mod:`workc.sim.tamper.v02.draft`; the layers that they leave broken follow from
docs/spec/bundle-0.2.md: the hash of a file (section 3), the chain (4), references, roots and fields
of the receipt (8), the proof digest (9).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from workc.sim.tamper.place import (
    CHAIN,
    DIGEST,
    HASH,
    NOT_SAID,
    OTHER_CAPTURE,
    OTHER_MANIFEST,
    Place,
    first,
    first_root,
)
from workc.sim.tamper.rungs import CHAINED, DIGESTED, LISTED, PROJECTED, RECEIPTED, ROOTED


class Edit(NamedTuple):
    """What an edit of an event, or of a file that events name, touches.

    ``own`` are places that no rung repairs. ``touches`` are roots besides that of the events, and
    ``receipt`` if the receipt repeats what was edited. ``link`` is what rung 3 repairs, if anything:
    the chain for an event that others follow, references for a file.
    """

    own: tuple[Place, ...] = ()
    touches: tuple[str, ...] = ()
    link: Place | None = None


def found_at(edit: Edit, rung: int) -> Place:
    """Returns what is found first of an edit that was sealed up to a rung."""
    return first([*edit.own, *_left_by(edit, rung)])


def _left_by(edit: Edit, rung: int) -> Iterable[Place]:
    if rung < LISTED:
        yield HASH
    if rung < CHAINED and edit.link is not None:
        yield edit.link
    if rung < ROOTED:
        yield first_root({"events", *edit.touches} - {"receipt"})
    if rung < PROJECTED and "receipt" in edit.touches:
        yield NOT_SAID
    if LISTED <= rung < RECEIPTED:
        yield OTHER_MANIFEST
    if RECEIPTED <= rung < DIGESTED:
        yield DIGEST


#: What links an event to those after it, and a file to the events that name it.
EVENT_LINK, FILE_LINK = CHAIN, OTHER_CAPTURE
