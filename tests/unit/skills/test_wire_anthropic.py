"""The wire of Anthropic's messages, read and written."""

import json
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workc.kernel.catalog import CATALOG
from workc.skills.wire import Message, ModelCall, Reading, Usage
from workc.skills.wire_anthropic import (
    ERROR_CODES,
    FINISH_REASONS,
    HEADERS,
    read_response,
    request_body,
)

ANSWERS = Path(__file__).parent / "answers"
STREAM = (ANSWERS / "anthropic_stream.sse").read_bytes()
ANSWER = (ANSWERS / "anthropic_answer.json").read_bytes()
SSE = (("Content-Type", "text/event-stream; charset=utf-8"),)
JSON = (("content-type", "application/json"),)
EXPECTED = Reading(
    text="Grüße, Welt",
    model="claude-haiku-4-5-20251001",
    finish_reason="stop",
    usage=Usage(input=176, output=30, cache_read=1024),
)
CALL = ModelCall(model="m", messages=(Message("user", "hi"),), max_tokens=5)


def answer(**changes):
    return json.dumps(json.loads(ANSWER) | changes).encode()


def read(body):
    return read_response(200, JSON, (body,))


def code(reading):
    return reading.failure.code if reading.failure else None


def test_a_whole_answer_is_read():
    assert read_response(200, JSON, (ANSWER,)) == EXPECTED


def test_a_stream_is_read_to_the_same():
    assert read_response(200, SSE, (STREAM,)) == EXPECTED


def test_a_stream_cut_at_any_byte_reads_the_same():
    for cut in range(len(STREAM) + 1):
        assert read_response(200, SSE, (STREAM[:cut], STREAM[cut:])) == EXPECTED


def test_a_stream_that_breaks_off_before_the_stop_reason_is_a_broken_connection():
    end = STREAM.index(b"event: message_stop") - 1
    for cut in range(end):
        reading = read_response(200, SSE, (STREAM[:cut],))
        assert code(reading) == "CONNECTION_RESET"
        assert reading.usage is None
    assert read_response(200, SSE, (STREAM[: end + 1],)) == EXPECTED


def test_events_and_blocks_of_unknown_kinds_are_skipped():
    more = b'event: new\ndata: {"type":"new"}\n\ndata: {"type":7}\n\ndata: {}\n\n'
    thinking = (
        b'data: {"type":"content_block_start","index":0,"content_block":{"type":"thinking"}}\n\n'
        b'data: {"type":"content_block_delta","delta":{"type":"thinking_delta","thinking":"h"}}\n\n'
    )
    at = STREAM.index(b"event: ping")
    body = STREAM[:at] + more + thinking + STREAM[at:]
    assert read_response(200, SSE, (body,)) == EXPECTED


def test_the_last_counts_of_a_stream_replace_the_first():
    body = STREAM.replace(
        b'"usage":{"output_tokens":30}',
        b'"usage":{"output_tokens":31,"input_tokens":200,"cache_read_input_tokens":null}',
    )
    assert read_response(200, SSE, (body,)).usage == Usage(input=200, output=31, cache_read=1024)


@pytest.mark.parametrize("reason", sorted(FINISH_REASONS))
def test_every_stop_reason_has_our_word_for_it(reason):
    for headers, body in (
        (JSON, answer(stop_reason=reason)),
        (SSE, STREAM.replace(b'"end_turn"', json.dumps(reason).encode())),
    ):
        reading = read_response(200, headers, (body,))
        assert reading.finish_reason == FINISH_REASONS[reason]
        assert code(reading) == ("LLM_CONTENT_FILTERED" if reason == "refusal" else None)
        assert reading.usage == EXPECTED.usage


@pytest.mark.parametrize(
    "changes",
    [
        {"content": None},
        {"content": "text"},
        {"content": [1]},
        {"content": [{"type": "text", "text": 1}]},
        {"stop_reason": None},
        {"stop_reason": "new"},
        {"model": []},
    ],
)
def test_an_answer_without_its_shape_is_invalid_but_billed(changes):
    reading = read(answer(**changes))
    assert (code(reading), reading.usage) == ("LLM_INVALID_RESPONSE", EXPECTED.usage)


@pytest.mark.parametrize(
    "usage",
    [
        {},
        [],
        {"input_tokens": 1},
        {"input_tokens": -1, "output_tokens": 1},
        {"input_tokens": 1, "output_tokens": "1"},
        {"input_tokens": 1, "output_tokens": 1, "cache_read_input_tokens": 0.5},
    ],
)
def test_a_garbled_usage_is_an_invalid_answer_without_usage(usage):
    reading = read(answer(usage=usage))
    assert (code(reading), reading.usage) == ("LLM_INVALID_RESPONSE", None)


def test_no_usage_is_no_usage():
    reading = read(answer(usage=None))
    assert (reading.usage, reading.failure) == (None, None)


@pytest.mark.parametrize(
    ("old", "new", "billed"),
    [
        (b'"delta":{"type":"text_delta","text":", Welt"}', b'"delta":1', False),
        (b'"text":", Welt"', b'"text":1', False),
        (b'"message":{', b'"massage":{', False),
        (b'"usage":{"output_tokens":30}', b'"usage":[]', False),
        (b'"usage":{"output_tokens":30}', b'"usage":{"output_tokens":-1}', False),
        (b'"content_block":{', b'"content_blok":{', False),
        (b'"end_turn"', b'"new"', True),
        (b'data: {"type":"ping"}', b"data: ping", False),
    ],
)
def test_a_garbled_event_is_an_invalid_answer(old, new, billed):
    assert old in STREAM
    reading = read_response(200, SSE, (STREAM.replace(old, new, 1),))
    assert code(reading) == "LLM_INVALID_RESPONSE"
    assert (reading.usage is not None) == billed


