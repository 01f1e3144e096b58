"""The quality of a lens: four components in permille, and as a whole the worst of them.

A lens is what a run looked at before it decided. For every component more is better
(docs/reference/formulas.md):

1. *coverage*: the part of the required items that were had, with all their parts; 1000 if none is
   required.
2. *freshness*: the weighted median of how fresh each item was when it was looked at
   (``workc.kernel.freshness``).
3. *conflict*: 1000 means that nobody contradicts anybody. Of everything that items say something
   about, the weight of those that say what most weight says, as a part of the weight of all that
   speak of it; of these parts the least.
4. *provenance*: the weighted median of how well each item is known to be what it is, by how it was got.

What a child gave that resolved a conflict is one more item: fresh, and proven by its bundle. About
what it speaks of, its word counts, and nobody contradicts it.

All is integers, and every part is rounded down.

>>> aggregate(coverage=900, freshness=1000, conflict=650, provenance=800)
650
>>> agreement([("p", "1", 1000), ("p", "1", 1000), ("p", "2", 1000)])
666
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from workc.kernel.freshness import median, score, whole_days
from workc.kernel.lens import How, ItemKey, ItemObserved, Quality
from workc.kernel.payloads import ScriptedQuality, given
from workc.kernel.permille import WHOLE, checked
from workc.kernel.resolving import RESOLVED_WEIGHT

#: The components, in the order in which they are told.
COMPONENTS = ("coverage", "freshness", "conflict", "provenance")
#: What stands behind an item, by how it was got: a proof, the run's own evidence, a file of this
#: machine, its settings, a server that has shown a certificate, and one that has not.
_PROVENANCE: Mapping[How, int] = {
    "bundle": 1000,
    "run": 1000,
    "text": 1000,
    "file": 900,
    "files": 900,
    "environment": 800,
    "url": 500,
}
_CERTIFIED = 800


class Seen(NamedTuple):
    """An item that was looked at, and when, in ms since 1970."""

    observed: ItemObserved
    at_ms: int


class Said(NamedTuple):
    """What an item says, by the digest of what it says or by that itself, and about what."""

    about: str
    key: ItemKey
    says: str


def aggregate(*, coverage: int, freshness: int, conflict: int, provenance: int) -> int:
    """Returns the least of the four components.

    Raises:
        Misuse: one of them is no permille.
    """
    return min(
        checked("coverage", coverage),
        checked("freshness", freshness),
        checked("conflict", conflict),
        checked("provenance", provenance),
    )


def quality_of(
    seen: Sequence[Seen],
    said: Iterable[Said],
    requires: Iterable[str],
    settled: Collection[str] | None = None,
) -> Quality:
    """Returns the quality of a lens of these items, of which these are required.

    ``said`` names items of ``seen``; what names another weighs nothing. ``settled`` is what a child has
    resolved, None if there is none that has.
    """
    had = [each for each in seen if given(each.observed.value) is not None]
    child = [] if settled is None else [(WHOLE, RESOLVED_WEIGHT)]
    fresh = [(_freshness(each), each.observed.weight) for each in had]
    proven = [(_provenance(each.observed), each.observed.weight) for each in had]
    open_ones = [each for each in said if each.about not in (settled or ())]
    parts = {
        "conflict": min(shares_of(seen, open_ones).values(), default=WHOLE),
        "coverage": _coverage(seen, list(requires)),
        "freshness": median([*fresh, *child]),
        "provenance": median([*proven, *child]),
    }
    return Quality(aggregate=aggregate(**parts), **parts)


def scripted(script: Sequence[ScriptedQuality], number: int) -> Quality:
    """Returns the quality of the ``number``-th assembly of a lens, from 1, by a script; then its last."""
    said = script[min(number, len(script)) - 1]
    parts = {name: int(getattr(said, name)) for name in COMPONENTS}
    return Quality(aggregate=min(parts.values()), **parts)


def contested(seen: Sequence[Seen], said: Iterable[Said]) -> list[str]:
    """Returns what items of ``seen`` contradict each other about, in ascending order."""
    return sorted(about for about, share in shares_of(seen, said).items() if share < WHOLE)


def shares_of(seen: Iterable[Seen], said: Iterable[Said]) -> dict[str, int]:
    """Returns how far the items agree about each thing that one of them speaks of, in permille."""
    had = (each.observed for each in seen if given(each.observed.value) is not None)
    weights = {item.key: item.weight for item in had}
    return _shares((about, says, weights.get(key, 0)) for about, key, says in said)


def agreement(said: Iterable[tuple[str, str, int]]) -> int:
    """Returns the conflict of triples of what is spoken of, what is said, and the weight of who says it."""
    return min(_shares(said).values(), default=WHOLE)


def _shares(said: Iterable[tuple[str, str, int]]) -> dict[str, int]:
    topics: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for about, says, weight in said:
        topics[about][says] += weight
    return {about: _share(weights) for about, weights in topics.items()}


def _share(weights: Counter[str]) -> int:
    heaviest, whole = max(weights.values()), sum(weights.values())
    # What weighs nothing contradicts nobody.
    return WHOLE * heaviest // whole if whole else WHOLE


def _coverage(seen: Iterable[Seen], requires: Sequence[str]) -> int:
    if not requires:
        return WHOLE
    there = {each.observed.item for each in seen}
    missing = {each.observed.item for each in seen if given(each.observed.value) is None}
    return WHOLE * sum(item in there - missing for item in requires) // len(requires)


def _freshness(seen: Seen) -> int:
    dated_ms = given(seen.observed.dated_ms) or 0
    return score(whole_days(dated_ms, seen.at_ms))


def _provenance(item: ItemObserved) -> int:
    is_certified = item.how == "url" and item.source.startswith("https://")
    return _CERTIFIED if is_certified else _PROVENANCE[item.how]
