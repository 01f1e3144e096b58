"""What is wrong with a value, and where: problems as values, and the JSON values they speak of.

A :class:`Problem` names a place (JSON Pointer, RFC 6901), what was expected and what stood
there. Everything here is bounded: a value is walked without recursion, at most :data:`MAX_DEPTH`
deep and :data:`MAX_NODES` wide, and shown in at most :data:`MAX_SHOWN` characters.

>>> str(Problem("/age", "integer", show("ten")))
'/age: expected integer, got string "ten"'
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import reduce
from typing import cast

import msgspec

from workc.kernel.jcs import MAX_DEPTH_DATA
from workc.kernel.values import Json
from workc.stages.effects import SecretText

#: How deep arrays and objects may nest: as deep as a canonical value may.
MAX_DEPTH = MAX_DEPTH_DATA
#: How many values one check may look at: an 8 MiB answer (the bound of an HTTP body) holds no
#: more, as the shortest member of an array takes two bytes.
MAX_NODES = 2**22
#: Characters of a string that a message repeats.
MAX_SHOWN = 60
#: Members of a list (an enum, names) that a message repeats.
MAX_LISTED = 10

_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}


class Problem(msgspec.Struct, frozen=True):
    """Says that at ``pointer`` (the empty string is the whole value) something else was expected."""

    pointer: str
    expected: str
    actual: str

    def __str__(self) -> str:
        """Returns the problem as one line; the whole value is called ``(the value)``."""
        return f"{self.pointer or '(the value)'}: expected {self.expected}, got {self.actual}"


def below(pointer: str, token: str | int) -> str:
    """Returns the pointer to a member: RFC 6901, section 3 (``~`` is ``~0``, ``/`` is ``~1``).

    A lone surrogate is spelt as an escape, so that every pointer can be encoded.
    """
    text = str(token)
    # Most names are such, and every member of every value may be asked for its place.
    if text.isascii() and text.isidentifier():
        return f"{pointer}/{text}"
    text = text.encode("utf-8", "backslashreplace").decode()
    return f"{pointer}/{text.replace('~', '~0').replace('/', '~1')}"


def tokens_of(pointer: str) -> tuple[str, ...]:
    """Returns the tokens of a pointer that is spelt as RFC 6901 has it."""
    return tuple(token.replace("~1", "/").replace("~0", "~") for token in pointer.split("/")[1:])


def quoted(text: str) -> str:
    """Returns the first :data:`MAX_SHOWN` characters in quotes, safe to print and to encode."""
    head = "".join(_visible(character) for character in text[:MAX_SHOWN])
    return f'"{head}"' if len(text) <= MAX_SHOWN else f'"{head}..." ({len(text)} characters)'


def _visible(character: str) -> str:
    if character in _ESCAPES:
        return _ESCAPES[character]
    hidden = character < " " or "\x7f" <= character < "\xa0" or "\ud800" <= character <= "\udfff"
    return f"\\u{ord(character):04x}" if hidden else character


def kind(value: object) -> str:
    """Returns the JSON Schema type of a value, or the Python type's name if it is not JSON.

    A float without a fraction is an ``integer`` (JSON Schema 2020-12 validation, section 6.1.1);
    a :class:`SecretText` is a ``string``. ``True`` is a ``boolean`` and never an integer.
    """
    if isinstance(value, float) and value.is_integer():
        return "integer"
    return _KINDS.get(type(value), type(value).__name__)


_KINDS: dict[type, str] = {
    type(None): "null",
    bool: "boolean",
    int: "integer",
    float: "number",
    str: "string",
    list: "array",
    dict: "object",
    SecretText: "string",
}


def show(value: object) -> str:
    """Returns a value for a message: its kind and, if short, itself; never an object's address."""
    if value is None or value is True or value is False:
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, str):
        return f"string {quoted(value)}"
    if isinstance(value, (int, float)):
        return f"{kind(value)} {_number(value)}"
    if isinstance(value, (list, dict)):
        return f"{kind(cast('object', value))} of {_size(cast('object', value))}"
    return "a secret" if isinstance(value, SecretText) else _foreign_type(value)


def _number(value: float) -> str:
    # Python refuses to print integers of more than 4300 digits, and nobody would read them.
    if isinstance(value, int) and value.bit_length() > 128:
        return f"of {value.bit_length()} bits"
    return repr(value)


