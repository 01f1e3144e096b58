"""Tables of stubs: what is one, what is none, and the way through the record."""

import contextlib

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workc import HttpCallSkill, JsonTransformSkill, LLMInvokeSkill, Misuse
from workc.skills.http_call import http_call
from workc.skills.stub_tables import (
    HttpStub,
    ModelStub,
    Stubs,
    http_table,
    model_table,
    read_stubs,
)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=8,
)


@pytest.mark.parametrize(
    ("table", "why"),
    [
        ({"https://a.example/": {"statu": 200}}, "statu"),
        ({"https://a.example/": {"status": 99}}, ">= 100"),
        ({"https://a.example/": {"status": 1000}}, "<= 999"),
        ({"https://a.example/": {"body": float("nan")}}, "float, at '/body'"),
        ({"https://a.example/": {"body": object()}}, "object, at"),
        ({"https://a.example/": []}, "no answer"),
        ({"https://a.example/": 3}, "int"),
        ({"ftp://a.example/": {}}, "http or https"),
    ],
)
def test_what_is_no_answer_of_http_is_named(table, why):
    with pytest.raises(Misuse, match=why):
        HttpCallSkill(allow_external=False, responses=table)


@pytest.mark.parametrize(
    ("table", "why"),
    [
        ({"two words": {"text": ""}}, "one word"),
        ({"": {"text": ""}}, "one word"),
        ({"a": {"status": 204}}, "200, or 400"),
        ({"a": {"status": 399}}, "200, or 400"),
        ({"a": {"tokens": -1}}, ">= 0"),
        ({"a": {"text": None}}, "text"),
    ],
)
def test_what_is_no_answer_of_a_model_is_named(table, why):
    with pytest.raises(Misuse, match=why):
        LLMInvokeSkill(stub_mode=True, responses=table)


def test_a_table_that_nothing_would_read_is_refused():
    with pytest.raises(Misuse, match="give allow_external=False too"):
        HttpCallSkill(responses={"https://a.example/": {"status": 200}})
    with pytest.raises(Misuse, match="give stub_mode=True too"):
        LLMInvokeSkill(responses={"a": {"text": "b"}})


def test_a_skill_that_asks_the_world_has_no_stubs():
    assert HttpCallSkill().stubs == Stubs()
    assert LLMInvokeSkill().stubs == Stubs()
    assert JsonTransformSkill().stubs == Stubs()
    assert HttpCallSkill().skill is http_call


def test_the_statuses_at_the_bounds_are_answers():
    for status in (100, 999):
        assert http_table({"https://a.example/": {"status": status}})
    for status in (200, 400, 999):
        assert model_table({"a": {"status": status}})


def test_addresses_and_words_are_what_they_mean():
    assert list(http_table({"HTTPS://A.example": {}})) == ["https://a.example/"]
    assert list(model_table({"Summarize": {}})) == ["summarize"]


@given(
    st.dictionaries(st.sampled_from(["http://a.example/", "http://b.example/"]), st.lists(JSON)),
    st.dictionaries(st.sampled_from(["one", "zwei"]), st.text(max_size=5)),
)
def test_stubs_come_back_from_the_record_as_they_were(bodies, texts):
    http = {url: [{"body": body} for body in [*found, None]] for url, found in bodies.items()}
    stubs = Stubs(
        http=http_table(http), model=model_table({k: {"text": v} for k, v in texts.items()})
    )
    assert read_stubs(stubs.to_text()) == stubs
    for part in (Stubs(http=stubs.http), Stubs(model=stubs.model), Stubs()):
        assert read_stubs(part.to_text()) == part


@given(st.text())
def test_no_text_is_read_as_stubs_with_another_error(text):
    with contextlib.suppress(Misuse):
        assert isinstance(read_stubs(text), Stubs)


def test_of_two_tables_the_later_one_holds():
    first = Stubs(http=http_table({"http://a.example/": {}, "http://b.example/": {}}))
    second = Stubs(http=http_table({"http://a.example/": {"status": 404}}))
    both = first | second
    assert {url: entry[0].status for url, entry in both.http.items()} == {
        "http://a.example/": 404,
        "http://b.example/": 200,
    }
    assert (both.model, first | Stubs()) == (None, first)
    assert Stubs() | first == first


def test_an_answer_is_a_value():
    assert HttpStub() == HttpStub(status=200)
    assert msgspec.structs.replace(ModelStub(), text="a") == ModelStub(text="a")
