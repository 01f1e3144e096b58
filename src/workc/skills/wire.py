"""What the wires of the providers have in common: a call, an answer, a failure, as values.

A wire is two pure functions: ``request_body(call)`` gives the bytes to send, the same bytes for
the same call, and ``read_response(status, headers, chunks)`` reads what came back. Reading never
raises: an answer that is an error, garbled or broken off is a :class:`Reading` with a
``failure``. So whoever called can charge what was used first and report the failure after.

Only text goes out: no images, sounds or tools. Their price does not follow from the length of
the request, and a budget that cannot be bounded beforehand is no budget.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

import msgspec

from workc.kernel import jcs
from workc.kernel.canonical import CanonicalError
from workc.kernel.failure import Failure
from workc.kernel.values import MAX_SAFE_INTEGER, Json, JsonObject
from workc.skills.http_status import FIRST_FAILURE, code_of, excerpt

FinishReason = Literal["stop", "length", "tool_calls", "content_filter"]
Headers = tuple[tuple[str, str], ...]


class Message(msgspec.Struct, frozen=True):
    """One turn of a conversation; what the model is told beforehand is ``ModelCall.system``."""

    role: Literal["user", "assistant"]
    content: str


class ModelCall(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked of a model, before it has a provider's form.

    ``response_format`` is None, ``{"type": "json_object"}`` or a JSON Schema. What is None is
    not sent, so the provider's own default holds.
    """

    model: str
    messages: tuple[Message, ...]
    max_tokens: int
    system: str | None = None
    temperature: float | None = None
    top_p: float | None = None
    stop: tuple[str, ...] = ()
    seed: int | None = None
    response_format: JsonObject | None = None
    stream: bool = False


class Usage(msgspec.Struct, frozen=True, kw_only=True):
    """Billed tokens by kind. No token is in two kinds: ``input`` is without the cached ones."""

    input: int
    output: int
    cache_read: int = 0
    cache_write: int = 0

    @property
    def total(self) -> int:
        """Returns the number of all tokens."""
        return self.input + self.output + self.cache_read + self.cache_write


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """What an answer says. ``usage`` is None unless the provider gave its final figure.

    With a ``failure`` the text is what had come until then.
    """

    text: str = ""
    model: str = ""
    finish_reason: FinishReason | None = None
    usage: Usage | None = None
    failure: Failure | None = None


class Garbled(Exception):
    """An answer lacks the shape of its interface; used inside the wires only."""


def parse(data: bytes) -> Json:
    """Returns the JSON value of ``data``.

    Raises:
        Garbled: it is not JSON that can be kept without loss.
    """
    try:
        return jcs.parse(data)
    except CanonicalError as error:
        raise Garbled(str(error)) from error


def as_object(value: Json, where: str) -> JsonObject:
    """Returns ``value`` if it is an object.

    Raises:
        Garbled: it is not; names ``where``.
    """
    if not isinstance(value, dict):
        raise Garbled(f"{where} is not an object")
    return value


def as_list(value: Json, where: str) -> list[Json]:
    """Returns ``value`` if it is a list.

    Raises:
        Garbled: it is not; names ``where``.
    """
    if not isinstance(value, list):
        raise Garbled(f"{where} is not a list")
    return value


def as_text(value: Json, where: str) -> str:
    """Returns ``value`` if it is text, and empty text for null.

    Raises:
        Garbled: it is neither; names ``where``.
    """
    if value is None:
        return ""
    if not isinstance(value, str):
        raise Garbled(f"{where} is not text")
    return value


def as_count(value: Json, where: str) -> int:
    """Returns ``value`` if it is a number of tokens.

    Raises:
        Garbled: it is no integer from 0 to 2**53 - 1; names ``where``.
    """
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MAX_SAFE_INTEGER:
        raise Garbled(f"{where} is not a number of tokens")
    return value


def as_optional_count(value: Json, where: str) -> int:
    """Returns ``value`` if it is a number of tokens, and 0 for null or nothing.

    Raises:
        Garbled: it is neither; names ``where``.
    """
    return 0 if value is None else as_count(value, where)


def garbled(reason: str, *, status: int, body: bytes, provider: str) -> Failure:
    """Returns the failure of an answer without the shape of its interface."""
    return Failure(
        code="LLM_INVALID_RESPONSE",
        message=f"the answer of {provider} cannot be read: {reason}",
        details={"provider": provider, "status": status, "body": excerpt(body)},
    )


def broken_off(*, status: int, body: bytes, provider: str) -> Failure:
    """Returns the failure of a stream that ended before the model had finished."""
    return Failure(
        code="CONNECTION_RESET",
        message=f"the stream of {provider} ended before the answer was complete",
        details={"provider": provider, "status": status, "received_bytes": len(body)},
    )


def filtered(*, provider: str, status: int) -> Failure:
    """Returns the failure of an answer that the provider's filter stopped."""
    return Failure(
        code="LLM_CONTENT_FILTERED",
        message=f"the content filter of {provider} stopped the answer",
        details={"provider": provider, "status": status},
    )


def refused(
    *,
    provider: str,
    status: int,
    body: bytes,
    error: JsonObject | None,
    codes: Mapping[str, str],
    statuses: Mapping[int, str],
) -> Failure:
    """Returns the failure for an error that the provider names.

    The error's ``code``, then its ``type``, decide through ``codes`` where they are listed; else
    the status does, through ``statuses`` and then the table for HTTP. An error inside a stream
    has the status 200 and, if nothing is listed, is ``LLM_API_ERROR``. Its message is quoted and
    never looked at.
    """
    kinds = _kinds(error)
    by_status = statuses.get(status) or (
        code_of(status) if status >= FIRST_FAILURE else "LLM_API_ERROR"
    )
    code = next((codes[kind] for kind in kinds if kind in codes), by_status)
    return Failure(
        code=code,
        message=f"{provider} refused the call with status {status}"
        + (f" ({', '.join(kinds)})" if kinds else ""),
        details={
            "provider": provider,
            "status": status,
            "kinds": [*kinds],
            "body": excerpt(body),
        },
    )


def error_object(data: bytes) -> JsonObject | None:
    """Returns the member ``error`` of a JSON object, or None; accepts any bytes."""
    try:
        error = as_object(parse(data), "the answer").get("error")
    except Garbled:
        return None
    return error if isinstance(error, dict) else None


def join(chunks: Iterable[bytes]) -> bytes:
    """Returns the body whose pieces are ``chunks``."""
    return b"".join(chunks)


def _kinds(error: JsonObject | None) -> list[str]:
    found = [(error or {}).get("code"), (error or {}).get("type")]
    return [kind[:100] for kind in found if isinstance(kind, str)]
