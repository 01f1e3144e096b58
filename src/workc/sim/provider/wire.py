"""Writes answers and errors in OpenAI's and in Anthropic's form: one object or a stream.

Written from OpenAI's API reference ("The chat completion object", "The chat completion chunk
object", "Error codes") and Anthropic's ("Create a Message", "Streaming messages", "Errors"). The
same request and the same saying give the same bytes, ids and times included.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from workc.kernel.values import JsonObject
from workc.sim.provider.values import (
    Answer,
    Asked,
    Fault,
    ProviderName,
    Said,
    derived,
    tokens,
    words,
)

#: A fixed time for ``created``, in seconds since 1970: an answer must not depend on the clock.
CREATED_S = 1_700_000_000


class Wire(msgspec.Struct, frozen=True, kw_only=True):
    """What goes over the wire: one body or a stream's ``chunks``, and how the connection ends."""

    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    chunks: tuple[bytes, ...] | None = None
    then: Literal["end", "reset"] = "end"


def reply(asked: Asked, said: Said) -> Wire:
    """Returns the bytes that say it: one object or a stream, as the request wants it."""
    if isinstance(said, Fault):
        if said.after_events is None or not asked.stream:
            return fault_reply(asked.provider, said, asked.digest)
        begun = _EVENTS[asked.provider](asked, derived(asked))[: said.after_events]
        return _stream(asked, (*begun, _fault_event(asked, said)))
    if not asked.stream:
        return _json(asked, 200, _OBJECTS[asked.provider](asked, said))
    events = _EVENTS[asked.provider](asked, said)
    if said.cut_after is None:
        return _stream(asked, events)
    whole = _stream(asked, events[: said.cut_after])
    return msgspec.structs.replace(whole, then=said.cut)


#: ``error.type`` and ``error.code`` by status (OpenAI API reference, "Error codes").
OPENAI_ERRORS: dict[int, tuple[str, str | None]] = {
    400: ("invalid_request_error", None),
    401: ("invalid_request_error", "invalid_api_key"),
    403: ("invalid_request_error", "unsupported_country_region_territory"),
    404: ("invalid_request_error", "model_not_found"),
    429: ("requests", "rate_limit_exceeded"),
    500: ("server_error", None),
    503: ("server_error", "server_overloaded"),
}
#: ``error.type`` by status (Anthropic API reference, "Errors").
ANTHROPIC_ERRORS: dict[int, str] = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    500: "api_error",
    529: "overloaded_error",
}


def fault_reply(provider: ProviderName, fault: Fault, digest: str) -> Wire:
    """Returns an error with its status, body and ``Retry-After``."""
    made = _json_bytes(_fault_object(provider, fault, digest))
    after = () if fault.retry_after_s is None else (("retry-after", str(fault.retry_after_s)),)
    headers = (("content-type", "application/json"), _request_id(provider, digest), *after)
    return Wire(status=fault.status, headers=headers, body=made)


def _fault_object(provider: ProviderName, fault: Fault, digest: str) -> JsonObject:
    if provider == "openai":
        kind, code = OPENAI_ERRORS.get(fault.status, ("server_error", None))
        return {
            "error": {"message": fault.message, "type": kind, "param": None, "code": code},
        }
    kind = ANTHROPIC_ERRORS.get(fault.status, "api_error")
    return {
        "type": "error",
        "error": {"type": kind, "message": fault.message},
        "request_id": f"req_{digest[:24]}",
    }


def _fault_event(asked: Asked, fault: Fault) -> bytes:
    made = _fault_object(asked.provider, fault, asked.digest)
    return _data(made) if asked.provider == "openai" else _event("error", made)


def _request_id(provider: ProviderName, digest: str) -> tuple[str, str]:
    name = "x-request-id" if provider == "openai" else "request-id"
    return (name, f"req_{digest[:24]}")


def _json_bytes(value: JsonObject) -> bytes:
    # The order of the fields is the references' own; canonical form is not what providers send.
    return msgspec.json.encode(value)


def _json(asked: Asked, status: int, value: JsonObject) -> Wire:
    headers = (("content-type", "application/json"), _request_id(asked.provider, asked.digest))
    return Wire(status=status, headers=headers, body=_json_bytes(value))


def _stream(asked: Asked, events: tuple[bytes, ...]) -> Wire:
    headers = (
        ("content-type", "text/event-stream; charset=utf-8"),
        ("cache-control", "no-cache"),
        _request_id(asked.provider, asked.digest),
    )
    return Wire(headers=headers, chunks=events)


def _data(value: JsonObject) -> bytes:
    return b"data: " + _json_bytes(value) + b"\n\n"


