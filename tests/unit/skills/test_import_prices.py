"""The tool that takes the price table out of genai-prices, on data in that package's form."""

import datetime
import importlib.util
import json
from pathlib import Path

import pytest

TOOL = Path(__file__).resolve().parents[3] / "tools/import_prices.py"
DAY = datetime.date(2026, 6, 1)


@pytest.fixture
def tool(monkeypatch):
    spec = importlib.util.spec_from_file_location("import_prices", TOOL)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "MODELS", {"openai": ["m"]})
    monkeypatch.setattr(module, "DATED", {"openai/m-mini-1": "openai/m"})
    return module


def data(prices, match="ClauseStartsWith(starts_with='m-mini')"):
    model = f"ModelInfo(id='m', match={match}, prices={prices})"
    return f"providers: list = [Provider(id='other'), Provider(id='openai', models=[{model}])]"


def models(tool, prices, **given):
    return json.loads(tool.price_file(data(prices, **given), "1.0", DAY))["models"]


def price(amount, kind="input_mtok"):
    return f"ModelPrice({kind}=Decimal('{amount}'), output_mtok=Decimal('2'))"


def test_dollars_become_micro_cents_and_other_units_are_left_out(tool):
    prices = (
        "ModelPrice(input_mtok=Decimal('0.15'), cache_read_mtok=Decimal('0.0375'), "
        "output_mtok=Decimal('2'), web_searches_kcount=Decimal('10'))"
    )
    assert models(tool, prices) == {
        "openai/m": {"input": 15_000_000, "cache_read": 3_750_000, "output": 200_000_000}
    }


def test_a_tier_holds_every_kind(tool):
    tiered = "TieredPrices(base=Decimal('1'), tiers=[Tier(start=100, price=Decimal('3'))])"
    prices = f"ModelPrice(input_mtok={tiered}, output_mtok=Decimal('2'))"
    assert models(tool, prices)["openai/m"] == {
        "input": 10**8,
        "output": 2 * 10**8,
        "tiers": [{"above": 100, "input": 3 * 10**8, "output": 2 * 10**8}],
    }


@pytest.mark.parametrize(("start", "dollars"), [("2026, 6, 1", 2), ("2026, 6, 2", 1)])
def test_the_price_in_force_on_the_day_is_taken(tool, start, dollars):
    constraint = f"StartDateConstraint(start_date=datetime.date({start}))"
    prices = (
        f"[ConditionalPrice(prices={price(1)}), "
        f"ConditionalPrice(constraint={constraint}, prices={price(2)})]"
    )
    assert models(tool, prices)["openai/m"]["input"] == dollars * 10**8


def test_listed_snapshots_are_aliases_and_other_names_are_not(tool):
    names = ["m", "m-2026-01-01", "m-search-2026-01-01", "x-2026-01-01"]
    clauses = ", ".join(f"ClauseEquals(equals='{name}')" for name in names)
    match = f"ClauseOr(or_=[{clauses}, ClauseStartsWith(starts_with='m-mini')])"
    table = json.loads(tool.price_file(data(price(1), match), "1.0", DAY))
    assert table["aliases"] == {"openai/m-2026-01-01": "openai/m", "openai/m-mini-1": "openai/m"}
    assert table["source"] == "PyPI genai-prices 1.0 (MIT), taken 2026-06-01"


@pytest.mark.parametrize(
    "prices",
    [
        price("0.000000001"),
        "ModelPrice(input_mtok=1, output_mtok=Decimal('2'))",
        "[ConditionalPrice(constraint=TimeOfDateConstraint(), prices=ModelPrice())]",
        "[1]",
    ],
)
def test_what_cannot_be_kept_exactly_stops_the_tool(tool, prices):
    with pytest.raises(SystemExit):
        models(tool, prices)


def test_a_dated_name_that_the_data_does_not_cover_stops_the_tool(tool):
    with pytest.raises(SystemExit):
        models(tool, price(1), match="ClauseEquals(equals='m')")


def test_the_models_of_the_tool_are_those_of_the_table_that_ships():
    spec = importlib.util.spec_from_file_location("import_prices", TOOL)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    shipped = json.loads(module.TARGET.read_bytes())
    wanted = {f"{provider}/{name}" for provider, names in module.MODELS.items() for name in names}
    assert shipped["models"].keys() == wanted
    assert module.DATED.items() <= shipped["aliases"].items()
