"""The price table: integer arithmetic, exact names, and the table that ships."""

import hashlib
import json
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workc.kernel import jcs
from workc.kernel.failure import Misuse, Refusal
from workc.skills import prices as prices_module
from workc.skills.prices import (
    INPUT_KINDS,
    MAX_PRICE_MICRO_CENTS,
    builtin_prices,
    load_prices,
    upper_bound,
)

COUNTS = st.integers(0, 2**40)
PRICES = st.integers(0, MAX_PRICE_MICRO_CENTS)


def file(**changes):
    base = {
        "schema": "workc.prices/1",
        "date": "2026-11-21",
        "source": "this test",
        "currency": "USD",
        "models": {"openai/m": {"input": 15_000_000, "output": 60_000_000}},
    }
    return json.dumps({k: v for k, v in (base | changes).items() if v is not None}).encode()


def model(**entry):
    return load_prices(file(models={"openai/m": entry}))


@pytest.mark.parametrize(
    ("tokens", "cost"),
    [
        ({"input": 1_000_000, "output": 0}, 15_000_000),
        ({"input": 1, "output": 1}, 75),
        ({}, 0),
    ],
)
def test_fifteen_cents_a_million_is_fifteen_micro_cents_a_token(tokens, cost):
    assert load_prices(file()).micro_cents("openai", "m", tokens) == cost


def test_a_part_of_a_micro_cent_is_rounded_up_once():
    table = model(input=1, output=1)
    assert table.micro_cents("openai", "m", {"input": 1, "output": 1}) == 1
    assert table.micro_cents("openai", "m", {"input": 10**6, "output": 0}) == 1
    assert table.micro_cents("openai", "m", {"input": 10**6, "output": 1}) == 2


@given(PRICES, PRICES, PRICES, PRICES, COUNTS, COUNTS, COUNTS, COUNTS)
def test_a_cost_is_the_exact_sum_rounded_up(p1, p2, p3, p4, n1, n2, n3, n4):
    table = model(input=p1, output=p2, cache_read=p3, cache_write=p4)
    tokens = {"input": n1, "output": n2, "cache_read": n3, "cache_write": n4}
    cost = table.micro_cents("openai", "m", tokens)
    exact = sum(Fraction(p * n, 10**6) for p, n in ((p1, n1), (p2, n2), (p3, n3), (p4, n4)))
    assert type(cost) is int
    assert exact <= cost < exact + 1


@given(st.data())
def test_no_split_of_the_tokens_costs_more_than_the_upper_bound(data):
    table = builtin_prices()
    name = data.draw(st.sampled_from(sorted(table.models)))
    provider, _, model_name = name.partition("/")
    kinds = table.models[name][0].prices
    tokens = {kind: data.draw(st.integers(0, 400_000)) for kind in sorted(kinds)}
    spare_in, spare_out = data.draw(st.integers(0, 50_000)), data.draw(st.integers(0, 50_000))
    bound = upper_bound(
        table,
        provider,
        model_name,
        input_tokens=sum(tokens.get(kind, 0) for kind in INPUT_KINDS) + spare_in,
        output_tokens=tokens["output"] + spare_out,
    )
    assert table.micro_cents(provider, model_name, tokens) <= bound


def test_a_tier_starts_one_past_its_mark_and_holds_for_all_tokens():
    table = model(
        input=1_000_000,
        output=2_000_000,
        cache_read=500_000,
        tiers=[{"above": 100, "input": 3_000_000, "output": 4_000_000, "cache_read": 500_000}],
    )
    assert table.micro_cents("openai", "m", {"input": 100, "output": 10}) == 120
    assert table.micro_cents("openai", "m", {"input": 101, "output": 10}) == 343
    # Cached tokens count towards the mark.
    assert table.micro_cents("openai", "m", {"input": 100, "cache_read": 2, "output": 0}) == 301


@pytest.mark.parametrize("name", ["m2", "M", "m-2026-01-01", "", "openai/m"])
def test_only_an_exact_name_has_a_price(name):
    with pytest.raises(Refusal, match="PRICE_UNKNOWN"):
        load_prices(file()).micro_cents("openai", name, {"input": 1})


def test_a_kind_without_a_price_is_refused_even_for_no_tokens():
    with pytest.raises(Refusal, match="PRICE_UNKNOWN"):
        load_prices(file()).micro_cents("openai", "m", {"cache_read": 0})


def test_an_alias_has_the_price_of_its_model():
    table = load_prices(file(aliases={"openai/m-1": "openai/m"}))
    assert table.micro_cents("openai", "m-1", {"input": 2, "output": 0}) == 30


