"""The provider on the loopback interface, asked without any SDK and without our adapter."""

from __future__ import annotations

import contextlib
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection, IncompleteRead, RemoteDisconnected

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workc.kernel.failure import Misuse
from workc.sim.provider.request import FIELDS, Unfit, read_request
from workc.sim.provider.values import words
from workc.testkit.provider import Answer, Fault, Provider, Tokens, read_script
from workc.testkit.servers import Reply

OPENAI = {"model": "m", "messages": [{"role": "user", "content": "Hi"}]}
ANTHROPIC = OPENAI | {"max_tokens": 50}
CALLS = {"openai": ("/v1/chat/completions", OPENAI), "anthropic": ("/v1/messages", ANTHROPIC)}
VERSION = {"anthropic-version": "2023-06-01"}
PROVIDERS = pytest.mark.parametrize("name", ["openai", "anthropic"])


def ask(provider, path, body, headers=VERSION, method="POST"):
    connection = HTTPConnection(provider.host, provider.port)
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    try:
        connection.request(method, path, body=data, headers=headers)
        response = connection.getresponse()
        return response, response.read()
    finally:
        connection.close()


def call(provider, name, **fields):
    path, body = CALLS[name]
    response, data = ask(provider, path, body | fields)
    return response, data


def texts(name, answer):
    if name == "openai":
        return answer["choices"][0]["message"]["content"]
    return answer["content"][0]["text"]


def events(data):
    lines = [line for line in data.decode().splitlines() if line.startswith("data: ")]
    return [line.removeprefix("data: ") for line in lines]


@PROVIDERS
def test_the_script_is_answered_in_order_and_then_answers_are_derived(name) -> None:
    with Provider([Answer(text="one"), Answer(text="two")]) as provider:
        said = [texts(name, json.loads(call(provider, name)[1])) for _ in range(4)]
        assert provider.left == 0
    assert said[:2] == ["one", "two"]
    assert said[2] == said[3]
    assert said[2].startswith("Derived from 1 turn by m: ")


@PROVIDERS
@pytest.mark.parametrize("stream", [False, True])
def test_the_same_request_gets_the_same_bytes_and_another_gets_others(name, stream) -> None:
    with Provider() as provider:
        first, second = (call(provider, name, stream=stream)[1] for _ in range(2))
        other = call(provider, name, stream=stream, model="n")[1]
    assert first == second
    assert first != other


@PROVIDERS
def test_a_derived_answer_keeps_to_the_limit_and_says_so(name) -> None:
    with Provider() as provider:
        answer = json.loads(call(provider, name, max_tokens=3)[1])
        whole = json.loads(call(provider, name, max_tokens=7)[1])
    assert texts(name, answer).split() == ["Derived", "from", "1"]
    reason = {"openai": "length", "anthropic": "max_tokens"}[name]
    assert reason in json.dumps(answer)
    assert reason not in json.dumps([*whole.get("choices", []), whole.get("stop_reason")])


def test_usage_keeps_the_kinds_apart_on_both_wires() -> None:
    used = Tokens(input=100, output=7, cache_read=20, cache_write=3)
    with Provider([Answer(text="x", tokens=used)] * 2) as provider:
        openai = json.loads(call(provider, "openai")[1])["usage"]
        anthropic = json.loads(call(provider, "anthropic")[1])["usage"]
    assert (openai["prompt_tokens"], openai["completion_tokens"]) == (123, 7)
    assert openai["total_tokens"] == 130
    assert openai["prompt_tokens_details"]["cached_tokens"] == 20
    assert openai["prompt_tokens_details"]["cache_write_tokens"] == 3
    assert (anthropic["input_tokens"], anthropic["output_tokens"]) == (100, 7)
    assert anthropic["cache_read_input_tokens"] == 20
    assert anthropic["cache_creation_input_tokens"] == 3


@PROVIDERS
def test_an_answer_without_usage_has_none(name) -> None:
    with Provider([Answer(text="x", usage=False)] * 2) as provider:
        assert "usage" not in json.loads(call(provider, name)[1])
        streamed = call(provider, "openai", stream=True, stream_options={"include_usage": True})[1]
    assert all(not json.loads(e)["usage"] for e in events(streamed)[:-1])


def test_openais_stream_gives_its_usage_only_when_asked() -> None:
    with Provider() as provider:
        plain = events(call(provider, "openai", stream=True)[1])
        asked = events(
            call(provider, "openai", stream=True, stream_options={"include_usage": True})[1]
        )
    assert plain[-1] == asked[-1] == "[DONE]"
    assert all("usage" not in json.loads(event) for event in plain[:-1])
    assert all(json.loads(event)["usage"] is None for event in asked[:-2])
    assert json.loads(asked[-2])["choices"] == []
    assert json.loads(asked[-2])["usage"]["total_tokens"] > 0


