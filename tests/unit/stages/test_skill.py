"""Skills: what the decorator accepts, how parameters are bound, values concluded, code invoked."""

from __future__ import annotations

import asyncio
import functools
import inspect
import json
import types
from dataclasses import dataclass, field
from typing import Annotated, Literal

import msgspec
import pydantic
import pytest

from workc.kernel.failure import Misuse, Refusal, refuse
from workc.kernel.values import Json, JsonObject
from workc.stages.effects import SecretName, SecretText
from workc.stages.exception import MAX_FRAMES, MAX_WORDS, failure_of, words_of
from workc.stages.problem import MAX_DEPTH
from workc.stages.skill import EFFECTS, Result, Skill, invoke, invoke_async, skill

SECRET = SecretText(("Bearer ", SecretName("KEY")))


@skill
def plain(n: int) -> int:
    """Adds one.

    Never less.
    """
    return n + 1


@skill(pure=True)
def typed(when: Moment, colour: Literal["red", "blue"] = "red", extra=None) -> list[Moment]:
    return [when]


@dataclass
class Moment:
    year: int
    notes: list[str] = field(default_factory=list)


class Person(pydantic.BaseModel):
    name: str
    age: int = 3


@skill(secret_params=["headers", "url"], effects=["Network"])
def calls(
    url: Annotated[str, msgspec.Meta(pattern="^https:", min_length=99)],
    headers: dict[str, str | int] | None = None,
    body: Json = None,
) -> object:
    return None


def refused(made, params):
    with pytest.raises(Refusal) as caught:
        made.bind(params)
    assert caught.value.failure.code == "INVALID_INPUT"
    return caught.value.failure.message


def test_a_bare_decorator_takes_name_and_description_from_the_function():
    assert (plain.name, plain.version, plain.kind) == ("plain", "1", "function")
    assert plain.description == "Adds one."
    assert (plain.effects, plain.pure, plain.idempotent, plain.timeout_ms) == (
        None,
        False,
        False,
        None,
    )
    assert plain.secret_params == frozenset()


def test_a_skill_is_called_and_inspected_like_its_function():
    assert plain(1) == 2
    assert plain(n=2) == 3
    assert plain.__name__ == "plain"
    assert plain.__doc__.startswith("Adds one.")
    assert list(inspect.signature(plain).parameters) == ["n"]


def test_a_skill_does_not_change():
    with pytest.raises(AttributeError):
        plain.name = "other"


def test_everything_can_be_said_in_the_decorator():
    @skill(
        name="a.b:c-d",
        version="2.1",
        effects=["Network", "Cost", "Network"],
        timeout_ms=0,
        idempotent=True,
        description="Says it.",
        input_schema={"type": "object", "required": ["n"], "properties": {"n": {"minimum": 3}}},
        output_schema={"maximum": 9},
        secret_params={"n"},
    )
    def said(n: int) -> int:
        return n

    assert (said.name, said.version, said.effects) == ("a.b:c-d", "2.1", ("Cost", "Network"))
    assert (said.timeout_ms, said.idempotent, said.description) == (0, True, "Says it.")
    assert invoke(said, {"n": 2}).failure.code == "INVALID_INPUT"
    assert invoke(said, {"n": 5}) == Result(5)
    assert invoke(said, {"n": 10}).failure.code == "INVALID_OUTPUT"


def test_the_kind_follows_from_the_function():
    @skill
    async def alone(n: int) -> int:
        return n

    @skill
    async def inside(ctx: Unknown, n: int) -> int:  # noqa: F821
        return n

    assert alone.kind == "async_function"
    assert inside.kind == "context"
    assert sorted(inside.input_schema["properties"]) == ["n"]
    assert inside.bind({"n": 1}) == {"n": 1}
    assert asyncio.run(inside.call_in(object(), {"n": 7})) == 7
    with pytest.raises(Misuse, match="is of kind async_function, not context"):
        alone.call_in(object(), {"n": 1})


