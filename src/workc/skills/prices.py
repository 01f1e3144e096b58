"""The price table of a run: integer prices, one rounding, no guessing.

Prices are integers in micro-cents per million tokens (a micro-cent is 10**-6 cent), so $0.15 per
million is ``15_000_000``. A call costs ``ceil(sum of tokens * price / 10**6)`` micro-cents.

A price file is JSON::

    {"schema": "workc.prices/1", "date": "2026-11-21", "source": "...", "currency": "USD",
     "models": {"openai/some-model": {"input": 15000000, "output": 60000000}},
     "aliases": {"openai/some-model-2026-01-01": "openai/some-model"}}

The kinds are ``input`` and ``output``, which every model has, and ``cache_read`` and
``cache_write``. A model may have ``tiers``: lists of the same prices with ``above``; a call whose
input tokens of all kinds are more than ``above`` pays that tier's prices for *all* its tokens.
No tier may be cheaper than the one below: a bound taken on more tokens must cost more.

A name must match exactly, or through ``aliases``. No prefix is ever taken for a model: a model
that merely begins like another one may cost ten times as much.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from functools import cache
from importlib import resources

import msgspec

from workc.kernel import jcs
from workc.kernel.canonical import CanonicalError
from workc.kernel.failure import Misuse, Refusal, refuse
from workc.kernel.values import Json, JsonObject
from workc.stages.context import PriceTable

SCHEMA = "workc.prices/1"
#: Prices are for so many tokens.
TOKENS_PER_PRICE = 10**6
#: No price may be higher: $10,000 per million tokens, far above any real one.
MAX_PRICE_MICRO_CENTS = 10**12
#: The kinds that are part of a request; a tier is chosen by their sum.
INPUT_KINDS = ("input", "cache_read", "cache_write")
REQUIRED_KINDS = ("input", "output")
KINDS = frozenset({*INPUT_KINDS, *REQUIRED_KINDS})

_MEMBERS = frozenset({"schema", "date", "source", "currency", "models"})
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_NAME = re.compile(r"[a-z0-9_-]{1,40}/[^\s/][^\s]{0,199}")


class Tier(msgspec.Struct, frozen=True):
    """Prices by kind that hold for calls with ``at_least`` so many input tokens."""

    at_least: int
    prices: dict[str, int]


class Prices(msgspec.Struct, frozen=True, kw_only=True):
    """A price table; ``models`` maps ``provider/model`` to its tiers, the lowest first."""

    date: str
    source: str
    sha256: str
    models: dict[str, tuple[Tier, ...]]
    aliases: dict[str, str]

    def micro_cents(self, provider: str, model: str, tokens: dict[str, int]) -> int:
        """Returns ``ceil(sum of tokens x price / 10**6)``, one rounding.

        Raises:
            Refusal: ``PRICE_UNKNOWN`` for a model or a kind that has no price.
            Misuse: a number of tokens is negative or no integer.
        """
        if any(type(count) is not int or count < 0 for count in tokens.values()):
            raise Misuse(f"token counts are integers from 0, not {tokens}")
        name = f"{provider}/{model}"
        prices = self._prices(name, sum(tokens.get(kind, 0) for kind in INPUT_KINDS))
        for kind in tokens:
            if kind not in prices:
                raise _unknown(f"{name} has no price for {kind} tokens", name, self.date)
        total = sum(count * prices[kind] for kind, count in tokens.items())
        return -(-total // TOKENS_PER_PRICE)

    def _prices(self, name: str, input_tokens: int) -> dict[str, int]:
        tiers = self.models.get(self.aliases.get(name, name))
        if tiers is None:
            raise _unknown(f"the price file does not hold {name}", name, self.date)
        return next(t.prices for t in reversed(tiers) if input_tokens >= t.at_least)


def load_prices(data: bytes) -> Prices:
    """Returns the table of a price file; ``sha256`` is of its canonical form (RFC 8785).

    Raises:
        Refusal: ``INVALID_INPUT``; the message says where and why.
    """
    file = _object(_parse(data), "the file", _MEMBERS, optional=frozenset({"aliases"}))
    if file["schema"] != SCHEMA or file["currency"] != "USD":
        raise _invalid(f"the file must have the schema {SCHEMA} and the currency USD")
    entries = _mapping(file["models"], "models")
    models = {_name(name): _tiers(entry, name) for name, entry in entries.items()}
    return Prices(
        date=_text(file["date"], "date", _DATE),
        source=_text(file["source"], "source"),
        sha256=hashlib.sha256(jcs.encode(file)).hexdigest(),
        models=models,
        aliases=_aliases(_mapping(file.get("aliases", {}), "aliases"), models),
    )


@cache
def builtin_price_file() -> bytes:
    """Returns the price file that workc ships with."""
    return resources.files("workc.skills").joinpath("prices.json").read_bytes()


def builtin_prices() -> Prices:
    """Returns the price table that workc ships with; its ``date`` says how old it is."""
    return load_prices(builtin_price_file())


def upper_bound(
    prices: PriceTable, provider: str, model: str, *, input_tokens: int, output_tokens: int
) -> int:
    """Returns the most that a call of at most so many tokens can cost, in micro-cents.

    Which input tokens will be read from or written to a cache is not known beforehand, so all of
    them are taken at the dearest kind that the model has.

    Raises:
        Refusal: ``PRICE_UNKNOWN`` when the model has no price for input or output.
    """
    plain = prices.micro_cents(provider, model, {"input": input_tokens, "output": output_tokens})
    cached = (
        _price_or_zero(prices, provider, model, {kind: input_tokens, "output": output_tokens})
        for kind in ("cache_read", "cache_write")
    )
    return max(plain, *cached)


def _price_or_zero(prices: PriceTable, provider: str, model: str, tokens: dict[str, int]) -> int:
    try:
        return prices.micro_cents(provider, model, tokens)
    except Refusal:
        # The model has a price, but this kind has none, so it will never be billed as such.
        return 0


def _unknown(message: str, name: str, date: str) -> Refusal:
    return refuse("PRICE_UNKNOWN", message, model=name, prices_date=date)


def _invalid(reason: str) -> Refusal:
    return refuse("INVALID_INPUT", f"not a price file: {reason}")


def _parse(data: bytes) -> Json:
    try:
        return jcs.parse(data)
    except CanonicalError as error:
        raise _invalid(str(error)) from error


def _mapping(value: Json, where: str) -> JsonObject:
    if not isinstance(value, dict):
        raise _invalid(f"{where} is not an object")
    return value


def _object(
    value: Json, where: str, required: frozenset[str], *, optional: frozenset[str]
) -> JsonObject:
    found = _mapping(value, where)
    missing, extra = required - found.keys(), found.keys() - required - optional
    if missing or extra:
        raise _invalid(f"{where} lacks {sorted(missing)} and has unknown {sorted(extra)}")
    return found


def _text(value: Json, where: str, shape: re.Pattern[str] | None = None) -> str:
    if not isinstance(value, str) or (shape is not None and not shape.fullmatch(value)):
        raise _invalid(f"{where} is not text of its form")
    return value


def _name(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise _invalid(f"{name!r} is not of the form provider/model")
    return name


def _aliases(entries: JsonObject, models: Mapping[str, object]) -> dict[str, str]:
    found = {_name(name): _text(target, f"the alias {name}") for name, target in entries.items()}
    for name, target in found.items():
        if name in models or target not in models:
            raise _invalid(f"the alias {name} must be no model and must name one")
    return found


def _tiers(entry: Json, name: str) -> tuple[Tier, ...]:
    base = _mapping(entry, name)
    more = base.get("tiers", [])
    if not isinstance(more, list):
        raise _invalid(f"{name}: tiers is not a list")
    tiers = [Tier(0, _price_map({k: v for k, v in base.items() if k != "tiers"}, name))]
    for value in more:
        tiers.append(_tier(value, tiers[-1], name))
    return tuple(tiers)


def _tier(value: Json, below: Tier, name: str) -> Tier:
    entry = _mapping(value, f"{name}: a tier")
    above = entry.get("above")
    if type(above) is not int or above < below.at_least:
        raise _invalid(f"{name}: the tiers do not rise in `above`")
    prices = _price_map({k: v for k, v in entry.items() if k != "above"}, name)
    if prices.keys() != below.prices.keys() or any(prices[k] < below.prices[k] for k in prices):
        raise _invalid(f"{name}: a tier has other kinds or lower prices than the one below")
    # The mark itself still belongs to the tier below.
    return Tier(above + 1, prices)


def _price_map(entry: JsonObject, name: str) -> dict[str, int]:
    prices: dict[str, int] = {}
    for kind, price in entry.items():
        if kind not in KINDS or type(price) is not int or not 0 <= price <= MAX_PRICE_MICRO_CENTS:
            raise _invalid(f"{name}: {kind} is no known kind with an integer price")
        prices[kind] = price
    if not prices.keys() >= set(REQUIRED_KINDS):
        raise _invalid(f"{name}: input and output must have prices")
    return prices
