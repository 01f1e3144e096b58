"""The wire of Anthropic's messages.

Written from Anthropic's API reference ("Create a Message", "Streaming messages", "Errors").
Text only, no tools. The version is 2023-06-01, which all models answer. In a stream the last
``message_delta`` holds the stop reason and the final number of output tokens; a stream without
it broke off. Events and blocks of a kind not known here are skipped, as the reference asks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Literal

import msgspec

from workc.kernel import jcs
from workc.kernel.failure import Failure
from workc.kernel.values import Json, JsonObject
from workc.skills import wire
from workc.skills.http_status import FIRST_FAILURE, is_success, media_type
from workc.skills.sse import read_events
from workc.skills.wire import FinishReason, Garbled, ModelCall, Reading, Usage

PROVIDER: Literal["anthropic"] = "anthropic"
#: Appended to the base URL, which has no version in it (Anthropic API reference, "Messages").
PATH = "/v1/messages"
HEADERS: tuple[tuple[str, str], ...] = (("anthropic-version", "2023-06-01"),)

#: Values of ``error.type`` (Anthropic API reference, "Errors"). An error inside a stream has
#: no status of its own, so every type is listed.
ERROR_CODES: dict[str, str] = {
    "invalid_request_error": "BAD_REQUEST",
    "authentication_error": "UNAUTHORIZED",
    "billing_error": "FORBIDDEN",
    "permission_error": "FORBIDDEN",
    "not_found_error": "NOT_FOUND",
    "conflict_error": "CONFLICT",
    "request_too_large": "HTTP_4XX",
    "rate_limit_error": "RATE_LIMITED",
    "api_error": "LLM_API_ERROR",
    "timeout_error": "GATEWAY_TIMEOUT",
    "overloaded_error": "LLM_OVERLOADED",
}
STATUSES: dict[int, str] = {500: "LLM_API_ERROR", 529: "LLM_OVERLOADED"}

#: ``stop_reason`` of a message.
FINISH_REASONS: dict[str, FinishReason] = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "pause_turn": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "tool_use": "tool_calls",
    "refusal": "content_filter",
}


def request_body(call: ModelCall) -> bytes:
    """Returns the body to post, as RFC 8785 bytes: the same for the same call.

    ``seed`` and the format ``json_object`` have no counterpart here; the caller refuses them.
    """
    body: JsonObject = {
        "model": call.model,
        "max_tokens": call.max_tokens,
        "messages": [{"role": m.role, "content": m.content} for m in call.messages],
    }
    optional: JsonObject = {
        "system": call.system or None,
        "temperature": call.temperature,
        "top_p": call.top_p,
        "stop_sequences": [*call.stop] or None,
        "output_config": _output_config(call.response_format),
        "stream": call.stream or None,
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


def _output_config(schema: JsonObject | None) -> JsonObject | None:
    return None if schema is None else {"format": {"type": "json_schema", "schema": schema}}


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


def _usage(counts: JsonObject) -> Usage:
    return Usage(
        input=wire.as_count(counts.get("input_tokens"), "input_tokens"),
        output=wire.as_count(counts.get("output_tokens"), "output_tokens"),
        cache_read=wire.as_optional_count(
            counts.get("cache_read_input_tokens"), "cache_read_input_tokens"
        ),
        cache_write=wire.as_optional_count(
            counts.get("cache_creation_input_tokens"), "cache_creation_input_tokens"
        ),
    )


def _read_object(status: int, body: bytes) -> Reading:
    answer = wire.as_object(wire.parse(body), "the answer")
    counts = answer.get("usage")
    usage = None if counts is None else _usage(wire.as_object(counts, "usage"))
    try:
        return _message(status, answer, usage)
    except Garbled as error:
        return _garbled(status, body, str(error), usage)


def _message(status: int, answer: JsonObject, usage: Usage | None) -> Reading:
    blocks = [
        wire.as_object(block, "a block of content")
        for block in wire.as_list(answer.get("content"), "content")
    ]
    texts = [wire.as_text(b.get("text"), "a text block") for b in blocks if b.get("type") == "text"]
    model = wire.as_text(answer.get("model"), "model")
    reading = Reading(text="".join(texts), model=model, usage=usage)
    return _finished(reading, status, answer.get("stop_reason"))


def _finished(reading: Reading, status: int, reason: Json) -> Reading:
    """Returns the reading with its finish reason in our words."""
    known = FINISH_REASONS.get(reason) if isinstance(reason, str) else None
    if known is None:
        raise Garbled("stop_reason is none that is known")
    failure = wire.filtered(provider=PROVIDER, status=status) if known == "content_filter" else None
    return msgspec.structs.replace(reading, finish_reason=known, failure=failure)


class _Stream(msgspec.Struct):
    """What has been read of a stream so far."""

    texts: list[str] = []
    model: str = ""
    reason: Json = None
    counts: JsonObject = {}
    error: JsonObject | None = None


def _read_stream(status: int, body: bytes) -> Reading:
    stream = _Stream()
    for event in read_events([body]):
        _take(stream, wire.as_object(wire.parse(event.data), "an event"))
        if stream.error is not None:
            return _partial(stream, _refused(status, body, stream.error))
    if stream.reason is None:
        return _partial(stream, wire.broken_off(status=status, body=body, provider=PROVIDER))
    usage = _usage(stream.counts)
    reading = Reading(text="".join(stream.texts), model=stream.model, usage=usage)
    try:
        return _finished(reading, status, stream.reason)
    except Garbled as error:
        return _garbled(status, body, str(error), usage)


def _partial(stream: _Stream, failure: Failure) -> Reading:
    """Returns a reading without usage: what was billed is not known before the last event."""
    return Reading(text="".join(stream.texts), model=stream.model, failure=failure)


def _take(stream: _Stream, event: JsonObject) -> None:
    kind = event.get("type")
    take = _TAKERS.get(kind) if isinstance(kind, str) else None
    if take is not None:
        take(stream, event)


def _take_start(stream: _Stream, event: JsonObject) -> None:
    message = wire.as_object(event.get("message"), "message")
    stream.model = wire.as_text(message.get("model"), "message.model")
    stream.counts = wire.as_object(message.get("usage"), "message.usage")


def _take_text(stream: _Stream, event: JsonObject) -> None:
    delta = wire.as_object(event.get("delta"), "delta")
    if delta.get("type") == "text_delta":
        stream.texts.append(wire.as_text(delta.get("text"), "delta.text"))


def _take_block(stream: _Stream, event: JsonObject) -> None:
    block = wire.as_object(event.get("content_block"), "content_block")
    if block.get("type") == "text":
        stream.texts.append(wire.as_text(block.get("text"), "content_block.text"))


def _take_end(stream: _Stream, event: JsonObject) -> None:
    """Takes the stop reason and the counts, which replace those of the start where given."""
    delta = wire.as_object(event.get("delta"), "delta")
    stream.reason = delta.get("stop_reason") or stream.reason
    counts = wire.as_object(event.get("usage"), "usage")
    stream.counts = stream.counts | {k: v for k, v in counts.items() if v is not None}


def _take_error(stream: _Stream, event: JsonObject) -> None:
    stream.error = wire.as_object(event.get("error"), "error")


_TAKERS: dict[str, Callable[[_Stream, JsonObject], None]] = {
    "message_start": _take_start,
    "content_block_start": _take_block,
    "content_block_delta": _take_text,
    "message_delta": _take_end,
    "error": _take_error,
}
