"""The server's half of two model wires, as pure functions: a request is read, an answer written.

It is the counterpart of ``workc.skills.wire_openai`` and ``wire_anthropic`` and shares no code
with them, so that a mistake in one is seen against the other. Written from OpenAI's API reference
("Create chat completion", "The chat completion chunk object", "Error codes") and Anthropic's
("Create a Message", "Streaming messages", "Errors"). Text only: images and tools are refused, and
so is every field that the references do not name.

The same request and the same :class:`Answer` give the same bytes, ids and times included.

>>> asked = read_request("openai", b'{"model":"m","messages":[{"role":"user","content":"Hi"}]}')
>>> derived(asked).text
'Derived from 1 turn by m: e1356cc2dc1ff7da.'
"""

from __future__ import annotations

import hashlib
import re
from typing import Literal, TypeAlias, cast

import msgspec

from workc.kernel import jcs
from workc.kernel.canonical import CanonicalError
from workc.kernel.values import Json, JsonObject
from workc.testkit.servers import Reply

ProviderName: TypeAlias = Literal["openai", "anthropic"]

#: Where each provider is asked (the references' "POST" lines).
PATHS: dict[str, ProviderName] = {
    "/v1/chat/completions": "openai",
    "/v1/messages": "anthropic",
}
#: A fixed time for ``created``, in seconds since 1970: an answer must not depend on the clock.
CREATED_S = 1_700_000_000
#: A token of derived usage stands for so many bytes of the request.
BYTES_A_TOKEN = 4


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


class Unfit(Exception):
    """Raised for a request that the provider would answer with status 400; says why."""


_COMMON = frozenset({"model", "messages", "max_tokens", "stream", "temperature", "top_p"})
#: The fields of a request that are answered here.
FIELDS: dict[ProviderName, frozenset[str]] = {
    "openai": _COMMON
    | {"max_completion_tokens", "stream_options", "stop", "seed", "response_format", "n"}
    | {"frequency_penalty", "presence_penalty", "user", "metadata", "store", "reasoning_effort"},
    "anthropic": _COMMON | {"system", "stop_sequences", "output_config", "metadata", "top_k"},
}
ROLES: dict[ProviderName, frozenset[str]] = {
    "openai": frozenset({"system", "developer", "user", "assistant"}),
    "anthropic": frozenset({"user", "assistant"}),
}


def read_request(provider: ProviderName, body: bytes) -> Asked:
    """Returns what a request asks for.

    Raises:
        Unfit: the provider would refuse it.
    """
    try:
        value = jcs.parse(body)
    except CanonicalError as error:
        raise Unfit(f"the body is not JSON: {error}") from error
    if not isinstance(value, dict):
        raise Unfit("the body is not an object")
    unknown = sorted(value.keys() - FIELDS[provider])
    if unknown:
        raise Unfit(f"{unknown[0]}: Extra inputs are not permitted")
    return _asked(provider, value, body)


def _asked(provider: ProviderName, value: JsonObject, body: bytes) -> Asked:
    texts = _turns(provider, value.get("messages"))
    return Asked(
        provider=provider,
        model=_model(value.get("model")),
        turns=len(texts),
        last=texts[-1],
        max_tokens=_limit(provider, value),
        stream=_flag(value, "stream"),
        include_usage=_include_usage(value),
        size=len(body),
        digest=hashlib.sha256(body).hexdigest(),
    )


def _model(value: Json) -> str:
    if not isinstance(value, str) or not value:
        raise Unfit("model: you must provide a model")
    return value


def _turns(provider: ProviderName, value: Json) -> list[str]:
    if not isinstance(value, list) or not value:
        raise Unfit("messages: at least one message is required")
    return [_turn(provider, item, n) for n, item in enumerate(value)]


def _turn(provider: ProviderName, item: Json, n: int) -> str:
    if not isinstance(item, dict) or item.keys() - {"role", "content"}:
        raise Unfit(f"messages.{n}: it has a role and a content, nothing else")
    if item.get("role") not in ROLES[provider]:
        raise Unfit(f"messages.{n}.role: Input should be one of {sorted(ROLES[provider])}")
    return _text(item.get("content"), f"messages.{n}.content")


def _text(content: Json, where: str) -> str:
    if isinstance(content, str):
        return content
    if not isinstance(content, list) or not content:
        raise Unfit(f"{where}: Input should be a valid string")
    return "".join(_block(block, where) for block in content)


def _block(block: Json, where: str) -> str:
    text = block.get("text") if isinstance(block, dict) and block.get("type") == "text" else None
    if not isinstance(text, str):
        raise Unfit(f"{where}: only blocks of text are answered here")
    return text


def _limit(provider: ProviderName, value: JsonObject) -> int | None:
    given = [value[key] for key in ("max_tokens", "max_completion_tokens") if key in value]
    if not given and provider == "openai":
        return None
    if len(given) != 1 or type(given[0]) is not int or given[0] < 1:
        raise Unfit("max_tokens: one limit of at least 1 is required")
    return given[0]


def _flag(value: JsonObject, name: str) -> bool:
    found = value.get(name, False)
    if not isinstance(found, bool):
        raise Unfit(f"{name}: Input should be a valid boolean")
    return found


