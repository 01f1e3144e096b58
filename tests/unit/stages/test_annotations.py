"""Annotations as schemas, and JSON to what they name and back. Real pydantic models included."""

import dataclasses
import datetime
import enum
import functools
import inspect
import re
import subprocess
import sys
import typing
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import (
    Annotated,
    Any,
    Generic,
    Literal,
    NamedTuple,
    NewType,
    NotRequired,
    Optional,
    Required,
    TypedDict,
    TypeVar,
)

import annotated_types
import msgspec
import pydantic
import pytest

from workc.kernel.failure import Misuse, Refusal
from workc.kernel.values import Json, JsonObject
from workc.stages import evaluation
from workc.stages.annotations import schema_of, to_json, to_python
from workc.stages.effects import SecretText
from workc.stages.models import Unresolved
from workc.stages.problem import MAX_DEPTH, MAX_NODES
from workc.stages.schema import check_schema, problems
from workc.stages.shapes import Shapes, Unfit
from workc.stages.skill import skill

T = TypeVar("T")
Age = NewType("Age", int)


class Colour(enum.Enum):
    RED = "red"
    ONE = 1


class Single(enum.StrEnum):
    ONLY = "only"


class Empty(enum.Enum):
    pass


class Odd(enum.Enum):
    RAW = b"x"


@dataclass(frozen=True)
class Point:
    x: int
    y: float = 0.0
    tags: list[str] = field(default_factory=list)


@dataclass
class Node:
    value: int
    next: "Node | None" = None


@dataclass
class Picky:
    n: int

    def __post_init__(self):
        if self.n < 0:
            raise ValueError(f"below zero, says {object()!r}")


@dataclass
class Derived:
    n: int
    double: int = field(init=False, default=0)


@dataclass
class WithInitVar:
    n: dataclasses.InitVar[int]


@dataclass
class Box(Generic[T]):
    inner: T


@dataclass
class Lost:
    other: "Nowhere"  # noqa: F821


@dataclass
class Broken:
    other: "1 / 0"


@dataclass
class Free:
    anything: Json
    members: JsonObject


class Movie(TypedDict):
    name: str
    year: NotRequired[int]


class Loose(TypedDict, total=False):
    name: "Required[str]"
    year: int


class Pair(NamedTuple):
    a: int
    b: int


class Cat(msgspec.Struct, tag=True, rename="camel"):
    nine_lives: int = 9


class Dog(msgspec.Struct, tag=True):
    good: bool


class Row(msgspec.Struct, array_like=True):
    a: int


class Owner(pydantic.BaseModel):
    """Somebody."""

    name: str = pydantic.Field(alias="fullName", min_length=1)
    pets: list["Pet"] = []
    born: datetime.date | None = None

    @pydantic.computed_field
    @property
    def shout(self) -> str:
        return self.name.upper()


class Pet(pydantic.BaseModel):
    kind: Literal["cat", "dog"]
    parent: Optional["Pet"] = None

    @pydantic.field_validator("kind")
    @classmethod
    def no_dogs(cls, kind: str) -> str:
        if kind == "dog":
            raise ValueError("no dogs")
        return kind


Owner.model_rebuild()


class Grumpy(pydantic.BaseModel):
    n: int

    @pydantic.model_validator(mode="after")
    def never(self):
        raise RuntimeError("out of order")


class Multiple(pydantic.BaseModel):
    n: Annotated[int, pydantic.Field(multiple_of=3)]


class Callback(pydantic.BaseModel):
    f: typing.Callable[[int], int]


class Union(pydantic.BaseModel):
    animal: "Meow | Woof" = pydantic.Field(discriminator="kind")
    extra: Annotated[int, pydantic.Field(json_schema_extra={"x-unit": "ms"})] = 0


class Meow(pydantic.BaseModel):
    kind: Literal["meow"]


class Woof(pydantic.BaseModel):
    kind: Literal["woof"]


class Strict(pydantic.BaseModel, extra="forbid"):
    tuples: tuple[int, str] = (1, "a")


