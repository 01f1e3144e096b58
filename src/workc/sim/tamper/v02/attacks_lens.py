"""Resealed edits of where the items of a lens are from (section 17)."""

from __future__ import annotations

from workc.sim.tamper.attack import Attack, Attacks, Doc, does_not_apply
from workc.sim.tamper.place import BAD_EVENT, TABLE
from workc.sim.tamper.v02.draft import Draft


def _item(draft: Draft, *names: str) -> Doc:
    """Returns the first item that has these members."""
    found: list[Doc] = [e["payload"] for e in draft.events if e["kind"] == "ItemObserved"]
    having = [item for item in found if all(name in item for name in names)]
    if not having:
        raise does_not_apply(f"no item with {' and '.join(names)}")
    return having[0]


def _misattribute(draft: Draft) -> None:
    """Says that a file was another one than the one that was read."""
    item = _item(draft, "effect")
    item["source"] = f"elsewhere/{item['source']}"


def _move_part(draft: Draft) -> None:
    """Says that a file of a pattern was read in another folder."""
    item = _item(draft, "part", "effect")
    item["source"] = "elsewhere"
    item["effect"]["selector"] = "fs:elsewhere"


def _halve_digest(draft: Draft) -> None:
    item = _item(draft, "proof_digest")
    item["proof_digest"] = item["proof_digest"][:32]


LENS_ATTACKS: Attacks[Draft] = {
    "ItemMisattributed": Attack(
        _misattribute, BAD_EVENT, "An item is said to be from another source than was read."
    ),
    "PartMoved": Attack(
        _move_part, TABLE, "A file of a pattern is said to be from another folder."
    ),
    "OriginCut": Attack(_halve_digest, BAD_EVENT, "The digest of what an item cites is cut."),
}
