"""The suite of the HTTP port; see the package."""

from __future__ import annotations

import gzip
from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol, TypeAlias

from workc.kernel.digest import TAG_REDACTION, tagged
from workc.runtime.ports import HttpPort
from workc.stages.effects import HttpRequest, SecretName, SecretText
from workc.stages.network import NetworkPolicy
from workc.testkit.conformance.expect import expect_equal, expect_in, expect_refusal
from workc.testkit.servers import Reply

SECRET_NAME = "CONFORMANCE_TOKEN"  # noqa: S105 - a name
SECRET_VALUE = "tok-3f9a/b+c"  # noqa: S105 - made up
_SECRET = SecretText(("Bearer ", SecretName(SECRET_NAME)))

#: What the server must serve.
HTTP_SCRIPT: dict[str, Reply] = {
    "/text": Reply(headers=(("X-One", "a"), ("Set-Cookie", "b"), ("x-one", "c")), body=b"hello"),
    "/teapot": Reply(status=418, body=b"short and stout"),
    "/broken": Reply(status=500),
    "/chunked": Reply(chunks=(b"hel", b"lo")),
    "/gzip": Reply(headers=(("Content-Encoding", "gzip"),), body=gzip.compress(b"hello" * 20)),
    "/bomb": Reply(headers=(("Content-Encoding", "gzip"),), body=gzip.compress(bytes(2_000_000))),
    "/moved": Reply(status=302, headers=(("Location", "/text"),)),
    "/loop": Reply(status=302, headers=(("Location", "/loop"),)),
    "/inward": Reply(status=302, headers=(("Location", "http://169.254.169.254/latest/"),)),
    "/silent": Reply(raw=b"", then="hang"),
    "/reset": Reply(raw=b"", then="reset"),
    "/cut": Reply(body=b"hel", length=5),
    "/secret": Reply(headers=(("X-Token", SECRET_VALUE),), body=f"<{SECRET_VALUE}>".encode()),
}


class HttpPortFactory(Protocol):
    """Makes the port that is tested; called once or more often in a case."""

    def __call__(self, *, policy: NetworkPolicy, secrets: Mapping[str, str]) -> HttpPort:
        """Returns a port under this policy that knows these secrets (variable -> value)."""
        ...


HttpCase: TypeAlias = Callable[[HttpPortFactory, str], Awaitable[None]]


def _port(make: HttpPortFactory) -> HttpPort:
    return make(policy=NetworkPolicy(), secrets={SECRET_NAME: SECRET_VALUE})


def _get(url: str, *, timeout_ms: int = 10_000, max_bytes: int = 100_000) -> HttpRequest:
    return HttpRequest(method="GET", url=url, timeout_ms=timeout_ms, max_bytes=max_bytes)


async def _gives_every_status(make: HttpPortFactory, base_url: str) -> None:
    for path, status in (("/text", 200), ("/teapot", 418), ("/broken", 500), ("/none", 404)):
        response = await _port(make).send(_get(base_url + path))
        expect_equal(response.status, status, f"the status of {path}")


async def _keeps_headers(make: HttpPortFactory, base_url: str) -> None:
    response = await _port(make).send(_get(base_url + "/text"))
    expected = (("x-one", "a"), ("set-cookie", "b"), ("x-one", "c"), ("content-length", "5"))
    expect_equal(response.headers, expected, "the headers, in order")


async def _decodes(make: HttpPortFactory, base_url: str) -> None:
    for path, body in (("/text", b"hello"), ("/chunked", b"hello"), ("/gzip", b"hello" * 20)):
        response = await _port(make).send(_get(base_url + path))
        expect_equal(response.body, body, f"the body of {path}")


async def _follows(make: HttpPortFactory, base_url: str) -> None:
    response = await _port(make).send(_get(base_url + "/moved"))
    expect_equal((response.status, response.body), (200, b"hello"), "the answer at the end")
    expect_equal(response.url, base_url + "/text", "the address that answered")


async def _may_not_follow(make: HttpPortFactory, base_url: str) -> None:
    request = HttpRequest(method="GET", url=base_url + "/moved", max_redirects=0)
    response = await _port(make).send(request)
    expect_equal(response.status, 302, "the status with max_redirects 0")


