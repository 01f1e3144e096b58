"""Sends one exchange over HTTP/1.1, under the network policy. Knows nothing of secrets.

1. A name is resolved once, by us; every address is judged; the connection goes to a judged address
   and nowhere else, so a name cannot change its mind in between. Host and TLS keep the name.
2. Redirects are followed one by one and each is judged like the first request: by the policy, and
   by the effects that the exchange must lie within. Credentials stay with their origin and do not
   come back once dropped.
3. Each request has its own connection: no pool, no cookies, no proxy, nothing of the environment.
4. Time, body size and redirects are bounded; any status is an answer.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Protocol, Self, runtime_checkable

from workc.adapters.content_coding import Decoder
from workc.adapters.exchange import Answer, Exchange
from workc.adapters.http_library import httpx2
from workc.adapters.redirects import Hop, next_hop
from workc.adapters.resolver import Resolver, resolve_name
from workc.adapters.transport_errors import LOOKUP_ERRORS, NETWORK_ERRORS, failure_of
from workc.kernel.failure import Failure, Refusal, refuse
from workc.kernel.selectors import Effect
from workc.runtime.declared_effects import effect_at
from workc.stages.effect_limits import EffectLimits, decide_effect
from workc.stages.network import NetworkPolicy, classify, decide, is_address
from workc.stages.url import Target, parse_url

USER_AGENT = "workc"
#: How long an address may take to accept while another one is left to try.
NEXT_ADDRESS_AFTER_S = 2.0

#: Sent unless the request has a header of that name. Only codings that can be undone are named.
_DEFAULT_HEADERS = (
    ("accept", "*/*"),
    ("accept-encoding", "gzip, deflate"),
    ("user-agent", USER_AGENT),
)
#: An address that fails in one of these ways was sent nothing, so the next one may be tried.
_TRY_NEXT = frozenset({"CONNECTION_REFUSED", "TIMEOUT"})


@runtime_checkable
class Closable(Protocol):
    """Is a network stream of the library."""

    async def aclose(self) -> None:
        """Closes the socket; more than once does no harm."""
        ...


class HttpClient:
    """Sends exchanges; holds no connection between them, so there is nothing to close."""

    def __init__(
        self,
        policy: NetworkPolicy,
        *,
        resolver: Resolver = resolve_name,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """Takes the policy, who resolves names, and whom to trust (None: what the system does)."""
        self._policy = policy
        self._resolver = resolver
        self._tls = tls

    async def perform(self, exchange: Exchange) -> Answer:
        """Returns the answer at the end of the redirects.

        Raises:
            Refusal: as :meth:`workc.runtime.ports.HttpPort.send`; nothing is redacted yet.
        """
        target = parse_url(exchange.url)
        try:
            async with asyncio.timeout(exchange.timeout_ms / 1000):
                return await self._follow(exchange, target)
        except TimeoutError:
            failure = _timed_out(target, exchange.timeout_ms)
        raise Refusal(failure)

    async def _follow(self, exchange: Exchange, target: Target) -> Answer:
        hop = Hop(
            target=target, method=exchange.method, headers=exchange.headers, body=exchange.body
        )
        for _ in range(exchange.max_redirects + 1):
            found = await self._visit(hop, exchange)
            if isinstance(found, Answer):
                return found
            hop = found
        raise _too_many(hop.target, exchange.max_redirects)

    async def _visit(self, hop: Hop, exchange: Exchange) -> Answer | Hop:
        if exchange.within is not None:
            _raise_if(_beyond(exchange.within, hop.target.text))
        addresses = await self._judged_addresses(hop)
        try:
            async with self._opened(hop, addresses) as (response, address):
                onward = None
                if exchange.max_redirects > 0:
                    headers = response.headers.raw
                    onward = next_hop(hop, response.status_code, headers, classify(address))
                return onward or await _read_answer(response, hop.target, exchange.max_bytes)
        except NETWORK_ERRORS as error:
            failure = failure_of(error, hop.target.host, hop.target.port)
        raise Refusal(failure)

    async def _judged_addresses(self, hop: Hop) -> Sequence[str]:
        """Returns the addresses that may be connected to: all that the host has, or a refusal."""
        host = hop.target.host
        _raise_if(decide(self._policy, host, ()))
        addresses = (host,) if is_address(host) else await self._resolve(host, hop.target.port)
        _raise_if(decide(self._policy, host, addresses, redirected_from=hop.came_from))
        return addresses

    async def _resolve(self, host: str, port: int) -> Sequence[str]:
        try:
            addresses = await self._resolver(host, port)
        except LOOKUP_ERRORS as error:
            failure = failure_of(error, host, port)
        else:
            if addresses:
                return addresses
            message = f"{host}:{port}: the name has no address"
            failure = Failure(code="DNS_FAILURE", message=message, details={"host": host})
        raise Refusal(failure)

    @asynccontextmanager
    async def _opened(
        self, hop: Hop, addresses: Sequence[str]
    ) -> AsyncGenerator[tuple[httpx2.Response, str], None]:
        """Gives the response, its body still to come, and the address that answers."""
        async with _Sockets() as sockets, self._transport(hop.target) as transport:
            response, address = await _first_answer(transport, hop, addresses, sockets)
            try:
                yield response, address
            finally:
                await response.aclose()

    def _transport(self, target: Target) -> httpx2.AsyncHTTPTransport:
        limits = httpx2.Limits(max_keepalive_connections=0)
        return httpx2.AsyncHTTPTransport(verify=self._tls_for(target), limits=limits)

    def _tls_for(self, target: Target) -> ssl.SSLContext:
        if target.scheme == "http":
            # Never used, and it trusts nobody; the real one takes a tenth of a second to load.
            return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        if self._tls is None:
            self._tls = httpx2.create_ssl_context(trust_env=False)
        return self._tls


class _Sockets:
    """Closes what was opened: the library forgets a socket when its TLS handshake is cancelled."""

    def __init__(self) -> None:
        self._opened: list[Closable] = []

    async def watch(self, event: str, info: Mapping[str, object]) -> None:
        """Answers the library's ``trace`` hook; the event tells of each new connection."""
        stream = info.get("return_value")
        if event == "connection.connect_tcp.complete" and isinstance(stream, Closable):
            self._opened.append(stream)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        for stream in self._opened:
            await stream.aclose()