class NotFinite(pydantic.BaseModel):
    f: Annotated[float, pydantic.Field(json_schema_extra={"default": float("nan")})]


class Duck:
    """Looks like a model and quacks differently."""

    def __init__(self, error):
        self.error = error

    @classmethod
    def model_json_schema(cls, mode):
        return {"anyOf": [{"type": "string"}, {"type": "null"}]}

    @classmethod
    def model_validate(cls, value):
        raise Quack(value)


class Quack(Exception):
    def errors(self):
        raise AssertionError("asked without the argument it does not take")


class Early(pydantic.BaseModel):
    later: "NotYet"  # noqa: F821


class Tree(pydantic.RootModel[list["Tree"]]):
    pass


def same_name(annotation):
    class Leaf(pydantic.BaseModel):
        v: annotation

    class Branch(pydantic.BaseModel):
        leaf: Leaf

    return Branch


def codes(caught):
    return caught.value.failure.code, caught.value.failure.details["problems"][0]


@pytest.mark.parametrize(
    ("annotation", "schema"),
    [
        (None, {"type": "null"}),
        (type(None), {"type": "null"}),
        (bool, {"type": "boolean"}),
        (int, {"type": "integer"}),
        (float, {"type": "number"}),
        (str, {"type": "string"}),
        (Any, {}),
        (object, {}),
        (list, {"type": "array"}),
        (typing.List, {"type": "array"}),  # noqa: UP006
        (typing.List[int], {"type": "array", "items": {"type": "integer"}}),  # noqa: UP006
        (list[int], {"type": "array", "items": {"type": "integer"}}),
        (Sequence[str], {"type": "array", "items": {"type": "string"}}),
        (tuple, {"type": "array"}),
        (tuple[int, ...], {"type": "array", "items": {"type": "integer"}}),
        (tuple[()], {"type": "array", "minItems": 0, "maxItems": 0}),
        (
            tuple[int, str],
            {
                "type": "array",
                "minItems": 2,
                "maxItems": 2,
                "prefixItems": [{"type": "integer"}, {"type": "string"}],
            },
        ),
        (dict, {"type": "object"}),
        (dict[str, Any], {"type": "object"}),
        (Mapping[str, int], {"type": "object", "additionalProperties": {"type": "integer"}}),
        (Literal["a"], {"const": "a"}),
        (Literal[1, True, None], {"enum": [1, True, None]}),
        (Colour, {"enum": ["red", 1]}),
        (Single, {"const": "only"}),
        (int | None, {"anyOf": [{"type": "integer"}, {"type": "null"}]}),
        (typing.Union[str, None], {"anyOf": [{"type": "string"}, {"type": "null"}]}),  # noqa: UP007
        (Age, {"type": "integer"}),
        (Annotated[int, "in years", object()], {"type": "integer", "description": "in years"}),
        (
            Annotated[int, msgspec.Meta(ge=1, lt=9, title="N", description="a number")],
            {
                "type": "integer",
                "minimum": 1,
                "exclusiveMaximum": 9,
                "title": "N",
                "description": "a number",
            },
        ),
        (
            Annotated[str, pydantic.Field(min_length=1, max_length=5, pattern="^a")],
            {"type": "string", "minLength": 1, "maxLength": 5, "pattern": "^a"},
        ),
        (
            Annotated[str, pydantic.StringConstraints(pattern=re.compile("^b"))],
            {"type": "string", "pattern": "^b"},
        ),
        (
            Annotated[list[int], annotated_types.Len(1, 2)],
            {"type": "array", "items": {"type": "integer"}, "minItems": 1, "maxItems": 2},
        ),
        (
            Annotated[float, annotated_types.Gt(0.5), annotated_types.Le(2)],
            {"type": "number", "exclusiveMinimum": 0.5, "maximum": 2},
        ),
    ],
)
def test_an_annotation_has_the_schema(annotation, schema):
    assert schema_of(annotation) == schema
    assert check_schema(schema_of(annotation)) == []


