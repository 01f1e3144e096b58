"""Secrets go out and never come back: not in answers, not in refusals, not in tracebacks."""

import asyncio
import base64
import json
import traceback

import pytest

from workc.adapters.http import HttpAdapter
from workc.adapters.secret_text import fill_in
from workc.kernel.failure import Refusal
from workc.stages.effects import HttpRequest, SecretName, SecretText
from workc.testkit.servers import Reply

VALUE = "s3cr3t/value+\u00fc"
BEARER = SecretText(("Bearer ", SecretName("TOKEN")))
ALONE = SecretText((SecretName("TOKEN"),))
HOST_MESSAGE = "a secret cannot stand in the host of a URL"


def test_secrets_are_put_in_only_when_sending(sender, serve) -> None:
    server = serve({"/": Reply(), "/path/s3cr3t": Reply()})
    sender.secrets = {"TOKEN": VALUE, "PATH_PART": "s3cr3t"}
    url = SecretText((server.base_url + "/path/", SecretName("PATH_PART")))
    sender.http(url, headers=(("Authorization", BEARER),), query=(("key", ALONE), ("a", "b")))
    [seen] = server.requests
    assert seen.header("authorization").encode("latin-1").decode() == f"Bearer {VALUE}"
    assert seen.query == (("key", VALUE), ("a", "b"))
    assert seen.target == "/path/s3cr3t?key=s3cr3t%2Fvalue%2B%C3%BC&a=b"


def test_plain_text_that_looks_like_a_reference_is_sent_as_plain_text(sender, serve) -> None:
    server = serve({"/": Reply()})
    sender.secrets = {"TOKEN": VALUE}
    sender.http(server.base_url, headers=(("x", "${secrets.TOKEN}"),))
    assert server.requests[0].header("x") == "${secrets.TOKEN}"


def test_body_headers_and_address_come_back_without_the_secret(sender, serve) -> None:
    latin = VALUE.encode().decode("latin-1")
    echo = json.dumps({"auth": VALUE, "basic": base64.b64encode(b"u:" + VALUE.encode()).decode()})
    server = serve({"/": Reply(headers=(("X-Echo", latin), ("X-S3cr3t", "1")), body=echo.encode())})
    sender.secrets = {"TOKEN": VALUE, "UNUSED": "never-seen"}
    response = sender.http(server.base_url, query=(("key", ALONE),))
    assert response.url == server.base_url + "/?key=[redacted:TOKEN]"
    assert dict(response.headers)["x-echo"] == "[redacted:TOKEN]"
    assert json.loads(response.body)["auth"] == "[redacted:TOKEN]"
    assert "[redacted:TOKEN]" in json.loads(response.body)["basic"]
    [redaction] = response.redactions
    assert (redaction.secret, redaction.count, redaction.salt) == ("TOKEN", 4, "01" * 16)
    assert sender.draws == 1


def test_a_secret_of_the_run_is_redacted_although_this_request_did_not_send_it(
    sender, serve
) -> None:
    server = serve({"/": Reply(body=b"known: other-secret")})
    sender.secrets = {"OTHER": "other-secret"}
    assert sender.http(server.base_url).body == b"known: [redacted:OTHER]"


@pytest.mark.parametrize("secrets", [{}, {"TOKEN": ""}])
def test_a_secret_that_is_not_set_is_named_and_nothing_is_sent(sender, serve, secrets) -> None:
    server = serve({"/": Reply()})
    sender.secrets = secrets
    for fields in ({"headers": (("a", ALONE),)}, {"query": (("a", ALONE),)}):
        failure = sender.refused(server.base_url, **fields)
        assert failure.code == "UNAUTHORIZED"
        assert "set TOKEN" in failure.message
        assert failure.details == {"variable": "TOKEN"}
    assert sender.refused(SecretText(("http://", SecretName("TOKEN")))).code == "UNAUTHORIZED"
    assert server.requests == []


