"""One HTTP exchange as a value with the secrets in place: what the client sends, and what it got.

These values never leave the adapters and are never recorded. Building one checks everything that
could make two readers disagree about a request: names, values and the headers that are ours.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from urllib.parse import quote

import msgspec

from workc.adapters.secret_text import fill_in, fill_in_url
from workc.kernel.failure import Refusal, refuse
from workc.kernel.values import MAX_SAFE_INTEGER
from workc.stages.effect_limits import EffectLimits
from workc.stages.effects import HttpRequest, SecretText, Text

#: RFC 9110, section 5.6.2.
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
#: RFC 9110, section 5.5 forbids these in a field value.
_NOT_IN_VALUE = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")

#: Computed by the client; a second value would let client and server disagree (RFC 9112, 11.2).
OWN_HEADERS = frozenset(
    {
        "connection",
        "content-length",
        "host",
        "keep-alive",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
#: Go to the first origin only, and so does every header with a secret in it.
CREDENTIAL_HEADERS = frozenset({"authorization", "cookie", "proxy-authorization", "x-api-key"})


class Header(msgspec.Struct, frozen=True):
    """Is one header to send; ``name`` in lower case, ``credential`` if it must not travel on."""

    name: str
    value: str
    credential: bool


class Exchange(msgspec.Struct, frozen=True, kw_only=True):
    """Is a request ready to send. Limits are those of the request: ms, bytes, redirects.

    Every address that it leads to must lie within ``within``.
    """

    method: str
    url: str
    headers: tuple[Header, ...]
    body: bytes | None
    timeout_ms: int
    max_bytes: int
    max_redirects: int
    within: EffectLimits | None = None


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """Is what came back, decoded and not yet redacted; header names are as received."""

    status: int
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes
    url: str


def exchange_of(request: HttpRequest, secrets: Mapping[str, str]) -> Exchange:
    """Returns the exchange to send.

    Raises:
        Refusal: ``INVALID_INPUT`` for what HTTP/1.1 cannot carry, ``UNAUTHORIZED`` for a secret
            that is not set, ``TIMEOUT`` for a time limit of 0.
    """
    _check_limits(request.timeout_ms, request.max_bytes, request.max_redirects)
    return Exchange(
        method=_method(request.method),
        url=_with_query(fill_in_url(request.url, secrets), request.query, secrets),
        headers=headers_of(request.headers, secrets),
        body=request.body,
        timeout_ms=request.timeout_ms,
        max_bytes=request.max_bytes,
        max_redirects=request.max_redirects,
        within=request.within,
    )


def headers_of(
    headers: Iterable[tuple[str, Text]], secrets: Mapping[str, str]
) -> tuple[Header, ...]:
    """Returns the headers to send, in order, checked and with the secrets in place.

    Raises:
        Refusal: ``INVALID_INPUT`` or ``UNAUTHORIZED``; no message holds a value.
    """
    return tuple(_header(name, text, secrets) for name, text in headers)


def _header(name: str, text: Text, secrets: Mapping[str, str]) -> Header:
    if not _TOKEN.fullmatch(name):
        raise refuse("INVALID_INPUT", "a header name is not a token", field="headers")
    lower = name.lower()
    if lower in OWN_HEADERS:
        raise refuse("INVALID_INPUT", f"the header {lower} is set by the client", field=lower)
    value = fill_in(text, secrets).strip(" \t")
    if _NOT_IN_VALUE.search(value) or not is_encodable(value):
        raise refuse("INVALID_INPUT", f"the value of {lower} holds what HTTP forbids", field=lower)
    secret = isinstance(text, SecretText)
    return Header(lower, value, credential=secret or lower in CREDENTIAL_HEADERS)


def is_encodable(text: str) -> bool:
    """Returns whether the text can be written as UTF-8: no lone surrogate is in it."""
    return not any("\ud800" <= char <= "\udfff" for char in text)


def _check_limits(timeout_ms: int, max_bytes: int, max_redirects: int) -> None:
    limits = {"timeout_ms": timeout_ms, "max_bytes": max_bytes, "max_redirects": max_redirects}
    for name, value in limits.items():
        if not 0 <= value <= MAX_SAFE_INTEGER:
            raise refuse("INVALID_INPUT", f"{name} must be 0 to 2**53 - 1", field=name)
    if timeout_ms == 0:
        raise refuse("TIMEOUT", "the time limit is 0 ms, so nothing was sent", timeout_ms=0)


def _method(method: str) -> str:
    if not _TOKEN.fullmatch(method) or method.upper() == "CONNECT":
        raise refuse("INVALID_INPUT", "the method is not one that can be sent", field="method")
    return method.upper()


def _with_query(url: str, query: Iterable[tuple[str, Text]], secrets: Mapping[str, str]) -> str:
    """Returns the URL with the pairs behind its own query, and without its fragment."""
    pairs = [f"{_encode(name)}={_encode(fill_in(text, secrets))}" for name, text in query]
    bare = url.partition("#")[0]
    if not pairs:
        return bare
    joint = "" if bare.endswith(("?", "&")) else "&" if "?" in bare else "?"
    return bare + joint + "&".join(pairs)


def _encode(text: str) -> str:
    if not is_encodable(text):
        raise _lone_surrogate()
    return quote(text, safe="")


def _lone_surrogate() -> Refusal:
    return refuse("INVALID_INPUT", "the query holds a lone surrogate", field="query")