@pytest.mark.parametrize(
    ("annotation", "match"),
    [
        (bytes, "base64"),
        (bytearray, "base64"),
        (set[int], "has no JSON form"),
        (set, "a set has no order; take a list"),
        (frozenset, "a set has no order; take a list"),
        (datetime.date, "date has no JSON form: use a JSON type"),
        (dict[int, str], "names of a JSON object are strings"),
        (T, "~T has no JSON form"),
        (Box[int], "has no JSON form"),
        (Pair, "Pair has no JSON form"),
        (typing.Callable[[int], int], "has no JSON form"),
        (Literal[b"x"], "bytes"),
        (Literal[Colour.RED], "Colour"),
        (Odd, "bytes"),
        (Empty, "no members"),
        (Derived, "Derived.double is not in both"),
        (WithInitVar, "WithInitVar.n is not in both"),
        (Lost, "an annotation of Lost does not resolve: name 'Nowhere'"),
        (Broken, "an annotation of Broken fails: ZeroDivisionError"),
        ("Nowhere", "'Nowhere' does not resolve"),
        (typing.ForwardRef("Nowhere"), "does not resolve"),
        (Row, "array_like"),
        (Multiple, "multipleOf.*input_schema and output_schema"),
        (Callback, "Callback has no JSON schema: PydanticInvalidForJsonSchema"),
        (Early, "NotYet"),
        (NotFinite, "the schema of NotFinite is not JSON"),
        (Annotated[int, annotated_types.MultipleOf(3)], "multiple_of"),
        (Annotated[int, annotated_types.Len(3)], "min_length bounds strings and lists"),
        (Annotated[Point, annotated_types.MaxLen(3)], "max_length bounds"),
        (Annotated[str, annotated_types.Ge("a")], "the bound ge is a str"),
        (42, "42 has no JSON form"),
    ],
)
def test_an_annotation_without_json_form_is_misuse_that_says_what_to_do(annotation, match):
    with pytest.raises(Misuse, match=match):
        schema_of(annotation)


def test_a_name_that_is_still_to_come_is_told_apart():
    for annotation in (Lost, Early, "Nowhere"):
        with pytest.raises(Unresolved):
            schema_of(annotation)


class Endless:
    __value__: object = None

    def __repr__(self):
        return "Endless"


def test_a_type_alias_that_names_itself_is_refused():
    # What `type X = list[X]` is from Python 3.12 on.
    alias = Endless()
    alias.__value__ = Annotated[object, alias]
    assert schema_of(alias) == {}
    alias.__value__ = list[alias]
    with pytest.raises(Misuse, match="names itself"):
        schema_of(alias)


def test_a_dataclass_is_a_closed_definition():
    assert schema_of(Point) == {
        "$ref": "#/$defs/Point",
        "$defs": {
            "Point": {
                "type": "object",
                "title": "Point",
                "properties": {
                    "x": {"type": "integer"},
                    "y": {"type": "number"},
                    "tags": {"type": "array", "items": {"type": "string"}},
                },
                "required": ["x"],
                "additionalProperties": False,
            }
        },
    }
    assert to_python(Point, {"x": 1.0, "y": 2}) == Point(1, 2.0, [])
    assert type(to_python(Point, {"x": 1.0}).x) is int
    assert type(to_python(Point, {"x": 1, "y": 2}).y) is float
    assert to_json(Point(1, 2.5, ["a"])) == {"x": 1, "y": 2.5, "tags": ["a"]}


def test_a_dataclass_may_contain_itself():
    value = None
    for n in range(MAX_DEPTH):
        value = {"value": n, "next": value}
    built = to_python(Node, value)
    assert built.next.next.value == MAX_DEPTH - 3
    assert to_json(built) == value


