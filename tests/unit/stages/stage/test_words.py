"""Words, types as people write them, and the kinds that rule most types out."""

import pytest
from drawn_types import PLAIN, TYPES, VALUES
from hypothesis import given
from hypothesis import strategies as st
from specs import read_all, spec

from workc.kernel import jcs
from workc.stages.stage.refinements import StageError
from workc.stages.stage.subtyping import misfit
from workc.stages.stage.type_words import type_of_text
from workc.stages.stage.types import List, Map, Record, Text, literal, type_json, type_text, union
from workc.stages.stage.value_kinds import kinds_of
from workc.stages.stage.words import (
    MAX_EXAMPLE_WORDS,
    MAX_WORD,
    TIERS,
    grams_of,
    likeness,
    most_alike,
    stage_words,
    words_of,
)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", []),
        ("Parse-JSON_2", ["parse", "json", "2"]),
        ("Straße", ["strasse"]),
        ("e\u0301t\u00e9", ["ete"]),
        ("\u212a", ["k"]),
        ("日本 語", ["日本", "語"]),
        ('"a" AND *', ["a", "and"]),
        ("a\0b", ["a", "b"]),
    ],
)
def test_words_are_cut_in_one_way(text, words):
    assert words_of(text) == words


@given(st.text())
def test_words_are_words_again(text):
    found = words_of(text)
    assert all(len(word) <= MAX_WORD for word in found)
    assert all(" " not in word and '"' not in word for word in found)
    short = [word for word in found if len(word) < MAX_WORD]
    assert words_of(" ".join(short)) == short


def test_the_words_of_a_stage_stand_where_they_count():
    example = {"input": {"Kéy": ["v", None, True, 1.5]}, "output": 2}
    (found,), _ = read_all(
        spec("read_csv", {"kind": "Any"}, aliases=["csv-in"], tags=["io"], examples=[example])
    )
    words = stage_words(found.stage)
    assert words.tiers == (
        ("read", "csv"),
        ("csv", "in", "io"),
        ("is", "read", "csv"),
        ("key", "v", "1", "5", "2"),
    )
    assert words.spoken() == ["csv", "in", "io", "is", "read"]
    marked = words.marked()
    assert [each for each in marked if each.endswith("csv")] == ["0csv", "1csv", "2csv", "3csv"]
    assert [each for each in marked if each.endswith("is")] == ["2is", "3is"]
    assert [each for each in marked if each.endswith("key")] == ["3key"]
    assert len(words.tiers) == TIERS


def test_of_long_examples_so_many_words_are_kept():
    example = {"input": "a " * (2 * MAX_EXAMPLE_WORDS), "output": 2}
    (found,), _ = read_all(spec(examples=[example]))
    assert len(stage_words(found.stage).tiers[-1]) == MAX_EXAMPLE_WORDS


def test_the_likest_words_come_first_whatever_their_order():
    others = ["parse", "parser", "sparse", "pause", "zebra"]
    assert most_alike("prase", others) == most_alike("prase", reversed(others))
    assert most_alike("prase", others)[0] == "parse"
    assert most_alike("parse", ["parse"]) == []
    assert likeness("ab", "ba") == likeness("ba", "ab")
    assert grams_of("") == ["^$"]
    assert grams_of("a") == ["^a$"]


NAMES = st.sampled_from(["a", "b", "é"])
WRITTEN = st.recursive(
    PLAIN | st.lists(st.sampled_from(["x", 1, "Text"]), min_size=1).map(lambda v: literal(*v)),
    lambda inner: (
        inner.map(List)
        | st.tuples(inner, inner).map(lambda ends: Map(*ends))
        | st.lists(inner, min_size=1, max_size=3).map(union)
        | st.dictionaries(NAMES, inner, max_size=3).map(lambda f: Record(f, frozenset([*f][:1])))
    ),
    max_leaves=6,
)


@given(WRITTEN)
def test_a_type_is_read_as_it_is_shown(item):
    found = type_of_text(type_text(item))
    assert misfit(found, item) is None
    assert misfit(item, found) is None


@given(TYPES)
def test_every_type_is_read_from_its_json(item):
    assert type_of_text(jcs.encode(type_json(item)).decode()) == item


@pytest.mark.parametrize(
    ("text", "item"),
    [
        (" ( Text ) ", Text()),
        (
            '{"a b": Text, "Text"?: Text}',
            Record({"a b": Text(), "Text": Text()}, frozenset({"Text"})),
        ),
        ("{}", Record({})),
        ("true", literal(True)),
        ('{"kind":"Text"}', Text()),
    ],
)
def test_types_may_be_written_so(text, item):
    assert type_of_text(text) == item


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "ends too early"),
        ("Txt", "did you mean Text?"),
        ("zzzzzz", "there is Any"),
        ("List", "ends too early"),
        ("List<Text", "ends too early"),
        ("Map<Text>", "',' was expected"),
        ("Text Text", "not expected behind"),
        ("{a: Text, a: Text}", "twice"),
        ("{: Text}", "name of a member"),
        ('{"\\x": Text}', "is no name"),
        ('"abc', "no part of a type"),
        ("List<" * 80 + "Text" + ">" * 80, "nests at most"),
        ("(" * 9000, "nests at most"),
        ('{"kind":"Txt"}', "no kind of type"),
    ],
)
def test_what_is_no_type_is_refused(text, said):
    with pytest.raises(StageError, match=said):
        type_of_text(text)


@given(st.text('ab<>{}():,|?" Text', max_size=20))
def test_whatever_is_written_is_a_type_or_refused(text):
    try:
        found = type_of_text(text)
    except StageError:
        return
    assert misfit(found, type_of_text(text)) is None


@given(TYPES, TYPES)
def test_a_type_that_fits_has_no_kind_that_the_other_lacks(one, other):
    if misfit(one, other) is None:
        assert kinds_of(one) & ~kinds_of(other) == 0


@given(VALUES, VALUES)
def test_the_kinds_of_listed_values_are_those_of_the_values(one, other):
    assert kinds_of(literal(one, other)) == kinds_of(literal(one)) | kinds_of(literal(other))
