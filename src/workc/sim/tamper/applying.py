"""Applies an operation of any kind to a bundle; resealing computes anew what follows from an edit."""

from __future__ import annotations

from workc.sim.tamper import changing
from workc.sim.tamper.changing import Changes
from workc.sim.tamper.formats import reseal
from workc.sim.tamper.operation import Reseal, TamperError, TamperOp
from workc.sim.tamper.parts import Files


def change(op: TamperOp, files: Files) -> Changes:
    """Returns what an operation does to a bundle.

    Raises:
        TamperError: it does not apply, or would change nothing.
    """
    return _reseal(op, files) if isinstance(op, Reseal) else changing.change(op, files)


def apply_to(op: TamperOp, files: Files) -> dict[str, bytes]:
    """Returns the bundle after an operation; raises as :func:`change` does."""
    changed = change(op, files).files
    kept = {path: data for path, data in files.items() if path not in changed}
    return kept | {path: data for path, data in changed.items() if data is not None}


def _reseal(op: Reseal, files: Files) -> Changes:
    before = dict(files)
    sealed = reseal(op.edit, before)
    changed: dict[str, bytes | None] = {
        path: data for path, data in sealed.items() if before.get(path) != data
    }
    changed.update((path, None) for path in before if path not in sealed)
    if not changed:
        raise TamperError("no_change", f"{op.edit} changes nothing in this bundle")
    return Changes(changed, f"{op.edit}, and what follows was computed anew: {', '.join(changed)}")