def test_no_refusal_tells_a_secret(sender, serve, serve_raw) -> None:
    server = serve(
        {
            "/loop": Reply(status=302, headers=(("Location", "/loop?s3cr3t-value"),)),
            "/bad": Reply(status=302, headers=(("Location", "ftp://s3cr3t-value/"),)),
            "/reset": Reply(raw=b"s3cr3t-value", then="reset"),
            "/garbage": Reply(raw=b"s3cr3t-value\r\n\r\n"),
            "/hang": Reply(raw=b"", then="hang"),
            "/large": Reply(body=b"s3cr3t-value"),
        }
    )
    plain = serve_raw(b"HTTP/1.1 400 s3cr3t-value\r\n\r\n")
    secret = SecretText((SecretName("TOKEN"),))
    sender.secrets = {"TOKEN": "s3cr3t-value", "LINE": "s3cr3t-value\r\nX: y"}
    base = server.base_url
    requests = [
        HttpRequest(method="GET", url=f"{base}{path}", query=(("q", secret),), headers=headers)
        for path in ("/loop", "/bad", "/reset", "/garbage")
        for headers in ((), (("Authorization", secret),))
    ]
    requests += [
        HttpRequest(method="GET", url=f"{base}/hang?s3cr3t-value", timeout_ms=50),
        HttpRequest(method="GET", url=f"{base}/large", max_bytes=1),
        HttpRequest(method="GET", url=base, headers=(("a", SecretText((SecretName("LINE"),))),)),
        HttpRequest(method="GET", url=f"https://127.0.0.1:{plain.port}/", query=(("q", secret),)),
        HttpRequest(method="GET", url=SecretText(("http://", SecretName("TOKEN"), ".invalid/"))),
        HttpRequest(method="GET", url=SecretText(("http://", SecretName("TOKEN"), "!/"))),
        HttpRequest(method="GET", url=SecretText((SecretName("TOKEN"), "://127.0.0.1/"))),
        HttpRequest(method="GET", url=SecretText(("http://u:", SecretName("TOKEN"), "@h/"))),
        HttpRequest(method="GET", url=SecretText(("http://10.0.0.1/", SecretName("TOKEN")))),
    ]
    sender.names = {"s3cr3t-value.invalid": ["10.0.0.1"]}
    for request in requests:
        with pytest.raises(Refusal) as caught:
            asyncio.run(HttpAdapter(sender.client()).send(request))
        shown = "".join(traceback.format_exception(caught.value)) + repr(caught.value.failure)
        assert "s3cr3t" not in shown
        assert caught.value.__context__ is None


def test_attack_a_secret_in_the_host_of_a_url_is_refused_before_anything_is_sent(sender) -> None:
    """Hosts are put in lower case, looked up and shown: no place for a secret."""
    sender.secrets = {"TOKEN": "Tenant-0815", "ORIGIN": "http://Tenant-0815.test"}
    sender.names = {"tenant-0815.test": ["10.0.0.1"]}
    for parts in (
        ("http://", SecretName("TOKEN"), ".test/"),
        ("http://a.", SecretName("TOKEN"), "?q"),
        ("http://a:", SecretName("TOKEN")),
        (SecretName("TOKEN"), ".test/"),
        ("ht", SecretName("TOKEN"), "://test/"),
        (SecretName("ORIGIN"),),
        (SecretName("ORIGIN"), "/path"),
    ):
        failure = sender.refused(SecretText(parts))
        assert (failure.code, failure.message) == ("INVALID_INPUT", HOST_MESSAGE)
    assert sender.lookups == []


def test_attack_a_secret_that_is_a_whole_url_is_shown_in_no_normal_form(sender, serve) -> None:
    server = serve({"/Hook/s3cr3t": Reply()})
    port = server.base_url.rpartition(":")[2]
    sender.names = {"tenant.test": ["127.0.0.1"]}
    sender.secrets = {"HOOK": f"HTTP://127.1:{port}/Hook/s3cr3t", "LOST": "http://Lost.Test./x"}
    response = sender.http(SecretText((SecretName("HOOK"),)))
    assert response.url == "[redacted:HOOK]"
    sender.names["lost.test"] = []
    failure = sender.refused(SecretText((SecretName("LOST"),)))
    assert "lost" not in repr(failure)
    assert failure.details["host"] == "[redacted:LOST]"


def test_attack_a_redirect_to_a_host_with_the_secret_in_it_does_not_show_it(sender, serve) -> None:
    to = "http://SeCrEt-Value.test/"
    server = serve({"/": Reply(status=302, headers=(("Location", to),))})
    sender.secrets = {"TOKEN": "SeCrEt-Value"}
    sender.names = {"secret-value.test": []}
    failure = sender.refused(server.base_url)
    assert "secret" not in repr(failure).lower().replace("secrets", "")


def test_text_without_secrets_needs_none() -> None:
    assert fill_in("plain", {}) == "plain"
    assert fill_in(SecretText(("a", SecretName("B"), "c")), {"B": "-"}) == "a-c"
