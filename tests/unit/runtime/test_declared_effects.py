"""Effects by name: what may be declared, and which one a request has."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workc.kernel.failure import Misuse, Refusal
from workc.kernel.selectors import Effect, normalise
from workc.kernel.trie_merge import CAP
from workc.runtime.declared_effects import (
    EXAMPLES,
    OPS,
    BadEffect,
    addressed,
    bounds_of,
    effect_at,
    effect_of,
    given_effects,
    read_effect,
)
from workc.stages.effects import (
    PROVIDER_BASES,
    HttpRequest,
    ModelRequest,
    SecretName,
    SecretText,
)


def name(url):
    return effect_of(HttpRequest(method="GET", url=url)).selector


@pytest.mark.parametrize("op", OPS)
def test_both_spellings_of_an_effect_are_one(op):
    short = read_effect(f" {op}   {EXAMPLES[op]} ")
    assert short == read_effect({"op": op, "selector": EXAMPLES[op]})
    assert short == normalise(op, EXAMPLES[op])


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (7, "a text, or a mapping"),
        ({"op": "Network"}, "a text, or a mapping"),
        ({"op": "Network", "selector": 1}, "a text, or a mapping"),
        ({"op": 1, "selector": "net:http://a/"}, "a text, or a mapping"),
        ({"op": "Network", "selector": "net:http://a/", "x": 1}, "a text, or a mapping"),
        ("Netwrk net:http://a/", "no effect 'Netwrk'"),
        ("network net:http://a/", "no effect"),
        ("Network", "begins with net:"),
        ("Network http://a/", "begins with net:"),
        ("WriteFS net:http://a/", "begins with fs:"),
        ("WriteFS fs:a/../b", "leads upwards"),
        ("Network net:http://a/b/%2e%2e/c", "leads upwards"),
        ("Network net:http://u@a/", "without user"),
        ("Network net:http://a/?q=1", "without user, query, fragment"),
        ("Network net:http://a/#f", "without user, query, fragment"),
        ("Network net:http://a b/", "not scheme://host"),
        ("Network net:http://a:99999/", "port"),
        ("Network net:http://a/${inputs.x}", "no references"),
        ("Exec exec:", "empty"),
        ("Publish pub:a\x07", "control character"),
    ],
)
def test_what_is_no_effect_is_refused_with_a_fix(said, why):
    with pytest.raises(BadEffect, match=why) as refused:
        read_effect(said)
    assert refused.value.fix


@given(st.one_of(st.text(), st.dictionaries(st.sampled_from(["op", "selector"]), st.text())))
def test_whatever_is_said_is_an_effect_or_one_error(said):
    try:
        effect = read_effect(said)
    except BadEffect:
        return
    assert read_effect(f"{effect.op} {effect.selector}") == effect


@pytest.mark.parametrize(
    ("url", "selector"),
    [
        ("http://a", "net:http://a/"),
        ("HTTP://A:80", "net:http://a/"),
        ("https://a:443/x/", "net:https://a/x"),
        ("http://a:8080/x?q=secret#f", "net:http://a:8080/x"),
        ("http://2130706433/x", "net:http://127.0.0.1/x"),
        ("http://[::ffff:10.0.0.1]/", "net:http://10.0.0.1/"),
        ("http://[::1]:8/x", "net:http://[::1]:8/x"),
        ("http://a./x", "net:http://a/x"),
        ("http://a//b/./c", "net:http://a/b/c"),
        ("http://a/%73ecret", "net:http://a/secret"),
        ("http://a/b%2fc", "net:http://a/b%2Fc"),
        ("http://a/\u00fc", "net:http://a/%C3%BC"),
        ("http://a/b c", "net:http://a/b%20c"),
    ],
)
def test_a_request_is_named_by_its_address_in_one_spelling(url, selector):
    assert name(url) == selector
    assert effect_at(url) == Effect("Network", selector)
    assert read_effect(f"Network {selector}").selector == selector


@pytest.mark.parametrize("url", ["http://a/../b", "http://a/%2e%2e/b", "http://a/x%5c..%5cb", "a"])
def test_an_address_that_has_no_name_is_refused(url):
    with pytest.raises(Refusal) as refused:
        name(url)
    assert refused.value.failure.code == "INVALID_INPUT"


TOKEN = SecretName("TOKEN")


@pytest.mark.parametrize(
    ("parts", "selector"),
    [
        (("http://a/bot", TOKEN, "/send"), "net:http://a/"),
        (("http://a/x/", TOKEN), "net:http://a/x"),
        (("http://a/x?key=", TOKEN), "net:http://a/x"),
        (("http://a/x", "/y"), "net:http://a/x/y"),
    ],
)
def test_no_secret_is_in_a_name(parts, selector):
    assert name(SecretText(parts)) == selector


@pytest.mark.parametrize("parts", [(TOKEN,), ("http://", TOKEN, "/x"), ("http://a", TOKEN)])
def test_a_host_in_a_secret_has_no_name(parts):
    with pytest.raises(Refusal, match="the host stands in a secret"):
        name(SecretText(parts))


def test_a_model_call_is_named_by_base_and_path():
    request = ModelRequest(provider="openai", path="/chat/completions", body=b"")
    assert effect_of(request).selector == "net:https://api.openai.com/v1/chat/completions"
    set_one = addressed(request, {"openai": "http://127.0.0.1:9/v2/", "anthropic": "http://b"})
    assert effect_of(set_one).selector == "net:http://127.0.0.1:9/v2/chat/completions"
    assert addressed(set_one, {}) is set_one
    assert addressed(request, {}).base_url == PROVIDER_BASES["openai"]
    secret = ModelRequest(
        provider="openai", path="x", body=b"", base_url=SecretText(("http://a/k/", TOKEN))
    )
    assert effect_of(secret).selector == "net:http://a/k"


def test_effects_of_a_plan_are_sorted_and_stay_as_they_are_while_they_are_few():
    effects = [Effect("Network", f"net:http://a/{n:02}") for n in range(CAP)]
    bounds, compression = bounds_of(reversed(effects))
    assert [bound.selector for bound in bounds] == [effect.selector for effect in effects]
    assert compression is None


def test_more_effects_than_a_plan_holds_are_covered_by_fewer():
    effects = [Effect("Network", f"net:http://a/{n % 2}/{n}") for n in range(CAP + 1)]
    bounds, compression = bounds_of(effects)
    assert len(bounds) <= CAP
    assert (compression.input_count, compression.output_count) == (CAP + 1, len(bounds))


@pytest.mark.parametrize(
    ("given_ones", "why"),
    [
        ("Network net:http://a/", "a list of effects"),
        ([3], "a text, or a mapping"),
        (["Network net:http://a", {"op": "Network", "selector": "net:HTTP://A/"}], "twice"),
        ([f"Exec exec:{n}" for n in range(CAP + 1)], "at most 50"),
    ],
)
def test_code_that_declares_something_else_is_misuse(given_ones, why):
    with pytest.raises(Misuse, match=why):
        given_effects(given_ones)
