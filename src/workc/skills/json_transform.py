"""The skill ``json_transform``: reshapes JSON, purely and always the same.

Either ``expression`` (JMESPath) is applied to ``data``, or ``op`` names one operation:

========  ==========================  ==========================================================
op        needs                       gives
========  ==========================  ==========================================================
extract   ``path``                    what the path finds; ``default`` or ``optional`` if nothing
pick      ``keys``                    only these members; of each object if ``data`` is a list
omit      ``keys``                    all but these members; likewise
filter    ``where`` (JMESPath)        the items for which it is true; it must give true or false
map       ``expression`` (JMESPath)   what it finds in each item
merge     (``other``)                 one object of all members; a later one wins; not deep
flatten   (``depth``, 1)              lists within the list opened, so many levels
sort      (``by``, ``descending``)    the items in order of numbers or of text, not of both
========  ==========================  ==========================================================

Data that does not fit is ``TRANSFORM_FAILED`` and names the place, what was expected and what
stood there. A parameter that the operation does not take is ``INVALID_INPUT``.

>>> transform([{"n": 2}, {"n": 1}], "sort", Options(by="n"))
[{'n': 1}, {'n': 2}]
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, TypedDict, cast

import msgspec

from workc.kernel.failure import Refusal, refuse
from workc.kernel.values import Json, JsonObject
from workc.runtime.expressions import Expression, compile_expression, evaluate
from workc.skills.json_path import Missing, find, parse_path
from workc.stages.problem import show
from workc.stages.skill import skill

Op = Literal["extract", "pick", "omit", "filter", "map", "merge", "flatten", "sort"]

#: The deepest that ``flatten`` opens lists; data is never nested deeper.
MAX_FLATTEN_DEPTH = 128


class TransformResult(TypedDict):
    """What the skill returns."""

    result: Json


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """The parameters of the operations; None is what was not given."""

    expression: str | None = None
    path: str | None = None
    default: Json = None
    optional: bool | None = None
    keys: list[str] | None = None
    where: str | None = None
    other: Json = None
    by: str | None = None
    descending: bool | None = None
    depth: int | None = None


@skill(pure=True)
def json_transform(
    data: Json,
    *,
    expression: str | None = None,
    op: Op | None = None,
    path: str | None = None,
    default: Json = None,
    optional: bool | None = None,
    keys: list[str] | None = None,
    where: str | None = None,
    other: Json = None,
    by: str | None = None,
    descending: bool | None = None,
    depth: int | None = None,
) -> TransformResult:
    """Reshapes JSON data with a JMESPath expression or one named operation.

    Raises:
        Refusal: ``INVALID_INPUT`` for parameters that do not go together,
            ``INVALID_EXPRESSION`` for one that cannot be read, ``TRANSFORM_FAILED`` for data
            that does not fit.
    """
    options = Options(
        expression=expression,
        path=path,
        default=default,
        optional=optional,
        keys=keys,
        where=where,
        other=other,
        by=by,
        descending=descending,
        depth=depth,
    )
    return {"result": transform(data, op, options)}


def transform(data: Json, op: Op | None, options: Options) -> Json:
    """Returns what the operation makes of ``data``; without one, what the expression finds.

    Raises:
        Refusal: as for :func:`json_transform`.
    """
    needs, may, run = _OPERATIONS[op]
    given = {name for name in options.__struct_fields__ if getattr(options, name) is not None}
    missing, extra = needs - given, given - needs - may
    if missing or extra:
        raise _mismatch(op, sorted(missing), sorted(extra))
    return run(data, options)


def _mismatch(op: Op | None, missing: list[str], extra: list[str]) -> Refusal:
    who = f"the operation {op}" if op else "a transformation without op"
    words = [f"needs {', '.join(missing)}"] if missing else []
    words += [f"does not take {', '.join(extra)}"] if extra else []
    return refuse(
        "INVALID_INPUT", f"{who} {' and '.join(words)}", op=op, missing=missing, extra=extra
    )


def _failed(place: str, expected: str, actual: Json) -> Refusal:
    found = show(actual)
    return refuse(
        "TRANSFORM_FAILED",
        f"{place}: expected {expected}, got {found}",
        place=place,
        expected=expected,
        actual=found,
    )


def _list(data: Json) -> list[Json]:
    if not isinstance(data, list):
        raise _failed("data", "a list", data)
    return data


def _object(value: Json, place: str) -> JsonObject:
    if not isinstance(value, dict):
        raise _failed(place, "an object", value)
    return value


def _expression(data: Json, options: Options) -> Json:
    return evaluate(compile_expression(options.expression or ""), data)


def _on_each(expression: str, items: list[Json]) -> list[Json]:
    """Returns what the expression finds in each item; a failure names the item."""
    compiled = compile_expression(expression)
    return [_on_item(compiled, item, f"data[{n}]") for n, item in enumerate(items)]


def _on_item(expression: Expression, item: Json, place: str) -> Json:
    try:
        return evaluate(expression, item)
    except Refusal as refusal:
        failure = refusal.failure
        raise Refusal(
            msgspec.structs.replace(
                failure,
                message=f"{place}: {failure.message}",
                details=failure.details | {"place": place},
            )
        ) from None


def _extract(data: Json, options: Options) -> Json:
    path = parse_path(options.path or "")
    try:
        return find(path, data)
    except Missing as missing:
        if options.default is not None or options.optional:
            return options.default
        raise _failed(missing.place, missing.expected, missing.actual) from None


def _pick(data: Json, options: Options) -> Json:
    return _each_object(data, lambda value, place: _picked(value, place, options))


def _picked(value: JsonObject, place: str, options: Options) -> Json:
    keys = options.keys or []
    absent = next((key for key in keys if key not in value), None)
    if absent is not None and not options.optional:
        raise _failed(place, f"a member {absent!r}", value)
    return {key: value[key] for key in keys if key in value}


def _omit(data: Json, options: Options) -> Json:
    keys = set(options.keys or [])
    return _each_object(data, lambda value, _: {k: v for k, v in value.items() if k not in keys})


def _each_object(data: Json, change: Callable[[JsonObject, str], Json]) -> Json:
    """Returns the object changed, or the list of objects with each changed."""
    if isinstance(data, list):
        places = ((f"data[{n}]", item) for n, item in enumerate(data))
        return [change(_object(item, place), place) for place, item in places]
    return change(_object(data, "data"), "data")


def _filter(data: Json, options: Options) -> Json:
    items = _list(data)
    verdicts = _on_each(options.where or "", items)
    for n, verdict in enumerate(verdicts):
        if not isinstance(verdict, bool):
            # A misspelt name gives null; taken for "no", it would silently drop everything.
            raise _failed(f"data[{n}]", "true or false from `where`", verdict)
    return [item for item, verdict in zip(items, verdicts, strict=True) if verdict]


def _map(data: Json, options: Options) -> Json:
    return _on_each(options.expression or "", _list(data))


def _merge(data: Json, options: Options) -> Json:
    merged: JsonObject = {}
    for place, value in [*_objects(data, "data"), *_objects(options.other, "other")]:
        merged |= _object(value, place)
    return merged


def _objects(value: Json, place: str) -> list[tuple[str, Json]]:
    if isinstance(value, list):
        return [(f"{place}[{n}]", item) for n, item in enumerate(value)]
    return [] if value is None and place == "other" else [(place, value)]


def _flatten(data: Json, options: Options) -> Json:
    depth = 1 if options.depth is None else options.depth
    if not 1 <= depth <= MAX_FLATTEN_DEPTH:
        raise refuse("INVALID_INPUT", f"depth is from 1 to {MAX_FLATTEN_DEPTH}", depth=depth)
    items = _list(data)
    for _ in range(depth):
        if not any(isinstance(item, list) for item in items):
            break
        items = [part for item in items for part in (item if isinstance(item, list) else [item])]
    return items


def _sort(data: Json, options: Options) -> Json:
    items = _list(data)
    keys = items if options.by is None else _on_each(options.by, items)
    kinds = [_kind(key, n) for n, key in enumerate(keys)]
    odd = next((n for n, kind in enumerate(kinds) if kind != kinds[0]), None)
    if odd is not None:
        raise _failed(f"data[{odd}]", f"a {kinds[0]} to sort by, like before", keys[odd])
    order = sorted(
        range(len(items)),
        key=lambda n: cast("float", keys[n]),
        reverse=options.descending is True,
    )
    return [items[n] for n in order]


def _kind(key: Json, n: int) -> str:
    if isinstance(key, str):
        return "string"
    if isinstance(key, int | float) and not isinstance(key, bool):
        return "number"
    raise _failed(f"data[{n}]", "a number or a string to sort by", key)


_Operation = Callable[[Json, Options], Json]
#: What each operation needs, what it may have besides, and what it does.
_OPERATIONS: dict[Op | None, tuple[set[str], set[str], _Operation]] = {
    None: ({"expression"}, set(), _expression),
    "extract": ({"path"}, {"default", "optional"}, _extract),
    "pick": ({"keys"}, {"optional"}, _pick),
    "omit": ({"keys"}, set(), _omit),
    "filter": ({"where"}, set(), _filter),
    "map": ({"expression"}, set(), _map),
    "merge": (set(), {"other"}, _merge),
    "flatten": (set(), {"depth"}, _flatten),
    "sort": (set(), {"by", "descending"}, _sort),
}
