"""The HTTP adapter over real sockets: what is sent, what comes back, and every way it fails."""

import asyncio
import errno
import socket
import ssl

import pytest

from workc.adapters.guarded_client import GuardedClient
from workc.adapters.http import HttpAdapter
from workc.adapters.resolver import resolve_name
from workc.kernel.failure import Refusal
from workc.kernel.values import MAX_SAFE_INTEGER
from workc.stages.effects import HttpRequest
from workc.stages.network import NetworkPolicy
from workc.testkit.servers import Reply

OK = {"/": Reply(body=b"ok"), "/a": Reply(body=b"a")}


def free_port() -> int:
    """Returns a port where nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def test_a_request_is_sent_as_it_stands_with_few_headers_added(sender, serve) -> None:
    server = serve(OK)
    response = sender.http(
        server.base_url + "/a?x=1#frag",
        "post",
        headers=(("X-Two", " b "), ("x-two", "\u00e9"), ("Content-Type", "text/plain")),
        query=(("q", "a b&c=d/\u00e9"), ("q", "2")),
        body=b"hello",
    )
    assert (response.status, response.body) == (200, b"a")
    assert response.url == server.base_url + "/a?x=1&q=a%20b%26c%3Dd%2F%C3%A9&q=2"
    [seen] = server.requests
    assert seen.method == "POST"
    assert seen.target == "/a?x=1&q=a%20b%26c%3Dd%2F%C3%A9&q=2"
    assert seen.body == b"hello"
    assert seen.headers == (
        ("host", f"127.0.0.1:{server.port}"),
        ("x-two", "b"),
        ("x-two", "\u00c3\u00a9"),
        ("content-type", "text/plain"),
        ("accept", "*/*"),
        ("accept-encoding", "gzip, deflate"),
        ("user-agent", "workc"),
        ("connection", "close"),
        ("content-length", "5"),
    )


def test_own_headers_replace_the_defaults(sender, serve) -> None:
    server = serve(OK)
    sender.http(server.base_url, headers=(("USER-AGENT", "mine"), ("Accept", "a/b")))
    assert server.requests[0].header("user-agent") == "mine"
    assert server.requests[0].header("accept") == "a/b"
    assert [name for name, _ in server.requests[0].headers].count("user-agent") == 1


@pytest.mark.parametrize("method", ["HEAD", "DELETE", "OPTIONS", "PATCH", "M-SEARCH"])
def test_any_method_goes_out(sender, serve, method: str) -> None:
    server = serve(OK)
    assert sender.http(server.base_url, method).status == 200
    assert server.requests[0].method == method


def test_the_query_joins_what_the_url_has(sender, serve) -> None:
    server = serve(OK)
    for url in ("/a", "/a?", "/a?b=1", "/a?b=1&"):
        sender.http(server.base_url + url, query=(("c", "2"),))
    targets = [seen.target for seen in server.requests]
    assert targets == ["/a?c=2", "/a?c=2", "/a?b=1&c=2", "/a?b=1&c=2"]


@pytest.mark.parametrize(
    "fields",
    [
        {"method": "CONNECT"},
        {"method": "GET /"},
        {"method": ""},
        {"headers": (("a b", "c"),)},
        {"headers": (("", "c"),)},
        {"headers": (("a", "b\r\nInjected: yes"),)},
        {"headers": (("a", "b\nInjected: yes"),)},
        {"headers": (("a", "\x00"),)},
        {"headers": (("a", "\ud800"),)},
        {"headers": (("Host", "other"),)},
        {"headers": (("content-length", "5"),)},
        {"headers": (("Transfer-Encoding", "chunked"),)},
        {"headers": (("Connection", "upgrade"),)},
        {"query": (("a", "\ud800"),)},
        {"query": (("\ud800", "a"),)},
        {"timeout_ms": -1},
        {"timeout_ms": MAX_SAFE_INTEGER + 1},
        {"max_bytes": -1},
        {"max_redirects": -1},
        {"max_redirects": 2**70},
    ],
)
def test_what_http_cannot_carry_is_refused_and_not_sent(sender, serve, fields: dict) -> None:
    server = serve(OK)
    assert sender.refused(server.base_url, **fields).code == "INVALID_INPUT"
    assert server.requests == []


def test_the_largest_limits_are_taken(sender, serve) -> None:
    limits = dict.fromkeys(("timeout_ms", "max_bytes"), MAX_SAFE_INTEGER)
    assert sender.http(serve(OK).base_url, **limits).status == 200


def test_pitfall_9_a_time_limit_of_zero_sends_nothing(sender, serve) -> None:
    server = serve(OK)
    assert sender.refused(server.base_url, timeout_ms=0).code == "TIMEOUT"
    assert server.requests == []


def test_pitfall_28_each_kind_of_failure_has_its_code(sender, serve, serve_raw) -> None:
    server = serve(
        {
            "/hang": Reply(raw=b"", then="hang"),
            "/half": Reply(chunks=(b"a",), then="hang"),
            "/reset": Reply(raw=b"", then="reset"),
            "/reset-in-body": Reply(chunks=(b"timeout", b"rate limit"), then="reset"),
            "/cut": Reply(body=b"refused", length=100),
            "/nothing": Reply(raw=b""),
            "/no-http": Reply(raw=b"SSH-2.0-OpenSSH generate rate limit timeout\r\n\r\n"),
            "/bad-chunk": Reply(raw=b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"),
            "/two-lengths": Reply(
                raw=b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"
            ),
            "/huge-head": Reply(raw=b"HTTP/1.1 200 OK\r\nA: " + b"a" * 200_000),
        }
    )
    base, silent = server.base_url, serve_raw(None)
    plain = serve_raw(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    expected = {
        f"{base}/hang": "TIMEOUT",
        f"{base}/half": "TIMEOUT",
        f"http://127.0.0.1:{silent.port}/": "TIMEOUT",
        f"https://127.0.0.1:{silent.port}/": "TIMEOUT",
        f"{base}/reset": "CONNECTION_RESET",
        f"{base}/reset-in-body": "CONNECTION_RESET",
        f"{base}/cut": "CONNECTION_RESET",
        f"{base}/nothing": "CONNECTION_RESET",
        f"{base}/no-http": "CONNECTION_RESET",
        f"{base}/bad-chunk": "CONNECTION_RESET",
        f"{base}/two-lengths": "CONNECTION_RESET",
        f"{base}/huge-head": "CONNECTION_RESET",
        f"https://127.0.0.1:{plain.port}/": "TLS_ERROR",
        f"http://127.0.0.1:{free_port()}/": "CONNECTION_REFUSED",
    }
    slow = {url for url, code in expected.items() if code == "TIMEOUT"}
    # The context takes a tenth of a second to load; a short limit must not end in that.
    sender.tls = ssl.create_default_context()
    actual = {url: sender.refused(url, timeout_ms=50 if url in slow else 9999) for url in expected}
    assert {url: failure.code for url, failure in actual.items()} == expected
    assert all("127.0.0.1:" in failure.message for failure in actual.values())


def test_a_tls_server_that_hangs_up_is_a_broken_connection(sender, serve_raw) -> None:
    server = serve_raw(b"")
    assert sender.refused(f"https://127.0.0.1:{server.port}/").code == "CONNECTION_RESET"


def test_a_certificate_that_nobody_vouches_for_is_refused(sender, serve, server_tls) -> None:
    server = serve(OK, tls=server_tls)
    failure = sender.refused(server.base_url)
    assert failure.code == "TLS_ERROR"
    assert "not trusted" in failure.message
    assert server.requests == []


def test_tls_and_host_keep_the_name_while_the_address_is_pinned(
    sender, serve, server_tls, trusting_tls
) -> None:
    asked: list[str | None] = []
    server_tls.sni_callback = lambda _socket, name, _context: asked.append(name)
    server = serve(OK, tls=server_tls)
    sender.names = {"pinned.test": ["127.0.0.1"], "other.test": ["127.0.0.1"]}
    sender.tls = trusting_tls
    response = sender.http(f"https://Pinned.test.:{server.port}/")
    assert response.url == f"https://pinned.test:{server.port}/"
    assert asked == ["pinned.test"]
    assert server.requests[0].header("host") == f"pinned.test:{server.port}"
    assert sender.http(server.base_url).status == 200
    assert asked == ["pinned.test", None]
    # The certificate is for another name, although the address is the same.
    assert sender.refused(f"https://other.test:{server.port}/").code == "TLS_ERROR"


def test_pitfall_22_a_name_is_resolved_once_and_the_connection_goes_to_what_was_judged(
    sender, serve
) -> None:
    server = serve(OK)
    answers = iter([["127.0.0.1"], ["169.254.169.254"]])

    class Rebinding(dict):
        def __getitem__(self, name: str) -> object:
            return next(answers)

    sender.names = Rebinding({"rebind.test": []})
    assert sender.http(f"http://rebind.test:{server.port}/").status == 200
    assert sender.lookups == ["rebind.test"]
    failure = sender.refused(f"http://rebind.test:{server.port}/")
    assert failure.code == "EXTERNAL_CALL_BLOCKED"
    assert sender.lookups == ["rebind.test"] * 2


def test_pitfall_22_a_name_that_resolves_inside_is_blocked(sender, serve) -> None:
    server = serve(OK)
    sender.names = {
        "mixed.test": ["127.0.0.1", "10.0.0.1"],
        "meta.test": ["::ffff:169.254.169.254"],
        "zero.test": ["0.0.0.0"],
    }
    for name in sender.names:
        failure = sender.refused(f"http://{name}:{server.port}/")
        assert failure.code == "EXTERNAL_CALL_BLOCKED"
        assert failure.details["host"] == name
    assert server.requests == []


@pytest.mark.parametrize(
    "host", ["2130706433", "0x7f.1", "127.1", "0177.1", "127.0.0.1.", "[::ffff:127.0.0.1]"]
)
def test_pitfall_22_every_spelling_of_loopback_is_blocked_where_loopback_is(
    sender, serve, host: str
) -> None:
    server = serve(OK)
    url = f"http://{host}:{server.port}/"
    assert sender.http(url).url == server.base_url + "/"
    sender.policy = NetworkPolicy(allow_loopback=False)
    assert sender.refused(url).code == "EXTERNAL_CALL_BLOCKED"
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/latest/meta-data/",
        "http://2852039166/",
        "http://0xa9fea9fe/",
        "http://[fd00:ec2::254]/",
        "http://[::ffff:a9fe:a9fe]/",
        "http://metadata.google.internal./",
        "http://100.100.100.200/",
        "http://10.0.0.1/",
        "http://0/",
        "http://[::]/",
        "http://[fe80::1]/",
    ],
)
def test_pitfall_22_inside_addresses_are_blocked_before_any_packet(sender, url: str) -> None:
    assert sender.refused(url).code == "EXTERNAL_CALL_BLOCKED"


@pytest.mark.parametrize(
    ("location", "code"),
    [
        ("http://169.254.169.254/", "EXTERNAL_CALL_BLOCKED"),
        ("http://2852039166/", "EXTERNAL_CALL_BLOCKED"),
        ("//10.0.0.1/", "EXTERNAL_CALL_BLOCKED"),
        ("file:///etc/passwd", "INVALID_INPUT"),
        ("http://user:pass@127.0.0.1/", "INVALID_INPUT"),
        ("http://[", "INVALID_INPUT"),
    ],
)
def test_pitfall_22_redirects_are_judged_like_requests(sender, serve, location, code) -> None:
    server = serve({"/": Reply(status=302, headers=(("Location", location),))})
    assert sender.refused(server.base_url).code == code
    assert sender.http(server.base_url, max_redirects=0).status == 302


def test_pitfall_29_an_empty_policy_allows_nothing(sender, serve) -> None:
    sender.policy = NetworkPolicy(allow_public=False, allow_loopback=False)
    assert sender.refused(serve(OK).base_url).code == "EXTERNAL_CALL_BLOCKED"
    assert sender.refused("https://example.org/").code == "EXTERNAL_CALL_BLOCKED"


def test_without_public_access_no_name_is_looked_up(sender) -> None:
    sender.policy = NetworkPolicy(allow_public=False)
    sender.names = {"data.evil.test": ["127.0.0.1"]}
    assert sender.refused("http://data.evil.test/").code == "EXTERNAL_CALL_BLOCKED"
    assert sender.lookups == []


def test_a_second_address_is_tried_when_the_first_refuses(sender, serve) -> None:
    server = serve(OK, host="127.0.0.2")
    sender.names = {"two.test": ["127.0.0.1", "127.0.0.2"], "none.test": ["127.0.0.1", "127.0.0.3"]}
    assert sender.http(f"http://two.test:{server.port}/").body == b"ok"
    assert len(server.requests) == 1
    failure = sender.refused(f"http://none.test:{server.port}/")
    assert failure.code == "CONNECTION_REFUSED"


def test_a_tls_failure_is_not_answered_by_another_address(sender, serve, server_tls) -> None:
    first = serve(OK, tls=server_tls)
    sender.names = {"pinned.test": ["127.0.0.1", "127.0.0.2"]}
    assert sender.refused(f"https://pinned.test:{first.port}/").code == "TLS_ERROR"


def test_ipv6_works_where_the_machine_has_it(sender, serve) -> None:
    try:
        server = serve(OK, host="::1")
    except OSError as error:
        if error.errno not in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT):
            raise
        pytest.skip("no IPv6 loopback")
    response = sender.http(server.base_url.replace("::1", "0:0::1"))
    assert (response.body, response.url) == (b"ok", server.base_url + "/")
    assert server.requests[0].header("host") == f"[::1]:{server.port}"


def test_names_that_do_not_resolve_are_dns_failures(sender) -> None:
    async def gone(host: str, port: int) -> list[str]:
        raise socket.gaierror(socket.EAI_NONAME, "timeout")

    async def empty(host: str, port: int) -> list[str]:
        return []

    async def garbled(host: str, port: int) -> list[str]:
        raise UnicodeError

    for resolver in (gone, empty, garbled):
        client = GuardedClient(
            policy=NetworkPolicy(), secrets={}, entropy=sender, resolver=resolver
        )
        request = HttpRequest(method="GET", url="http://gone.test:81/")
        with pytest.raises(Refusal, match=r"DNS_FAILURE: gone\.test:81: "):
            asyncio.run(HttpAdapter(client).send(request))


def test_the_real_resolver_knows_localhost_and_gives_each_address_once() -> None:
    found = asyncio.run(resolve_name("localhost", 80))
    assert found
    assert set(found) <= {"127.0.0.1", "::1"}
    assert len(set(found)) == len(found)


def test_a_body_may_be_as_large_as_max_bytes_and_not_larger(sender, serve) -> None:
    replies = {"/": Reply(body=b"a" * 100_000), "/c": Reply(chunks=(b"a" * 60_000, b"b" * 40_000))}
    server = serve(replies)
    for path in replies:
        assert len(sender.http(server.base_url + path, max_bytes=100_000).body) == 100_000
        failure = sender.refused(server.base_url + path, max_bytes=99_999)
        assert failure.code == "OUTPUT_TOO_LARGE"
        assert failure.details == {"max_bytes": 99_999}
    assert sender.http(serve({"/": Reply()}).base_url, max_bytes=0).body == b""


def test_reading_stops_at_the_limit_although_the_server_would_go_on(sender, serve) -> None:
    server = serve({"/": Reply(chunks=(b"a" * 10,), then="hang")})
    failure = sender.refused(server.base_url, max_bytes=9, timeout_ms=30_000)
    assert failure.code == "OUTPUT_TOO_LARGE"


def test_cancelling_closes_the_connection_and_is_no_failure(sender, serve) -> None:
    server = serve({"/": Reply(raw=b"", then="hang")})

    async def cancelled() -> bool:
        request = HttpRequest(method="GET", url=server.base_url)
        task = asyncio.create_task(HttpAdapter(sender.client()).send(request))
        while not server.requests:
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return task.cancelled()

    assert asyncio.run(cancelled())


def test_no_proxy_of_the_environment_is_used(sender, serve, monkeypatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{free_port()}")
    assert sender.http(serve(OK).base_url).body == b"ok"


def test_cookies_are_not_kept(sender, serve) -> None:
    cookie = (("Set-Cookie", "a=b; Path=/"),)
    server = serve(
        {"/": Reply(status=302, headers=(*cookie, ("Location", "/a"))), "/a": Reply(headers=cookie)}
    )
    adapter = HttpAdapter(sender.client())

    async def twice() -> None:
        for _ in range(2):
            await adapter.send(HttpRequest(method="GET", url=server.base_url))

    asyncio.run(twice())
    assert len(server.requests) == 4
    assert all(seen.header("cookie") is None for seen in server.requests)