@pytest.mark.parametrize(
    ("effects", "pure", "declared"),
    [
        (None, False, None),
        (None, True, ()),
        ([], False, ()),
        ([], True, ()),
        (["Pure"], False, ()),
        (["Fallible"], True, ()),
        (["Fallible", "Pure"], False, ()),
        (["Unknown"], False, None),
        (["Network", "Fallible"], False, ("Fallible", "Network")),
        (
            tuple(sorted(set(EFFECTS) - {"Pure", "Unknown"})),
            False,
            tuple(sorted(set(EFFECTS) - {"Pure", "Unknown"})),
        ),
    ],
)
def test_effects_are_none_for_unknown_and_empty_for_pure(effects, pure, declared):
    made = skill(effects=effects, pure=pure)(lambda_free())
    assert made.effects == declared
    assert made.pure == made.idempotent == (declared == ())


def lambda_free():
    def function():
        return None

    return function


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"effects": ["Netwrok"]}, "no effect is called 'Netwrok': did you mean Network"),
        ({"effects": ["???"]}, "known are"),
        ({"effects": "Network"}, r'write \["Network"\]'),
        ({"effects": ["Unknown", "Network"]}, "Unknown or they are named"),
        ({"effects": ["Unknown"], "pure": True}, "Unknown or they are named"),
        ({"effects": ["Network"], "pure": True}, "a pure skill has no effects"),
        ({"effects": ["Pure", "Network"]}, "a pure skill has no effects"),
        ({"name": "1a"}, "cannot be called '1a'"),
        ({"name": "a" * 129}, "cannot be called"),
        ({"name": "a b"}, "cannot be called"),
        ({"name": "a\n"}, "cannot be called"),
        ({"version": ""}, "the version of a skill"),
        ({"version": 1}, "the version of a skill"),
        ({"timeout_ms": -1}, "timeout_ms is a whole number"),
        ({"timeout_ms": True}, "timeout_ms is a whole number"),
        ({"timeout_ms": 1.0}, "timeout_ms is a whole number"),
        ({"timeout_ms": 2**53}, "timeout_ms is a whole number"),
        ({"secret_params": ["headres"]}, 'secret_params names "headres", no such parameter'),
        ({"secret_params": "n"}, r'write \["n"\]'),
        ({"input_schema": {}}, '"type": "object"'),
        ({"input_schema": {"type": "object"}}, "input_schema must require n"),
        (
            {"input_schema": {"type": "object", "required": ["n"], "properties": {"m": {}}}},
            'input_schema declares "m"',
        ),
        ({"input_schema": {"type": "object", "reqired": ["n"]}}, "did you mean required"),
        ({"output_schema": {"typ": "object"}}, "did you mean type"),
    ],
)
def test_what_cannot_work_is_misuse_when_decorated(options, match):
    def function(n):
        return n

    with pytest.raises(Misuse, match=match):
        skill(**options)(function)


def test_names_and_timeouts_reach_their_limits():
    made = skill(name="a" * 128, timeout_ms=2**53 - 1)(lambda_free())
    assert (len(made.name), made.timeout_ms) == (128, 2**53 - 1)


def test_functions_that_cannot_be_called_with_json_are_refused():
    def generator():
        yield 1

    async def async_generator():
        yield 1

    def star(*args):
        return args

    def stars(**kwargs):
        return kwargs

    def positional(a, /):
        return a

    def takes_context(ctx):
        return ctx

    def unsupported(a: set[int]):
        return a

    def gives_bytes() -> bytes:
        return b""

    for function, match in [
        (generator, "is a generator"),
        (async_generator, "is a generator"),
        (star, r"\*args takes values without names"),
        (stars, r"\*\*kwargs takes names nobody declared"),
        (positional, "a is positional-only"),
        (takes_context, "takes ctx, so it must be an async def"),
        (unsupported, "no JSON form"),
        (gives_bytes, "base64"),
        (len, "not of a builtin_function_or_method"),
        (functools.partial(positional), "makes skills of functions"),
        (plain, "makes skills of functions"),
    ]:
        with pytest.raises(Misuse, match=match):
            skill(function)
        with pytest.raises(Misuse, match=match):
            skill(description="d")(function)


def test_a_lambda_needs_a_name():
    with pytest.raises(Misuse, match="<lambda>"):
        skill(lambda: 1)
    assert invoke(skill(name="one")(lambda: 1), {}) == Result(1)


def test_a_class_that_is_defined_later_is_found_at_the_first_use():
    assert typed.bind({"when": {"year": 5}}) == {"when": Moment(5), "colour": "red", "extra": None}
    assert typed.conclude([Moment(5)]) == [{"notes": [], "year": 5}]


