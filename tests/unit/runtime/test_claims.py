"""Claims of one run: who is next, what the records of before say, and what is still held."""

from msgspec import UNSET

from workc.kernel.events import Entry
from workc.kernel.resources import ResourceAnswered, ResourceHeld, ResourceReleased
from workc.runtime.claims import Claims, Holder

A, B, C = (4, 0), (4, 1), (4, 2)


def test_lanes_have_their_turn_in_the_order_in_which_they_asked():
    claims = Claims("run")
    assert claims.is_next("db", A)
    claims.granted("db", Holder(A, "a", 1))
    assert (claims.is_next("db", B), claims.before("db", B)) == (False, "run a")
    for lane, step in ((B, "b"), (C, "c"), (B, "b")):
        claims.wait("db", lane, step)
    claims.released("db")
    assert (claims.is_next("db", B), claims.is_next("db", C)) == (True, False)
    assert claims.before("db", C) == "run b"
    claims.leave("db", B)
    assert claims.is_next("db", C)


def test_a_lane_that_is_new_waits_behind_those_that_wait():
    claims = Claims("run")
    claims.wait("db", B, "b")
    assert not claims.is_next("db", A)
    assert claims.before("db", A) == "run b"


def answered(at, n, token, resource="db"):
    payload = ResourceAnswered(n=n, resource=resource, step="s", token=token)
    return Entry(at=at, payload=payload, at_ms=1)


def released(at, n, token):
    payload = ResourceReleased(n=n, resource="db", step="s", token=token)
    return Entry(at=at, payload=payload, at_ms=1)


def test_what_was_recorded_is_held_and_numbered_on():
    before = [
        answered((*B, 1), 2, 5),
        answered((*A, 1), 0, 4),
        released((*A, 3), 1, 4),
        Entry(at=(*C, 1), payload=ResourceHeld(by="x", resource="db", step="c"), at_ms=1),
        answered((*C, 2), UNSET, UNSET, "other"),
    ]
    claims = Claims("run", before)
    assert claims.held == {"db": Holder(B, "s", 5)}
    claims.renewed("db", 9)
    assert claims.held["db"].token == 9
    assert claims.released("db") == 3
