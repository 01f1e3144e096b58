"""Where a verifier must find what only format 0.1 has (docs/spec/bundle-0.1.md, sections 4, 8 and 9)."""

from __future__ import annotations

from workc.sim.tamper import place
from workc.sim.tamper.place import Place

#: A version that the receipt names beside its own.
OTHER_VERSION = Place("receipt", "VERSION_UNSUPPORTED")
BOUNDS = Place("policy", "EFFECT_BOUNDS_EXCEEDED")
CHILD = Place("children", "CHILD_MISMATCH")

#: Of each root the place, in the order in which they are compared.
ROOTS: dict[str, Place] = {
    "event_log_root": place.ROOTS["events"],
    "artifacts_root": place.ROOTS["artifacts"],
    "evidence_root": place.ROOTS["evidence"],
    "lens_root": place.ROOTS["lens"],
    "effects_root": place.ROOTS["effects"],
    "gates_root": place.ROOTS["gates"],
    "verification_root": place.ROOTS["verification"],
    "workgraph_root": place.ROOTS["workgraph"],
}