def test_a_name_that_never_appears_is_misuse_at_the_first_use():
    @skill
    def lost(a: Nowhere) -> int:  # noqa: F821
        return 1

    for use in (lambda: lost.bind({}), lambda: lost.conclude(1), lambda: invoke(lost, {})):
        with pytest.raises(Misuse, match="name 'Nowhere' is not defined"):
            use()


def test_the_schemas_are_those_of_the_signature():
    assert calls.input_schema == {
        "type": "object",
        "properties": {
            "url": {"type": "string", "pattern": "^https:", "minLength": 99},
            "headers": {
                "anyOf": [
                    {
                        "type": "object",
                        "additionalProperties": {
                            "anyOf": [{"type": "string"}, {"type": "integer"}]
                        },
                    },
                    {"type": "null"},
                ],
                "default": None,
            },
            "body": calls.input_schema["properties"]["body"],
        },
        "required": ["url"],
        "additionalProperties": False,
    }
    assert calls.output_schema == {}
    assert typed.output_schema["items"] == {"$ref": "#/$defs/Moment"}


def test_a_default_that_is_no_json_applies_and_is_not_shown():
    marker = object()

    @skill
    def odd(a: int = marker, b: Person = Person(name="Ada")) -> None:  # noqa: B008
        return None

    assert "default" not in odd.input_schema["properties"]["a"]
    assert odd.input_schema["properties"]["b"]["default"] == {"age": 3, "name": "Ada"}
    assert odd.bind({}) == {"a": marker, "b": Person(name="Ada")}


def test_the_default_of_a_given_schema_applies():
    @skill(input_schema={"type": "object", "properties": {"m": {"default": {"year": 1}}}})
    def given(m: Moment, n: int = 2) -> None:
        return None

    assert given.bind({}) == {"m": Moment(1), "n": 2}


def test_parameters_come_in_normal_form_and_in_the_order_of_the_signature():
    source = {"z": [1.0, -0.0], "a": {"k": [2.5]}}

    @skill
    def order(z, a) -> None:
        return None

    bound = order.bind(source)
    assert list(bound) == ["z", "a"]
    assert repr(bound) == "{'z': [1, 0], 'a': {'k': [2.5]}}"
    source["z"].append(3)
    assert bound["z"] == [1, 0]


@pytest.mark.parametrize(
    ("params", "match"),
    [
        ({}, "input of typed: /when: expected a value, got nothing"),
        ({"wen": 1}, 'a parameter of "when", "colour", "extra" (did you mean when?)'),
        ({"when": {"year": True}}, "/when/year: expected integer, got true"),
        ({"when": {"year": 1}, "colour": "green"}, '/colour: expected one of "red", "blue"'),
        ({"when": {"year": 1}, "extra": SECRET}, "/extra: expected a value without secrets"),
        ({"when": {"year": 1, "notes": [SECRET]}}, "/when: expected a value without secrets"),
        ({"when": 1, "extra": {1}}, "/extra: expected a JSON value, got set"),
        ({"when": 1, "extra": [2**53]}, "/extra: expected a value that JSON can hold"),
        ({"when": 1, "extra": "\ud800"}, "/extra: expected a value that JSON can hold"),
        ({"when": 1, "extra": float("inf")}, "/extra: expected a finite number"),
        ({"when": 1, 5: 1}, "strings as names"),
        ([], "expected an object of parameters, got list"),
        (None, "expected an object of parameters, got NoneType"),
        ({1, 2}, "expected a JSON value, got set"),
    ],
)
def test_parameters_that_do_not_fit_are_refused_by_name(params, match):
    assert match in refused(typed, params)


def test_nested_unhashable_and_cyclic_parameters_are_refused_and_never_raise():
    cycle = []
    cycle.append({"a": cycle})
    assert f"at most {MAX_DEPTH} levels" in refused(typed, {"when": {"year": 1}, "extra": cycle})
    deep = []
    for _ in range(100_000):
        deep = [deep]
    assert "levels" in refused(typed, {"when": {"year": 1}, "extra": deep})
    assert "strings as names" in refused(typed, {"when": {("a", (1,)): {}}})
    assert "expected object, got array" in refused(typed, {"when": [{}]})


