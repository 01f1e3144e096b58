"""The model port over real sockets: the provider's address and key, the rest as any exchange.

1. The base is the request's, else the setting of the provider (``OPENAI_BASE_URL``,
   ``ANTHROPIC_BASE_URL``), else the provider's own.
2. The key goes as ``Authorization: Bearer`` (OpenAI) or ``x-api-key`` (Anthropic); without a
   ``key`` none is sent.
3. Redirects are not followed: a provider has no reason to send a key elsewhere.
4. A stream is split after each server-sent event, wherever the network had split it, so the same
   answer always gives the same chunks.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Literal

import msgspec

from workc.adapters.exchange import Exchange, exchange_of
from workc.adapters.guarded_client import GuardedClient
from workc.adapters.secret_text import fill_in
from workc.kernel.failure import refuse
from workc.stages.effects import (
    BASE_VARIABLES,
    PROVIDER_BASES,
    HttpRequest,
    ModelRequest,
    ModelResponse,
    SecretName,
    SecretText,
    Text,
)


class Provider(msgspec.Struct, frozen=True, kw_only=True):
    """Is what differs between providers on the wire."""

    base_url: str
    base_url_variable: str
    key_header: str
    key_prefix: str


#: From the API references of the two providers.
PROVIDERS: dict[Literal["openai", "anthropic"], Provider] = {
    "openai": Provider(
        base_url=PROVIDER_BASES["openai"],
        base_url_variable=BASE_VARIABLES["openai"],
        key_header="authorization",
        key_prefix="Bearer ",
    ),
    "anthropic": Provider(
        base_url=PROVIDER_BASES["anthropic"],
        base_url_variable=BASE_VARIABLES["anthropic"],
        key_header="x-api-key",
        key_prefix="",
    ),
}

#: The end of an event: line ends of any of three kinds, two or more (WHATWG HTML, section 9.2.5).
_EVENT_END = re.compile(rb"(?>\r\n|\n|\r){2,}")


class ModelAdapter:
    """Answers :class:`workc.runtime.ports.ModelPort`."""

    def __init__(self, client: GuardedClient, settings: Mapping[str, str]) -> None:
        """Takes the client and the settings that may name base addresses (variable -> value)."""
        self._client = client
        self._settings = dict(settings)

    async def send(self, request: ModelRequest) -> ModelResponse:
        """Returns the answer, redacted; see :meth:`workc.runtime.ports.ModelPort.send`.

        Raises:
            Refusal: see :meth:`workc.runtime.ports.HttpPort.send`.
        """
        split = split_events if request.stream else _one_chunk
        answer = await self._client.perform(lambda: self._exchange(request), split)
        return ModelResponse(
            status=answer.status,
            headers=answer.headers,
            chunks=answer.chunks,
            url=answer.url,
            redactions=answer.redactions,
        )

    def _exchange(self, request: ModelRequest) -> Exchange:
        http = HttpRequest(
            method="POST",
            url=self._url(request),
            headers=_headers(request),
            body=request.body,
            timeout_ms=request.timeout_ms,
            max_bytes=request.max_bytes,
            max_redirects=0,
            within=request.within,
        )
        return exchange_of(http, self._client.secrets)

    def _url(self, request: ModelRequest) -> str:
        base = fill_in(self._base(request), self._client.secrets)
        if "?" in base or "#" in base:
            raise refuse("INVALID_INPUT", "the base URL has a query or a fragment", field="base")
        return base.rstrip("/") + "/" + request.path.lstrip("/")

    def _base(self, request: ModelRequest) -> Text:
        provider = PROVIDERS[request.provider]
        set_one = self._settings.get(provider.base_url_variable)
        return request.base_url or set_one or provider.base_url


def split_events(body: bytes) -> tuple[bytes, ...]:
    """Returns the body cut behind each blank line; what follows the last one is the tail."""
    ends = [match.end() for match in _EVENT_END.finditer(body)]
    starts = [0, *ends]
    pieces = (body[start:end] for start, end in zip(starts, [*ends, len(body)], strict=True))
    return tuple(piece for piece in pieces if piece)


def _one_chunk(body: bytes) -> Sequence[bytes]:
    return (body,)


def _headers(request: ModelRequest) -> tuple[tuple[str, Text], ...]:
    """Returns the request's headers, the key's, and the type of the body unless it is there."""
    names = {name.lower() for name, _ in request.headers}
    typed: tuple[tuple[str, Text], ...] = (("content-type", "application/json"),)
    headers = request.headers if "content-type" in names else (*request.headers, *typed)
    if request.key is None:
        return headers
    provider = PROVIDERS[request.provider]
    if provider.key_header in names:
        message = f"the header {provider.key_header} stands beside a key; leave one out"
        raise refuse("INVALID_INPUT", message, field="headers")
    parts = (provider.key_prefix, SecretName(request.key))
    return (*headers, (provider.key_header, SecretText(tuple(part for part in parts if part))))
