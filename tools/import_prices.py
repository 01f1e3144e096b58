"""Writes the price table that workc ships with, from the data file of the package genai-prices.

    python tools/import_prices.py PATH/genai_prices/data.py --version 0.2.3 --date 2026-11-21

PATH is the unpacked package (PyPI ``genai-prices``, MIT licence). Its data file is read as
syntax and never run. Only figures are taken: prices per million tokens of text, in dollars, for
the models listed here, as they hold on the given date. A price of a kind that this tool does not
know how to keep exactly stops it.
"""

from __future__ import annotations

import argparse
import ast
import datetime
import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

from workc.kernel import jcs
from workc.kernel.values import Json, JsonObject
from workc.skills.prices import SCHEMA, load_prices

TARGET = Path(__file__).resolve().parent.parent / "src/workc/skills/prices.json"
#: $1 is 100 cents of 10**6 micro-cents.
MICRO_CENTS_PER_DOLLAR = 100 * 10**6
KINDS = {
    "input_mtok": "input",
    "output_mtok": "output",
    "cache_read_mtok": "cache_read",
    "cache_write_mtok": "cache_write",
}
MODELS = {
    "anthropic": [
        "claude-fable-5",
        "claude-fable-5-1",
        "claude-fable-5-2",
        "claude-haiku-4-5",
        "claude-haiku-5-5",
        "claude-opus-4-1",
        "claude-opus-4-5",
        "claude-opus-4-6",
        "claude-opus-4-7",
        "claude-opus-4-8",
        "claude-opus-5",
        "claude-opus-5-5",
        "claude-sonnet-4-5",
        "claude-sonnet-4-6",
        "claude-sonnet-5",
        "claude-sonnet-5-5",
    ],
    "openai": [
        "gpt-4.1",
        "gpt-4.1-mini",
        "gpt-4.1-nano",
        "gpt-4o",
        "gpt-4o-mini",
        "gpt-5",
        "gpt-5-mini",
        "gpt-5-nano",
        "gpt-5.1",
        "gpt-5.2",
        "gpt-5.4",
        "gpt-5.4-mini",
        "gpt-5.4-nano",
        "gpt-5.5",
        "gpt-5.6-luna",
        "gpt-5.6-sol",
        "gpt-5.6-terra",
        "gpt-6-astra",
        "gpt-6-luna",
        "gpt-6-sol",
        "gpt-6.1-sol",
        "gpt-6.1-terra",
        "o1",
        "o3",
        "o3-mini",
        "o4-mini",
    ],
}
#: Dated names that the data file covers by a prefix only; each is checked against that prefix.
DATED = {
    "anthropic/claude-haiku-4-5-20251001": "anthropic/claude-haiku-4-5",
    "anthropic/claude-opus-4-1-20250805": "anthropic/claude-opus-4-1",
    "anthropic/claude-opus-4-5-20251101": "anthropic/claude-opus-4-5",
    "anthropic/claude-sonnet-4-5-20250929": "anthropic/claude-sonnet-4-5",
}
_SNAPSHOT = re.compile(r"-[0-9]{4}-[0-9]{2}-[0-9]{2}")


def main() -> None:
    """Writes ``src/workc/skills/prices.json``."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--version", required=True)
    parser.add_argument("--date", type=datetime.date.fromisoformat, required=True)
    args = parser.parse_args()
    table = price_file(args.data.read_text("utf-8"), args.version, args.date)
    load_prices(table)
    TARGET.write_bytes(table)


def price_file(source: str, version: str, date: datetime.date) -> bytes:
    """Returns the price file, as RFC 8785 bytes, for the data file's text."""
    found = dict(_models(ast.parse(source)))
    wanted = [f"{provider}/{name}" for provider, names in MODELS.items() for name in names]
    prices = {name: _prices(found[name]["prices"], date) for name in wanted}
    aliases = {alias: name for name in wanted for alias in _snapshots(name, found[name]["match"])}
    for alias, name in DATED.items():
        _check_prefix(alias, found[name]["match"])
    return jcs.encode(
        {
            "schema": SCHEMA,
            "date": date.isoformat(),
            "source": f"PyPI genai-prices {version} (MIT), taken {date.isoformat()}",
            "currency": "USD",
            "models": prices,
            "aliases": {**aliases, **DATED},
        }
    )