def test_anthropics_stream_has_the_events_of_its_reference_in_order() -> None:
    with Provider([Answer(text="a b", finish="content_filter")]) as provider:
        response, data = call(provider, "anthropic", stream=True)
    assert response.getheader("content-type") == "text/event-stream; charset=utf-8"
    kinds = [line[7:] for line in data.decode().splitlines() if line.startswith("event: ")]
    assert kinds == [
        "message_start",
        "content_block_start",
        "ping",
        "content_block_delta",
        "content_block_delta",
        "content_block_stop",
        "message_delta",
        "message_stop",
    ]
    assert json.loads(events(data)[-2])["delta"]["stop_reason"] == "refusal"


@pytest.mark.parametrize(
    ("status", "openai", "anthropic"),
    [
        (401, ("invalid_request_error", "invalid_api_key"), "authentication_error"),
        (
            403,
            ("invalid_request_error", "unsupported_country_region_territory"),
            "permission_error",
        ),
        (404, ("invalid_request_error", "model_not_found"), "not_found_error"),
        (413, ("server_error", None), "request_too_large"),
        (429, ("requests", "rate_limit_exceeded"), "rate_limit_error"),
        (500, ("server_error", None), "api_error"),
        (503, ("server_error", "server_overloaded"), "api_error"),
        (529, ("server_error", None), "overloaded_error"),
    ],
)
def test_a_fault_has_the_status_the_providers_form_and_retry_after(
    status, openai, anthropic
) -> None:
    with Provider([Fault(status=status, message="no", retry_after_s=7)] * 2) as provider:
        first, first_body = call(provider, "openai", stream=True)
        second, second_body = call(provider, "anthropic")
    for response in (first, second):
        assert (response.status, response.getheader("retry-after")) == (status, "7")
    assert json.loads(first_body) == {
        "error": {"message": "no", "type": openai[0], "param": None, "code": openai[1]}
    }
    answer = json.loads(second_body)
    assert answer == {
        "type": "error",
        "error": {"type": anthropic, "message": "no"},
        "request_id": second.getheader("request-id"),
    }


@PROVIDERS
def test_a_fault_can_come_in_the_middle_of_a_stream(name) -> None:
    with Provider([Fault(status=500, after_events=2)] * 2) as provider:
        response, data = call(provider, name, stream=True)
        unstreamed, _ = call(provider, name)
    assert response.status == 200
    assert len(events(data)) == 3
    assert json.loads(events(data)[-1])["error"]["message"] == "scripted by the testkit"
    assert unstreamed.status == 500


@PROVIDERS
def test_a_stream_can_break_off_with_and_without_a_proper_end(name) -> None:
    cut = [Answer(text="a b c d", cut_after=2, cut=how) for how in ("end", "reset")]
    with Provider(cut) as provider:
        assert len(events(call(provider, name, stream=True)[1])) == 2
        with pytest.raises((IncompleteRead, ConnectionResetError, RemoteDisconnected)):
            call(provider, name, stream=True)


@pytest.mark.parametrize(
    ("name", "headers", "status"),
    [
        ("openai", {}, 401),
        ("openai", {"authorization": "Bearer wrong"}, 401),
        ("openai", {"authorization": "Bearer k"}, 200),
        ("openai", {"x-api-key": "k"}, 401),
        ("anthropic", VERSION, 401),
        ("anthropic", VERSION | {"x-api-key": "k"}, 200),
        ("anthropic", VERSION | {"authorization": "Bearer k"}, 200),
        ("anthropic", {"anthropic-version": "2026-10-21", "x-api-key": "k"}, 200),
        ("anthropic", {"anthropic-version": "2023-01-01", "x-api-key": "k"}, 400),
        ("anthropic", {"x-api-key": "k"}, 400),
    ],
)
def test_key_and_version_must_be_right_and_nothing_leaves_the_script_if_not(
    name, headers, status
) -> None:
    with Provider([Answer(text="x")], key="k") as provider:
        path, body = CALLS[name]
        response, _ = ask(provider, path, body, headers)
        assert response.status == status
        assert provider.left == (0 if status == 200 else 1)


def test_other_paths_are_unknown_unless_they_are_given_and_get_is_not_allowed() -> None:
    with Provider() as provider:
        provider.replies["/data"] = Reply(body=b"rows")
        assert ask(provider, "/data", b"", method="GET")[1] == b"rows"
        assert ask(provider, "/nothing", b"", method="GET")[0].status == 404
        assert ask(provider, "/v1/messages", b"", method="GET")[0].status == 405
        assert [seen.path for seen in provider.requests] == ["/data", "/nothing", "/v1/messages"]


