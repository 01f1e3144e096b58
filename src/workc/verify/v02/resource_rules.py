"""The rules of resources: each has one holder at a time, and a step works while it holds all of its own.

A fold over what lanes claim and let go of (docs/spec/bundle-0.2.md, section 20). Its memory follows the
number of claims.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, TypeAlias

from msgspec import UNSET

from workc.kernel.events import Path
from workc.kernel.resources import (
    ResourceAnswered,
    ResourceHeld,
    ResourceReleased,
    ResourcesClaimed,
)
from workc.verify.v02 import rules
from workc.verify.v02.pair_rules import Difference

OfResource: TypeAlias = ResourcesClaimed | ResourceHeld | ResourceAnswered | ResourceReleased


class _Move(NamedTuple):
    """A grant or a release: its number, where it stands, and what it says."""

    n: int
    lane: Path
    said: ResourceAnswered | ResourceReleased


class ResourceRules:
    """Takes what lanes say of resources, and what they do meanwhile.

    ``claimed`` are the resources that the lane at hand has claimed, if it has claimed any.
    """

    def __init__(self) -> None:
        self.claimed: list[str] | None = None
        self._awaited: list[str] = []
        self._held: dict[str, int] = {}
        self._lane: Path = ()
        self._moves: list[_Move] = []

    def enter(self, lane: Path) -> Iterator[Difference]:
        """Takes the beginning of the next lane; yields what the one before has kept."""
        if self._held:
            kept = sorted(self._held)
            yield Difference(rules.RESOURCES_ARE_RELEASED, "resource", [], kept)
        self.claimed, self._awaited, self._held, self._lane = None, [], {}, lane

    def take(self, payload: OfResource) -> Iterator[Difference]:
        """Yields what does not fit of an event about resources."""
        match payload:
            case ResourcesClaimed():
                yield from self._claim(payload)
            case ResourceReleased():
                yield from self._release(payload)
            case _:
                yield from self._answer(payload)

    def work(self) -> Iterator[Difference]:
        """Yields a difference if the lane works now and does not hold all that it has claimed."""
        held = sorted(self._held)
        if self.claimed is not None and held != self.claimed:
            yield Difference(rules.WORKS_WHILE_HOLDING, "step", self.claimed, held)

    def _claim(self, claimed: ResourcesClaimed) -> Iterator[Difference]:
        if self._held:
            yield Difference(rules.RESOURCES_ARE_RELEASED, "resources", [], sorted(self._held))
        if self.claimed not in (None, claimed.resources):
            field, actual = "resources", claimed.resources
            yield Difference(rules.CLAIMS_ARE_ANSWERED, field, self.claimed, actual)
        self.claimed, self._awaited = claimed.resources, list(claimed.resources)

    def _answer(self, answer: ResourceAnswered | ResourceHeld) -> Iterator[Difference]:
        awaited = self._awaited[0] if self._awaited else None
        if answer.resource != awaited:
            yield Difference(rules.CLAIMS_ARE_ANSWERED, "resource", awaited, answer.resource)
        if isinstance(answer, ResourceHeld):
            return
        self._awaited = self._awaited[1:]
        if answer.n is UNSET or answer.token is UNSET:
            return
        self._held[answer.resource] = answer.token
        self._moves.append(_Move(answer.n, self._lane, answer))

    def _release(self, released: ResourceReleased) -> Iterator[Difference]:
        token = self._held.pop(released.resource, None)
        if token is None or released.token < token:
            field = "resource" if token is None else "token"
            yield Difference(rules.RELEASED_BY_HOLDER, field, token, released.token)
        self._moves.append(_Move(released.n, self._lane, released))

    def close(self) -> Iterator[Difference]:
        """Yields what is wrong with all moves of the run in the order of their numbers."""
        yield from self.enter(())
        holders: dict[str, Path] = {}
        tokens: dict[str, int] = {}
        for number, (n, lane, said) in enumerate(sorted(self._moves, key=_number_of)):
            if n != number:
                yield Difference(rules.CLAIMS_ARE_COUNTED, "n", number, n)
            is_grant = isinstance(said, ResourceAnswered)
            if holders.pop(said.resource, None) != (None if is_grant else lane):
                yield Difference(rules.RESOURCE_HAS_ONE_HOLDER, "resource", None, said.resource)
            if isinstance(said, ResourceAnswered):
                yield from _grows(said, tokens.get(said.resource, -1))
                holders[said.resource] = lane
            tokens[said.resource] = said.token or 0


def _grows(said: ResourceAnswered, before: int) -> Iterator[Difference]:
    least = said.token if said.forced is UNSET else said.forced
    if least is not UNSET and least <= before:
        yield Difference(rules.TOKENS_GROW, "token", before + 1, least)


def _number_of(move: _Move) -> int:
    return move.n
