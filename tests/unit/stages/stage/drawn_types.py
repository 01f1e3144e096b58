"""Types at random, and values of a type."""

import base64

from hypothesis import strategies as st

from workc.stages.stage.refinements import Length, NonEmpty, OneOf, Range
from workc.stages.stage.types import (
    Any,
    Bool,
    Bytes,
    List,
    Map,
    Null,
    Number,
    Record,
    Refined,
    Text,
    Union,
    literal,
    union,
)

NAMES = st.sampled_from(["a", "b", "é", "x/y", ""])
SCALARS = st.none() | st.booleans() | st.integers(-9, 9) | st.sampled_from(["", "a", "bb"])
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(NAMES, inner, max_size=2),
    max_leaves=5,
)
PLAIN = st.sampled_from([Any(), Bool(), Bytes(), Null(), Number(), Text()])
ENDS = st.tuples(st.none() | st.integers(-3, 3), st.none() | st.integers(-3, 3)).filter(
    lambda ends: None in ends or ends[0] <= ends[1]
)
REFINED = st.one_of(
    ENDS.map(lambda ends: Refined(Number(), Range(*ends))),
    ENDS.map(lambda ends: Refined(Text(), Length(*(e if e is None else e + 3 for e in ends)))),
    st.sampled_from([Text(), List(Number()), Map(Text(), Any())]).map(
        lambda base: Refined(base, NonEmpty())
    ),
    st.lists(SCALARS, min_size=1, max_size=3).map(lambda values: literal(*values)),
)


def larger(inner):
    records = st.dictionaries(NAMES, inner, max_size=3).flatmap(
        lambda fields: (
            st.sets(st.sampled_from(sorted(fields))).map(
                lambda absent: Record(fields, frozenset(absent))
            )
            if fields
            else st.just(Record({}))
        )
    )
    return st.one_of(
        inner.map(List),
        inner.map(lambda value: Map(Text(), value)),
        records,
        st.lists(inner, min_size=1, max_size=3).map(union),
    )


TYPES = st.recursive(PLAIN | REFINED, larger, max_leaves=6)


def values_of(item):
    """Returns the strategy of values of a type."""
    match item:
        case Any():
            return VALUES
        case Null():
            return st.none()
        case Bool():
            return st.booleans()
        case Number():
            return st.integers(-9, 9)
        case Text():
            return st.text(max_size=4)
        case Bytes():
            return st.binary(max_size=4).map(lambda data: base64.b64encode(data).decode())
        case List():
            return st.lists(values_of(item.item), max_size=3)
        case Map():
            return st.dictionaries(st.text(max_size=2), values_of(item.value), max_size=3)
        case Record():
            parts = {name: values_of(part) for name, part in item.fields.items()}
            return st.fixed_dictionaries(
                {name: part for name, part in parts.items() if name not in item.optional},
                optional={name: parts[name] for name in item.optional},
            )
        case Union():
            return st.one_of(map(values_of, item.members))
        case Refined(refinement=OneOf(options=options)):
            return st.sampled_from(options)
        case Refined(refinement=Range(min=low, max=high)):
            return st.integers(low if low is not None else -9, high if high is not None else 9)
        case Refined(refinement=Length(min=low, max=high)):
            return st.text(min_size=low or 0, max_size=high if high is not None else 9)
        case Refined(refinement=NonEmpty()):
            return values_of(item.base).filter(bool)
    raise AssertionError(item)