def test_typed_dicts_know_what_may_be_left_out():
    assert schema_of(Movie)["$defs"]["Movie"]["required"] == ["name"]
    assert schema_of(Loose)["$defs"]["Loose"]["required"] == ["name"]
    assert to_python(Movie, {"name": "M"}) == {"name": "M"}
    with pytest.raises(Refusal, match="/yaer: expected only"):
        to_python(Movie, {"name": "M", "yaer": 1})


def test_structs_are_objects_and_their_tags_members():
    assert schema_of(Cat)["$defs"]["Cat"]["required"] == ["type"]
    assert to_python(Cat | Dog, {"type": "Dog", "good": True}) == Dog(True)
    assert to_python(list[Cat | Dog], [{"type": "Cat", "nineLives": 1}]) == [Cat(1)]
    assert to_json(Cat(3)) == {"type": "Cat", "nineLives": 3}


def test_pydantic_models_keep_their_schema_and_their_validators():
    schema = schema_of(list[Owner])
    assert schema["items"]["properties"]["pets"]["items"] == {"$ref": "#/$defs/Pet"}
    assert schema["$defs"]["Pet"]["properties"]["kind"]["enum"] == ["cat", "dog"]
    owner = to_python(Owner, {"fullName": "Ada", "pets": [{"kind": "cat"}], "born": "1815-12-10"})
    assert owner.born == datetime.date(1815, 12, 10)
    assert isinstance(owner.pets[0], Pet)
    made = to_json(owner)
    assert made["fullName"] == "Ada"
    assert made["shout"] == "ADA"
    assert made["born"] == "1815-12-10"
    assert problems(schema_of(Owner, "output"), made) == []


def test_a_recursive_model_and_a_root_model_work():
    assert problems(schema_of(Tree), [[], [[]]]) == []
    assert to_json(to_python(Tree, [[], [[]]])) == [[], [[]]]


def test_a_model_error_names_the_field_what_was_expected_and_what_came():
    with pytest.raises(Refusal) as caught:
        to_python(dict[str, Owner], {"a": {"fullName": "A", "pets": [{"kind": "dog"}]}})
    assert codes(caught) == (
        "INVALID_INPUT",
        {
            "pointer": "/a/pets/0/kind",
            "expected": "Value error, no dogs",
            "actual": 'string "dog"',
        },
    )
    with pytest.raises(Refusal, match="expected a Grumpy, got RuntimeError: out of order"):
        to_python(Grumpy, {"n": 1})


def test_a_closed_model_stays_closed():
    with pytest.raises(Refusal, match='/x: expected only "tuples"'):
        to_python(Strict, {"x": 1})
    assert to_python(Strict, {"tuples": [2, "b"]}).tuples == (2, "b")


def test_an_error_that_only_looks_like_one_of_pydantic_is_told_in_words():
    with pytest.raises(Refusal, match=r"the value: .the value.: expected a Duck, got Quack: a"):
        to_python(Duck, "a")


def test_a_place_in_a_model_skips_the_names_of_alternatives():
    class Either(pydantic.BaseModel):
        one: Pet | list[Pet]

    with pytest.raises(Refusal) as caught:
        to_python(Either, {"one": {"kind": "dog"}})
    assert codes(caught)[1]["pointer"] == "/one/kind"


def test_a_union_builds_nothing_from_what_does_not_fit(monkeypatch):
    shape = Shapes("input").of(int | list[int])
    with pytest.raises(Unfit, match="/a: expected one of the alternatives, got object of 0"):
        shape.build({}, "/a")
    monkeypatch.setattr(evaluation.Run.__init__, "__defaults__", (0,))
    with pytest.raises(Unfit):
        shape.build([1], "/a")


def test_words_that_only_describe_are_dropped_from_a_model():
    schema = schema_of(Union)
    assert check_schema(schema) == []
    assert schema["properties"]["extra"] == {"default": 0, "title": "Extra", "type": "integer"}
    assert to_python(Union, {"animal": {"kind": "woof"}}).animal == Woof(kind="woof")


