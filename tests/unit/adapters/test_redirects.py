"""Redirects: what goes along, to whom, and how often."""

import asyncio

import pytest

from workc.adapters.client import HttpClient
from workc.adapters.redirects import Hop, next_hop
from workc.kernel.failure import Refusal
from workc.stages.effects import SecretName, SecretText
from workc.stages.network import NetworkPolicy
from workc.stages.url import parse_url
from workc.testkit.servers import Reply

TOKEN = "s3cr3t-t0ken"
SECRET = SecretText(("Bearer ", SecretName("TOKEN")))
HEADERS = (
    ("Authorization", "Basic abc"),
    ("Cookie", "a=b"),
    ("X-Api-Key", "plain"),
    ("X-Custom", SECRET),
    ("X-Harmless", "stays"),
    ("Content-Type", "text/plain"),
)


def moved(status: int, location: str) -> Reply:
    return Reply(status=status, headers=(("Location", location),), body=b"ignored")


@pytest.mark.parametrize(
    ("status", "method", "after", "body"),
    [
        (301, "POST", "GET", b""),
        (302, "POST", "GET", b""),
        (303, "POST", "GET", b""),
        (303, "PUT", "GET", b""),
        (303, "HEAD", "HEAD", b"x"),
        (301, "PUT", "PUT", b"x"),
        (302, "DELETE", "DELETE", b"x"),
        (307, "POST", "POST", b"x"),
        (308, "POST", "POST", b"x"),
        (301, "GET", "GET", b"x"),
    ],
)
def test_the_method_after_a_redirect_is_that_of_rfc_9110(
    sender, serve, status, method, after, body
) -> None:
    server = serve({"/": moved(status, "/to"), "/to": Reply(body=b"there")})
    response = sender.http(server.base_url, method, headers=HEADERS[-1:], body=b"x")
    assert response.url == server.base_url + "/to"
    first, second = server.requests
    assert (first.method, first.body) == (method, b"x")
    assert (second.method, second.body) == (after, body)
    assert second.header("content-type") == ("text/plain" if body else None)
    assert second.header("content-length") == ("1" if body else None)


def test_credentials_stay_with_their_origin(sender, serve) -> None:
    other = serve({"/to": Reply(body=b"there")}, host="127.0.0.2")
    home = serve({"/": moved(302, "/same"), "/same": moved(307, other.base_url + "/to")})
    sender.secrets = {"TOKEN": TOKEN}
    assert sender.http(home.base_url, headers=HEADERS).body == b"there"
    sensitive = ("authorization", "cookie", "x-api-key", "x-custom")
    for seen in home.requests:
        assert all(seen.header(name) is not None for name in sensitive)
        assert seen.header("x-custom") == f"Bearer {TOKEN}"
    [seen] = other.requests
    assert all(seen.header(name) is None for name in sensitive)
    assert seen.header("x-harmless") == "stays"
    assert TOKEN not in repr(seen)


def test_another_port_is_another_origin(sender, serve) -> None:
    other = serve({"/to": Reply()})
    home = serve({"/": moved(302, other.base_url + "/to")})
    sender.http(home.base_url, headers=HEADERS[:1])
    assert other.requests[0].header("authorization") is None


def test_credentials_do_not_come_back_with_the_way_home(sender, serve) -> None:
    away = serve({})
    home = serve({"/": moved(302, away.base_url + "/away"), "/home": Reply(body=b"home")})
    away.replies["/away"] = moved(302, home.base_url + "/home")
    assert sender.http(home.base_url, headers=HEADERS[:2]).body == b"home"
    assert home.requests[0].header("authorization") == "Basic abc"
    assert home.requests[1].header("authorization") is None


def test_max_redirects_are_followed_and_not_one_more(sender, serve) -> None:
    chain = {f"/{n}": moved(302, f"/{n + 1}") for n in range(3)}
    server = serve({**chain, "/3": Reply(body=b"end")})
    assert sender.http(server.base_url + "/0", max_redirects=3).body == b"end"
    failure = sender.refused(server.base_url + "/0", max_redirects=2)
    assert failure.code == "HTTP_4XX"
    assert failure.message.startswith(f"127.0.0.1:{server.port}: too many redirects: 2 were ")
    assert "max_redirects is 2" in failure.message
    assert (failure.details["max_redirects"], failure.details["hops"]) == (2, 3)
    assert sender.http(server.base_url + "/0", max_redirects=0).body == b"ignored"


@pytest.mark.parametrize("status", [300, 304, 305, 306])
def test_other_statuses_are_answers_whatever_their_location(sender, serve, status) -> None:
    server = serve({"/": moved(status, "/to")})
    assert sender.http(server.base_url).status == status


def test_a_redirect_without_a_location_is_an_answer(sender, serve) -> None:
    response = sender.http(serve({"/": Reply(status=302, body=b"where?")}).base_url)
    assert (response.status, response.body) == (302, b"where?")


def test_the_time_limit_counts_over_all_redirects(sender, serve) -> None:
    server = serve({"/": moved(302, "/hang"), "/hang": Reply(raw=b"", then="hang")})
    assert sender.refused(server.base_url, timeout_ms=100).code == "TIMEOUT"
    assert len(server.requests) == 2


def test_a_location_in_utf_8_is_encoded(sender, serve) -> None:
    location = "/caf\u00e9".encode().decode("latin-1")
    server = serve({"/": moved(302, location), "/caf%C3%A9": Reply(body=b"coffee")})
    assert sender.http(server.base_url).body == b"coffee"


def test_a_redirect_from_a_public_address_does_not_lead_inward() -> None:
    """No test may ask a public address, so the step behind it is taken alone."""
    first = Hop(target=parse_url("http://outside.test/"), method="GET", headers=(), body=None)
    second = next_hop(first, 302, [(b"Location", b"http://127.0.0.1/admin")], "public")
    assert second is not None
    assert second.came_from == "public"
    with pytest.raises(Refusal, match=r"from a public address leads to 127\.0\.0\.1"):
        asyncio.run(HttpClient(NetworkPolicy())._judged_addresses(second))
    named = HttpClient(NetworkPolicy(allow_hosts=("127.0.0.1",)))
    assert asyncio.run(named._judged_addresses(second)) == ("127.0.0.1",)