async def _counts_redirects(make: HttpPortFactory, base_url: str) -> None:
    failure = await expect_refusal(_port(make).send(_get(base_url + "/loop")), "HTTP_4XX")
    expect_in("too many redirects", failure.message)


async def _bounds_the_body(make: HttpPortFactory, base_url: str) -> None:
    response = await _port(make).send(_get(base_url + "/text", max_bytes=5))
    expect_equal(response.body, b"hello", "a body of exactly max_bytes")
    for path, limit in (("/text", 4), ("/bomb", 100_000)):
        request = _get(base_url + path, max_bytes=limit)
        await expect_refusal(_port(make).send(request), "OUTPUT_TOO_LARGE")


async def _bounds_the_time(make: HttpPortFactory, base_url: str) -> None:
    for path, limit in (("/text", 0), ("/silent", 50)):
        request = _get(base_url + path, timeout_ms=limit)
        await expect_refusal(_port(make).send(request), "TIMEOUT")


async def _wants_whole_answers(make: HttpPortFactory, base_url: str) -> None:
    for path in ("/reset", "/cut"):
        await expect_refusal(_port(make).send(_get(base_url + path)), "CONNECTION_RESET")


async def _obeys_the_policy(make: HttpPortFactory, base_url: str) -> None:
    for policy in (NetworkPolicy(offline=True), NetworkPolicy(allow_loopback=False)):
        port = make(policy=policy, secrets={})
        await expect_refusal(port.send(_get(base_url + "/text")), "EXTERNAL_CALL_BLOCKED")
    await expect_refusal(_port(make).send(_get(base_url + "/inward")), "EXTERNAL_CALL_BLOCKED")


async def _refuses_bad_urls(make: HttpPortFactory, base_url: str) -> None:
    for url in ("ftp://127.0.0.1/", "http://", "http://a b/", base_url.replace("//", "//u:p@")):
        await expect_refusal(_port(make).send(_get(url)), "INVALID_INPUT")


async def _redacts(make: HttpPortFactory, base_url: str) -> None:
    headers = (("Authorization", _SECRET),)
    request = HttpRequest(method="GET", url=base_url + "/secret", headers=headers)
    response = await _port(make).send(request)
    label = f"[redacted:{SECRET_NAME}]"
    expect_equal(response.body, f"<{label}>".encode(), "the body without the secret")
    expect_equal(dict(response.headers)["x-token"], label, "the header without the secret")
    [redaction] = response.redactions
    expect_equal((redaction.secret, redaction.count), (SECRET_NAME, 2), "what was redacted")
    value = bytes.fromhex(redaction.salt) + SECRET_VALUE.encode()
    expect_equal(redaction.commitment, tagged(TAG_REDACTION, value), "the commitment")


async def _names_a_missing_secret(make: HttpPortFactory, base_url: str) -> None:
    request = HttpRequest(method="GET", url=base_url + "/text", headers=(("A", _SECRET),))
    port = make(policy=NetworkPolicy(), secrets={})
    failure = await expect_refusal(port.send(request), "UNAUTHORIZED")
    expect_in(SECRET_NAME, failure.message)


#: Each case under the sentence that it checks.
HTTP_CASES: dict[str, HttpCase] = {
    "any status is an answer": _gives_every_status,
    "headers keep order and repeats, names in lower case": _keeps_headers,
    "the body is whole and decoded": _decodes,
    "redirects are followed and the address at the end is told": _follows,
    "max_redirects 0 gives the redirect itself": _may_not_follow,
    "too many redirects are refused": _counts_redirects,
    "max_bytes bounds the decoded body": _bounds_the_body,
    "timeout_ms bounds the exchange and 0 sends nothing": _bounds_the_time,
    "an answer that breaks off is no answer": _wants_whole_answers,
    "the network policy holds, also for redirects": _obeys_the_policy,
    "a URL that is none is refused": _refuses_bad_urls,
    "a secret never comes back": _redacts,
    "a secret that is not set is named": _names_a_missing_secret,
}
