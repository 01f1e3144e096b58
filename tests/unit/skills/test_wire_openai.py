"""The wire of OpenAI's chat completions, read and written."""

import json
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workc.kernel import jcs
from workc.kernel.catalog import CATALOG
from workc.skills.wire import Message, ModelCall, Reading, Usage
from workc.skills.wire_openai import ERROR_CODES, FINISH_REASONS, read_response, request_body

ANSWERS = Path(__file__).parent / "answers"
STREAM = (ANSWERS / "openai_stream.sse").read_bytes()
ANSWER = (ANSWERS / "openai_answer.json").read_bytes()
SSE = (("content-type", "text/event-stream; charset=utf-8"),)
JSON = (("content-type", "application/json"),)
EXPECTED = Reading(
    text="Grüße, Welt",
    model="gpt-4o-mini-2024-07-18",
    finish_reason="stop",
    usage=Usage(input=176, output=30, cache_read=1024),
)
CALL = ModelCall(model="m", messages=(Message("user", "hi"),), max_tokens=5)


def answer(**changes):
    return json.dumps(json.loads(ANSWER) | changes).encode()


def choice(**changes):
    message = {"role": "assistant", "content": "x"} | changes.pop("message", {})
    return {"index": 0, "message": message, "finish_reason": "stop"} | changes


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


def test_a_stream_in_single_bytes_reads_the_same():
    assert read_response(200, SSE, tuple(bytes([b]) for b in STREAM)) == EXPECTED


def test_a_stream_that_breaks_off_before_the_finish_is_a_broken_connection_without_usage():
    finish = STREAM.index(b'"finish_reason":"stop"')
    end_of_event = STREAM.index(b"\n\n", finish) + 2
    for end in range(end_of_event):
        reading = read_response(200, SSE, (STREAM[:end],))
        assert code(reading) == "CONNECTION_RESET"
        assert reading.usage is None


def test_a_stream_that_breaks_off_after_the_finish_has_its_text_but_no_usage():
    end = STREAM.index(b"\n\n", STREAM.index(b'"finish_reason":"stop"')) + 2
    assert read_response(200, SSE, (STREAM[:end],)) == msgspec.structs.replace(EXPECTED, usage=None)


def test_nothing_after_done_is_read():
    assert read_response(200, SSE, (STREAM + b"data: garbage\n\n",)) == EXPECTED


def test_the_text_of_a_broken_stream_is_what_had_come():
    end = STREAM.index(b"data: ", STREAM.index("Grüße".encode()))
    assert read_response(200, SSE, (STREAM[:end],)).text == "Grüße"


@pytest.mark.parametrize("reason", sorted(FINISH_REASONS))
def test_every_finish_reason_has_our_word_for_it(reason):
    reading = read(answer(choices=[choice(finish_reason=reason)]))
    assert reading.finish_reason == FINISH_REASONS[reason]
    expected = "LLM_CONTENT_FILTERED" if reason == "content_filter" else None
    assert code(reading) == expected
    assert reading.usage == EXPECTED.usage


def test_a_model_that_declines_is_filtered_and_billed():
    reading = read(answer(choices=[choice(message={"content": None, "refusal": "I cannot"})]))
    assert (code(reading), reading.usage) == ("LLM_CONTENT_FILTERED", EXPECTED.usage)


def test_a_model_that_declines_in_a_stream_is_filtered_and_billed():
    body = STREAM.replace(b'{"content":", Welt"}', b'{"refusal":"I cannot"}')
    reading = read_response(200, SSE, (body,))
    assert (code(reading), reading.usage) == ("LLM_CONTENT_FILTERED", EXPECTED.usage)


def test_no_content_is_empty_text():
    assert read(answer(choices=[choice(message={"content": None})])).text == ""


def test_no_usage_is_no_usage():
    reading = read(answer(usage=None))
    assert (reading.usage, reading.failure) == (None, None)