def listed(values: Sequence[object]) -> str:
    """Returns the values for a message, at most :data:`MAX_LISTED` of them."""
    texts = [_literal(value) for value in values[:MAX_LISTED]]
    return ", ".join([*texts, "..."] if len(values) > MAX_LISTED else texts)


def _literal(value: object) -> str:
    if isinstance(value, str):
        return quoted(value)
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return _number(value) if is_number else show(value)  # type: ignore[arg-type]  # narrowed above


def identity(value: Json) -> object:
    """Returns a hashable key that is equal exactly for equal JSON values.

    ``1`` and ``1.0`` are the same number, ``1`` and ``True`` are different values (JSON Schema
    2020-12 core, section 4.2.2). The value must have passed :func:`foreign`.
    """
    if isinstance(value, list):
        return ("array", tuple(identity(member) for member in value))
    if isinstance(value, dict):
        return ("object", frozenset((name, identity(member)) for name, member in value.items()))
    return ("boolean" if isinstance(value, bool) else "scalar", value)


def foreign(value: object) -> Problem | None:
    """Returns the first place that is not JSON, too deep or too much; None for a JSON value.

    Accepts any object whatever: cyclic ones end at :data:`MAX_DEPTH`. :class:`SecretText` counts
    as a string; who may not hold one is decided before this.
    """
    if _is_flat(value):
        return None
    tokens: list[str | int] = []
    stack: list[Iterator[tuple[str | int, object]]] = [iter([("", value)])]
    left = MAX_NODES
    while stack:
        following = next(stack[-1], None)
        del tokens[len(stack) - 1 :]
        if following is None:
            stack.pop()
            continue
        token, current = following
        tokens.append(token)
        left -= _size(current)
        wrong = _wrong(len(stack), current) or (_TOO_MANY if left < 1 else None)
        if wrong is not None:
            # The first token is that of the whole value.
            return Problem(reduce(below, tokens[1:], ""), wrong.expected, wrong.actual)
        stack.append(_members(current))
    return None


#: As JavaScript spells them; JSON has none of them.
_NOT_FINITE = {"inf": "Infinity", "-inf": "-Infinity"}
_TOO_MANY = Problem("", f"at most {MAX_NODES} values in all", "more")
_PLAIN = frozenset({str, int, bool, type(None), SecretText})


def _size(value: object) -> int:
    return len(cast("list[object]", value)) if isinstance(value, (dict, list)) else 0


def _members(value: object) -> Iterator[tuple[str | int, object]]:
    # Names sorted: the problem that is found first must not depend on the order of the members.
    if isinstance(value, dict):
        named = cast("dict[str, object]", value)
        return ((n, named[n]) for n in sorted(named) if not _is_plain(named[n]))
    if isinstance(value, list):
        items = cast("list[object]", value)
        return ((i, m) for i, m in enumerate(items) if not _is_plain(m))
    return iter(())


def _is_plain(member: object) -> bool:
    # Most members are such; they need no look of their own.
    return type(member) in _PLAIN or (type(member) is float and math.isfinite(member))


def _is_flat(value: object) -> bool:
    # Most parameters are such: an object of plain members.
    if type(value) is not dict:
        return False
    box = cast("dict[object, object]", value)
    named = len(box) < MAX_NODES and all(type(name) is str for name in box)
    return named and all(map(_is_plain, box.values()))


def _wrong(depth: int, value: object) -> Problem | None:
    if type(value) not in _KINDS:
        return Problem("", "a JSON value", _foreign_type(value))
    if isinstance(value, float) and not math.isfinite(value):
        return Problem("", "a finite number", _NOT_FINITE.get(str(value), "NaN"))
    if isinstance(value, (list, dict)) and depth > MAX_DEPTH:
        return Problem("", f"at most {MAX_DEPTH} levels", "more")
    if isinstance(value, dict):
        return next(_odd_names(cast("dict[object, object]", value)), None)
    return None


def _odd_names(value: dict[object, object]) -> Iterator[Problem]:
    for name in value:
        if type(name) is not str:
            yield Problem("", "strings as names", f"a name of type {type(name).__name__}")


def _foreign_type(value: object) -> str:
    return f"{type(value).__name__} (not JSON)"
