"""Binds JSON parameters to a function and concludes its value: the typed edge of a skill.

Parameters come in as JSON, are brought into normal form (so that live code and a replay see the
same values), held against the input schema and built into what the annotations name. The value
goes the other way. Both ways have one error: a refusal that names field, expected and actual.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import cast

import msgspec

from workc.kernel.canonical import CanonicalError
from workc.kernel.failure import Misuse, Refusal
from workc.kernel.jcs import normalise
from workc.kernel.values import Json, JsonObject
from workc.stages.annotations import misfit, to_json
from workc.stages.effects import SecretText
from workc.stages.plain import TOO_DEEP, Unfit, plain, unkept
from workc.stages.problem import Problem, below, foreign, listed
from workc.stages.schema import Schema
from workc.stages.shapes import Shape, Shapes

_REFUSED = {
    inspect.Parameter.VAR_POSITIONAL: "*{} takes values without names; take a list",
    inspect.Parameter.VAR_KEYWORD: "**{} takes names nobody declared; take a dict",
    inspect.Parameter.POSITIONAL_ONLY: "{} is positional-only; parameters are given by name",
}


class Parameter(msgspec.Struct, frozen=True):
    """One parameter: its annotation, its default (``inspect.Parameter.empty``: none), a secret?"""

    annotation: object
    default: object
    secret: bool


def signature_of(function: Callable[..., object]) -> dict[str, inspect.Parameter]:
    """Returns the parameters of a function by name, in their order.

    Raises:
        Misuse: for one that cannot be given by name: ``*args``, ``**kwargs``, positional-only.
    """
    parameters = dict(inspect.signature(function).parameters)
    for name, parameter in parameters.items():
        if parameter.kind in _REFUSED:
            reason = _REFUSED[parameter.kind].format(name)
            raise Misuse(f"{function.__qualname__}: {reason}")
    return parameters


class Contract:
    """What a skill takes and gives, compiled from its signature or given as schemas."""

    def __init__(
        self,
        name: str,
        parameters: dict[str, Parameter],
        returned: object,
        schemas: tuple[JsonObject | None, JsonObject | None],
    ) -> None:
        """Compiles the annotations; ``schemas`` (input, output) win over what they would say.

        Raises:
            Misuse: for annotations without JSON form, and for schemas that do not fit them.
        """
        self._name = name
        self._parameters = parameters
        shapes = Shapes("input")
        self._shapes = {p: shapes.of(each.annotation) for p, each in parameters.items()}
        derived = shapes.document(_input_schema(parameters, self._shapes))
        given, output = schemas
        self.input = Schema(derived if given is None else _agreeing(name, given, parameters))
        self._output = Schema(_output_schema(returned) if output is None else output)
        self._pointers = {name: below("", name) for name in parameters}
        self.output_schema = self._output.document

    @property
    def parameters(self) -> tuple[str, ...]:
        """Returns the names of the parameters, in their order."""
        return tuple(self._parameters)

    def bind(self, params: JsonObject) -> dict[str, object]:
        """Returns the arguments to call with, defaults included.

        Raises:
            Refusal: INVALID_INPUT.
        """
        normal = self._admitted(params)
        problems = self.input.misfits(normal)
        if problems:
            raise self._misfit(problems)
        try:
            arguments = {**self._defaults(normal), **self._built(normal)}
        except Unfit as unfit:
            raise self._misfit([unfit.problem]) from None
        except RecursionError:
            raise self._misfit([TOO_DEEP]) from None
        return {name: arguments[name] for name in self._parameters}

    def conclude(self, value: object) -> Json:
        """Returns the skill's value as canonical JSON that fits the output schema.

        Raises:
            Refusal: INVALID_OUTPUT.
        """
        try:
            made = plain(value)
        except Unfit as unfit:
            raise misfit("INVALID_OUTPUT", f"output of {self._name}", [unfit.problem]) from None
        problems = self._output.misfits(made)
        if problems:
            raise misfit("INVALID_OUTPUT", f"output of {self._name}", problems)
        return made

    def _misfit(self, problems: list[Problem]) -> Refusal:
        return misfit("INVALID_INPUT", f"input of {self._name}", problems)

    def _admitted(self, params: JsonObject) -> JsonObject:
        problem = _inadmissible(params, self._parameters)
        if problem is not None:
            raise self._misfit([problem])
        admitted: JsonObject = {}
        for name in sorted(params):
            try:
                admit = _normal if self._parameters[name].secret else normalise
                admitted[name] = admit(params[name])
            except CanonicalError as error:
                raise self._misfit([unkept(error, below("", name))]) from None
        return admitted

    def _built(self, normal: JsonObject) -> dict[str, object]:
        return {n: self._shapes[n].build(value, self._pointers[n]) for n, value in normal.items()}

    def _defaults(self, normal: JsonObject) -> dict[str, object]:
        declared = self.input.document.get("properties", {})
        absent = [name for name in self._parameters if name not in normal]
        made: dict[str, object] = {}
        for name in absent:
            own = self._parameters[name].default
            if own is inspect.Parameter.empty:
                # Not required and without a default of its own, so the schema has one.
                schema = cast("JsonObject", cast("JsonObject", declared)[name])
                own = self._shapes[name].build(normalise(schema["default"]), below("", name))
            made[name] = own
        return made


def _inadmissible(params: JsonObject, parameters: Mapping[str, Parameter]) -> Problem | None:
    wrong = foreign(params)
    if wrong is not None:
        return wrong
    if not isinstance(cast("object", params), dict):
        return Problem("", "an object of parameters", type(params).__name__)
    if not params.keys() <= parameters.keys():
        return _unknown(min(params.keys() - parameters.keys()), parameters)
    held = [n for n, v in params.items() if not parameters[n].secret and _holds_secret(v)]
    return _misplaced(min(held), parameters) if held else None


def _misplaced(name: str, parameters: Mapping[str, Parameter]) -> Problem:
    takers = [taker for taker, each in parameters.items() if each.secret]
    where = f" (they may stand in {', '.join(takers)})" if takers else ""
    return Problem(below("", name), f"a value without secrets{where}", "a secret")


def _unknown(name: str, parameters: Mapping[str, Parameter]) -> Problem:
    close = get_close_matches(name, parameters, n=1)
    known = f"a parameter of {listed(list(parameters))}" if parameters else "no parameters"
    meant = f" (did you mean {close[0]}?)" if close else ""
    return Problem(below("", name), f"{known}{meant}", "an unknown one")


def _holds_secret(value: object) -> bool:
    if not isinstance(value, (dict, list)):
        return isinstance(value, SecretText)
    waiting: list[object] = [value]
    while waiting:
        current = waiting.pop()
        if isinstance(current, SecretText):
            return True
        if isinstance(current, dict):
            waiting.extend(cast("dict[str, object]", current).values())
        elif isinstance(current, list):
            waiting.extend(cast("list[object]", current))
    return False


def _normal(value: Json) -> Json:
    # A value with secrets in it has no canonical form of its own: what stands around them has.
    if not _holds_secret(value):
        return normalise(value)
    if isinstance(value, list):
        return [_normal(member) for member in value]
    if isinstance(value, dict):
        names = cast("JsonObject", normalise(dict.fromkeys(value)))
        return {name: _normal(value[name]) for name in names}
    return value


def _input_schema(parameters: dict[str, Parameter], shapes: dict[str, Shape]) -> JsonObject:
    empty = inspect.Parameter.empty
    properties: JsonObject = {
        name: {**shapes[name].schema, **_default(each.default)} for name, each in parameters.items()
    }
    required: list[Json] = [name for name, each in parameters.items() if each.default is empty]
    return {
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }


def _default(default: object) -> JsonObject:
    # A default that is no JSON value still applies; the schema then does not show it.
    try:
        return {} if default is inspect.Parameter.empty else {"default": to_json(default)}
    except Refusal:
        return {}


def _output_schema(returned: object) -> JsonObject:
    shapes = Shapes("output")
    return shapes.document(shapes.of(returned).schema)


def _agreeing(name: str, schema: JsonObject, parameters: dict[str, Parameter]) -> JsonObject:
    Schema(schema)
    declared = cast("JsonObject", schema.get("properties", {})).keys()
    if schema.get("type") != "object":
        raise Misuse(f'{name}: input_schema must say "type": "object"; parameters have names')
    if surplus := sorted(declared - parameters.keys()):
        raise Misuse(f"{name}: input_schema declares {listed(surplus)}, the function does not")
    required = set(cast("list[str]", schema.get("required", [])))
    for parameter, each in parameters.items():
        given = "default" in cast("JsonObject", schema.get("properties", {})).get(parameter, {})  # type: ignore[operator]  # a checked schema
        if each.default is inspect.Parameter.empty and parameter not in required and not given:
            raise Misuse(f"{name}: input_schema must require {parameter}, which has no default")
    return schema