def test_tokens_written_to_a_cache_are_a_kind_of_their_own():
    details = {"cached_tokens": 100, "cache_write_tokens": 300}
    usage = {"prompt_tokens": 1000, "completion_tokens": 1, "prompt_tokens_details": details}
    assert read(answer(usage=usage)).usage == Usage(
        input=600, output=1, cache_read=100, cache_write=300
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"choices": []},
        {"choices": None},
        {"choices": {}},
        {"choices": [1]},
        {"choices": [choice(finish_reason=None)]},
        {"choices": [choice(finish_reason="eos")]},
        {"choices": [choice(finish_reason=1)]},
        {"choices": [{"finish_reason": "stop"}]},
        {"choices": [choice(message={"content": [1]})]},
        {"model": 1},
    ],
)
def test_an_answer_without_its_shape_is_invalid_but_billed(changes):
    reading = read(answer(**changes))
    assert (code(reading), reading.usage) == ("LLM_INVALID_RESPONSE", EXPECTED.usage)
    assert reading.failure.details["status"] == 200


@pytest.mark.parametrize(
    "usage",
    [
        {},
        [],
        {"prompt_tokens": 1},
        {"prompt_tokens": -1, "completion_tokens": 1},
        {"prompt_tokens": 1.5, "completion_tokens": 1},
        {"prompt_tokens": True, "completion_tokens": 1},
        {"prompt_tokens": 2**53, "completion_tokens": 1},
        {"prompt_tokens": 1, "completion_tokens": 1, "prompt_tokens_details": [1]},
        {"prompt_tokens": 1, "completion_tokens": 1, "prompt_tokens_details": {"cached_tokens": 2}},
    ],
)
def test_a_garbled_usage_is_an_invalid_answer_without_usage(usage):
    reading = read(answer(usage=usage))
    assert (code(reading), reading.usage) == ("LLM_INVALID_RESPONSE", None)


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"[]", b"null", b'{"a":1,"a":2}', b"\xff", b"[" * 9999]
)
def test_a_body_that_is_no_object_is_an_invalid_answer(body):
    assert code(read(body)) == "LLM_INVALID_RESPONSE"


def test_a_garbled_event_is_an_invalid_answer():
    body = STREAM.replace(b'"delta":{"content":", Welt"}', b'"delta":[]')
    reading = read_response(200, SSE, (body,))
    assert (code(reading), reading.usage) == ("LLM_INVALID_RESPONSE", None)
    body = STREAM.replace(b'"finish_reason":"stop"', b'"finish_reason":"odd"')
    reading = read_response(200, SSE, (body,))
    assert (code(reading), reading.usage) == ("LLM_INVALID_RESPONSE", EXPECTED.usage)


@pytest.mark.parametrize("status", [100, 199, 300, 302, 399])
def test_a_status_that_is_no_answer_is_invalid_whatever_the_body_says(status):
    reading = read_response(status, JSON, (ANSWER,))
    assert (code(reading), reading.usage) == ("LLM_INVALID_RESPONSE", None)


def error(**fields):
    return json.dumps({"error": {"message": "rate limit exceeded"} | fields}).encode()


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (400, error(type="invalid_request_error", code=None), "BAD_REQUEST"),
        (400, error(code="context_length_exceeded"), "LLM_CONTEXT_EXCEEDED"),
        (400, error(code="content_filter"), "LLM_CONTENT_FILTERED"),
        (401, error(code="invalid_api_key"), "UNAUTHORIZED"),
        (401, b"", "UNAUTHORIZED"),
        (403, error(), "FORBIDDEN"),
        (404, error(code="model_not_found"), "NOT_FOUND"),
        (408, b"", "TIMEOUT"),
        (409, b"", "CONFLICT"),
        (413, b"", "HTTP_4XX"),
        (429, error(type="requests", code="rate_limit_exceeded"), "RATE_LIMITED"),
        (429, error(type="insufficient_quota", code="insufficient_quota"), "FORBIDDEN"),
        (429, b"<html>overloaded</html>", "RATE_LIMITED"),
        (500, error(type="server_error"), "LLM_API_ERROR"),
        (500, error(), "LLM_API_ERROR"),
        (501, error(), "HTTP_5XX"),
        (502, b"", "BAD_GATEWAY"),
        (503, b"", "SERVICE_UNAVAILABLE"),
        (504, b"", "GATEWAY_TIMEOUT"),
        (529, b"", "LLM_OVERLOADED"),
        (400, b'{"error": "rate limit"}', "BAD_REQUEST"),
    ],
)
def test_an_error_is_classified_by_status_and_type_never_by_its_words(status, body, expected):
    reading = read_response(status, JSON, (body,))
    assert code(reading) == expected
    assert reading.failure.details["status"] == status
    assert reading.usage is None