def test_definitions_of_one_name_and_different_content_are_kept_apart():
    @dataclass
    class Both:
        a: same_name(int)
        b: same_name(str)
        c: same_name(int)

    defs = schema_of(Both)["$defs"]
    assert sorted(defs) == ["Both", "Leaf", "Leaf_2"]
    assert defs["Both"]["properties"]["b"]["properties"]["leaf"] == {"$ref": "#/$defs/Leaf_2"}
    assert defs["Both"]["properties"]["c"]["properties"]["leaf"] == {"$ref": "#/$defs/Leaf"}
    assert (
        problems(schema_of(Both), {n: {"leaf": {"v": 1}} for n in "abc"})[0].pointer == "/b/leaf/v"
    )


def test_two_dataclasses_of_one_name_are_kept_apart():
    def made(annotation):
        @dataclass
        class Leaf:
            v: annotation

        return Leaf

    one, other = made(int), made(str)
    schema = schema_of(tuple[one, other, one])
    assert [each["$ref"] for each in schema["prefixItems"]] == [
        "#/$defs/Leaf",
        "#/$defs/Leaf_2",
        "#/$defs/Leaf",
    ]


def test_the_json_type_of_workc_means_anything():
    schema = schema_of(Free)
    value = {"anything": [{"deep": [None]}], "members": {"a": 1}}
    assert problems(schema, value) == []
    assert to_python(Free, value) == Free(**value)


@pytest.mark.parametrize(
    ("annotation", "value", "built"),
    [
        (tuple[int, str], [1, "a"], (1, "a")),
        (tuple[int, ...], [1, 2], (1, 2)),
        (Colour, "red", Colour.RED),
        (Colour, 1.0, Colour.ONE),
        (Single, "only", Single.ONLY),
        (Literal[1, True], True, True),
        (dict[str, Colour], {"a": 1}, {"a": Colour.ONE}),
        (float, 1, 1.0),
        (int, 1.0, 1),
        (float | int, 1, 1),
        (int | float, 1.5, 1.5),
        (bool | int, True, True),
        (Point | Node, {"value": 1}, Node(1)),
        (None, None, None),
        (Annotated[Colour, "c"], "red", Colour.RED),
        (object, {"a": [1]}, {"a": [1]}),
    ],
)
def test_a_value_is_built_as_the_annotation_says(annotation, value, built):
    made = to_python(annotation, value)
    assert made == built
    assert type(made) is type(built)