def _raise_if(failure: Failure | None) -> None:
    if failure is not None:
        raise Refusal(failure)


def _beyond(within: EffectLimits, address: str) -> Failure | None:
    """Returns why an address must not be asked; told as it is, so that secrets in it are found again."""
    told = Effect("Network", f"net:{address.partition('?')[0]}")
    return decide_effect(within, effect_at(address), told)


def _too_many(target: Target, most: int) -> Refusal:
    message = (
        f"{target.host}:{target.port}: too many redirects: {most} were followed, and {most + 1} "
        f"are asked for; max_redirects is {most}, raise it unless they go round in a circle"
    )
    return refuse("HTTP_4XX", message, host=target.host, max_redirects=most, hops=most + 1)


def _timed_out(target: Target, timeout_ms: int) -> Failure:
    return Failure(
        code="TIMEOUT",
        message=f"{target.host}:{target.port}: no complete answer within {timeout_ms} ms",
        details={"host": target.host, "port": target.port, "timeout_ms": timeout_ms},
    )


async def _first_answer(
    transport: httpx2.AsyncHTTPTransport, hop: Hop, addresses: Sequence[str], sockets: _Sockets
) -> tuple[httpx2.Response, str]:
    """Returns the response of the first address that accepts a connection."""
    *firsts, last = addresses
    for address in firsts:
        request = _wire_request(hop, address, sockets, connect_s=NEXT_ADDRESS_AFTER_S)
        try:
            return await transport.handle_async_request(request), address
        except (httpx2.ConnectError, httpx2.ConnectTimeout) as error:
            if failure_of(error, hop.target.host, hop.target.port).code not in _TRY_NEXT:
                raise
    request = _wire_request(hop, last, sockets, connect_s=None)
    return await transport.handle_async_request(request), last


def _wire_request(
    hop: Hop, address: str, sockets: _Sockets, *, connect_s: float | None
) -> httpx2.Request:
    """Returns the request to one address; ``target`` and ``sni_hostname`` keep path and name."""
    target = hop.target
    shown = f"[{address}]" if ":" in address else address
    extensions: dict[str, object] = {
        "target": target.path.encode("ascii"),
        "timeout": {"connect": connect_s},
        "trace": sockets.watch,
    }
    if not is_address(target.host):
        extensions["sni_hostname"] = target.host
    return httpx2.Request(
        hop.method,
        f"{target.scheme}://{shown}:{target.port}/",
        headers=_wire_headers(hop),
        content=hop.body,
        extensions=extensions,
    )


def _wire_headers(hop: Hop) -> list[tuple[bytes, bytes]]:
    given = [(header.name, header.value) for header in hop.headers]
    names = {name for name, _ in given}
    defaults = [pair for pair in _DEFAULT_HEADERS if pair[0] not in names]
    pairs = [("host", hop.target.authority), *given, *defaults, ("connection", "close")]
    return [(name.encode("ascii"), value.encode("utf-8")) for name, value in pairs]


async def _read_answer(response: httpx2.Response, target: Target, max_bytes: int) -> Answer:
    headers = tuple(response.headers.raw)
    return Answer(
        status=response.status_code,
        headers=headers,
        body=await _read_body(response, headers, max_bytes),
        url=target.text,
    )


async def _read_body(
    response: httpx2.Response, headers: Sequence[tuple[bytes, bytes]], max_bytes: int
) -> bytes:
    """Returns the decoded body; reads no further once it is larger than ``max_bytes``."""
    body = bytearray()
    decoder: Decoder | None = None
    async for piece in response.aiter_raw():
        decoder = decoder or Decoder(_codings(headers))
        for part in decoder.decode(piece):
            body += part
            if len(body) > max_bytes:
                message = f"the answer is larger than {max_bytes} bytes"
                raise refuse("OUTPUT_TOO_LARGE", message, max_bytes=max_bytes)
    if decoder is not None:
        decoder.finish()
    return bytes(body)


def _codings(headers: Sequence[tuple[bytes, bytes]]) -> list[str]:
    return [v.decode("latin-1") for name, v in headers if name.lower() == b"content-encoding"]
