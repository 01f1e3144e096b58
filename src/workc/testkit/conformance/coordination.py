"""The suite of the port of resources; see the package.

A factory makes a *place*: each run that claims in it has a port of its own, and a port can die.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeAlias

from workc.runtime.ports import CoordinationPort, Granted, Held
from workc.testkit.conformance.expect import NotConforming, expect_equal


class CoordinationPlace(Protocol):
    """Is where runs claim resources."""

    def port(self) -> CoordinationPort:
        """Returns the port of another run."""
        ...

    def kill(self, port: CoordinationPort) -> None:
        """Lets the run of a port end as by the death of its process."""
        ...


CoordinationCase: TypeAlias = Callable[[Callable[[], CoordinationPlace]], None]


class _Place:
    """A place whose ports let go of all at the end of a case."""

    def __init__(self, place: CoordinationPlace) -> None:
        self._place = place
        self._ports: list[CoordinationPort] = []

    def port(self) -> CoordinationPort:
        self._ports.append(self._place.port())
        return self._ports[-1]

    def kill(self, port: CoordinationPort) -> None:
        self._place.kill(port)

    def tidy(self) -> None:
        for port in self._ports:
            port.let_go()


def _case(check: Callable[[_Place], None]) -> CoordinationCase:
    def case(make: Callable[[], CoordinationPlace]) -> None:
        place = _Place(make())
        try:
            check(place)
        finally:
            place.tidy()

    return case


def _grant(answer: Granted | Held) -> Granted:
    if isinstance(answer, Held):
        raise NotConforming(f"expected a grant, it is held by {answer.by}")
    return answer


def _has_one_holder(place: _Place) -> None:
    one, other = place.port(), place.port()
    _grant(one.claim("db", "one a"))
    expect_equal(other.claim("db", "other b"), Held("one a"), "what another is told")
    expect_equal(one.claim("db", "one c"), Held("one a"), "what another step of the run is told")


def _is_named_by_any_text(place: _Place) -> None:
    port = place.port()
    for name in ("db", "a/b", "..", "\u00e9\u4e2d", "x" * 200, "\n", "DB"):
        expect_equal(_grant(port.claim(name, "one a")).resource, name, "the resource")


def _is_free_again(place: _Place) -> None:
    one, other = place.port(), place.port()
    token = _grant(one.claim("db", "one a")).token
    one.release("db", token)
    granted = _grant(other.claim("db", "other b"))
    expect_equal(granted.forced, None, "whether it was taken from anybody")


def _tokens_grow(place: _Place) -> None:
    tokens: list[int] = []
    for _ in range(5):
        port = place.port()
        tokens.append(_grant(port.claim("db", "one a")).token)
        port.release("db", tokens[-1])
    expect_equal(tokens, sorted({*tokens}), "the tokens, in the order of the grants")


def _old_tokens_release_nothing(place: _Place) -> None:
    one, other = place.port(), place.port()
    old = _grant(one.claim("db", "one a")).token
    one.release("db", old)
    _grant(other.claim("db", "other b"))
    one.release("db", old)
    other.release("db", old)
    expect_equal(one.claim("db", "one a"), Held("other b"), "who holds it then")


def _dead_holders_hold_nothing(place: _Place) -> None:
    one, other = place.port(), place.port()
    before = _grant(one.claim("db", "one a")).token
    place.kill(one)
    granted = _grant(other.claim("db", "other b"))
    expect_equal(granted.forced, before, "the token of the dead")
    expect_equal(granted.token > before, expected=True, what="whether the token is greater")


def _lets_go_of_all(place: _Place) -> None:
    one, other = place.port(), place.port()
    for name in ("a", "b"):
        _grant(one.claim(name, "one a"))
    _grant(other.claim("c", "other b"))
    one.let_go()
    for name in ("a", "b"):
        expect_equal(_grant(other.claim(name, "other b")).forced, None, "who lost it")
    expect_equal(one.claim("c", "one a"), Held("other b"), "what another holds")


#: Each case under the sentence that it checks.
COORDINATION_CASES: dict[str, CoordinationCase] = {
    "a resource has one holder, who is named": _case(_has_one_holder),
    "a resource may have any name": _case(_is_named_by_any_text),
    "what was released is free": _case(_is_free_again),
    "tokens grow": _case(_tokens_grow),
    "an old token releases nothing": _case(_old_tokens_release_nothing),
    "a dead holder holds nothing, and its token is told": _case(_dead_holders_hold_nothing),
    "who lets go lets go of all of its own": _case(_lets_go_of_all),
}
