"""Tables of stub answers: what stands in for the world, written down beforehand.

An HTTP table is keyed by address, a model table by the first word of the last turn. A value is one
answer or a list of them, one a call, the last of which repeats::

    {"https://shop.example/items": [{"status": 503}, {"body": ["pen"]}]}
    {"summarize": {"text": "This is a summary.", "tokens": 50}}

>>> http_table({"https://shop.example/": {"body": "hello"}})["https://shop.example/"][0].status
200
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, TypeVar, cast

import msgspec

from workc.kernel import jcs
from workc.kernel.arguments import instance, shown
from workc.kernel.canonical import CanonicalError
from workc.kernel.failure import Misuse, Refusal
from workc.kernel.values import MAX_SAFE_INTEGER, Json
from workc.skills.http_status import FIRST_FAILURE
from workc.stages.url import parse_url

#: The status of every answer of a model that is no error.
OK = 200
_Status = Annotated[int, msgspec.Meta(ge=100, le=999)]
_Count = Annotated[int, msgspec.Meta(ge=0, le=MAX_SAFE_INTEGER)]


class HttpStub(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One answer of HTTP. A text is sent as such, null as no bytes, any other JSON as JSON."""

    status: _Status = 200
    headers: dict[str, str] = {}
    body: object = None


class ModelStub(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One answer of a model: a text with the tokens it is billed for, or a failing status.

    ``tokens`` None counts words and bytes. ``retry_after_s`` goes with a failing status.
    """

    text: str = ""
    tokens: _Count | None = None
    status: _Status = 200
    retry_after_s: _Count | None = None

    def __post_init__(self) -> None:
        """Refuses a status that is neither 200 nor a failure."""
        if self.status != OK and self.status < FIRST_FAILURE:
            raise ValueError(f"a model answers with {OK}, or {FIRST_FAILURE} and more")


HttpTable = Mapping[str, tuple[HttpStub, ...]]
ModelTable = Mapping[str, tuple[ModelStub, ...]]
S = TypeVar("S", HttpStub, ModelStub)
T = TypeVar("T")


class Stubs(msgspec.Struct, frozen=True, kw_only=True):
    """Which ports are stubbed, each with its table; None is a port that asks the world."""

    http: HttpTable | None = None
    model: ModelTable | None = None

    def __or__(self, other: Stubs) -> Stubs:
        """Returns both together; of one key, that of ``other``."""
        return Stubs(http=_joined(self.http, other.http), model=_joined(self.model, other.model))

    def to_text(self) -> str:
        """Returns the tables as JSON text, to be recorded."""
        return jcs.encode(jcs.parse(msgspec.json.encode(self))).decode()


def read_stubs(text: str) -> Stubs:
    """Returns the stubs that :meth:`Stubs.to_text` has written.

    Raises:
        Misuse: the text is no such tables.
    """
    try:
        found = jcs.parse(text.encode())
    except (CanonicalError, UnicodeEncodeError):
        raise Misuse("the recorded stubs are not JSON") from None
    tables = found if isinstance(found, dict) else {}
    http, model = tables.get("http"), tables.get("model")
    return Stubs(
        http=http_table(http) if isinstance(http, dict) else None,
        model=model_table(model) if isinstance(model, dict) else None,
    )


def http_table(table: Mapping[str, object]) -> HttpTable:
    """Returns a table of HTTP answers, keyed by the address as it is really meant.

    Raises:
        Misuse: an entry is none; names it and says why.
    """
    return {_address(url): _entries(url, entry, HttpStub) for url, entry in _rows(table)}


def model_table(table: Mapping[str, object]) -> ModelTable:
    """Returns a table of model answers, keyed by words in lower case.

    Raises:
        Misuse: an entry is none; names it and says why.
    """
    return {_word(word): _entries(word, entry, ModelStub) for word, entry in _rows(table)}


def _rows(table: object) -> Iterator[tuple[str, object]]:
    """Yields what a table holds, by keys that are texts."""
    instance("a stub table", table, Mapping, "a mapping of answers")
    for key, entry in cast("Mapping[object, object]", table).items():
        yield instance("a key of a stub table", key, str, "a text"), entry


def _joined(one: Mapping[str, T] | None, other: Mapping[str, T] | None) -> Mapping[str, T] | None:
    return one if other is None else {**(one or {}), **other}


def _address(url: str) -> str:
    try:
        return parse_url(url).text
    except Refusal as refusal:
        raise Misuse(f"the stub table names {shown(url)}: {refusal.failure.message}") from None


def _word(word: str) -> str:
    if not word.isalpha():
        raise Misuse(f"the stub table names {shown(word)}; a task is one word of letters")
    return word.lower()


def _entries(key: str, entry: object, kind: type[S]) -> tuple[S, ...]:
    listed = cast("list[object]", entry) if isinstance(entry, list | tuple) else [entry]
    if not listed:
        raise Misuse(f"the stub table has no answer for {shown(key)}")
    return tuple(_entry(key, each, kind) for each in listed)


def _entry(key: str, entry: object, kind: type[S]) -> S:
    try:
        plain = _plain(entry)
        jcs.encode(cast("Json", plain))
        return msgspec.convert(plain, kind)
    except RecursionError:
        raise Misuse(f"the stub answer for {shown(key)} is none: it holds itself") from None
    except (CanonicalError, msgspec.ValidationError) as error:
        raise Misuse(f"the stub answer for {shown(key)} is none: {error}") from None


def _plain(value: object) -> object:
    """Returns mappings as dicts, at any depth: a table may be frozen."""
    if isinstance(value, Mapping):
        return {key: _plain(each) for key, each in cast("Mapping[object, object]", value).items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in cast("list[object]", value)]
    return value
