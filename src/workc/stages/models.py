"""Takes pydantic models as they are, by their methods; pydantic itself is never imported.

A model brings a schema of its own (``model_json_schema``). Its ``$defs`` are hoisted to the top
of ours under free names, words that only describe are dropped, and any other word outside the
subset is the caller's to resolve. Building goes through ``model_validate``, whose errors become
problems with JSON pointers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Literal, TypeAlias, cast

from workc.kernel.canonical import CanonicalError
from workc.kernel.failure import Misuse
from workc.kernel.jcs import normalise
from workc.kernel.values import Json, JsonObject
from workc.stages.exception import words_of
from workc.stages.plain import Unfit
from workc.stages.problem import Problem, below, identity, show
from workc.stages.schema import Schema


class Unresolved(Misuse):
    """A name in an annotation does not exist, or does not exist yet."""


Direction: TypeAlias = Literal["input", "output"]

_MODES: dict[Direction, str] = {"input": "validation", "output": "serialization"}

#: Words that describe and check nothing (JSON Schema 2020-12 validation, sections 8 and 9;
#: ``discriminator`` is OpenAPI 3.1, section 4.8.25, and only helps to pick an alternative).
_DESCRIBING = frozenset({
    "contentEncoding", "contentMediaType", "deprecated", "discriminator", "example", "readOnly",
    "writeOnly", "$comment",
})  # fmt: skip
_ONE = ("items", "additionalProperties")
_MANY = ("prefixItems", "anyOf", "oneOf", "allOf")
_NAMED = ("properties", "$defs")


def is_model(annotation: object) -> bool:
    """Says whether a class has the two methods that pydantic models are known by."""
    methods = (getattr(annotation, name, None) for name in ("model_json_schema", "model_validate"))
    return isinstance(annotation, type) and all(callable(method) for method in methods)


def model_schema(model: type, direction: Direction) -> JsonObject:
    """Returns the schema of a model in the subset, with ``$defs`` of its own.

    Raises:
        Misuse: when the model has no schema, or one that says more than the subset can.
    """
    ask: Callable[..., object] = getattr(model, "model_json_schema")  # noqa: B009 - duck typing
    try:
        answer = cast("JsonObject", normalise(ask(mode=_MODES[direction])))
    except CanonicalError as error:
        raise Misuse(f"the schema of {model.__name__} is not JSON: {error}") from None
    # The types of its fields may be anything, and so may what asking for the schema raises.
    except Exception as error:  # noqa: BLE001 - see above
        # What pydantic says while a class that is named in a field is still to come.
        early = getattr(error, "code", None) == "class-not-fully-defined"
        raise (Unresolved if early else Misuse)(
            f"{model.__name__} has no JSON schema: {words_of(error)}"
        ) from None
    schema = cast("JsonObject", _over_schemas(answer, _without_descriptions))
    try:
        Schema(schema)
    except Misuse as error:
        hint = "change the field, or write input_schema and output_schema of the skill yourself"
        raise Misuse(f"the model {model.__name__}: {error}; {hint}") from None
    return schema


def _without_descriptions(schema: JsonObject) -> JsonObject:
    return {
        word: value
        for word, value in schema.items()
        if word not in _DESCRIBING and not word.startswith("x-")
    }


def _over_schemas(schema: Json, change: Callable[[JsonObject], JsonObject]) -> Json:
    if not isinstance(schema, dict):
        return schema
    return {word: _over_parts(word, value, change) for word, value in change(schema).items()}


def _over_parts(word: str, value: Json, change: Callable[[JsonObject], JsonObject]) -> Json:
    if word in _ONE:
        return _over_schemas(value, change)
    if word in _MANY and isinstance(value, list):
        return [_over_schemas(each, change) for each in value]
    if word in _NAMED and isinstance(value, dict):
        return {name: _over_schemas(each, change) for name, each in value.items()}
    return value


def hoisted(
    schema: JsonObject, definitions: dict[str, JsonObject], origins: dict[str, JsonObject]
) -> JsonObject:
    """Returns a model's schema without ``$defs``, which move into ``definitions``.

    Equal definitions are shared. Where a name stands for something else already, all names of
    this model get one free suffix, so that they still mean each other. ``origins`` keeps each
    definition as it came, to compare with.
    """
    own = cast("dict[str, JsonObject]", schema.get("$defs", {}))
    suffix = next(each for each in _suffixes() if _is_free(own, origins, definitions, each))
    places = {f"#{below('/$defs', name)}": f"#{below('/$defs', name + suffix)}" for name in own}

    def renamed(part: JsonObject) -> JsonObject:
        reference = cast("str | None", part.get("$ref"))
        return part if reference is None else {**part, "$ref": places[reference]}

    for name, definition in own.items():
        origins[name + suffix] = definition
        definitions[name + suffix] = cast("JsonObject", _over_schemas(definition, renamed))
    rest: Json = {word: value for word, value in schema.items() if word != "$defs"}
    return cast("JsonObject", _over_schemas(rest, renamed))


def _suffixes() -> Iterator[str]:
    yield ""
    number = 1
    while True:
        number += 1
        yield f"_{number}"


def _is_free(
    own: dict[str, JsonObject],
    origins: dict[str, JsonObject],
    definitions: dict[str, JsonObject],
    suffix: str,
) -> bool:
    return all(
        name + suffix not in definitions
        or (name + suffix in origins and identity(origins[name + suffix]) == identity(definition))
        for name, definition in own.items()
    )


def built(model: type, value: Json, pointer: str) -> object:
    """Returns the model made of a value.

    Raises:
        Unfit: with the place and the words of the first error.
    """
    validate: Callable[..., object] = getattr(model, "model_validate")  # noqa: B009 - duck typing
    try:
        return validate(value)
    # Validators are somebody else's code and may raise whatever they like.
    except Exception as error:  # noqa: BLE001 - see above
        raise Unfit(_problem(error, model, value, pointer)) from None


def _problem(error: Exception, model: type, value: Json, pointer: str) -> Problem:
    ask: Callable[..., object] | None = getattr(error, "errors", None)
    try:
        errors = cast("list[dict[str, object]]", ask(include_url=False)) if ask else []
    # An error of another library may have a method of that name and another signature.
    except Exception:  # noqa: BLE001 - see above
        errors = []
    if not errors:
        return Problem(pointer, f"a {model.__name__}", words_of(error))
    first = errors[0]
    place, there = _followed(cast("tuple[str | int, ...]", first.get("loc", ())), value)
    return Problem(pointer + place, str(first.get("msg", "another value")), show(there))


def _followed(location: tuple[str | int, ...], value: Json) -> tuple[str, Json]:
    place, there = "", value
    for token in location:
        inner = cast("dict[str | int, Json]", _indexed(there))
        # A location names alternatives of unions too, which are no members.
        if token in inner:
            place, there = below(place, token), inner[token]
    return place, there


def _indexed(value: Json) -> object:
    if isinstance(value, list):
        return dict(enumerate(value))
    return value if isinstance(value, dict) else {}
