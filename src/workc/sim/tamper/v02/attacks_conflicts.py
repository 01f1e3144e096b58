"""Resealed edits of conflicts that a child resolves: what about, by whom, and its word (section 21)."""

from __future__ import annotations

from workc.sim.tamper.attack import Attack, Attacks, Doc, does_not_apply
from workc.sim.tamper.place import BAD_EVENT, TABLE
from workc.sim.tamper.v02.draft import Draft


def _payload(draft: Draft, kind: str, name: str) -> Doc:
    """Returns the payload of a kind that has this member, in whichever pass it stands."""
    found: list[Doc] = [e["payload"] for e in draft.events if e["kind"] == kind]
    with_it = [payload for payload in found if name in payload]
    if not with_it:
        raise does_not_apply(f"no {kind} with {name}")
    return with_it[0]


def _widen(draft: Draft) -> None:
    _payload(draft, "ConflictFound", "about")["about"].append("~")


def _rename_step(draft: Draft) -> None:
    _payload(draft, "ConflictFound", "step")["step"] += "x"


def _swap_child(draft: Draft) -> None:
    _payload(draft, "ConflictResolved", "words")["child_run_id"] += "x"


def _forge_proof(draft: Draft) -> None:
    found = _payload(draft, "ConflictResolved", "words")
    found["proof_digest"] = found["proof_digest"][::-1]


def _forge_value(draft: Draft) -> None:
    value = _payload(draft, "ConflictResolved", "words")["value"]
    if "inline" not in value:
        raise does_not_apply("what the child gave stands in a file")
    value["inline"] += " "


def _forge_word(draft: Draft) -> None:
    """Lets the child say something that the lens does not repeat."""
    word = _payload(draft, "ConflictResolved", "words")["words"][0]
    word["says"] = {"form": "json", "inline": "[]"}


def _misname(draft: Draft) -> None:
    _payload(draft, "ConflictResolved", "item")["item"] += " "


def _pretend(draft: Draft) -> None:
    """Says that the run went back for another reason."""
    _payload(draft, "ConflictResolved", "backtrack")["backtrack"]["code"] += "x"


CONFLICT_ATTACKS: Attacks[Draft] = {
    "ConflictWidened": Attack(_widen, TABLE, "A child is asked about more than is contested."),
    "ResolverRenamed": Attack(_rename_step, TABLE, "Another step than that of the lane was asked."),
    "ResolverSwapped": Attack(_swap_child, TABLE, "Another run is said to have resolved it."),
    "ResolverForged": Attack(_forge_proof, TABLE, "The child is said to have another bundle."),
    "ResolutionForged": Attack(
        _forge_value, TABLE, "The child is said to have given another value."
    ),
    "WordForged": Attack(_forge_word, TABLE, "The lens does not repeat what the child says."),
    "ResolutionMisnamed": Attack(_misname, BAD_EVENT, "What resolved it has a name that is none."),
    "ConflictMisnamed": Attack(
        _pretend, TABLE, "The run is said to have gone back for another reason."
    ),
}
