"""What a programmer gives a function of the public face, checked where it comes in.

Annotations check nothing while a program runs. Without this, a wrong value would be found deep inside,
by an error that names none of the caller's words; and a budget of ``True`` would be one cent.

>>> whole("budget_cents", 5, most=1000)
5
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar, cast

from workc.kernel.canonical import is_text
from workc.kernel.failure import Misuse
from workc.kernel.values import MAX_SAFE_INTEGER

T = TypeVar("T")
#: So much of a value is shown: enough to find it in the caller's code.
MAX_SHOWN_CHARS = 60
#: What can be gone through, and is meant as one thing or as pairs.
_NO_LISTS: tuple[type, ...] = (str, bytes, Mapping)


def shown(value: object) -> str:
    """Returns a value as a sentence shows it: its beginning, or its type if nothing shows it."""
    try:
        text = repr(value[:MAX_SHOWN_CHARS] if isinstance(value, str | bytes) else value)
    # The value may be of anybody's class. Python itself shows no number of 5,000 digits.
    except Exception:  # noqa: BLE001 - see above
        return a(value)
    return text if len(text) <= MAX_SHOWN_CHARS else f"{text[: MAX_SHOWN_CHARS - 1]}…"


def a(value: object) -> str:
    """Returns the type of a value with its article: ``an int``."""
    name = type(value).__name__
    return f"{'an' if name[:1].lower() in 'aeiou' else 'a'} {name}"


def whole(name: str, value: object, *, least: int = 0, most: int = MAX_SAFE_INTEGER) -> int:
    """Returns a whole number within its bounds.

    Raises:
        Misuse: it is none; ``True`` is none either.
    """
    if type(value) is not int or not least <= value <= most:
        raise Misuse(f"{name} is a whole number from {least} to {most}, not {shown(value)}")
    return value


def switch(name: str, value: object) -> bool:
    """Returns what is true or false.

    Raises:
        Misuse: it is neither; ``"no"`` would be true.
    """
    if not isinstance(value, bool):
        raise Misuse(f"{name} is True or False, not {shown(value)}")
    return value


def choice(name: str, value: object, choices: Sequence[str]) -> None:
    """Refuses what is none of the words.

    Raises:
        Misuse: it is none; says which there are.
    """
    if not isinstance(value, str) or value not in choices:
        raise Misuse(f"{name} is one of {', '.join(choices)}, not {shown(value)}")


def instance(name: str, value: object, wanted: type[T] | tuple[type[T], ...], words: str) -> T:
    """Returns a value of the wanted class, or of one of them; ``words`` say what it is.

    Raises:
        Misuse: it is of another class.
    """
    if not isinstance(value, wanted):
        raise Misuse(f"{name} is {words}, not {a(value)}")
    return value


def text(name: str, value: object) -> str:
    """Returns a text that UTF-8 can hold, of no class of one's own.

    Raises:
        Misuse: it is none.
    """
    found = instance(name, value, str, "a text")
    if not is_text(found):
        raise Misuse(f"{name} is a text that UTF-8 can hold, not {shown(value)}")
    return str.__str__(found)


def many(name: str, value: object, words: str) -> list[object]:
    """Returns what a list, or anything like one, holds; ``words`` say what that is.

    Raises:
        Misuse: it is none; a text alone or a mapping is none either.
    """
    if isinstance(value, _NO_LISTS) or not isinstance(value, Iterable):
        raise Misuse(f"{name} is a list of {words}, not {a(value)}")
    return list(cast("Iterable[object]", value))


def texts(name: str, value: object) -> tuple[str, ...]:
    """Returns the texts of a list.

    Raises:
        Misuse: it is none.
    """
    found = many(name, value, "texts")
    for each in found:
        if not isinstance(each, str):
            raise Misuse(f"{name} is a list of texts; one is {a(each)}")
    return tuple(cast("list[str]", found))
