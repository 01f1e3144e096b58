"""The quality of a lens: four components in permille, and as a whole the worst of them.

A lens is what a run looked at before it decided. ``conflict`` 1000 means that no two sources
contradict each other, so that for every component more is better (docs/reference/formulas.md).

>>> aggregate(coverage=900, freshness=1000, conflict=650, provenance=800)
650
"""

from __future__ import annotations

from workc.kernel.permille import checked


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
