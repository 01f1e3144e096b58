"""What a provider is asked and what it says, as values.

The same request and the same script give the same values, so a test that runs twice sees the
same bytes twice.

>>> words("one two")
['one ', 'two']
"""

from __future__ import annotations

import re
from typing import Literal, TypeAlias

import msgspec

ProviderName: TypeAlias = Literal["openai", "anthropic"]

#: A token of derived usage stands for so many bytes of the request.
BYTES_A_TOKEN = 4
_WORD = re.compile(r"\S+\s*|\s+")


class Tokens(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Billed tokens by kind; no token is in two of them."""

    input: int
    output: int
    cache_read: int = 0
    cache_write: int = 0


class Answer(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    tag_field="kind",
    tag="answer",
):
    """A text to answer with; what is not given is derived from the request.

    ``tokens`` None counts bytes and words; ``usage`` False leaves the usage out, as some servers
    do. ``cut_after`` breaks a stream off behind so many events, by ``cut``: the connection ends
    properly (``end``) or not (``reset``).
    """

    text: str
    finish: Literal["stop", "length", "content_filter"] = "stop"
    tokens: Tokens | None = None
    usage: bool = True
    cut_after: int | None = None
    cut: Literal["end", "reset"] = "end"


class Fault(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    tag_field="kind",
    tag="fault",
):
    """An error to answer with, in the provider's form for its status.

    ``retry_after_s`` is the header. ``after_events`` says it inside a stream that began well with
    so many events, under status 200; ``status`` then only chooses the error's type.
    """

    status: int
    message: str = "scripted by the testkit"
    retry_after_s: int | None = None
    after_events: int | None = None


Said: TypeAlias = Answer | Fault


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A request that was found valid. ``last`` is the text of the last turn."""

    provider: ProviderName
    model: str
    turns: int
    last: str
    max_tokens: int | None
    stream: bool
    include_usage: bool
    size: int
    digest: str


def derived(asked: Asked) -> Answer:
    """Returns the answer to a request that nothing was scripted for: its digest, in words.

    It keeps to the request's limit, a word being a token.
    """
    plural = "turn" if asked.turns == 1 else "turns"
    text = f"Derived from {asked.turns} {plural} by {asked.model}: {asked.digest[:16]}."
    found = words(text)
    if asked.max_tokens is None or len(found) <= asked.max_tokens:
        return Answer(text=text)
    return Answer(text="".join(found[: asked.max_tokens]), finish="length")


def words(text: str) -> list[str]:
    """Returns the pieces a stream sends: words with the white space behind them."""
    return [match[0] for match in _WORD.finditer(text)]


def tokens(asked: Asked, answer: Answer) -> Tokens:
    """Returns the usage of an answer: its own, else counted from bytes and words."""
    counted = Tokens(input=-(-asked.size // BYTES_A_TOKEN), output=len(words(answer.text)))
    return answer.tokens or counted