def _models(tree: ast.Module) -> Iterator[tuple[str, dict[str, ast.expr]]]:
    assigned = next(node for node in tree.body if isinstance(node, ast.AnnAssign))
    for provider in _elements(assigned.value):
        fields = _fields(provider)
        name = ast.literal_eval(fields["id"])
        if name in MODELS:
            for model in map(_fields, _elements(fields["models"])):
                yield f"{name}/{ast.literal_eval(model['id'])}", model


def _fields(node: ast.expr | None) -> dict[str, ast.expr]:
    if not isinstance(node, ast.Call):
        raise SystemExit("the data file has another form than this tool knows")
    return {keyword.arg: keyword.value for keyword in node.keywords if keyword.arg}


def _elements(node: ast.expr | None) -> list[ast.expr]:
    if not isinstance(node, ast.List):
        raise SystemExit("the data file has another form than this tool knows")
    return node.elts


def _kind_of(node: ast.expr) -> str:
    return ast.unparse(node.func) if isinstance(node, ast.Call) else type(node).__name__


def _prices(node: ast.expr, date: datetime.date) -> Json:
    if isinstance(node, ast.List):
        return _prices(_in_force(node, date), date)
    given = {KINDS[key]: value for key, value in _fields(node).items() if key in KINDS}
    entry: JsonObject = {kind: _base(value) for kind, value in given.items()}
    starts = sorted({start for value in given.values() for start in _tier_prices(value)})
    tiers: list[Json] = [
        {"above": start, **{k: _tier_prices(v).get(start, _base(v)) for k, v in given.items()}}
        for start in starts
    ]
    if len(tiers) > 1:
        raise SystemExit("more than one tier: say first what a kind without this tier costs")
    return entry | ({"tiers": tiers} if tiers else {})


def _in_force(node: ast.List, date: datetime.date) -> ast.expr:
    """Returns the last of the conditional prices whose start lies on or before ``date``."""
    fitting = [f["prices"] for f in map(_fields, node.elts) if _start(f) <= date]
    return fitting[-1]


def _start(fields: dict[str, ast.expr]) -> datetime.date:
    constraint = fields.get("constraint", ast.Constant(None))
    if isinstance(constraint, ast.Constant) and constraint.value is None:
        return datetime.date.min
    if _kind_of(constraint) != "StartDateConstraint":
        raise SystemExit(f"a price under a condition that is no date: {ast.unparse(constraint)}")
    given = _fields(constraint)["start_date"]
    numbers = given.args if isinstance(given, ast.Call) else []
    return datetime.date(*(ast.literal_eval(number) for number in numbers))


def _base(node: ast.expr) -> int:
    return _amount(_fields(node)["base"] if _kind_of(node) == "TieredPrices" else node)


def _tier_prices(node: ast.expr) -> dict[int, int]:
    if _kind_of(node) != "TieredPrices":
        return {}
    tiers = map(_fields, _elements(_fields(node)["tiers"]))
    return {ast.literal_eval(tier["start"]): _amount(tier["price"]) for tier in tiers}


def _amount(node: ast.expr) -> int:
    """Returns ``Decimal('0.15')`` dollars as micro-cents."""
    if not isinstance(node, ast.Call) or _kind_of(node) != "Decimal":
        raise SystemExit(f"not a price: {ast.unparse(node)}")
    amount = Decimal(ast.literal_eval(node.args[0])) * MICRO_CENTS_PER_DOLLAR
    if amount != int(amount):
        raise SystemExit(f"a price of less than a micro-cent: {amount}")
    return int(amount)


def _names(match: ast.expr, clause: str, field: str) -> list[str]:
    fields = _fields(match)
    clauses = _elements(fields["or_"]) if _kind_of(match) == "ClauseOr" else [match]
    return [ast.literal_eval(_fields(c)[field]) for c in clauses if _kind_of(c) == clause]


def _snapshots(name: str, match: ast.expr) -> list[str]:
    """Returns the dated names that the data file lists one by one for this model."""
    provider, _, model = name.partition("/")
    listed = _names(match, "ClauseEquals", "equals")
    return [
        f"{provider}/{other}"
        for other in listed
        if other.startswith(model) and _SNAPSHOT.fullmatch(other.removeprefix(model))
    ]


def _check_prefix(alias: str, match: ast.expr) -> None:
    prefixes = _names(match, "ClauseStartsWith", "starts_with")
    if not any(alias.partition("/")[2].startswith(prefix) for prefix in prefixes):
        raise SystemExit(f"{alias} is covered by no prefix of the data file")


if __name__ == "__main__":
    main()
