"""The model port over real sockets: addresses, keys and streams."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workc.adapters.model_http import PROVIDERS, split_events
from workc.kernel.failure import Refusal
from workc.stages.effects import SecretName, SecretText
from workc.testkit.servers import Reply

REPLIES = {"/v1/chat": Reply(body=b"{}"), "/chat": Reply(body=b"{}")}
ASK = {"path": "/chat", "body": b'{"model":"m"}'}


@pytest.mark.parametrize(
    ("provider", "header", "value"),
    [("openai", "authorization", "Bearer sk-1234"), ("anthropic", "x-api-key", "sk-1234")],
)
def test_the_key_goes_into_the_header_of_the_provider(
    sender, serve, provider, header, value
) -> None:
    server = serve(REPLIES)
    sender.secrets = {"MY_KEY": "sk-1234"}
    headers = (("anthropic-version", "2023-06-01"),)
    base_url = server.base_url + "/v1"
    sender.model(provider=provider, base_url=base_url, key="MY_KEY", headers=headers, **ASK)
    sender.model(provider=provider, base_url=base_url, headers=headers, **ASK)
    with_key, without = server.requests
    assert (with_key.method, with_key.target, with_key.body) == ("POST", "/v1/chat", ASK["body"])
    assert with_key.header(header) == value
    assert with_key.header("anthropic-version") == "2023-06-01"
    assert with_key.header("content-type") == "application/json"
    assert without.header("authorization") is None
    assert without.header("x-api-key") is None


def test_the_providers_own_addresses_are_those_of_their_references() -> None:
    assert PROVIDERS["openai"].base_url == "https://api.openai.com/v1"
    assert PROVIDERS["anthropic"].base_url == "https://api.anthropic.com"


@pytest.mark.parametrize("provider", ["openai", "anthropic"])
def test_the_base_is_the_requests_else_the_settings_else_the_providers(
    sender, serve, provider
) -> None:
    server = serve(REPLIES)
    sender.names = {"api.openai.com": ["10.0.0.1"], "api.anthropic.com": ["10.0.0.1"]}
    with pytest.raises(Refusal, match=rf"api\.{provider}\.com: private address"):
        sender.model(provider=provider, **ASK)
    sender.settings = {f"{provider.upper()}_BASE_URL": server.base_url + "/v1/"}
    assert sender.model(provider=provider, **ASK).url == server.base_url + "/v1/chat"
    given_one = sender.model(provider=provider, base_url=server.base_url, **ASK)
    assert given_one.url == server.base_url + "/chat"


def test_a_base_may_hold_a_secret(sender, serve) -> None:
    server = serve(REPLIES)
    sender.secrets = {"GATEWAY": server.base_url + "/v1"}
    response = sender.model(provider="openai", base_url=SecretText((SecretName("GATEWAY"),)), **ASK)
    assert response.status == 200
    assert response.url == "[redacted:GATEWAY]/chat"


@pytest.mark.parametrize("base_url", ["http://127.0.0.1/?a", "http://127.0.0.1/#a", "ftp://h", "x"])
def test_a_base_that_is_none_is_refused(sender, base_url) -> None:
    with pytest.raises(Refusal, match="INVALID_INPUT"):
        sender.model(provider="openai", base_url=base_url, **ASK)


def test_a_key_that_is_not_set_is_named(sender) -> None:
    with pytest.raises(Refusal, match="UNAUTHORIZED: set OPENAI_API_KEY") as caught:
        sender.model(provider="openai", base_url="http://h", key="OPENAI_API_KEY", **ASK)
    assert caught.value.__context__ is None


def test_a_key_beside_a_header_of_its_own_is_refused(sender) -> None:
    sender.secrets = {"KEY": "sk-1234"}
    headers = (("Authorization", "Bearer other"),)
    with pytest.raises(Refusal, match="INVALID_INPUT: the header authorization stands beside"):
        sender.model(provider="openai", base_url="http://h", key="KEY", headers=headers, **ASK)


def test_the_type_of_the_body_may_be_given(sender, serve) -> None:
    server = serve(REPLIES)
    headers = (("Content-Type", "application/x-ndjson"),)
    sender.model(provider="openai", base_url=server.base_url, headers=headers, **ASK)
    sent = [value for name, value in server.requests[0].headers if name == "content-type"]
    assert sent == ["application/x-ndjson"]


def test_a_redirect_of_a_provider_is_not_followed_with_the_key(sender, serve) -> None:
    other = serve(REPLIES, host="127.0.0.2")
    moved = Reply(status=307, headers=(("Location", other.base_url + "/chat"),))
    server = serve({"/chat": moved})
    sender.secrets = {"KEY": "sk-1234"}
    response = sender.model(provider="openai", base_url=server.base_url, key="KEY", **ASK)
    assert response.status == 307
    assert other.requests == []


def test_limits_of_a_model_request_hold(sender, serve) -> None:
    base_url = serve({**REPLIES, "/hang": Reply(raw=b"", then="hang")}).base_url
    for fields, code in (
        ({"max_bytes": 1}, "OUTPUT_TOO_LARGE"),
        ({"timeout_ms": 0}, "TIMEOUT"),
        ({"timeout_ms": 50, "path": "hang"}, "TIMEOUT"),
    ):
        with pytest.raises(Refusal, match=code):
            sender.model(**{"provider": "openai", "base_url": base_url, **ASK, **fields})


@pytest.mark.parametrize(
    ("body", "events"),
    [
        (b"", ()),
        (b"data: 1", (b"data: 1",)),
        (b"data: 1\n\n", (b"data: 1\n\n",)),
        (b"a\n\nb\r\n\r\nc\r\rd", (b"a\n\n", b"b\r\n\r\n", b"c\r\r", b"d")),
        (b"a\r\nb\r\n", (b"a\r\nb\r\n",)),
        (b"a\n\n\n\nb", (b"a\n\n\n\n", b"b")),
        (b"\n\na", (b"\n\n", b"a")),
        (b"a\r\n\nb", (b"a\r\n\n", b"b")),
    ],
)
def test_a_stream_is_cut_behind_blank_lines_of_any_kind(body, events) -> None:
    assert split_events(body) == events


@settings(max_examples=200)
@given(st.text("ab\r\n", max_size=30))
def test_events_joined_are_the_body(text: str) -> None:
    events = split_events(text.encode())
    assert b"".join(events) == text.encode()
    assert all(events)
    assert all(event[-1:] in (b"\r", b"\n") for event in events[:-1])
