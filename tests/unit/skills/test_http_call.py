"""The skill http_call, driven by hand."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workc.kernel.catalog import CATALOG
from workc.kernel.failure import Refusal
from workc.skills.http_call import CHARSETS, failure_of, http_call
from workc.stages.effects import HttpRequest, HttpResponse, SecretName, SecretText

call = http_call.function
URL = "http://example.test/"
TOKEN = SecretText(("Bearer ", SecretName("TOKEN")))
JSON = "application/json"


def response(body=b"", status=200, content_type=None, **headers):
    found = [] if content_type is None else [("content-type", content_type)]
    found += [(name.replace("_", "-"), value) for name, value in headers.items()]
    return HttpResponse(status=status, headers=tuple(found), body=body)


@pytest.fixture
def ask(ctx, drive):
    """Returns a function: the answer and the parameters in, the run out."""
    return lambda answer, **given: drive(call(ctx, **({"url": URL} | given)), http=answer)


@pytest.fixture
def sent(ask):
    """Returns a function: parameters in, the request that is made out."""
    return lambda **given: ask(response(), **given).asked("http")[0]


def test_a_get_is_sent_bare(sent):
    assert sent() == HttpRequest(method="GET", url=URL)


def test_limits_go_out_as_they_were_given(sent):
    request = sent(timeout_ms=5, max_bytes=6, max_redirects=0)
    assert (request.timeout_ms, request.max_bytes, request.max_redirects) == (5, 6, 0)


def test_headers_and_query_go_out_by_name_whatever_their_order_was(sent):
    one = sent(headers={"b": "1", "A": "2"}, query={"z": "1", "a": "2"})
    two = sent(headers={"A": "2", "b": "1"}, query={"a": "2", "z": "1"})
    assert one == two
    assert one.headers == (("A", "2"), ("b", "1"))
    assert one.query == (("a", "2"), ("z", "1"))


def test_query_values_are_spelt_as_json_and_null_is_left_out(sent):
    query = {"a": 1, "b": True, "c": None, "d": 0.5, "e": "x y", "f": 1e21, "g": False}
    assert sent(query=query).query == (
        ("a", "1"), ("b", "true"), ("d", "0.5"), ("e", "x y"), ("f", "1e+21"), ("g", "false"),
    )  # fmt: skip


def test_secrets_pass_through_unread(sent):
    request = sent(url=TOKEN, headers={"Authorization": TOKEN}, query={"key": TOKEN})
    assert request.url == TOKEN
    assert request.headers == (("Authorization", TOKEN),)
    assert request.query == (("key", TOKEN),)


def test_a_json_body_is_canonical(sent):
    request = sent(method="POST", json={"b": 1.0, "a": "ü"}, headers={"X": "1"})
    assert request.body == '{"a":"ü","b":1}'.encode()
    assert dict(request.headers) == {
        "Content-Type": "application/json",
        "Idempotency-Key": "key-1",
        "X": "1",
    }


@pytest.mark.parametrize(
    ("given", "body", "content_type"),
    [
        ({"json": False}, b"false", "application/json"),
        ({"json": 0}, b"0", "application/json"),
        ({"body": "ü"}, "ü".encode(), "text/plain; charset=utf-8"),
        ({"body": ""}, b"", "text/plain; charset=utf-8"),
        ({"body_base64": "AP8="}, b"\x00\xff", "application/octet-stream"),
    ],
)
def test_each_kind_of_body_has_its_content_type(sent, given, body, content_type):
    request = sent(**given)
    assert (request.body, dict(request.headers)) == (body, {"Content-Type": content_type})


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"])
def test_an_idempotency_key_goes_with_every_method_that_changes_something(sent, method):
    expected = "key-1" if method in {"POST", "PUT", "PATCH", "DELETE"} else None
    assert dict(sent(method=method).headers).get("Idempotency-Key") == expected


def test_headers_of_the_caller_win_in_any_case(sent):
    headers = {"idempotency-key": "mine", "content-TYPE": "text/x"}
    assert dict(sent(method="POST", body="x", headers=headers).headers) == headers


@pytest.mark.parametrize(
    "given",
    [
        {"json": 1, "body": "x"},
        {"body": "x", "body_base64": ""},
        {"body": "\ud800"},
        {"json": {"a": float("nan")}},
        {"query": {"a": float("inf")}},
        {"body_base64": "a"},
        {"body_base64": "ü"},
        {"headers": {"a b": "1"}},
        {"headers": {"": "1"}},
        {"headers": {"a": "1\r\nb: 2"}},
        {"headers": {"a": SecretText(("1\n", SecretName("T")))}},
    ],
)
def test_what_makes_no_request_is_refused_before_anything_is_sent(ask, given):
    run = ask(response(), **given)
    assert (run.code, run.asks) == ("INVALID_INPUT", [])


def test_headers_of_the_answer_are_joined_by_name(ask):
    answer = HttpResponse(status=200, headers=(("Link", "a"), ("x", "1"), ("link", "b")))
    assert ask(answer).result == {
        "status": 200,
        "headers": {"link": "a, b", "x": "1"},
        "body": None,
    }


@pytest.mark.parametrize(
    ("body", "content_type", "expected", "encoding"),
    [
        (b'{"a": 1.0}', JSON, {"a": 1}, None),
        (b'{"a": 1}', "application/problem+json; charset=utf-8", {"a": 1}, None),
        (b"", JSON, None, None),
        (b'{"a": 1}', "text/plain", '{"a": 1}', None),
        ("ü".encode(), None, "ü", None),
        ("\ufeffü".encode(), "text/plain", "ü", None),
        (b"\xfc", "text/plain; charset=ISO-8859-1", "ü", None),
        (b"\xfc", 'text/plain; charset="iso-8859-1"', "ü", None),
        (b"\xfc", "text/plain", "/A==", "base64"),
        (b"abc", "text/plain; charset=x-unknown", "YWJj", "base64"),
        (b"abc", "text/plain; charset=base64", "YWJj", "base64"),
        (b"\x89PNG", "image/png", base64.b64encode(b"\x89PNG").decode(), "base64"),
        (b"\x00\xd8", "text/plain; charset=utf-16le", "ANg=", "base64"),
    ],
)
def test_a_body_is_read_by_its_content_type(ask, body, content_type, expected, encoding):
    result = ask(response(body, content_type=content_type)).result
    assert (result["body"], result.get("encoding")) == (expected, encoding)


@pytest.mark.parametrize(
    ("parse", "body", "content_type", "expected", "encoding"),
    [
        ("json", b"[1]", "text/plain", [1], None),
        ("text", b"[1]", JSON, "[1]", None),
        ("text", b"a\xff", None, "a\ufffd", None),
        ("text", b"abc", "text/plain; charset=x-unknown", "abc", None),
        ("text", b"", None, "", None),
        ("base64", b"abc", JSON, "YWJj", "base64"),
        ("base64", b"", None, "", "base64"),
    ],
)
def test_a_body_is_read_as_the_caller_asks(ask, parse, body, content_type, expected, encoding):
    result = ask(response(body, content_type=content_type), parse=parse).result
    assert (result["body"], result.get("encoding")) == (expected, encoding)


@pytest.mark.parametrize(
    ("body", "parse"),
    [
        (b"{", "auto"),
        (b'{"a":1,"a":2}', "auto"),
        (b"", "json"),
        (b"\xff", "json"),
        (b"1e999", "json"),
    ],
)
def test_a_body_that_is_not_the_json_it_should_be_is_refused(ask, body, parse):
    run = ask(response(body, content_type=JSON), parse=parse)
    assert run.code == "NOT_JSON"
    assert run.failure.details["status"] == 200


@pytest.mark.parametrize(("method", "status"), [("HEAD", 200), ("GET", 204), ("GET", 304)])
def test_an_answer_that_has_no_body_is_null(ask, method, status):
    run = ask(response(b"", status, JSON), method=method, parse="json")
    assert run.result["body"] is None


@pytest.mark.parametrize(
    ("status", "code"), [(404, "NOT_FOUND"), (429, "RATE_LIMITED"), (500, "HTTP_5XX")]
)
def test_a_status_of_a_failure_is_that_failure(ask, status, code):
    run = ask(response(b"we rate things" * 500, status, retry_after="3"))
    assert run.code == code
    assert run.failure.retry_after_ms == 3000
    assert run.failure.details["status"] == status
    assert len(run.failure.details["body"]) == 2048


@pytest.mark.parametrize("status", [100, 302, 399])
def test_a_status_below_400_is_an_answer(ask, status):
    assert ask(response(status=status)).result["status"] == status


def test_a_status_that_is_accepted_is_an_answer(ask):
    assert ask(response(b"no", 404), accept_status=[404, 410]).result["body"] == "no"
    assert ask(response(b"no", 403), accept_status=[404, 410]).code == "FORBIDDEN"


def test_a_retry_date_counts_from_the_time_of_the_answer(ask):
    # The context stands at 1,790,000,000 s, which is this date and 13:33:20.
    run = ask(response(status=503, retry_after="Mon, 21 Sep 2026 14:13:25 GMT"))
    assert run.failure.retry_after_ms == 5_000


@pytest.mark.parametrize("code", ["TIMEOUT", "EXTERNAL_CALL_BLOCKED", "TLS_ERROR"])
def test_what_the_network_says_passes_through(ask, refusal, code):
    assert ask(refusal(code)).code == code


@given(
    st.binary(max_size=40),
    st.integers(100, 999),
    st.sampled_from([None, JSON, "text/plain", "x/y; charset=utf-16", ""]) | st.text(max_size=20),
)
def test_any_answer_is_json_or_a_refusal(body, status, content_type):
    answer = response(body, status, content_type)
    if status >= 400:
        assert failure_of(answer, 0).code in CATALOG
        return
    coroutine = call(_Context(), URL)
    coroutine.send(None)
    with pytest.raises((StopIteration, Refusal)) as caught:
        coroutine.send(answer)
    if caught.type is Refusal:
        assert caught.value.failure.code == "NOT_JSON"
    else:
        http_call.conclude(caught.value.value)


class _Context:
    """The least context: it hands the request out and takes the answer in."""

    idempotency_key = "key-1"

    async def http(self, request):
        return await self

    def __await__(self):
        return (yield)


@pytest.mark.parametrize("label", sorted(CHARSETS))
def test_every_charset_is_one_that_python_decodes_text_with(ask, label):
    body = "ab".encode(CHARSETS[label])
    assert ask(response(body, content_type=f"text/plain;charset={label}")).result["body"] == "ab"


def test_the_skill_takes_secrets_in_url_headers_and_query_only():
    given = {"url": TOKEN, "headers": {"Authorization": TOKEN}, "query": {"key": TOKEN, "n": 1}}
    bound = http_call.bind(given)
    assert (bound["url"], bound["headers"], bound["query"]) == tuple(given.values())
    for param in ("body", "json", "method"):
        with pytest.raises(Refusal, match="INVALID_INPUT"):
            http_call.bind({"url": URL, param: TOKEN})


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"url": 1},
        {"url": URL, "method": "get"},
        {"url": URL, "method": "TRACE"},
        {"url": URL, "header": {}},
        {"url": URL, "headers": {"a": 1}},
        {"url": URL, "query": {"a": [1]}},
        {"url": URL, "parse": "xml"},
        {"url": URL, "timeout_ms": -1},
        {"url": URL, "timeout_ms": 86_400_001},
        {"url": URL, "max_bytes": -1},
        {"url": URL, "max_bytes": 2**30 + 1},
        {"url": URL, "max_redirects": 51},
        {"url": URL, "accept_status": ["404"]},
    ],
)
def test_parameters_outside_the_schema_are_refused(given):
    with pytest.raises(Refusal, match="INVALID_INPUT"):
        http_call.bind(given)


def test_the_limits_themselves_are_accepted():
    limits = {"timeout_ms": 86_400_000, "max_bytes": 2**30, "max_redirects": 50}
    assert http_call.bind({"url": URL} | limits)["max_bytes"] == 2**30


def test_what_the_skill_returns_fits_its_declared_output(ask):
    for body in (b"text", b"\xff", b""):
        result = ask(response(body)).result
        assert http_call.conclude(result) == result


def test_no_time_at_all_is_a_timeout_and_nothing_is_sent(ask):
    run = ask(response(), timeout_ms=0)
    assert (run.code, run.asks) == ("TIMEOUT", [])


def test_a_body_that_is_no_json_is_said_to_be_none_once(ask):
    run = ask(response(b"NaN", content_type=JSON))
    assert run.failure.message == "the body is not JSON: NaN"
