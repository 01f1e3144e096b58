"""Paths into JSON: a small part of JSONPath, and plain dotted paths.

A path that starts with ``$`` is JSONPath (RFC 9535) with child names, indices and wildcards:
``$.a``, ``$['x y']``, ``$["x"]``, ``$[0]``, ``$[-1]``, ``$[*]``, ``$.*``. Slices, filters,
``..`` and lists of selectors are refused. Any other path is names joined by dots, in which a
whole number also counts into a list: ``items.0.name``.

Without a wildcard a path finds one value or nothing. With one it finds a list of all there is,
maybe empty; the members of an object come in canonical order (RFC 8785).

>>> find(parse_path("$.a[*].n"), {"a": [{"n": 1}, {}, {"n": 3}]})
[1, 3]
"""

from __future__ import annotations

import re
from typing import TypeAlias

import msgspec

from workc.kernel import jcs
from workc.kernel.canonical import CanonicalError
from workc.kernel.failure import Refusal, refuse
from workc.kernel.values import MAX_SAFE_INTEGER, Json

#: The longest path, in characters.
MAX_PATH_LENGTH = 4096
#: No index is longer than the largest one, 2**53 - 1 (RFC 9535, section 2.1), with its sign.
_MAX_INDEX_LENGTH = len(str(-MAX_SAFE_INTEGER))


class Name(msgspec.Struct, frozen=True):
    """Selects the member ``name`` of an object."""

    name: str


class Index(msgspec.Struct, frozen=True):
    """Selects an item of a list; negative counts from the end."""

    index: int


class Either(msgspec.Struct, frozen=True):
    """Selects the item ``index`` of a list, or the member ``name`` of an object."""

    name: str
    index: int


class Wildcard(msgspec.Struct, frozen=True):
    """Selects all items of a list, or all members of an object."""


Single: TypeAlias = Name | Index | Either
Step: TypeAlias = Single | Wildcard


class Path(msgspec.Struct, frozen=True):
    """A path that was read; ``text`` is how it was written."""

    text: str
    steps: tuple[Step, ...]


class Missing(Exception):
    """A path leads nowhere: ``place`` is as far as it led, ``expected`` is what was not there."""

    def __init__(self, place: str, expected: str, actual: Json) -> None:
        super().__init__(f"{place} has no {expected}")
        self.place = place
        self.expected = expected
        self.actual = actual


#: RFC 9535, section 2.5.1: a name without quotes begins with a letter, ``_`` or non-ASCII.
_SHORTHAND = r"[A-Za-z_\u0080-\uD7FF\uE000-\U0010FFFF][A-Za-z0-9_\u0080-\uD7FF\uE000-\U0010FFFF]*"
_BLANK = r"[ \t\n\r]*"
_STEP = re.compile(
    rf"{_BLANK}(?:"
    rf"\.(?:(?P<name>{_SHORTHAND})|(?P<dot_star>\*))"
    rf"|\[{_BLANK}(?:"
    r"(?P<index>0|-?[1-9][0-9]*)"
    r"|(?P<star>\*)"
    r"|'(?P<single>(?:[^'\\\x00-\x1f]|\\[bfnrtu/\\'])*)'"
    r'|"(?P<double>(?:[^"\\\x00-\x1f]|\\[bfnrtu/\\"])*)"'
    rf"){_BLANK}\])"
)
_WHOLE = re.compile(r"0|[1-9][0-9]{0,14}")
_IN_SINGLE = re.compile(r"\\.|\"", re.DOTALL)


def parse_path(text: str) -> Path:
    """Returns the path that ``text`` spells.

    Raises:
        Refusal: ``INVALID_EXPRESSION`` with the ``position`` (from 0) where it goes wrong.
    """
    if len(text) > MAX_PATH_LENGTH:
        raise _invalid(text, MAX_PATH_LENGTH, f"more than {MAX_PATH_LENGTH} characters")
    return Path(text, _jsonpath(text) if text.startswith("$") else _dotted(text))


def find(path: Path, data: Json) -> Json:
    """Returns what the path finds: a value, or with a wildcard the list of all values.

    Raises:
        Missing: a path without a wildcard leads nowhere.
    """
    single = [step for step in path.steps if not isinstance(step, Wildcard)]
    if len(single) < len(path.steps):
        return _find_all(path, data)
    value, place = data, "$"
    for step in single:
        found = _select(step, value)
        if not found:
            raise Missing(place, _expected(step), value)
        value, place = found[0], place + _spell(step)
    return value


def _find_all(path: Path, data: Json) -> list[Json]:
    values = [data]
    for step in path.steps:
        values = [found for value in values for found in _select(step, value)]
    return values


def _select(step: Step, value: Json) -> list[Json]:
    """Returns the values one step selects: at most one, but for a wildcard."""
    if isinstance(step, Wildcard):
        if isinstance(value, dict):
            return [value[name] for name in jcs.in_key_order(value)]
        return list(value) if isinstance(value, list) else []
    if isinstance(value, dict) and not isinstance(step, Index):
        return [value[step.name]] if step.name in value else []
    if isinstance(value, list) and not isinstance(step, Name):
        inside = -len(value) <= step.index < len(value)
        return [value[step.index]] if inside else []
    return []


def _jsonpath(text: str) -> tuple[Step, ...]:
    steps: list[Step] = []
    position = 1
    while position < len(text):
        match = _STEP.match(text, position)
        if match is None:
            raise _invalid(text, position, "expected .name, ['name'], [0] or [*]")
        steps.append(_step(text, match))
        position = match.end()
    return tuple(steps)


def _step(text: str, match: re.Match[str]) -> Step:
    kind, part = match.lastgroup, match[match.lastgroup or 0]
    if kind in {"star", "dot_star"}:
        return Wildcard()
    if kind == "index":
        if len(part) > _MAX_INDEX_LENGTH or abs(int(part)) > MAX_SAFE_INTEGER:
            raise _invalid(text, match.start(), "the index is too large")
        return Index(int(part))
    if kind == "name":
        return Name(part)
    literal = _IN_SINGLE.sub(_for_double, part) if kind == "single" else part
    return Name(_unquoted(text, match.start(), literal))


def _unquoted(text: str, position: int, literal: str) -> str:
    try:
        name = jcs.parse(f'"{literal}"'.encode())
    except (CanonicalError, UnicodeEncodeError):
        raise _invalid(text, position, "a broken escape in a name") from None
    return name if isinstance(name, str) else ""


def _for_double(match: re.Match[str]) -> str:
    """Returns how a character of a single-quoted name is written between double quotes."""
    return {"\\'": "'", '"': '\\"'}.get(match[0], match[0])


def _dotted(text: str) -> tuple[Step, ...]:
    names = text.split(".")
    if text != text.strip():
        raise _invalid(text, 0, "blanks around the path")
    if not all(names):
        position = 0 if not names[0] else text.find("..") + 1 or len(text)
        raise _invalid(text, position, "a name is empty")
    return tuple(Either(n, int(n)) if _WHOLE.fullmatch(n) else Name(n) for n in names)


def _expected(step: Single) -> str:
    if isinstance(step, Name):
        return f"member {step.name!r}"
    return f"item {step.index}" if isinstance(step, Index) else f"item or member {step.name}"


def _spell(step: Single) -> str:
    return f"[{step.name!r}]" if isinstance(step, Name) else f"[{step.index}]"


def _invalid(text: str, position: int, reason: str) -> Refusal:
    message = f"invalid path at character {position + 1}: {reason}"
    return refuse("INVALID_EXPRESSION", message, path=text[:MAX_PATH_LENGTH], position=position)
