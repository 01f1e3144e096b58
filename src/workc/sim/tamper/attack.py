"""A resealed edit: a change that an attacker makes before everything is computed anew."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple, TypeAlias

from workc.sim.tamper.draft import DIGESTED, PROJECTED, Draft, bodies_in
from workc.sim.tamper.parts import Component, component_of
from workc.sim.tamper.place import Place


class Attack(NamedTuple):
    """What is edited, where a verifier must find it first, and how far it is sealed again.

    ``edit`` raises :class:`~workc.sim.tamper.operation.TamperError` if the bundle has nothing of the
    kind. ``text`` says in a sentence what the attacker wants.
    """

    edit: Callable[[Draft], None]
    expected: Place
    text: str
    rung: int = PROJECTED
    component: Component = "events"


Attacks: TypeAlias = Mapping[str, Attack]

__all__ = ["DIGESTED", "Attack", "Attacks", "forget_unnamed"]


def forget_unnamed(draft: Draft) -> None:
    """Takes away the files that no event names any more, but for signatures."""
    named = {body["path"] for event in draft.events for body in bodies_in(event["payload"])}
    draft.files = {
        path: data
        for path, data in draft.files.items()
        if path in named or component_of(path) == "signatures"
    }
