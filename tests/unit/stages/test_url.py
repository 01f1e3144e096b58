"""The one reading of URLs."""

import re
import socket

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workc.kernel.failure import Refusal
from workc.stages.url import MAX_NAME_CHARS, MAX_URL_CHARS, join_url, normal_host, parse_url


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("http://example.org", "http://example.org/"),
        ("HTTPS://EXAMPLE.ORG:443/A?b#c", "https://example.org/A?b"),
        ("http://example.org:80/", "http://example.org/"),
        ("http://example.org:/", "http://example.org/"),
        ("https://example.org:80/", "https://example.org:80/"),
        ("http://example.org./", "http://example.org/"),
        ("http://b\u00fccher.example/", "http://xn--bcher-kva.example/"),
        ("http://h/a b/\u00e9?q=\u00e9&r=[1]", "http://h/a%20b/%C3%A9?q=%C3%A9&r=%5B1%5D"),
        ("http://h/%41%2f", "http://h/%41%2f"),
        ("http://h?q=1", "http://h/?q=1"),
        ("http://h//double/../x", "http://h//double/../x"),
        ("http://[::1]:8080/", "http://[::1]:8080/"),
        ("http://[FE80:0::0001]/", "http://[fe80::1]/"),
        ("http://[::ffff:127.0.0.1]/", "http://127.0.0.1/"),
        ("http://my_service:9/", "http://my_service:9/"),
    ],
)
def test_a_url_has_one_form(url: str, text: str) -> None:
    assert parse_url(url).text == text


@pytest.mark.parametrize(
    "host",
    [
        "2130706433",
        "0x7f000001",
        "017700000001",
        "0x7f.1",
        "0177.0.0.1",
        "127.1",
        "127.0.1",
        "127.0.0.1.",
        "0X7F.0.0.0x1",
        "\uff11\uff12\uff17.0.0.1",
        "127\u30020\u30020\u30021",
        "\u2460\u2461\u2466.1",
    ],
)
def test_pitfall_22_every_spelling_of_an_ipv4_address_is_that_address(host: str) -> None:
    assert normal_host(host) == "127.0.0.1"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.org",
        "/path",
        "//example.org/",
        "ftp://example.org/",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "http:example.org",
        "http:///path",
        "http://user@example.org/",
        "http://user:hunter2@example.org/",
        "http://good.example\\@evil.example/",
        "http://ex%61mple.org/",
        "http://127.0.0.1%2f.example/",
        "http://a b/",
        "http://a\tb/",
        "http://a/\r\nX: y",
        "http://a/\x00",
        " http://a/",
        "http://a/ ",
        "http://a:0/",
        "http://a:65536/",
        "http://a:-1/",
        "http://a:+1/",
        "http://a:8o/",
        "http://a:000080/",
        "http://a:80:80/",
        "http://[::1/",
        "http://::1/",
        "http://[::1]x/",
        "http://[fe80::1%25eth0]/",
        "http://[fe80::1%eth0]/",
        "http://[127.0.0.1]/",
        "http://[]/",
        "http://.example/",
        "http://a..b/",
        "http://-a.example/",
        "http://a-.example/",
        "http://fa\u00df.example/",
        "http://a\u200db.example/",
        "http://\ud800.example/",
        "http://a/\ud800",
        "http://a!b/",
        "http://1.2.3.4.5/",
        "http://256.1.1.1/",
        "http://1.2.3.256/",
        "http://08.1.1.1/",
        "http://0x/",
        "http://0xg.1/",
        "http://example.1/",
        "http://4294967296/",
        "http://" + "9" * 5000 + "/",
        "http://1.2.16777216/",
    ],
)
def test_what_is_no_plain_http_url_is_refused(url: str) -> None:
    with pytest.raises(Refusal) as caught:
        parse_url(url)
    assert caught.value.failure.code == "INVALID_INPUT"
    assert caught.value.__context__ is None
    assert "hunter2" not in str(caught.value)


def test_a_host_pattern_has_no_zone_id_either() -> None:
    with pytest.raises(Refusal, match="zone id"):
        normal_host("[fe80::1%eth0]")


def test_the_limits_hold_at_the_limit_and_one_past_it() -> None:
    start = "http://h/"
    assert parse_url(start + "a" * (MAX_URL_CHARS - len(start)))
    with pytest.raises(Refusal, match="longer than 32768"):
        parse_url(start + "a" * (MAX_URL_CHARS - len(start) + 1))
    name = ".".join(["a" * 63] * 3 + ["a" * 61])
    assert len(name) == MAX_NAME_CHARS
    assert normal_host(name) == name
    for too_long in (name + "a", "a" * 64 + ".example"):
        with pytest.raises(Refusal):
            normal_host(too_long)
    assert parse_url("http://h:1/").port == 1
    assert parse_url("http://h:65535/").port == 65_535


@pytest.mark.parametrize(
    ("location", "text"),
    [
        ("/b", "http://h:8/b"),
        ("b?c=d", "http://h:8/a/b?c=d"),
        ("?q", "http://h:8/a/x?q"),
        ("//other/b", "http://other/b"),
        ("https://other/#f", "https://other/"),
        ("../..", "http://h:8/"),
        ("", "http://h:8/a/x"),
    ],
)
def test_a_location_is_read_against_the_request(location: str, text: str) -> None:
    assert join_url(parse_url("http://h:8/a/x"), location).text == text


@pytest.mark.parametrize("location", ["http://[", "gopher://h/", "ht\ttp://h/", "//u@h/"])
def test_a_location_that_cannot_be_followed_is_refused(location: str) -> None:
    with pytest.raises(Refusal) as caught:
        join_url(parse_url("http://h/"), location)
    assert caught.value.failure.code == "INVALID_INPUT"


@settings(max_examples=300)
@given(st.one_of(st.text(), st.text().map("http://".__add__), st.text().map("http://h/".__add__)))
def test_any_text_is_a_url_or_refused_as_invalid(text: str) -> None:
    try:
        target = parse_url(text)
    except Refusal as refusal:
        found = refusal.failure.code
    else:
        found = target.text
        assert found.isascii()
        assert parse_url(found) == target
    assert found == "INVALID_INPUT" or found.startswith(("http://", "https://"))


_PART = st.one_of(
    st.integers(0, 2**33).map(str),
    st.integers(0, 300).map(str),
    st.integers(0, 2**33).map(hex),
    st.integers(0, 2**33).map(lambda n: f"0{n:o}"),
    st.sampled_from(["08", "0x", "00", "0x00", "256"]),
)


@settings(max_examples=400)
@given(st.lists(_PART, min_size=1, max_size=5).map(".".join))
def test_numeric_hosts_are_read_as_the_c_library_reads_them(host: str) -> None:
    try:
        expected = socket.inet_ntoa(socket.inet_aton(host))
    except OSError:
        expected = None
    if re.search(r"0x(?:\.|$)", host):
        expected = None  # glibc reads a bare 0x as 0; nobody means that.
    try:
        actual = normal_host(host)
    except Refusal:
        actual = None
    assert actual == expected
