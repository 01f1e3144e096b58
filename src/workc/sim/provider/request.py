"""Reads a request as a provider would: what it does not take, it refuses with the reason.

Written from OpenAI's API reference ("Create chat completion") and Anthropic's ("Create a
Message"), and not from the adapters of workc: a mistake in one is seen against the other. Text
only: images and tools are refused, and so is every field that is not answered here.

>>> asked = read_request("openai", b'{"model":"m","messages":[{"role":"user","content":"Hi"}]}')
>>> asked.last, asked.stream
('Hi', False)
"""

from __future__ import annotations

import hashlib

from workc.kernel import jcs
from workc.kernel.canonical import CanonicalError
from workc.kernel.values import Json, JsonObject
from workc.sim.provider.values import Asked, ProviderName

#: Where each provider is asked (the references' "POST" lines).
PATHS: dict[str, ProviderName] = {
    "/v1/chat/completions": "openai",
    "/v1/messages": "anthropic",
}


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