@pytest.mark.parametrize("count", [-1, 1.0, True])
def test_a_count_that_is_no_count_is_misuse(count):
    with pytest.raises(Misuse):
        load_prices(file()).micro_cents("openai", "m", {"input": count})


@pytest.mark.parametrize(
    "changes",
    [
        {"schema": "workc.prices/2"},
        {"currency": "EUR"},
        {"source": 1},
        {"date": "today"},
        {"date": None},
        {"extra": 1},
        {"models": []},
        {"models": {"m": {"input": 1, "output": 1}}},
        {"models": {"openai/ m": {"input": 1, "output": 1}}},
        {"models": {"openai/m": 1}},
        {"models": {"openai/m": {"input": 1}}},
        {"models": {"openai/m": {"input": 1.5, "output": 1}}},
        {"models": {"openai/m": {"input": True, "output": 1}}},
        {"models": {"openai/m": {"input": -1, "output": 1}}},
        {"models": {"openai/m": {"input": MAX_PRICE_MICRO_CENTS + 1, "output": 1}}},
        {"models": {"openai/m": {"input": 1, "output": 1, "inptu": 1}}},
        {"models": {"openai/m": {"input": 1, "output": 1, "tiers": {}}}},
        {"models": {"openai/m": {"input": 1, "output": 1, "tiers": [1]}}},
        {"models": {"openai/m": {"input": 1, "output": 1, "tiers": [{"input": 1, "output": 1}]}}},
        {
            "models": {
                "openai/m": {
                    "input": 2,
                    "output": 1,
                    "tiers": [{"above": 9, "input": 1, "output": 1}],
                }
            }
        },
        {
            "models": {
                "openai/m": {
                    "input": 1,
                    "output": 1,
                    "tiers": [{"above": 9, "input": 1, "output": 1, "cache_read": 1}],
                }
            }
        },
        {
            "models": {
                "openai/m": {
                    "input": 1,
                    "output": 1,
                    "tiers": [
                        {"above": 9, "input": 1, "output": 1},
                        {"above": 9, "input": 1, "output": 1},
                    ],
                }
            }
        },
        {"aliases": []},
        {"aliases": {"openai/a": "openai/b"}},
        {"aliases": {"openai/m": "openai/m"}},
        {"aliases": {"a": "openai/m"}},
        {"aliases": {"openai/a": 1}},
    ],
)
def test_a_file_with_a_fault_is_refused_as_a_whole(changes):
    with pytest.raises(Refusal, match="INVALID_INPUT"):
        load_prices(file(**changes))


def test_the_highest_price_is_accepted():
    assert model(input=MAX_PRICE_MICRO_CENTS, output=0).models


@given(
    st.one_of(
        st.binary(max_size=50),
        st.recursive(
            st.none() | st.integers() | st.text(max_size=5) | st.floats(),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(
                    st.sampled_from(["schema", "models", "date", "tiers", "x"]), inner, max_size=3
                )
            ),
            max_leaves=8,
        ).map(lambda value: json.dumps(value).encode()),
    )
)
def test_any_bytes_are_a_price_file_or_refused(code_of, data):
    assert code_of(lambda: load_prices(data)) in {None, "INVALID_INPUT"}


def test_the_digest_is_of_the_canonical_form():
    assert load_prices(file()).sha256 == load_prices(file() + b"\n ").sha256
    assert load_prices(file()).sha256 == hashlib.sha256(jcs.encode(json.loads(file()))).hexdigest()
    assert load_prices(file()).sha256 != load_prices(file(source="another")).sha256


def test_the_table_that_ships_is_canonical_and_of_both_providers():
    data = prices_module.resources.files("workc.skills").joinpath("prices.json").read_bytes()
    assert data == jcs.encode(json.loads(data))
    table = builtin_prices()
    assert {name.partition("/")[0] for name in table.models} == {"anthropic", "openai"}
    assert len(table.models) >= 25


def test_known_prices_of_the_table_that_ships():
    table = builtin_prices()
    dollar = 10**8
    million = {"input": 10**6, "output": 0}
    assert table.micro_cents("openai", "gpt-4o-mini", million) == dollar * 15 // 100
    assert table.micro_cents("openai", "gpt-4o-mini", {"input": 0, "output": 10**6}) == (
        dollar * 60 // 100
    )
    assert table.micro_cents("openai", "gpt-4o-mini-2024-07-18", million) == dollar * 15 // 100
    assert table.micro_cents("anthropic", "claude-haiku-4-5", million) == dollar