@pytest.mark.parametrize(
    ("annotation", "value", "match"),
    [
        (int, True, "the value: .the value.: expected integer, got true"),
        (bool, 1, "expected boolean, got integer 1"),
        (tuple[int, str], [1], "expected at least 2 items"),
        (Colour, True, 'expected one of "red", 1, got true'),
        (float, 10**400, "expected a number that a float can hold, got integer of 1329 bits"),
        (float | None, 10**400, "a float can hold"),
        (object, {1: 2}, "strings as names"),
        (list[object], [{1, 2}], "/0: expected a JSON value, got set"),
        (Picky, {"n": -1}, r"a Picky, got ValueError: below zero, says <object object at 0x\.\.>"),
        (list[Point], [{"x": 1}, {"x": "1"}, {}], r"/1/x: expected integer.*\(and 1 more\)"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_with_its_place(annotation, value, match):
    with pytest.raises(Refusal, match=match) as caught:
        to_python(annotation, value)
    assert caught.value.failure.code == "INVALID_INPUT"


class Text(str):
    def __str__(self):
        raise ValueError("no")


class Items(list):
    def __iter__(self):
        raise ValueError("no")


class Members(dict):
    def items(self):
        raise ValueError("no")


class Whole(int):
    pass


class Real(float):
    pass


@pytest.mark.parametrize(
    ("value", "made"),
    [
        ((1, (2,)), [1, [2]]),
        (Pair(1, 2), [1, 2]),
        ({Colour.RED: Colour.ONE}, {"red": 1}),
        (Single.ONLY, "only"),
        ([Text("a"), Whole(2), Real(2.5), True, None], ["a", 2, 2.5, True, None]),
        (Items([1]), [1]),
        (Members(a=1), {"a": 1}),
        (1.0, 1),
        (-0.0, 0),
        ({"b": 1, "a": Point(1)}, {"a": {"tags": [], "x": 1, "y": 0}, "b": 1}),
    ],
)
def test_a_returned_value_becomes_plain_json(value, made):
    result = to_json(value)
    assert result == made
    assert repr(result) == repr(made)


def cyclic_list():
    value = []
    value.append(value)
    return value


def cyclic_dict():
    value = {}
    value["a"] = value
    return value


def cyclic_dataclass():
    node = Node(1)
    node.next = node
    return node


def laughing():
    value = ["ha"]
    for _ in range(100):
        value = (value, value)
    return value


class Reluctant:
    def model_dump(self, **_):
        raise RuntimeError("not today")


class Mirror:
    def model_dump(self, **_):
        return self


@dataclass
class Half:
    n: int


@pytest.mark.parametrize(
    ("value", "match"),
    [
        ({1}, "a set, which has no order"),
        (frozenset(), "a set, which has no order"),
        ([b"x"], "/0: expected a JSON value, got bytes"),
        (object(), "expected a JSON value, got an object"),
        (Point, "expected a JSON value, got a type"),
        (SecretText(("a",)), "got a secret"),
        ({1: 1}, "strings as names, got a name of type int"),
        ({(): 1}, "strings as names"),
        (float("nan"), "a finite number, got NaN"),
        (2**53, "that JSON can hold"),
        ("\ud800", "that JSON can hold"),
        ({"\ud800": 1}, "that JSON can hold"),
        (cyclic_list(), "levels, got more, or a cycle"),
        (cyclic_dict(), "levels, got more, or a cycle"),
        (cyclic_dataclass(), "levels, got more, or a cycle"),
        (Mirror(), "levels, got more, or a cycle"),
        (Reluctant(), "a value that can be read, got RuntimeError: not today"),
        ([[0] * (MAX_NODES // 2)] * 2, f"at most {MAX_NODES} values in all"),
        (Ellipsis, "an ellipsis"),
    ],
)
def test_a_returned_value_without_json_form_is_refused(value, match):
    with pytest.raises(Refusal, match=match) as caught:
        to_json(value)
    assert caught.value.failure.code == "INVALID_OUTPUT"


def test_a_returned_dataclass_that_lost_a_field_is_refused():
    half = Half(1)
    del half.n
    with pytest.raises(Refusal, match="AttributeError"):
        to_json(half)


def test_values_nest_as_deep_as_canonical_ones_and_no_deeper():
    def tuples(depth):
        value = ()
        for _ in range(depth - 1):
            value = (value,)
        return value

    assert str(to_json(tuples(MAX_DEPTH))) == "[" * MAX_DEPTH + "]" * MAX_DEPTH
    with pytest.raises(Refusal):
        to_json(tuples(MAX_DEPTH + 1))


def test_what_comes_out_shares_nothing_with_what_went_in():
    inner = [1]
    made = to_json({"a": inner})
    inner.append(2)
    assert made == {"a": [1]}


def nodes(depth):
    value = None
    for n in range(depth):
        value = {"value": n, "next": value}
    return value


@skill
def takes_node(node: Node) -> None:
    return None


@pytest.mark.parametrize(
    "convert",
    [to_json, functools.partial(to_python, Node), lambda value: takes_node.bind({"node": value})],
)
def test_a_stack_that_is_almost_full_is_a_refusal(convert):
    def down(frames):
        return down(frames - 1) if frames else convert(value)

    value = nodes(100)
    down(0)
    free = sys.getrecursionlimit() - len(inspect.stack())
    with pytest.raises(Refusal, match=r"fits on the stack|too little stack"):
        down(free - 150)


def test_importing_the_stages_does_not_import_pydantic():
    code = (
        "import sys, workc.stages.skill, workc.stages.annotations; "
        "print([m for m in ('pydantic', 'annotated_types', 'asyncio') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
