"""The JMESPath interpreter as workc runs it: the library's own, made strict and bounded.

What differs from ``jmespath`` as it comes, and why:

1. ``==``, ``!=`` and ``contains`` never take ``true`` for ``1`` at any depth; JSON has two types there.
2. ``to_number`` reads the number production of RFC 8259, as the JMESPath specification says, and
   not what Python's ``int`` and ``float`` also read (``1_000``, ``inf``, ``nan``).
3. Work is metered, because ``[@, @] | [@, @] | ...`` doubles its value with every few characters.

Specification: https://jmespath.org/specification.html, sections "Functions" and "Comparisons".
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any, cast

from jmespath import functions, visitor

#: The most units of work of one evaluation; a unit is one visited node, one value made or
#: :data:`CHARACTERS_A_UNIT` characters.
MAX_WORK = 10_000_000
CHARACTERS_A_UNIT = 16

#: What each function takes, by its name: one entry an argument, with the types it may have.
FUNCTION_TABLE: Mapping[str, Sequence[Mapping[str, Any]]] = {
    name: entry["signature"] for name, entry in functions.Functions.FUNCTION_TABLE.items()
}

_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_MAX_INTEGER_DIGITS = 4000


class TooMuchWork(Exception):
    """Raised when an evaluation needs more than :data:`MAX_WORK`; never leaves ``evaluate``."""


class Meter:
    """Counts the work of one evaluation."""

    def __init__(self, limit: int) -> None:
        self._left = limit

    def charge(self, units: int) -> None:
        """Takes ``units`` off what is left.

        Raises:
            TooMuchWork: when that is more than there is.
        """
        self._left -= units
        if self._left < 0:
            raise TooMuchWork

    def weigh(self, value: object) -> None:
        """Charges for each value inside ``value``, and for the length of its strings."""
        pending = [value]
        while pending:
            item = pending.pop()
            self.charge(1 + (len(item) // CHARACTERS_A_UNIT if isinstance(item, str) else 0))
            pending.extend(_members(item))

    def same(self, left: object, right: object) -> bool:
        """Returns whether two JSON values are equal, ``1`` and ``1.0`` being one number."""
        pending = [(left, right)]
        while pending:
            one, other = pending.pop()
            self.charge(1)
            if one is other:
                continue
            if not _same_kind(one, other):
                return False
            pending.extend(zip(_members(one), _members_like(one, other), strict=True))
        return True


def _members(value: object) -> Collection[object]:
    """Returns what a list or an object holds; nothing for a scalar."""
    if isinstance(value, dict):
        return cast("Mapping[str, object]", value).values()
    return cast("Sequence[object]", value) if isinstance(value, list) else ()


def _members_like(pattern: object, value: object) -> Collection[object]:
    """Returns the members of ``value`` in the order in which ``pattern`` holds its own."""
    if isinstance(pattern, dict) and isinstance(value, dict):
        found = cast("Mapping[str, object]", value)
        return [found[key] for key in cast("Mapping[str, object]", pattern)]
    return _members(value)


def _same_kind(one: object, other: object) -> bool:
    """Returns whether two values may be equal: scalars compared, containers by shape only."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys()
    if isinstance(one, list) and isinstance(other, list):
        return len(cast("Sequence[object]", one)) == len(cast("Sequence[object]", other))
    return one == other


class Functions(functions.Functions):
    """The built-in functions of JMESPath; the three that need it are made strict or metered."""

    def __init__(self, meter: Meter) -> None:
        self._meter = meter

    @functions.signature({"types": ["array", "string"]}, {"types": []})
    def _func_contains(self, subject: list[object] | str, search: object) -> bool:
        if isinstance(subject, str):
            return isinstance(search, str) and search in subject
        return any(self._meter.same(item, search) for item in subject)

    @functions.signature({"types": ["string"]}, {"types": ["array-string"]})
    def _func_join(self, separator: str, array: list[str]) -> str:
        length = sum(map(len, array)) + len(separator) * len(array)
        self._meter.charge(1 + length // CHARACTERS_A_UNIT)
        return separator.join(array)

    @functions.signature({"types": []})
    def _func_to_number(self, arg: object) -> float | None:
        if isinstance(arg, str):
            return to_number(arg)
        return arg if isinstance(arg, int | float) and not isinstance(arg, bool) else None

    @functions.signature({"types": []})
    def _func_to_string(self, arg: object) -> object:
        self._meter.weigh(arg)
        return functions.Functions.FUNCTION_TABLE["to_string"]["function"](self, arg)


def to_number(text: str) -> float | None:
    """Returns the number that a JSON text spells, an int where it has no fraction or exponent."""
    found = _NUMBER.fullmatch(text)
    if found is None:
        return None
    if found[1] is None and found[2] is None:
        return int(text) if len(text) <= _MAX_INTEGER_DIGITS else None
    number = float(text)
    return number if math.isfinite(number) else None


class Interpreter(visitor.TreeInterpreter):
    """Walks the syntax tree, charging the meter for each node."""

    def __init__(self, meter: Meter) -> None:
        super().__init__(visitor.Options(custom_functions=Functions(meter)))
        self._meter = meter

    def visit(self, node: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - as in the stubs
        """Returns the value of ``node``."""
        self._meter.charge(1)
        return super().visit(node, *args, **kwargs)

    def visit_comparator(self, node: Any, value: Any) -> Any:  # noqa: ANN401 - as in the stubs
        """Returns what a comparison gives; null where the two cannot be ordered."""
        if node["value"] not in ("eq", "ne"):
            return super().visit_comparator(node, value)
        left, right = (self.visit(child, value) for child in node["children"])
        return self._meter.same(left, right) is (node["value"] == "eq")

    def visit_flatten(self, node: Any, value: Any) -> Any:  # noqa: ANN401 - as in the stubs
        """Returns the list with its lists opened by one level."""
        base: object = self.visit(node["children"][0], value)
        if not isinstance(base, list):
            return None
        merged: list[object] = []
        for element in cast("Sequence[object]", base):
            opened: Collection[object] = (element,)
            if isinstance(element, list):
                opened = cast("Sequence[object]", element)
            self._meter.charge(len(opened))
            merged.extend(opened)
        return merged
