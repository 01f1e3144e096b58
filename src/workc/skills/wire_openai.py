"""The wire of OpenAI's chat completions, and of the many servers that speak it too.

Written from OpenAI's API reference ("Create chat completion", "The chat completion chunk
object"). One answer (``n`` is 1), text only, no tools. ``max_completion_tokens`` is sent, which
bounds reasoning and visible text together; servers that know only the older ``max_tokens`` need
``limit_field``. A stream asks for its usage and is complete only with a finish reason.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import msgspec

from workc.kernel import jcs
from workc.kernel.failure import Failure
from workc.kernel.values import Json, JsonObject
from workc.skills import wire
from workc.skills.http_status import FIRST_FAILURE, is_success, media_type
from workc.skills.sse import read_events
from workc.skills.wire import FinishReason, Garbled, ModelCall, Reading, Usage

PROVIDER: Literal["openai"] = "openai"
#: Appended to the base URL, which ends in ``/v1`` (OpenAI API reference, "Chat").
PATH = "/chat/completions"
HEADERS: tuple[tuple[str, str], ...] = ()
LimitField = Literal["max_completion_tokens", "max_tokens"]

#: Values of ``error.code`` and ``error.type`` that say more than the status does.
ERROR_CODES: dict[str, str] = {
    "context_length_exceeded": "LLM_CONTEXT_EXCEEDED",
    "content_filter": "LLM_CONTENT_FILTERED",
    "content_policy_violation": "LLM_CONTENT_FILTERED",
    "insufficient_quota": "FORBIDDEN",
    "billing_hard_limit_reached": "FORBIDDEN",
    "invalid_api_key": "UNAUTHORIZED",
    "model_not_found": "NOT_FOUND",
    "rate_limit_exceeded": "RATE_LIMITED",
    "server_error": "LLM_API_ERROR",
    "server_overloaded": "LLM_OVERLOADED",
}
STATUSES: dict[int, str] = {500: "LLM_API_ERROR", 529: "LLM_OVERLOADED"}

#: ``finish_reason`` of a choice; ``function_call`` is the older name of a tool call.
FINISH_REASONS: dict[str, FinishReason] = {
    "stop": "stop",
    "length": "length",
    "tool_calls": "tool_calls",
    "function_call": "tool_calls",
    "content_filter": "content_filter",
}
#: A model that declines says so in ``refusal`` and stops; there is no text then.
_REFUSED = "content_filter"


def request_body(call: ModelCall, limit_field: LimitField = "max_completion_tokens") -> bytes:
    """Returns the body to post, as RFC 8785 bytes: the same for the same call."""
    body: JsonObject = {
        "model": call.model,
        "messages": _messages(call),
        limit_field: call.max_tokens,
    }
    optional: JsonObject = {
        "temperature": call.temperature,
        "top_p": call.top_p,
        "seed": call.seed,
        "stop": [*call.stop] or None,
        "response_format": _response_format(call.response_format),
        "stream": call.stream or None,
        "stream_options": {"include_usage": True} if call.stream else None,
    }
    body |= {key: value for key, value in optional.items() if value is not None}
    return jcs.encode(body)


def read_response(status: int, headers: wire.Headers, chunks: Iterable[bytes]) -> Reading:
    """Returns what the answer says; any bytes give a reading, none an exception.

    A body of type ``text/event-stream`` is a stream, any other is one object.
    """
    body = wire.join(chunks)
    if status >= FIRST_FAILURE:
        return Reading(failure=_refused(status, body, wire.error_object(body)))
    if not is_success(status):
        return _garbled(status, body, "the status is no answer")
    try:
        read = _read_stream if media_type(headers) == "text/event-stream" else _read_object
        return read(status, body)
    except Garbled as error:
        return _garbled(status, body, str(error))


def _messages(call: ModelCall) -> list[Json]:
    system: list[Json] = [{"role": "system", "content": call.system}] if call.system else []
    turns: list[Json] = [{"role": m.role, "content": m.content} for m in call.messages]
    return system + turns


def _response_format(wanted: JsonObject | None) -> JsonObject | None:
    if wanted is None or wanted.get("type") == "json_object":
        return wanted
    return {
        "type": "json_schema",
        "json_schema": {"name": "answer", "schema": wanted, "strict": True},
    }


def _refused(status: int, body: bytes, error: JsonObject | None) -> Failure:
    return wire.refused(
        provider=PROVIDER,
        status=status,
        body=body,
        error=error,
        codes=ERROR_CODES,
        statuses=STATUSES,
    )


def _garbled(status: int, body: bytes, reason: str, usage: Usage | None = None) -> Reading:
    failure = wire.garbled(reason, status=status, body=body, provider=PROVIDER)
    return Reading(usage=usage, failure=failure)


def _usage(value: Json) -> Usage | None:
    """Returns the usage; ``prompt_tokens`` counts cached tokens too, so they are taken out."""
    if value is None:
        return None
    usage = wire.as_object(value, "usage")
    details = wire.as_object(usage.get("prompt_tokens_details") or {}, "prompt_tokens_details")
    read = wire.as_optional_count(details.get("cached_tokens"), "cached_tokens")
    write = wire.as_optional_count(details.get("cache_write_tokens"), "cache_write_tokens")
    prompt = wire.as_count(usage.get("prompt_tokens"), "prompt_tokens")
    if read + write > prompt:
        raise Garbled("usage counts more cached tokens than prompt tokens")
    output = wire.as_count(usage.get("completion_tokens"), "completion_tokens")
    return Usage(input=prompt - read - write, output=output, cache_read=read, cache_write=write)


def _read_object(status: int, body: bytes) -> Reading:
    answer = wire.as_object(wire.parse(body), "the answer")
    usage = _usage(answer.get("usage"))
    try:
        return _completion(status, answer, usage)
    except Garbled as error:
        return _garbled(status, body, str(error), usage)


def _completion(status: int, answer: JsonObject, usage: Usage | None) -> Reading:
    choices = wire.as_list(answer.get("choices"), "choices")
    if not choices:
        raise Garbled("choices is empty")
    choice = wire.as_object(choices[0], "choices[0]")
    message = wire.as_object(choice.get("message"), "choices[0].message")
    text = wire.as_text(message.get("content"), "choices[0].message.content")
    model = wire.as_text(answer.get("model"), "model")
    reason = choice.get("finish_reason")
    return _finished(
        Reading(text=text, model=model, usage=usage),
        status,
        _REFUSED if message.get("refusal") and reason == "stop" else reason,
    )


def _finished(reading: Reading, status: int, reason: Json) -> Reading:
    """Returns the reading with its finish reason in our words."""
    known = FINISH_REASONS.get(reason) if isinstance(reason, str) else None
    if known is None:
        raise Garbled("finish_reason is none that is known")
    failure = wire.filtered(provider=PROVIDER, status=status) if known == "content_filter" else None
    return msgspec.structs.replace(reading, finish_reason=known, failure=failure)


class _Stream(msgspec.Struct):
    """What has been read of a stream so far."""

    texts: list[str] = []
    model: str = ""
    reason: Json = None
    declined: bool = False
    usage: Usage | None = None
    error: JsonObject | None = None


def _read_stream(status: int, body: bytes) -> Reading:
    stream = _Stream()
    try:
        _take_all(stream, body)
        return _stream_end(stream, status, body)
    except Garbled as error:
        usage = None if stream.reason is None else stream.usage
        return _garbled(status, body, str(error), usage)


def _take_all(stream: _Stream, body: bytes) -> None:
    for event in read_events([body]):
        if event.data == b"[DONE]" or stream.error is not None:
            return
        _take(stream, wire.as_object(wire.parse(event.data), "an event"))


def _take(stream: _Stream, chunk: JsonObject) -> None:
    if chunk.get("error") is not None:
        stream.error = wire.as_object(chunk["error"], "error")
        return
    stream.model = stream.model or wire.as_text(chunk.get("model"), "model")
    stream.usage = _usage(chunk.get("usage")) or stream.usage
    for value in wire.as_list(chunk.get("choices", []), "choices")[:1]:
        choice = wire.as_object(value, "choices[0]")
        delta = wire.as_object(choice.get("delta"), "choices[0].delta")
        stream.texts.append(wire.as_text(delta.get("content"), "choices[0].delta.content"))
        stream.declined = stream.declined or bool(delta.get("refusal"))
        stream.reason = choice.get("finish_reason") or stream.reason


def _stream_end(stream: _Stream, status: int, body: bytes) -> Reading:
    reading = Reading(text="".join(stream.texts), model=stream.model, usage=stream.usage)
    if stream.error is not None:
        failure = _refused(status, body, stream.error)
        return msgspec.structs.replace(reading, usage=None, failure=failure)
    if stream.reason is None:
        failure = wire.broken_off(status=status, body=body, provider=PROVIDER)
        return msgspec.structs.replace(reading, usage=None, failure=failure)
    declined = stream.declined and stream.reason == "stop"
    return _finished(reading, status, _REFUSED if declined else stream.reason)