def _include_usage(value: JsonObject) -> bool:
    options = value.get("stream_options")
    if options is None:
        return False
    if not isinstance(options, dict) or value.get("stream") is not True:
        raise Unfit("stream_options: only allowed when stream is true")
    return _flag(options, "include_usage")


def derived(asked: Asked) -> Answer:
    """Returns the answer to a request that nothing was scripted for: its digest, in words.

    It keeps to the request's limit, a word being a token.
    """
    plural = "turn" if asked.turns == 1 else "turns"
    text = f"Derived from {asked.turns} {plural} by {asked.model}: {asked.digest[:16]}."
    words = _words(text)
    if asked.max_tokens is None or len(words) <= asked.max_tokens:
        return Answer(text=text)
    return Answer(text="".join(words[: asked.max_tokens]), finish="length")


def reply(asked: Asked, said: Said) -> Reply:
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


def fault_reply(provider: ProviderName, fault: Fault, digest: str) -> Reply:
    """Returns an error with its status, body and ``Retry-After``."""
    made = _json_bytes(_fault_object(provider, fault, digest))
    after = () if fault.retry_after_s is None else (("retry-after", str(fault.retry_after_s)),)
    headers = (("content-type", "application/json"), _request_id(provider, digest), *after)
    return Reply(status=fault.status, headers=headers, body=made)


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


def _json(asked: Asked, status: int, value: JsonObject) -> Reply:
    headers = (("content-type", "application/json"), _request_id(asked.provider, asked.digest))
    return Reply(status=status, headers=headers, body=_json_bytes(value))


def _stream(asked: Asked, events: tuple[bytes, ...]) -> Reply:
    headers = (
        ("content-type", "text/event-stream; charset=utf-8"),
        ("cache-control", "no-cache"),
        _request_id(asked.provider, asked.digest),
    )
    return Reply(headers=headers, chunks=events)


def _data(value: JsonObject) -> bytes:
    return b"data: " + _json_bytes(value) + b"\n\n"


def _event(name: str, value: JsonObject) -> bytes:
    return b"event: " + name.encode() + b"\n" + _data(value)


def _words(text: str) -> list[str]:
    """Returns the pieces a stream sends: words with the white space behind them."""
    return cast("list[str]", re.findall(r"\s*\S+\s*?(?=\s?\S|\s*$)|\s+", text))


def _tokens(asked: Asked, answer: Answer) -> Tokens:
    counted = Tokens(input=-(-asked.size // BYTES_A_TOKEN), output=len(_words(answer.text)))
    return answer.tokens or counted


def _openai_usage(asked: Asked, answer: Answer) -> JsonObject | None:
    if not answer.usage:
        return None
    used = _tokens(asked, answer)
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
    return _openai_head(asked, "chat.completion") | {"choices": [choice]} | rest


def _openai_events(asked: Asked, answer: Answer) -> tuple[bytes, ...]:
    head = _openai_head(asked, "chat.completion.chunk")
    if asked.include_usage:
        head["usage"] = None
    deltas: list[JsonObject] = [{"role": "assistant", "content": "", "refusal": None}]
    deltas += [{"content": word} for word in _words(answer.text)]
    pieces = [_data(head | {"choices": [_choice(delta, None)]}) for delta in deltas]
    pieces.append(_data(head | {"choices": [_choice({}, answer.finish)]}))
    usage = _openai_usage(asked, answer)
    if asked.include_usage and usage is not None:
        pieces.append(_data(head | {"choices": [], "usage": usage}))
    return (*pieces, b"data: [DONE]\n\n")


def _choice(delta: JsonObject, finish: str | None) -> JsonObject:
    return {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}


#: Our word of a finish to ``stop_reason``.
_STOP_REASONS = {"stop": "end_turn", "length": "max_tokens", "content_filter": "refusal"}


def _anthropic_usage(asked: Asked, answer: Answer) -> JsonObject:
    used = _tokens(asked, answer)
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
    return message | ({"usage": _anthropic_usage(asked, answer)} if answer.usage else {})


def _anthropic_events(asked: Asked, answer: Answer) -> tuple[bytes, ...]:
    usage = _anthropic_usage(asked, answer)
    whole = _anthropic_object(asked, answer)
    empty: JsonObject = {"content": [], "stop_reason": None, "usage": usage | {"output_tokens": 1}}
    reason: JsonObject = {"stop_reason": whole["stop_reason"], "stop_sequence": None}
    events: list[JsonObject] = [
        {"type": "message_start", "message": whole | empty},
        {
            "type": "content_block_start",
            "index": 0,
            "content_block": {"type": "text", "text": ""},
        },
        {"type": "ping"},
        *(
            {
                "type": "content_block_delta",
                "index": 0,
                "delta": {"type": "text_delta", "text": word},
            }
            for word in _words(answer.text)
        ),
        {"type": "content_block_stop", "index": 0},
        {
            "type": "message_delta",
            "delta": reason,
            "usage": {"output_tokens": usage["output_tokens"]},
        },
        {"type": "message_stop"},
    ]
    return tuple(_event(str(event["type"]), event) for event in events)


_OBJECTS = {"openai": _openai_object, "anthropic": _anthropic_object}
_EVENTS = {"openai": _openai_events, "anthropic": _anthropic_events}