@pytest.mark.parametrize("status", [100, 199, 300, 302, 399])
def test_a_status_that_is_no_answer_is_invalid_whatever_the_body_says(status):
    reading = read_response(status, JSON, (ANSWER,))
    assert (code(reading), reading.usage) == ("LLM_INVALID_RESPONSE", None)


def error(kind, message="overloaded: too many requests"):
    return json.dumps(
        {"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_1"}
    ).encode()


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (400, error("invalid_request_error"), "BAD_REQUEST"),
        (401, error("authentication_error"), "UNAUTHORIZED"),
        (402, error("billing_error"), "FORBIDDEN"),
        (403, error("permission_error"), "FORBIDDEN"),
        (404, error("not_found_error"), "NOT_FOUND"),
        (413, error("request_too_large"), "HTTP_4XX"),
        (429, error("rate_limit_error"), "RATE_LIMITED"),
        (500, error("api_error"), "LLM_API_ERROR"),
        (504, error("timeout_error"), "GATEWAY_TIMEOUT"),
        (529, error("overloaded_error"), "LLM_OVERLOADED"),
        (529, b"", "LLM_OVERLOADED"),
        (500, b"", "LLM_API_ERROR"),
        (502, b"<html>", "BAD_GATEWAY"),
        (503, error("something_new"), "SERVICE_UNAVAILABLE"),
        (418, error("something_new"), "HTTP_4XX"),
    ],
)
def test_an_error_is_classified_by_type_and_status_never_by_its_words(status, body, expected):
    reading = read_response(status, JSON, (body,))
    assert code(reading) == expected
    assert reading.failure.details["status"] == status


@pytest.mark.parametrize("kind", [*sorted(ERROR_CODES), "something_new"])
def test_an_error_inside_a_stream_is_that_error_without_usage(kind):
    at = STREAM.index(b"event: message_delta")
    body = STREAM[:at] + b"event: error\ndata: " + error(kind) + b"\n\n" + STREAM[at:]
    reading = read_response(200, SSE, (body,))
    assert code(reading) == ERROR_CODES.get(kind, "LLM_API_ERROR")
    assert (reading.usage, reading.text) == (None, "Grüße, Welt")


def test_every_code_is_in_the_catalog():
    assert set(ERROR_CODES.values()) <= CATALOG.keys()


def test_the_version_is_sent():
    assert HEADERS == (("anthropic-version", "2023-06-01"),)


def test_the_body_is_canonical_and_holds_only_what_was_given():
    assert request_body(CALL) == (
        b'{"max_tokens":5,"messages":[{"content":"hi","role":"user"}],"model":"m"}'
    )


def test_the_body_holds_all_that_was_given():
    schema = {"type": "object"}
    call = msgspec.structs.replace(
        CALL,
        system="be short",
        temperature=0.0,
        top_p=0.5,
        stop=("\n",),
        response_format=schema,
        stream=True,
    )
    assert json.loads(request_body(call)) == {
        "model": "m",
        "system": "be short",
        "messages": [{"role": "user", "content": "hi"}],
        "max_tokens": 5,
        "temperature": 0,
        "top_p": 0.5,
        "stop_sequences": ["\n"],
        "output_config": {"format": {"type": "json_schema", "schema": schema}},
        "stream": True,
    }


_shapes = st.recursive(
    st.none() | st.integers(-1, 9) | st.sampled_from(["end_turn", "text", "text_delta", "x"]),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(
                [
                    "message",
                    "delta",
                    "content",
                    "stop_reason",
                    "usage",
                    "error",
                    "text",
                    "model",
                    "input_tokens",
                    "output_tokens",
                    "content_block",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=10,
)
_events = st.builds(
    lambda kind, shape: json.dumps({"type": kind} | (shape if isinstance(shape, dict) else {})),
    st.sampled_from(
        ["message_start", "content_block_start", "content_block_delta", "message_delta", "error"]
    ),
    _shapes,
).map(str.encode)


@settings(max_examples=150)
@given(st.lists(st.one_of(_events, st.binary(max_size=20)), max_size=4), st.integers(100, 599))
def test_any_answer_gives_a_reading(parts, status):
    events = b"".join(b"data: " + part + b"\n\n" for part in parts)
    for headers, chunks in ((JSON, tuple(parts)), (SSE, (events,)), ((), (events,))):
        reading = read_response(status, headers, chunks)
        assert (reading.failure is None) == (
            reading.finish_reason in {"stop", "length", "tool_calls"}
        )
        assert reading.failure is None or reading.failure.code in CATALOG


@settings(max_examples=150)
@given(st.data())
def test_a_mutated_answer_gives_a_reading(data):
    headers, body = data.draw(st.sampled_from([(JSON, ANSWER), (SSE, STREAM)]))
    at = data.draw(st.integers(0, len(body)))
    mutated = (
        body[:at] + data.draw(st.binary(max_size=3)) + body[at + data.draw(st.integers(0, 9)) :]
    )
    reading = read_response(200, headers, (mutated,))
    assert code(reading) in {None, "LLM_INVALID_RESPONSE", "CONNECTION_RESET"}
