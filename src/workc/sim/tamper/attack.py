"""A resealed edit: a change that an attacker makes before everything is computed anew."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Generic, NamedTuple, Protocol, TypeAlias, TypeVar

from workc.sim.tamper.operation import TamperError
from workc.sim.tamper.parts import Component
from workc.sim.tamper.place import Place
from workc.sim.tamper.rungs import PROJECTED

#: A JSON object that is edited freely: what it holds is not known, and need not be.
Doc: TypeAlias = dict[str, Any]


class Draft(Protocol):
    """A bundle taken apart, to be edited and sealed again."""

    def seal(self, rung: int) -> dict[str, bytes]:
        """Returns the bundle, with everything up to a rung computed again."""
        ...


D = TypeVar("D", bound=Draft)


class Attack(NamedTuple, Generic[D]):
    """What is edited, where a verifier must find it first, and how far it is sealed again.

    ``edit`` raises :class:`~workc.sim.tamper.operation.TamperError` if the bundle has nothing of the
    kind. ``text`` says in a sentence what the attacker wants.
    """

    edit: Callable[[D], None]
    expected: Place
    text: str
    rung: int = PROJECTED
    component: Component = "events"


Attacks: TypeAlias = Mapping[str, Attack[D]]


def does_not_apply(what: str) -> TamperError:
    """Returns the error to raise when a bundle lacks what an edit is about."""
    return TamperError("does_not_apply", f"the bundle has {what}")
