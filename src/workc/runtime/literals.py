"""Values that the code of a workflow function gives, as a step holds them: JSON, and no templates."""

from __future__ import annotations

from typing import cast

from workc.kernel.failure import Refusal, refuse
from workc.kernel.values import Json, JsonObject
from workc.stages.annotations import to_json
from workc.stages.effects import SecretText


def _json(value: object) -> Json:
    """Returns a parameter as JSON; a SecretText stays as it is, at any depth.

    Raises:
        Refusal: ``INVALID_OUTPUT`` if it is no JSON value.
    """
    try:
        return _with_secrets(value)
    except RecursionError:
        # Too deep, or cyclic: the conversion says so in its own words.
        return to_json(value)


def given(value: object, *what: str) -> Json:
    """Returns a parameter as :func:`_json` does; what is none is named, for it is nobody's output.

    ``what`` are the words of its name: most values need none, so that they are joined late.

    Raises:
        Refusal: ``INVALID_INPUT`` if it is no JSON value.
    """
    try:
        return _json(value)
    except Refusal as refusal:
        failure = refusal.failure
        why = failure.message.removeprefix("the value: ").removeprefix("(the value): ")
        raise refuse("INVALID_INPUT", f"{' '.join(what)}: {why}", **failure.details) from None


def _with_secrets(value: object) -> Json:
    match value:
        case SecretText():
            return cast("Json", value)
        case dict():
            members = cast("dict[object, object]", value)
            return {_name(key): _with_secrets(item) for key, item in members.items()}
        case list():
            return [_with_secrets(item) for item in cast("list[object]", value)]
        case _:
            return to_json(value)


def _name(key: object) -> str:
    """Returns the name of a member as JSON has it; what is none is refused as it is in a value."""
    (name,) = cast("JsonObject", to_json({key: None}))
    return name


def literal(params: JsonObject) -> JsonObject:
    """Returns the parameters with every ``${`` escaped: values of a function are no templates."""
    return {key: escaped(value) for key, value in params.items()}


def escaped(value: Json) -> Json:
    """Returns a value with every ``${`` in it escaped."""
    match value:
        case str():
            return value.replace("${", "$${")
        case list():
            return [escaped(item) for item in value]
        case dict():
            return {key: escaped(item) for key, item in value.items()}
        case _:
            return value