def test_a_constructor_that_refuses_is_invalid_input():
    @dataclass
    class Even:
        n: int

        def __post_init__(self):
            if self.n % 2:
                raise ValueError("odd")

    def takes(e):
        return e.n

    takes.__annotations__ = {"e": Even}
    assert "/e: expected a Even, got ValueError: odd" in refused(skill(takes), {"e": {"n": 1}})
    assert invoke(skill(takes), {"e": {"n": 2}}) == Result(2)


def test_a_skill_without_parameters_takes_none():
    assert skill(lambda_free()).bind({}) == {}
    assert "expected no parameters, got an unknown one" in refused(skill(lambda_free()), {"a": 1})


def test_a_secret_passes_where_it_is_declared_whatever_its_content():
    bound = calls.bind({"url": SECRET, "headers": {"b": SECRET, "a": "x", "n": 1.0}})
    assert bound == {"url": SECRET, "headers": {"a": "x", "b": SECRET, "n": 1}, "body": None}
    assert list(bound["headers"]) == ["a", "b", "n"]
    assert "/body: expected a value without secrets" in refused(
        calls, {"url": SECRET, "body": [SECRET]}
    )
    assert "/headers: expected object or null" in refused(calls, {"url": SECRET, "headers": SECRET})
    wrong = {"url": SECRET, "headers": {"a": [SECRET, 2**53]}}
    assert "that JSON can hold" in refused(calls, wrong)
    listed = {"url": SECRET, "headers": {"a": [SECRET]}}
    assert "/headers/a: expected string or integer, got array of 1" in refused(calls, listed)


def test_a_value_outside_the_output_type_is_invalid_output():
    with pytest.raises(Refusal, match=r"output of plain: .the value.: expected integer") as caught:
        plain.conclude("x")
    assert caught.value.failure.code == "INVALID_OUTPUT"
    with pytest.raises(Refusal, match=r"output of plain: .*got a set"):
        plain.conclude({1})
    assert plain.conclude(2.0) == 2


def test_models_are_built_and_returned():
    @skill
    def older(person: Person) -> Person:
        return Person(name=person.name, age=person.age + 1)

    assert invoke(older, {"person": {"name": "Ada"}}) == Result({"age": 4, "name": "Ada"})
    assert "/person/name" in invoke(older, {"person": {}}).failure.message


def test_invoke_gives_value_or_failure():
    assert invoke(plain, {"n": 1}) == Result(value=2)
    assert invoke(plain, {"n": 1}).ok
    failed = invoke(plain, {"n": "1"})
    assert not failed.ok
    assert (failed.value, failed.failure.code) == (None, "INVALID_INPUT")


def raising(error):
    @skill
    def fails() -> None:
        raise error

    return fails


def deeper(n):
    if n:
        deeper(n - 1)
    json.loads("{")


def test_an_exception_becomes_skill_failed_with_words_and_frames():
    @skill
    def fails(n: int) -> int:
        deeper(n)
        return 0

    failure = invoke(fails, {"n": 1}).failure
    assert failure.code == "SKILL_FAILED"
    assert failure.message.startswith("JSONDecodeError: Expecting property name")
    assert failure.details["exception"] == "json.decoder.JSONDecodeError"
    frames = failure.details["frames"]
    here = deeper.__code__.co_firstlineno
    test = "test_an_exception_becomes_skill_failed_with_words_and_frames"
    assert [(f["function"], f["module"]) for f in frames] == [
        (f"{test}.<locals>.fails", __name__),
        ("deeper", __name__),
        ("deeper", __name__),
    ]
    assert [f["line"] for f in frames[1:]] == [here + 2, here + 3]
    assert all(sorted(f) == ["function", "line", "module"] for f in frames)


def test_a_failure_is_the_same_however_deep_the_caller_stands():
    @skill
    def endless(n: int = 0) -> int:
        return endless(n + 1)

    def below(n):
        return below(n - 1) if n else invoke(endless, {}).failure

    assert below(0) == below(50)
    # The skill's own __call__ stands in between and is not listed.
    assert len(below(0).details["frames"]) == MAX_FRAMES