def test_an_error_inside_a_stream_is_that_error_without_usage():
    end = STREAM.index(b"data: ", STREAM.index("Grüße".encode()))
    body = STREAM[:end] + b"data: " + error(type="server_error") + b"\n\ndata: [DONE]\n\n"
    reading = read_response(200, SSE, (body,))
    assert (code(reading), reading.usage) == ("LLM_API_ERROR", None)
    body = STREAM[:end] + b"data: " + error(code="something_new") + b"\n\n"
    assert code(read_response(200, SSE, (body,))) == "LLM_API_ERROR"


def test_a_failure_quotes_only_the_start_of_a_long_answer():
    reading = read_response(500, JSON, (b"x" * 100_000,))
    assert len(reading.failure.details["body"]) == 2048


def test_every_code_is_in_the_catalog():
    assert set(ERROR_CODES.values()) <= CATALOG.keys()


def test_the_body_is_canonical_and_holds_only_what_was_given():
    assert request_body(CALL) == (
        b'{"max_completion_tokens":5,"messages":[{"content":"hi","role":"user"}],"model":"m"}'
    )


def test_the_body_holds_all_that_was_given():
    schema = {"type": "object", "properties": {"a": {"type": "string"}}}
    call = msgspec.structs.replace(
        CALL,
        system="be short",
        temperature=0.0,
        top_p=0.5,
        stop=("\n",),
        seed=0,
        response_format=schema,
        stream=True,
    )
    assert json.loads(request_body(call, "max_tokens")) == {
        "model": "m",
        "messages": [{"role": "system", "content": "be short"}, {"role": "user", "content": "hi"}],
        "max_tokens": 5,
        "temperature": 0,
        "top_p": 0.5,
        "stop": ["\n"],
        "seed": 0,
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "answer", "schema": schema, "strict": True},
        },
        "stream": True,
        "stream_options": {"include_usage": True},
    }


def test_the_mode_for_any_json_goes_out_as_it_is():
    call = msgspec.structs.replace(CALL, response_format={"type": "json_object"})
    assert json.loads(request_body(call))["response_format"] == {"type": "json_object"}


@given(st.text(), st.floats(0, 2))
def test_the_body_is_the_same_for_the_same_call(prompt, temperature):
    call = ModelCall(
        model="m", messages=(Message("user", prompt),), max_tokens=1, temperature=temperature
    )
    body = request_body(call)
    assert body == request_body(call) == jcs.encode(json.loads(body))
    assert len(body) >= len(prompt.encode())


_shapes = st.recursive(
    st.none() | st.booleans() | st.integers(-1, 9) | st.sampled_from(["stop", "x", ""]),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(
                [
                    "choices",
                    "delta",
                    "message",
                    "content",
                    "finish_reason",
                    "usage",
                    "error",
                    "code",
                    "type",
                    "prompt_tokens",
                    "completion_tokens",
                    "prompt_tokens_details",
                    "model",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
).map(lambda value: json.dumps(value).encode())


@settings(max_examples=150)
@given(st.lists(st.one_of(_shapes, st.binary(max_size=20)), max_size=4), st.integers(100, 599))
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
