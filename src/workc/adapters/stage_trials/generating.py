"""Inputs of a stage made from its input type, and the smallest that breaks what it claims.

Hypothesis makes them and shrinks what it finds; it is no dependency of workc, so where it is not
installed nothing is generated, and the trial says so. The same stage gets the same inputs each time.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from typing import cast

from hypothesis import HealthCheck, Phase, Verbosity, given, reject, seed, settings
from hypothesis import strategies as st
from hypothesis.errors import HypothesisException
from hypothesis.strategies import SearchStrategy

from workc.adapters.stage_trials.claims import Broken, Halted
from workc.kernel.values import Json
from workc.stages.stage.refinements import Length, NonEmpty, OneOf, Range
from workc.stages.stage.subtyping import value_misfit
from workc.stages.stage.types import (
    Any,
    Bool,
    Bytes,
    List,
    Map,
    NType,
    Null,
    Number,
    Record,
    Refined,
    Text,
    Union,
)

_MAX_ITEMS = 6
_MAX_SIZE = 12
_SPAN = 1_000
#: Every text that UTF-8 can hold.
_TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=_MAX_SIZE)
_WHOLE = st.integers(-_SPAN, _SPAN)
_FLOATS = st.floats(-_SPAN, _SPAN, allow_nan=False, width=32)
#: Inputs that the stage does not take are no fault of its author.
_ALL_CHECKS = (HealthCheck.filter_too_much, HealthCheck.too_slow, HealthCheck.data_too_large)
_ANY: SearchStrategy[Json] = st.recursive(
    st.none() | st.booleans() | _WHOLE | _TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXTS, inner, max_size=3),
    max_leaves=6,
)


def values_of(item: NType, *, whole: bool = False) -> SearchStrategy[Json]:
    """Returns the strategy of a type's values; with ``whole`` numbers have no fraction."""
    return _Making(whole=whole).of(item)


class _Making:
    def __init__(self, *, whole: bool) -> None:
        self._whole = whole

    def of(self, item: NType) -> SearchStrategy[Json]:
        """Returns the strategy of one type."""
        match item:
            case List():
                made = self._list(item, 0, _MAX_ITEMS)
            case Map():
                made = self._map(item, 0, _MAX_ITEMS)
            case Record():
                made = self._record(item)
            case Union():
                made = st.one_of([self.of(each) for each in item.members])
            case Refined():
                made = self._refined(item)
            case Number():
                made = _WHOLE if self._whole else _WHOLE | _FLOATS
            case _:
                made = _PLAIN[type(item)]
        return made

    def _list(self, item: List, low: int, high: int) -> SearchStrategy[Json]:
        made = st.lists(self.of(item.item), min_size=low, max_size=high)
        return cast("SearchStrategy[Json]", made)

    def _map(self, item: Map, low: int, high: int) -> SearchStrategy[Json]:
        names = cast("SearchStrategy[str]", self.of(item.key))
        made = st.dictionaries(names, self.of(item.value), min_size=low, max_size=high)
        return cast("SearchStrategy[Json]", made)

    def _record(self, item: Record) -> SearchStrategy[Json]:
        parts = {name: self.of(item.fields[name]) for name in sorted(item.fields)}
        needed = {name: made for name, made in parts.items() if name not in item.optional}
        rest = {name: made for name, made in parts.items() if name in item.optional}
        return cast("SearchStrategy[Json]", st.fixed_dictionaries(needed, optional=rest))

    def _refined(self, item: Refined) -> SearchStrategy[Json]:
        match item.refinement:
            case OneOf(options=options):
                made: SearchStrategy[Json] = st.sampled_from(options)
            case Range() as ends:
                made = self._range(ends)
            case Length(min=low, max=high):
                made = self._sized(item.base, low or 0, high)
            case NonEmpty():
                made = self._sized(item.base, 1, None)
            case _:
                made = self.of(item.base)
        return made.filter(lambda value: value_misfit(value, item) is None)

    def _range(self, ends: Range) -> SearchStrategy[Json]:
        low = -_SPAN if ends.min is None else ends.min
        high = max(low, _SPAN) if ends.max is None else ends.max
        low = min(low, high)
        first, last = -int(-low // 1), int(high // 1)
        whole = st.integers(first, last) if first <= last else st.nothing()
        if self._whole:
            return whole
        return whole | st.floats(float(low), float(high), allow_nan=False)

    def _sized(self, base: NType, low: int, high: int | None) -> SearchStrategy[Json]:
        most = low + _MAX_ITEMS if high is None else min(high, low + _MAX_ITEMS)
        match base:
            case List():
                return self._list(base, low, most)
            case Map():
                return self._map(base, low, most)
            case Text():
                characters = st.characters(exclude_categories=["Cs"])
                return st.text(characters, min_size=low, max_size=most)
            case _:
                return self.of(base)


_PLAIN: Mapping[type[NType], SearchStrategy[Json]] = {
    Any: _ANY,
    Bool: st.booleans(),
    Bytes: st.binary(max_size=_MAX_SIZE).map(lambda data: base64.b64encode(data).decode()),
    Null: st.none(),
    Text: _TEXTS,
}


def search(
    inputs: SearchStrategy[Json], judge: Callable[[Json], bool], count: int, chance: int
) -> tuple[int, Broken | Halted | None]:
    """Returns how many inputs were judged, at most ``count``, and the smallest that is broken.

    ``judge`` raises :class:`Broken`, and returns whether the stage takes the input at all. The same
    ``chance`` makes the same inputs.
    """
    tried = 0
    smallest: Broken | None = None

    def one(value: Json) -> None:
        nonlocal tried, smallest
        try:
            taken = judge(value)
        except Broken as broken:
            smallest = broken
            raise
        if not taken:
            reject()
        tried += 1

    run = settings(
        max_examples=count,
        database=None,
        deadline=None,
        derandomize=False,
        phases=(Phase.generate, Phase.shrink),
        print_blob=False,
        report_multiple_bugs=False,
        suppress_health_check=_ALL_CHECKS,
        verbosity=Verbosity.quiet,
    )(given(inputs)(one))
    try:
        seed(chance)(run)()
    except (Broken, Halted) as broken:
        return tried, broken
    except (HypothesisException, BaseExceptionGroup):
        # It was broken once and not again, or no input was taken.
        return tried, smallest
    return tried, None