def test_both_base_urls_name_the_same_server() -> None:
    with Provider() as provider:
        assert provider.openai_url == provider.anthropic_url + "/v1"


def test_what_answers_instead_of_a_script_can_be_given() -> None:
    with Provider(respond=lambda asked: Answer(text=asked.last.upper())) as provider:
        assert texts("openai", json.loads(call(provider, "openai")[1])) == "HI"


def test_requests_at_the_same_time_each_get_their_own_answer() -> None:
    barrier = threading.Barrier(8)

    def one(n):
        barrier.wait()
        fields = {"messages": [{"role": "user", "content": str(n)}]}
        return texts("openai", json.loads(call(provider, "openai", **fields)[1]))

    with (
        Provider(respond=lambda asked: Answer(text=asked.last)) as provider,
        ThreadPoolExecutor(8) as pool,
    ):
        assert list(pool.map(one, range(8))) == [str(n) for n in range(8)]


BLOCKS = [
    {"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]}
]


def test_a_turn_may_be_blocks_of_text() -> None:
    body = json.dumps(ANTHROPIC | {"messages": BLOCKS}).encode()
    assert read_request("anthropic", body).last == "ab"


@pytest.mark.parametrize(
    ("name", "fields", "why"),
    [
        ("openai", {"tools": []}, "tools: Extra inputs"),
        ("anthropic", {"seed": 1}, "seed: Extra inputs"),
        ("openai", {"model": ""}, "model"),
        ("openai", {"model": None}, "model"),
        ("openai", {"messages": []}, "at least one"),
        ("openai", {"messages": "Hi"}, "at least one"),
        ("openai", {"messages": ["Hi"]}, "messages.0"),
        ("openai", {"messages": [{"role": "user", "content": "a", "x": 1}]}, "messages.0"),
        ("anthropic", {"messages": [{"role": "system", "content": "a"}]}, "messages.0.role"),
        ("openai", {"messages": [{"role": "user", "content": None}]}, "valid string"),
        ("openai", {"messages": [{"role": "user", "content": []}]}, "valid string"),
        ("openai", {"messages": [{"role": "user", "content": [{"type": "image"}]}]}, "text"),
        ("openai", {"messages": [{"role": "user", "content": ["a"]}]}, "text"),
        ("openai", {"max_tokens": 1, "max_completion_tokens": 1}, "one limit"),
        ("anthropic", {"max_tokens": 0}, "one limit"),
        ("anthropic", {"max_tokens": True}, "one limit"),
        ("openai", {"stream": 1}, "boolean"),
        ("openai", {"stream_options": {"include_usage": True}}, "only allowed when stream"),
        ("openai", {"stream_options": [], "stream": True}, "only allowed when stream"),
    ],
)
def test_what_a_provider_would_refuse_is_refused(name, fields, why) -> None:
    path, body = CALLS[name]
    with Provider([Answer(text="x")]) as provider:
        response, data = ask(provider, path, body | fields)
        assert provider.left == 1
    assert response.status == 400
    assert why in json.loads(data)["error"]["message"]


def test_anthropic_needs_a_limit_and_openai_does_not() -> None:
    body = json.dumps(OPENAI).encode()
    assert read_request("openai", body).max_tokens is None
    with pytest.raises(Unfit, match="one limit"):
        read_request("anthropic", body)


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(sorted(FIELDS)),
    st.binary(max_size=60)
    | st.recursive(
        st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["model", "messages", "role", "content", "stream", "text", "type"]),
                inner,
                max_size=4,
            )
        ),
        max_leaves=12,
    ).map(lambda value: json.dumps(value).encode()),
)
def test_any_bytes_are_a_request_or_unfit(name, body) -> None:
    with contextlib.suppress(Unfit):
        assert read_request(name, body).size == len(body)


@given(st.text())
def test_a_streams_pieces_are_the_text(text) -> None:
    assert "".join(words(text)) == text


def test_a_script_is_read_from_plain_data() -> None:
    entries = [
        {"kind": "fault", "status": 429, "retry_after_s": 2},
        {"kind": "answer", "text": "Hi", "tokens": {"input": 1, "output": 2}},
    ]
    assert read_script(entries) == (
        Fault(status=429, retry_after_s=2),
        Answer(text="Hi", tokens=Tokens(input=1, output=2)),
    )


@pytest.mark.parametrize("entries", [None, {}, [{}], [{"kind": "answer", "txt": "a"}], [1]])
def test_what_is_no_script_is_refused(entries) -> None:
    with pytest.raises(Misuse, match="not a script"):
        read_script(entries)
