"""Fields of events: what is changed of one, what notices it, and how values are changed."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, cast

from workc.kernel.values import Json
from workc.sim.tamper.attack import Doc
from workc.sim.tamper.place import Place
from workc.sim.tamper.pointer import Step
from workc.sim.tamper.v02.subject import Subject

#: A condition on a bundle and an event of it, without which a rule is not about the field.
When = Callable[[Subject, Doc], bool]


def plus_one(value: int) -> int:
    """Returns the next number."""
    return value + 1


def nothing(_value: int) -> int:
    """Returns 0."""
    return 0


def next_digit(value: str) -> str:
    """Returns the next seed."""
    return str((int(value) + 1) % 2**64)


def other(value: str) -> str:
    """Returns a text of the same length: another last character, a hex digit for a hex digit."""
    return value[:-1] + ("0" if value[-1:] == "1" else "1") if value else "1"


def flip(value: bool) -> bool:  # noqa: FBT001 - the value that is changed
    """Returns the other truth."""
    return not value


def swap(one: str, another: str) -> Callable[[str], str]:
    """Returns the change of one text into another, and back."""
    return lambda value: another if value == one else one


def always(_subject: Subject, _event: Doc) -> bool:
    """Says that a rule is about the field in every bundle."""
    return True


class Field(NamedTuple):
    """One field of the payloads of a kind, and how it is bound."""

    kind: str
    path: tuple[Step, ...]
    change: Callable[..., Json]
    own: tuple[Place, ...] = ()
    touches: tuple[str, ...] = ()
    when: When = always


def has_text(subject: Subject, event: Doc) -> bool:
    """Returns whether the value, or the body of the response, is a text in the event."""
    payload = event["payload"]
    body = payload.get("value") or payload.get("response", {}).get("body") or payload.get("request")
    found = cast("Doc", body) if isinstance(body, dict) else {}
    inline: str = found.get("inline", "")
    return inline != "" and found["form"] != "bytes" and inline[-1].isascii()


def has(*path: str) -> When:
    """Returns whether a payload has a member, at any depth."""

    def has(_subject: Subject, event: Doc) -> bool:
        held = event["payload"]
        for name in path:
            if name not in held:
                return False
            held = held[name]
        return True

    return has


def failed(_subject: Subject, event: Doc) -> bool:
    """Returns whether a payload holds a failure."""
    return "failure" in event["payload"]
