"""The failure catalog, asked at run time."""

from __future__ import annotations

from difflib import get_close_matches
from typing import cast, get_args

from workc.kernel.arguments import shown, switch
from workc.kernel.catalog import CATALOG
from workc.kernel.failure import CatalogEntry, Category, Misuse


def failures(
    *codes: str, category: str | None = None, retryable: bool | None = None
) -> tuple[CatalogEntry, ...]:
    """Returns the entries of the failure catalog, sorted by code: all, or those that are asked for.

    ``codes`` are codes in capitals. ``category`` and ``retryable`` leave out what is of another kind.

    Raises:
        Misuse: there is no such code or category; says what was probably meant. Or ``retryable`` is
            neither true nor false.
    """
    known = get_args(Category)
    _expect(codes, CATALOG, "code")
    _expect(() if category is None else (category,), known, "category")
    if retryable is not None:
        switch("retryable", retryable)
    found = (CATALOG[code] for code in sorted(set(codes) or CATALOG))
    return tuple(
        entry
        for entry in found
        if category in (None, entry.category) and retryable in (None, entry.retryable)
    )


def _expect(
    given: tuple[str, ...], known: dict[str, CatalogEntry] | tuple[str, ...], what: str
) -> None:
    for name in given:
        if not isinstance(cast("object", name), str) or name not in known:
            near = get_close_matches(shown(name).strip("'").upper(), known, n=1)
            meant = f"; did you mean {near[0]}?" if near else ""
            raise Misuse(f"there is no {what} {shown(name)}{meant}")
