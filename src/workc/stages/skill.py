"""Makes a function a skill: named, typed as JSON on both sides, with its effects declared.

>>> @skill(pure=True)
... def greet(name: str, times: int = 1) -> str:
...     return "hello " * times + name
>>> greet.bind({"name": "Ada"})
{'name': 'Ada', 'times': 1}
>>> invoke(greet, {"nam": "Ada"}).failure.code
'INVALID_INPUT'

A skill is called like its function. A plain ``def`` runs where nothing is watched; an
``async def`` too, unless its first parameter is named ``ctx``: then the engine runs it, it
awaits only what ``ctx`` gives, and a replay runs it again.

Refused when decorated (:class:`Misuse`): generators, ``*args``, ``**kwargs``, positional-only
parameters, annotations without JSON form, unknown effects, names outside the grammar. A name in
an annotation that does not exist yet is looked up at the first use.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cached_property
from typing import Generic, Literal, ParamSpec, Protocol, TypeAlias, TypeVar, cast, overload

import msgspec

from workc.kernel.arguments import (
    MAX_SHOWN_CHARS,
    a,
    instance,
    many,
    shown,
    switch,
    text,
    texts,
    whole,
)
from workc.kernel.failure import Failure, Misuse, Refusal
from workc.kernel.values import Json, JsonObject
from workc.stages.contract import Contract, Parameter, signature_of
from workc.stages.exception import failure_of
from workc.stages.problem import listed
from workc.stages.schema import Schema
from workc.stages.shapes import Unresolved, hints_of
from workc.stages.stage.properties import Property, property_of_json
from workc.stages.stage.refinements import StageError
from workc.stages.stage.value import Example, example_of_json

__all__ = ["EFFECTS", "Kind", "Result", "Skill", "failure_of", "invoke", "invoke_async", "skill"]

P = ParamSpec("P")
R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)
T = TypeVar("T")

Kind: TypeAlias = Literal["function", "async_function", "context"]

#: Every effect a skill can declare; a typo is an error when decorated.
EFFECTS = (
    "Pure",
    "Fallible",
    "Network",
    "Llm",
    "NonDeterministic",
    "Process",
    "FsRead",
    "FsWrite",
    "Cost",
    "Unknown",
)
#: These alone leave a skill pure: the same input gives the same value, or the same failure.
_PURE = frozenset({"Pure", "Fallible"})
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.:-]{0,127}")


@dataclass(frozen=True, kw_only=True, eq=False)
class Skill(Generic[P, R_co]):
    """A function with its contract. ``effects`` None is Unknown (opaque), ``()`` is pure.

    ``secret_params`` names the parameters in which a ``SecretText`` may stand. ``timeout_ms``
    0 means no time at all, None no bound of its own. ``examples`` and ``properties`` are what it
    claims of itself; ``workc stage test`` holds it to them.
    """

    name: str
    version: str
    kind: Kind
    function: Callable[P, R_co]
    effects: tuple[str, ...] | None
    timeout_ms: int | None
    idempotent: bool
    description: str
    secret_params: frozenset[str]
    schemas: tuple[JsonObject | None, JsonObject | None] = field(repr=False)
    examples: tuple[Example, ...] = field(default=(), repr=False)
    properties: tuple[Property, ...] = field(default=(), repr=False)

    def __post_init__(self) -> None:
        """Lets ``inspect`` and ``help`` see the function."""
        seen = ("__doc__", "__module__", "__name__", "__qualname__")
        self.__dict__.update({each: getattr(self.function, each) for each in seen})
        self.__dict__["__wrapped__"] = self.function

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R_co:
        """Calls the function itself: nothing is converted and nothing is checked."""
        return self.function(*args, **kwargs)

    @property
    def pure(self) -> bool:
        """Says whether no effect was declared, as opposed to none being known."""
        return self.effects == ()

    @property
    def input_schema(self) -> JsonObject:
        """Returns the schema of the parameters, an object; see :meth:`bind` for what it raises."""
        return self.inputs.document

    @property
    def inputs(self) -> Schema:
        """Returns the schema of the parameters, compiled; see :meth:`bind` for what it raises."""
        return self._contract.input

    @property
    def output_schema(self) -> JsonObject:
        """Returns the schema of the value; see :meth:`conclude` for what it raises."""
        return self._contract.output_schema

    @property
    def parameters(self) -> tuple[str, ...]:
        """Returns the names of the parameters, ``ctx`` left out; see :meth:`bind` for what it raises."""
        return self._contract.parameters

    def bind(self, params: JsonObject) -> dict[str, object]:
        """Returns the arguments to call the function with, defaults included.

        Raises:
            Refusal: INVALID_INPUT; names the parameter, what was expected and what came.
            Misuse: when an annotation still names something that does not exist.
        """
        return self._contract.bind(params)

    def conclude(self, value: object) -> Json:
        """Returns what the function gave as canonical JSON that fits the output schema.

        Raises:
            Refusal: INVALID_OUTPUT; names the place, what was expected and what came.
            Misuse: when an annotation still names something that does not exist.
        """
        return self._contract.conclude(value)

    def call_in(self, ctx: object, arguments: dict[str, object]) -> Awaitable[object]:
        """Returns what the function of a context skill gives to be awaited, for the engine.

        Raises:
            Misuse: for a skill of another kind.
        """
        _expect(self, "context")
        function = cast("Callable[..., Awaitable[object]]", self.function)
        return function(ctx, **arguments)

    @cached_property
    def _contract(self) -> Contract:
        without = "ctx" if self.kind == "context" else None
        hints = hints_of(self.function, without=without)
        names = [(n, each) for n, each in signature_of(self.function).items() if n != without]
        empty = inspect.Parameter.empty
        parameters = {
            name: Parameter(hints.get(name, empty), each.default, name in self.secret_params)
            for name, each in names
        }
        if unknown := sorted(self.secret_params - parameters.keys()):
            raise Misuse(f"{self.name}: secret_params names {listed(unknown)}, no such parameter")
        return Contract(self.name, parameters, hints.get("return", empty), self.schemas)


class Decorator(Protocol):
    """What ``@skill(...)`` gives: makes a function a skill and keeps its types."""

    def __call__(self, function: Callable[P, R], /) -> Skill[P, R]:
        """Returns the skill of a function."""
        ...


@overload
def skill(function: Callable[P, R], /) -> Skill[P, R]: ...


@overload
def skill(
    *,
    name: str | None = None,
    version: str = "1",
    effects: Iterable[str] | None = None,
    pure: bool = False,
    timeout_ms: int | None = None,
    idempotent: bool | None = None,
    description: str | None = None,
    input_schema: JsonObject | None = None,
    output_schema: JsonObject | None = None,
    secret_params: Iterable[str] = (),
    examples: Iterable[Mapping[str, object]] = (),
    properties: Iterable[Mapping[str, object]] = (),
) -> Decorator: ...


def skill(
    function: Callable[P, R] | None = None,
    *,
    name: str | None = None,
    version: str = "1",
    effects: Iterable[str] | None = None,
    pure: bool = False,
    timeout_ms: int | None = None,
    idempotent: bool | None = None,
    description: str | None = None,
    input_schema: JsonObject | None = None,
    output_schema: JsonObject | None = None,
    secret_params: Iterable[str] = (),
    examples: Iterable[Mapping[str, object]] = (),
    properties: Iterable[Mapping[str, object]] = (),
) -> Skill[P, R] | Decorator:
    """Returns the skill of a function, as ``@skill`` or ``@skill(...)``.

    ``effects`` are names of :data:`EFFECTS`; none given means Unknown, ``pure=True`` means none.
    ``idempotent`` (may be run again when its first run is in doubt) is True when pure. The
    schemas replace what the annotations say; values are still built as these say.
    ``description`` is the first paragraph of the docstring unless given. ``examples`` are objects
    with ``input`` (the parameters by name) and ``output`` or ``error_code``; ``properties`` claim
    something of every input and output, such as ``{"kind": "sorted", "field": "output"}``.

    Raises:
        Misuse: for whatever cannot work; says what to change.
    """
    declared = _declared(effects, pure=switch("pure", pure))
    if idempotent is not None:
        switch("idempotent", idempotent)
    if description is not None:
        instance("description", description, str, "a text")
    for schema in (input_schema, output_schema):
        if schema is not None:
            instance("a schema", schema, dict, "a JSON Schema, an object")

    claimed_examples = _claims(examples, "examples", example_of_json)
    claimed_properties = _claims(properties, "properties", _property)

    def decorate(wrapped: Callable[P, R]) -> Skill[P, R]:
        check_function(wrapped)
        made = Skill(
            name=checked_name(wrapped.__name__ if name is None else name),
            version=_checked_version(version),
            kind=_kind(wrapped),
            function=wrapped,
            effects=declared,
            timeout_ms=_checked_timeout(timeout_ms),
            idempotent=declared == () if idempotent is None else idempotent,
            description=_first_paragraph(wrapped) if description is None else description,
            secret_params=frozenset(_names(secret_params, "secret_params")),
            schemas=(input_schema, output_schema),
            examples=claimed_examples,
            properties=claimed_properties,
        )
        return _compiled(made)

    if function is None:
        return cast("Decorator", decorate)
    return decorate(function)


def _claims(given: object, name: str, read: Callable[[object, str], T]) -> tuple[T, ...]:
    listed_claims = many(name, given, "objects")
    try:
        return tuple(read(each, f"{name}[{index}]") for index, each in enumerate(listed_claims))
    except StageError as error:
        raise Misuse(f"{name}: {error}") from None


def _property(value: object, _what: str) -> Property:
    return property_of_json(value)


def _compiled(made: Skill[P, R]) -> Skill[P, R]:
    try:
        _ = made.input_schema
    except Unresolved:
        # A class that is defined further down; it is looked for again at the first use.
        signature_of(made.function)
    return made


def check_function(
    function: object, made: str = "skill", of: str = "functions (def, async def)"
) -> None:
    """Raises Misuse for what is no function; ``made`` is what the decorator makes, ``of`` of what."""
    if not inspect.isfunction(function):
        raise Misuse(f"@{made} makes {made}s of {of}, not of {a(function)}")


def _kind(function: Callable[..., object]) -> Kind:
    if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
        raise Misuse(f"{function.__qualname__} is a generator; a skill returns one value")
    is_async = inspect.iscoroutinefunction(function)
    takes_context = next(iter(signature_of(function)), None) == "ctx"
    if takes_context and not is_async:
        raise Misuse(f"{function.__qualname__} takes ctx, so it must be an async def")
    if is_async:
        return "context" if takes_context else "async_function"
    return "function"


def _declared(effects: Iterable[str] | None, *, pure: bool) -> tuple[str, ...] | None:
    if effects is None:
        return () if pure else None
    names = sorted(set(_names(effects, "effects")))
    for name in names:
        if name not in EFFECTS:
            close = get_close_matches(name[:MAX_SHOWN_CHARS], EFFECTS, n=1)
            meant = f"did you mean {close[0]}?" if close else f"known are {listed(EFFECTS)}"
            raise Misuse(f"no effect is called {shown(name)}: {meant}")
    return _consistent(names, pure=pure)


def _consistent(names: list[str], *, pure: bool) -> tuple[str, ...] | None:
    if "Unknown" in names:
        if pure or len(names) > 1:
            raise Misuse("effects are Unknown or they are named, not both")
        return None
    if set(names) <= _PURE:
        return ()
    if pure or "Pure" in names:
        raise Misuse(f"a pure skill has no effects, but {listed(names)} are declared")
    return tuple(names)


def _names(names: Iterable[str], what: str) -> list[str]:
    if isinstance(names, str):
        raise Misuse(f'{what} takes a list of names; write ["{shown(names)[1:-1]}"]')
    return list(texts(what, names))


def checked_name(name: object) -> str:
    """Returns the name of a skill.

    Raises:
        Misuse: no skill can be called so.
    """
    if not isinstance(name, str) or _NAME.fullmatch(name) is None:
        raise Misuse(f"a skill cannot be called {shown(name)}: names match {_NAME.pattern}")
    return text("name", name)


def _checked_version(version: str) -> str:
    if not (isinstance(cast("object", version), str) and version.isprintable() and version):
        raise Misuse(f"the version of a skill is a text such as '1', not {shown(version)}")
    return version


def _checked_timeout(timeout_ms: int | None) -> int | None:
    return None if timeout_ms is None else whole("timeout_ms", timeout_ms)


def _first_paragraph(function: Callable[..., object]) -> str:
    paragraph, _, _ = (inspect.getdoc(function) or "").partition("\n\n")
    return " ".join(paragraph.split())


class Result(msgspec.Struct, frozen=True):
    """What one call gave: a value, or the failure that says why there is none."""

    value: Json = None
    failure: Failure | None = None

    @property
    def ok(self) -> bool:
        """Says whether there is a value."""
        return self.failure is None


def invoke(
    skill: Skill[..., object],
    params: JsonObject,
    guard: Callable[[], AbstractContextManager[None]] = nullcontext,
) -> Result:
    """Returns what a skill of kind ``function`` makes of the parameters, called inside ``guard``.

    Whatever its code raises is a failure, ``SystemExit`` included; other exceptions that do not
    derive from ``Exception`` (KeyboardInterrupt) are meant for the process and pass.

    Raises:
        Misuse: for a skill of another kind, or an annotation that does not resolve.
    """
    _expect(skill, "function")
    try:
        arguments = skill.bind(params)
    except Refusal as refusal:
        return Result(failure=refusal.failure)
    try:
        with guard():
            value = skill.function(**arguments)
    # A skill is somebody else's code: whatever it raises is data here.
    except (Exception, SystemExit) as error:  # noqa: BLE001 - see above
        return Result(failure=failure_of(error))
    return _concluded(skill, value)


async def invoke_async(skill: Skill[..., object], params: JsonObject) -> Result:
    """Returns what a skill of kind ``async_function`` makes of the parameters; see invoke.

    Raises:
        Misuse: for a skill of another kind, or an annotation that does not resolve.
    """
    _expect(skill, "async_function")
    try:
        arguments = skill.bind(params)
    except Refusal as refusal:
        return Result(failure=refusal.failure)
    try:
        value = await cast("Awaitable[object]", skill.function(**arguments))
    # A skill is somebody else's code: whatever it raises is data here.
    except (Exception, SystemExit) as error:  # noqa: BLE001 - see above
        return Result(failure=failure_of(error))
    return _concluded(skill, value)


def _expect(skill: Skill[..., object], kind: Kind) -> None:
    if skill.kind != kind:
        raise Misuse(f"{skill.name} is of kind {skill.kind}, not {kind}")


def _concluded(skill: Skill[..., object], value: object) -> Result:
    if inspect.iscoroutine(value):
        # Nobody will await it; closed, it does not warn about that later.
        value.close()
    try:
        return Result(value=skill.conclude(value))
    except Refusal as refusal:
        return Result(failure=refusal.failure)
