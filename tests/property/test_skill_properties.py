"""Arbitrary Python objects at the typed edge of a skill: a value or a refusal, nothing else."""

import dataclasses
import enum
from typing import Literal, TypedDict

import msgspec
import pydantic
from hypothesis import given, settings
from hypothesis import strategies as st

from workc.kernel import jcs
from workc.kernel.failure import Refusal
from workc.stages.annotations import schema_of, to_json, to_python
from workc.stages.effects import SecretName, SecretText
from workc.stages.schema import problems
from workc.stages.skill import invoke, skill


class Colour(enum.Enum):
    RED = "red"
    ONE = 1


@dataclasses.dataclass
class Leaf:
    n: int
    share: float = 0.5
    colour: Colour = Colour.RED
    rest: "list[Leaf]" = dataclasses.field(default_factory=list)


class Entry(TypedDict):
    key: str
    pair: tuple[int, bool] | None


class Row(msgspec.Struct):
    label: Literal["a", 1, True]
    leaf: Leaf | str


class Model(pydantic.BaseModel):
    count: int
    inner: "Model | None" = None


LEAVES = st.builds(
    Leaf,
    st.integers(-(2**53) + 1, 2**53 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from(Colour),
    st.lists(st.builds(Leaf, st.integers(-9, 9)), max_size=2),
)
TYPED = st.one_of(
    LEAVES.map(lambda v: (Leaf, v)),
    st.fixed_dictionaries(
        {"key": st.text(), "pair": st.none() | st.tuples(st.integers(0, 9), st.booleans())}
    ).map(lambda v: (Entry, v)),
    st.builds(Row, st.sampled_from(["a", 1, True]), LEAVES | st.text()).map(lambda v: (Row, v)),
    st.integers(0, 9).map(lambda n: (Model, Model(count=n, inner=Model(count=n)))),
    st.dictionaries(st.text(), st.sampled_from(Colour)).map(lambda v: (dict[str, Colour], v)),
)
ODD = st.sampled_from(
    [object(), b"", {1}, 2**80, float("nan"), "\ud800", SecretText((SecretName("K"),)), Leaf, len]
)
OBJECTS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | ODD | LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["n", "rest", "key", "pair"]) | st.text(), inner, max_size=3
        )
        | st.dictionaries(st.integers() | st.none() | st.tuples(st.booleans()), inner, max_size=2)
        | st.tuples(inner, inner)
    ),
    max_leaves=8,
)


def outcome(function, *arguments):
    """Returns the value and no failure, or no value and the failure of a refusal."""
    try:
        return function(*arguments), None
    except Refusal as refusal:
        failure = refusal.failure
    jcs.encode([failure.message, failure.details])
    return None, failure


def same(one, other):
    return one == other and repr(one) == repr(other)


@settings(max_examples=200, deadline=None)
@given(TYPED)
def test_a_typed_value_survives_the_way_out_and_back(case):
    annotation, value = case
    written, failure = outcome(to_json, value)
    if failure is not None:
        # Text may hold a lone surrogate, which no JSON can; nothing else here is refused.
        assert "surrogate" in failure.message
        return
    assert problems(schema_of(annotation), written) == []
    assert to_json(to_python(annotation, written)) == written
    assert jcs.parse(jcs.encode(written)) == written


@settings(max_examples=200, deadline=None)
@given(OBJECTS)
def test_any_object_becomes_json_or_a_refusal(value):
    written, failure = outcome(to_json, value)
    if failure is not None:
        assert failure.code == "INVALID_OUTPUT"
        return
    assert same(jcs.normalise(written), written)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from([Leaf, Entry, Row, Model, list[Leaf], dict[str, Colour], float]), OBJECTS)
def test_any_object_is_built_or_refused(annotation, value):
    _, failure = outcome(to_python, annotation, value)
    assert failure is None or failure.code == "INVALID_INPUT"


@skill(pure=True, secret_params=["anything"])
def echo(leaf: Leaf | Entry, anything: object = None) -> object:
    return anything


@settings(max_examples=200, deadline=None)
@given(OBJECTS | st.fixed_dictionaries({"leaf": OBJECTS}, optional={"anything": OBJECTS}))
def test_any_parameters_give_a_value_or_a_failure_that_can_be_recorded(params):
    result = invoke(echo, params)
    if result.failure is None:
        jcs.encode(result.value)
        return
    assert result.failure.code in ("INVALID_INPUT", "INVALID_OUTPUT")
    jcs.encode([result.failure.message, result.failure.details])
