"""The skill ``http_call``: one HTTP exchange, its answer as JSON, its failures by status.

The answer is ``{"status", "headers", "body"}``. Header names are in lower case and repeats are
joined by ``", "``. The body depends on ``parse``:

- ``auto``: nothing (HEAD, 204, 304, no bytes) is null; a JSON content type (``application/json``,
  ``+json``) is parsed, and if that fails the call is ``NOT_JSON``; text in a known charset (UTF-8
  if none is named) is a string; anything else is Base64, and then ``"encoding": "base64"`` is
  there too;
- ``json``: parsed whatever the content type says; ``text``: decoded whatever it takes, with
  U+FFFD for what cannot be; ``base64``: the bytes as they are.

A status of 400 or more is a failure by the table in ``http_status``, unless ``accept_status``
lists it. A redirect that is not followed (``max_redirects`` 0) is an answer.

POST, PUT, PATCH and DELETE carry ``Idempotency-Key`` with the step's key, the same on every
attempt, unless the caller sets that header. A ``json`` body is sent as RFC 8785 bytes, so that
the same value is the same request; ``json: null`` sends no body.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from typing import Annotated, Literal, NotRequired, TypeAlias, TypedDict

import msgspec

from workc.kernel import jcs
from workc.kernel.canonical import CanonicalError
from workc.kernel.failure import Failure, Refusal, refuse
from workc.kernel.values import Json
from workc.skills.http_status import FIRST_FAILURE, code_of, excerpt, media_type, retry_after_ms
from workc.stages.context import Context
from workc.stages.effects import HttpRequest, HttpResponse, SecretText, Text
from workc.stages.skill import skill

Method = Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
Parse = Literal["auto", "json", "text", "base64"]
Scalar = str | int | float | bool | None

#: An exchange waits at most a day (0 is no time at all), takes at most a gibibyte and follows at most 50 redirects.
TimeoutMs: TypeAlias = Annotated[int, msgspec.Meta(ge=0, le=86_400_000)]
MaxBytes: TypeAlias = Annotated[int, msgspec.Meta(ge=0, le=2**30)]
MaxRedirects: TypeAlias = Annotated[int, msgspec.Meta(ge=0, le=50)]

#: Methods that change something on the other side, as far as HTTP says (RFC 9110, section 9.2.1).
UNSAFE_METHODS = frozenset({"POST", "PUT", "PATCH", "DELETE"})
#: Statuses that have no body (RFC 9110, sections 15.3.5 and 15.4.5).
BODILESS_STATUSES = frozenset({204, 304})

#: Charsets that are decoded (WHATWG Encoding standard, the common ones): label to Python codec.
#: Python has codecs that are no charsets, so a label is never looked up anywhere else.
CHARSETS: dict[str, str] = {
    "utf-8": "utf-8-sig",
    "utf8": "utf-8-sig",
    "us-ascii": "ascii",
    "ascii": "ascii",
    "iso-8859-1": "latin-1",
    "latin1": "latin-1",
    "iso-8859-15": "iso8859-15",
    "windows-1252": "cp1252",
    "utf-16": "utf-16",
    "utf-16le": "utf-16-le",
    "utf-16be": "utf-16-be",
    "shift_jis": "shift_jis",
    "euc-jp": "euc_jp",
    "gb18030": "gb18030",
}
_CHARSET = re.compile(r";\s*charset\s*=\s*\"?([A-Za-z0-9_.:-]+)\"?", re.IGNORECASE)
#: A header name (RFC 9110, section 5.6.2) and what a value must not hold (section 5.5).
_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_NOT_IN_VALUE = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


class HttpResult(TypedDict):
    """What the skill returns; ``encoding`` is ``base64`` or absent."""

    status: int
    headers: dict[str, str]
    body: Json
    encoding: NotRequired[str]


@skill(effects=("Network",), secret_params=("url", "headers", "query"))
async def http_call(
    ctx: Context,
    url: str,
    *,
    method: Method = "GET",
    headers: dict[str, str] | None = None,
    query: dict[str, Scalar] | None = None,
    json: Json = None,
    body: str | None = None,
    body_base64: str | None = None,
    timeout_ms: TimeoutMs = 30_000,
    max_bytes: MaxBytes = 8_388_608,
    max_redirects: MaxRedirects = 5,
    parse: Parse = "auto",
    accept_status: list[int] | None = None,
) -> HttpResult:
    """Makes one HTTP request and returns status, headers and body.

    Raises:
        Refusal: what the network or the policy said, a code by status, ``NOT_JSON``, or
            ``INVALID_INPUT`` for parameters that make no request.
    """
    payload = _payload(json, body, body_base64)
    if timeout_ms == 0:
        raise refuse("TIMEOUT", "timeout_ms is 0, so nothing was sent", timeout_ms=0)
    request = HttpRequest(
        method=method,
        url=url,
        headers=_headers(headers or {}, method, payload, ctx.idempotency_key),
        query=_query(query or {}),
        body=payload.data if payload else None,
        timeout_ms=timeout_ms,
        max_bytes=max_bytes,
        max_redirects=max_redirects,
    )
    response = await ctx.http(request)
    if response.status >= FIRST_FAILURE and response.status not in (accept_status or []):
        raise Refusal(failure_of(response, ctx.now_ms()))
    return _result(response, method, parse)


def failure_of(response: HttpResponse, now_ms: int) -> Failure:
    """Returns the failure for an answer with a status of 400 or more."""
    return Failure(
        code=code_of(response.status),
        message=f"the server answered with status {response.status}",
        details={"status": response.status, "body": excerpt(response.body)},
        retry_after_ms=retry_after_ms(response.headers, now_ms),
    )


class _Payload(msgspec.Struct, frozen=True):
    """A body and the content type that goes with it unless the caller names another."""

    data: bytes
    content_type: str


def _payload(json: Json, body: str | None, body_base64: str | None) -> _Payload | None:
    if sum(part is not None for part in (json, body, body_base64)) > 1:
        raise refuse("INVALID_INPUT", "give one of json, body and body_base64, not several")
    if json is not None:
        return _Payload(_encode(json, "json"), "application/json")
    if body is not None:
        return _Payload(_utf8(body), "text/plain; charset=utf-8")
    if body_base64 is not None:
        return _Payload(_from_base64(body_base64), "application/octet-stream")
    return None


def _encode(value: Json, name: str) -> bytes:
    try:
        return jcs.encode(value)
    except CanonicalError as error:
        raise refuse("INVALID_INPUT", f"{name} cannot be sent: {error}") from error


def _utf8(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise refuse("INVALID_INPUT", "body has half of a surrogate pair") from error


def _from_base64(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise refuse("INVALID_INPUT", f"body_base64 is not Base64: {error}") from error


def _headers(
    given: Mapping[str, Text], method: str, payload: _Payload | None, idempotency_key: str
) -> tuple[tuple[str, Text], ...]:
    """Returns the headers to send, by name: their order in the workflow must not matter."""
    for name, value in given.items():
        _check_header(name, value)
    defaults: dict[str, Text] = {}
    if payload is not None:
        defaults["Content-Type"] = payload.content_type
    if method in UNSAFE_METHODS:
        defaults["Idempotency-Key"] = idempotency_key
    taken = {name.lower() for name in given}
    added = {name: value for name, value in defaults.items() if name.lower() not in taken}
    return tuple(sorted({**given, **added}.items(), key=lambda item: item[0]))


def _check_header(name: str, value: Text) -> None:
    parts = (value,) if isinstance(value, str) else value.parts
    literal = "".join(part for part in parts if isinstance(part, str))
    if not _TOKEN.fullmatch(name) or _NOT_IN_VALUE.search(literal):
        raise refuse(
            "INVALID_INPUT",
            f"the header {name[:100]!r} has a name or a value that HTTP does not allow",
            header=name[:100],
        )


def _query(given: Mapping[str, Scalar | SecretText]) -> tuple[tuple[str, Text], ...]:
    """Returns the parameters by name; null leaves one out."""
    shown = ((name, _scalar(value)) for name, value in sorted(given.items()) if value is not None)
    return tuple(shown)


def _scalar(value: Scalar | SecretText) -> Text:
    if isinstance(value, str | SecretText):
        return value
    return _encode(value, "query").decode("ascii")


def _result(response: HttpResponse, method: str, parse: Parse) -> HttpResult:
    result: HttpResult = {
        "status": response.status,
        "headers": _joined(response.headers),
        "body": None,
    }
    if method == "HEAD" or response.status in BODILESS_STATUSES:
        return result
    if parse == "json" or (parse == "auto" and response.body and _is_json(response)):
        result["body"] = _parsed(response)
    elif parse == "text":
        codec = _codec(response) or "utf-8-sig"
        result["body"] = response.body.decode(codec, "replace")
    elif parse == "base64" or response.body:
        _put_bytes(result, response, parse)
    return result


def _put_bytes(result: HttpResult, response: HttpResponse, parse: Parse) -> None:
    text = _text(response) if parse == "auto" else None
    if text is not None:
        result["body"] = text
        return
    result["body"] = base64.b64encode(response.body).decode("ascii")
    result["encoding"] = "base64"


def _joined(headers: tuple[tuple[str, str], ...]) -> dict[str, str]:
    """Returns the headers by name, repeats joined (RFC 9110, section 5.3)."""
    joined: dict[str, str] = {}
    for name, value in headers:
        key = name.lower()
        joined[key] = f"{joined[key]}, {value}" if key in joined else value
    return joined


def _is_json(response: HttpResponse) -> bool:
    found = media_type(response.headers)
    return found == "application/json" or found.endswith("+json")


def _parsed(response: HttpResponse) -> Json:
    try:
        return jcs.parse(response.body)
    except CanonicalError as error:
        raise refuse(
            "NOT_JSON",
            f"the body is not JSON: {str(error).removeprefix('not JSON: ')}",
            status=response.status,
            body=excerpt(response.body),
        ) from error


def _codec(response: HttpResponse) -> str | None:
    """Returns the Python codec of the body's charset; None for a charset that is not known."""
    content_type = next((v for k, v in response.headers if k.lower() == "content-type"), "")
    match = _CHARSET.search(content_type)
    return CHARSETS.get(match[1].lower()) if match else "utf-8-sig"


def _text(response: HttpResponse) -> str | None:
    """Returns the body as text, or None when it is no text in its charset."""
    codec = _codec(response)
    try:
        return None if codec is None else response.body.decode(codec)
    except UnicodeDecodeError:
        return None