def _event(name: str, value: JsonObject) -> bytes:
    return b"event: " + name.encode() + b"\n" + _data(value)


def _openai_usage(asked: Asked, answer: Answer) -> JsonObject | None:
    if not answer.usage:
        return None
    used = tokens(asked, answer)
    prompt = used.input + used.cache_read + used.cache_write
    return {
        "prompt_tokens": prompt,
        "completion_tokens": used.output,
        "total_tokens": prompt + used.output,
        "prompt_tokens_details": {
            "cached_tokens": used.cache_read,
            "cache_write_tokens": used.cache_write,
            "audio_tokens": 0,
        },
        "completion_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 0},
    }


def _openai_head(asked: Asked, kind: str) -> JsonObject:
    return {
        "id": f"chatcmpl-{asked.digest[:24]}",
        "object": kind,
        "created": CREATED_S,
        "model": asked.model,
        "service_tier": "default",
        "system_fingerprint": None,
    }


def _openai_object(asked: Asked, answer: Answer) -> JsonObject:
    message: JsonObject = {
        "role": "assistant",
        "content": answer.text,
        "refusal": None,
        "annotations": [],
    }
    choice: JsonObject = {
        "index": 0,
        "message": message,
        "logprobs": None,
        "finish_reason": answer.finish,
    }
    usage = _openai_usage(asked, answer)
    rest: JsonObject = {} if usage is None else {"usage": usage}
    return {**_openai_head(asked, "chat.completion"), "choices": [choice], **rest}


def _openai_events(asked: Asked, answer: Answer) -> tuple[bytes, ...]:
    head = _openai_head(asked, "chat.completion.chunk")
    if asked.include_usage:
        head["usage"] = None
    start: JsonObject = {"role": "assistant", "content": "", "refusal": None}
    deltas = [start, *map(_text_of, words(answer.text))]
    pieces = [_data({**head, "choices": [_choice(delta, None)]}) for delta in deltas]
    pieces.append(_data({**head, "choices": [_choice({}, answer.finish)]}))
    usage = _openai_usage(asked, answer)
    if asked.include_usage and usage is not None:
        pieces.append(_data({**head, "choices": [], "usage": usage}))
    return (*pieces, b"data: [DONE]\n\n")


def _text_of(word: str) -> JsonObject:
    return {"content": word}


def _choice(delta: JsonObject, finish: str | None) -> JsonObject:
    return {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}


#: Our word of a finish to ``stop_reason``.
_STOP_REASONS = {"stop": "end_turn", "length": "max_tokens", "content_filter": "refusal"}


def _anthropic_usage(asked: Asked, answer: Answer) -> JsonObject:
    used = tokens(asked, answer)
    return {
        "input_tokens": used.input,
        "cache_creation_input_tokens": used.cache_write,
        "cache_read_input_tokens": used.cache_read,
        "output_tokens": used.output,
        "service_tier": "standard",
    }


def _anthropic_object(asked: Asked, answer: Answer) -> JsonObject:
    message: JsonObject = {
        "id": f"msg_{asked.digest[:24]}",
        "type": "message",
        "role": "assistant",
        "model": asked.model,
        "content": [{"type": "text", "text": answer.text}],
        "stop_reason": _STOP_REASONS[answer.finish],
        "stop_sequence": None,
    }
    if answer.usage:
        message["usage"] = _anthropic_usage(asked, answer)
    return message


def _anthropic_events(asked: Asked, answer: Answer) -> tuple[bytes, ...]:
    usage = _anthropic_usage(asked, answer)
    whole = _anthropic_object(asked, answer)
    begun: JsonObject = {**usage, "output_tokens": 1}
    empty: JsonObject = {"content": [], "stop_reason": None, "usage": begun}
    reason: JsonObject = {"stop_reason": whole["stop_reason"], "stop_sequence": None}
    events: list[JsonObject] = [
        {"type": "message_start", "message": {**whole, **empty}},
        {
            "type": "content_block_start",
            "index": 0,
            "content_block": {"type": "text", "text": ""},
        },
        {"type": "ping"},
        *(_text_delta(word) for word in words(answer.text)),
        {"type": "content_block_stop", "index": 0},
        {
            "type": "message_delta",
            "delta": reason,
            "usage": {"output_tokens": usage["output_tokens"]},
        },
        {"type": "message_stop"},
    ]
    return tuple(_event(str(event["type"]), event) for event in events)


def _text_delta(word: str) -> JsonObject:
    delta: JsonObject = {"type": "text_delta", "text": word}
    return {"type": "content_block_delta", "index": 0, "delta": delta}


_OBJECTS = {"openai": _openai_object, "anthropic": _anthropic_object}
_EVENTS = {"openai": _openai_events, "anthropic": _anthropic_events}