def test_words_are_bounded_and_hold_no_address():
    assert words_of(ValueError("x" * MAX_WORDS)) == "ValueError: " + "x" * MAX_WORDS
    assert words_of(ValueError("x" * (MAX_WORDS + 1))) == "ValueError: " + "x" * MAX_WORDS
    assert words_of(ValueError()) == "ValueError"
    assert words_of(ValueError(object())) == "ValueError: <object object at 0x..>"
    assert (
        words_of(ValueError("<X at 0x93a1> 0x7f0011223344 0x1F"))
        == "ValueError: <X at 0x..> 0x.. 0x1F"
    )
    assert words_of(ValueError("\ud800")) == "ValueError: \\ud800"


def test_an_exception_that_cannot_say_what_it_is_has_only_its_name():
    class Mute(Exception):
        def __str__(self):
            raise RuntimeError("no words")

    failure = invoke(raising(Mute()), {}).failure
    assert failure.message == "Mute"
    assert failure.details["exception"].endswith("<locals>.Mute")


def test_a_refusal_of_the_skill_passes_as_its_failure():
    failure = invoke(raising(refuse("TIMEOUT", "too late", after=5.0)), {}).failure
    assert (failure.code, failure.message, failure.details) == ("TIMEOUT", "too late", {"after": 5})


@pytest.mark.parametrize(
    "refusal",
    [refuse("NO_SUCH_CODE", "m"), refuse("TIMEOUT", "m", a={1}), refuse("TIMEOUT", "\ud800")],
)
def test_a_refusal_that_cannot_be_recorded_is_a_defect_of_the_skill(refusal):
    failure = invoke(raising(refusal), {}).failure
    assert failure.code == "SKILL_FAILED"
    assert failure.details["exception"] == "workc.kernel.failure.Refusal"
    assert json.dumps(failure.message).isascii()
    failure.message.encode()


def test_leaving_the_process_is_a_failure_and_interrupting_it_is_not():
    failure = invoke(raising(SystemExit(3)), {}).failure
    assert (failure.code, failure.message) == ("SKILL_FAILED", "SystemExit: 3")
    with pytest.raises(KeyboardInterrupt):
        invoke(raising(KeyboardInterrupt()), {})
    assert invoke(raising(Misuse("wrong")), {}).failure.code == "SKILL_FAILED"


def test_a_coroutine_that_nobody_awaits_is_invalid_output():
    async def later():
        return 1

    @skill
    def forgets() -> int:
        return later()

    assert invoke(forgets, {}).failure.code == "INVALID_OUTPUT"


def test_async_functions_are_awaited():
    @skill
    async def twice(n: int) -> int:
        await asyncio.sleep(0)
        return 2 * n if n else missing()

    def missing():
        raise KeyError("zero")

    assert asyncio.run(invoke_async(twice, {"n": 2})) == Result(4)
    assert asyncio.run(invoke_async(twice, {})).failure.code == "INVALID_INPUT"
    failure = asyncio.run(invoke_async(twice, {"n": 0})).failure
    assert failure.message == "KeyError: 'zero'"
    assert [f["function"].rpartition(".")[2] for f in failure.details["frames"]] == [
        "twice",
        "missing",
    ]


def test_a_cancelled_skill_is_cancelled():
    @skill
    async def cancelled() -> None:
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(invoke_async(cancelled, {}))


def test_each_kind_is_run_by_its_own_function():
    @skill
    async def later() -> None:
        return None

    with pytest.raises(Misuse, match="later is of kind async_function, not function"):
        invoke(later, {})
    with pytest.raises(Misuse, match="plain is of kind function, not async_function"):
        asyncio.run(invoke_async(plain, {}))


def test_a_frame_of_a_module_without_a_name_is_listed():
    code = compile("def f():\n  raise ValueError", "nowhere", "exec").co_consts[0]
    function = types.FunctionType(code, {"__name__": 5}, "f")
    try:
        function()
    except ValueError as error:
        frames = failure_of(error).details["frames"]
    assert frames[-1] == {"module": "5", "function": "f", "line": 2}


def test_a_wrapped_function_keeps_its_own_signature():
    def traced(function):
        @functools.wraps(function)
        def wrapper(*args, **kwargs):
            return function(*args, **kwargs)

        return wrapper

    @skill
    @traced
    def inner(m: Moment) -> JsonObject:
        return {"year": m.year}

    assert invoke(inner, {"m": {"year": 4}}) == Result({"year": 4})
    assert isinstance(inner, Skill)
