"""The vendors' own clients as judges: of our provider, of our captured wire, of our requests.

1. The SDKs talk to the loopback provider, so it is a provider in their eyes.
2. What a run of workc captured is served to the SDKs byte for byte: they must read the same text
   and usage out of it as ``llm_invoke`` did.
3. ``llm_invoke`` and the SDKs make the same call; the requests that arrive are compared.

Nothing leaves the machine: a connection to anything but a loopback address is an error.
"""

from __future__ import annotations

import json
import socket
from itertools import pairwise
from pathlib import Path

import anthropic
import openai
import pytest

import workc
from workc.api.settings import Settings
from workc.kernel import events
from workc.runtime.bodies import load
from workc.runtime.workflow.model import RetrySpec
from workc.testkit.provider import Answer, Fault, Provider, Tokens
from workc.testkit.servers import LoopbackServer, Reply

KEY = "sk-only-for-this-test"
MODELS = {"openai": "gpt-5-mini", "anthropic": "claude-haiku-4-5"}
TOKENS = Tokens(input=31, output=9, cache_read=12, cache_write=5)
TEXT = "Grüße,\n\nin two paragraphs: “quoted”, 🙂 and a tab\t."
NAMES = pytest.mark.parametrize("name", ["openai", "anthropic"])
STREAM = pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])


@pytest.fixture(autouse=True)
def only_loopback(monkeypatch):
    connect = socket.socket.connect

    def guarded(self, address):
        if self.family in (socket.AF_INET, socket.AF_INET6) and address[0] != "127.0.0.1":
            pytest.fail(f"a test wanted to reach {address}")
        return connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.fixture
def serve():
    """Starts a server and ends it with the test."""
    running = []

    def start(server):
        running.append(server.__enter__())
        return server

    yield start
    for server in running:
        server.__exit__(None, None, None)


@pytest.fixture
def sdk():
    """Gives the vendors' clients, with no retries and no proxy out of the environment."""
    made = []

    def client(name, base_url, key=KEY):
        if name == "openai":
            http = openai.DefaultHttpxClient(trust_env=False)
            made.append(
                openai.OpenAI(
                    base_url=f"{base_url}/v1", api_key=key, max_retries=0, http_client=http
                )
            )
        else:
            http = anthropic.DefaultHttpxClient(trust_env=False)
            made.append(
                anthropic.Anthropic(base_url=base_url, api_key=key, max_retries=0, http_client=http)
            )
        return made[-1]

    yield client
    for one in made:
        one.close()


def ask(client, *, stream, **fields):
    """Makes one call through an SDK and returns what it read, in the form of ``llm_invoke``."""
    turns = {"messages": [{"role": "user", "content": "Say hello."}]}
    if isinstance(client, openai.OpenAI):
        call = {"model": MODELS["openai"], "max_completion_tokens": 90} | turns | fields
        return ask_openai(client, call, stream)
    call = {"model": MODELS["anthropic"], "max_tokens": 90} | turns | fields
    return ask_anthropic(client, call, stream)


def ask_openai(client, call, stream):
    if not stream:
        answer = client.chat.completions.create(**call)
        choice = answer.choices[0]
        return openai_result(choice.message.content, answer, answer.usage, choice.finish_reason)
    chunks = list(
        client.chat.completions.create(**call, stream=True, stream_options={"include_usage": True})
    )
    choices = [chunk.choices[0] for chunk in chunks if chunk.choices]
    text = "".join(choice.delta.content or "" for choice in choices)
    return openai_result(text, chunks[0], chunks[-1].usage, choices[-1].finish_reason)


def openai_result(text, answer, usage, finish_reason):
    read = usage.prompt_tokens_details.cached_tokens
    write = usage.prompt_tokens_details.cache_write_tokens
    return {
        "text": text,
        "model": answer.model,
        "finish_reason": finish_reason,
        "tokens": usage.total_tokens,
        "usage": {
            "input": usage.prompt_tokens - read - write,
            "output": usage.completion_tokens,
            "cache_read": read,
            "cache_write": write,
        },
    }


def ask_anthropic(client, call, stream):
    if stream:
        with client.messages.stream(**call) as running:
            text = "".join(running.text_stream)
            message = running.get_final_message()
        assert text == message.content[0].text
    else:
        message = client.messages.create(**call)
    usage = {
        "input": message.usage.input_tokens,
        "output": message.usage.output_tokens,
        "cache_read": message.usage.cache_read_input_tokens,
        "cache_write": message.usage.cache_creation_input_tokens,
    }
    return {
        "text": message.content[0].text,
        "model": message.model,
        "finish_reason": {"end_turn": "stop", "max_tokens": "length"}[message.stop_reason],
        "tokens": sum(usage.values()),
        "usage": usage,
    }


@workc.workflow
async def one_call(ctx, attempts: int, call: dict[str, object]) -> object:
    """Calls a model once, with so many attempts and no waiting."""
    retry = RetrySpec(max_attempts=attempts, base_delay_ms=0, max_delay_ms=0)
    return await ctx.call("llm_invoke", retry=retry, **call)


def invoke(provider, name, out, *, attempts=2, **params):
    """Makes the same call through ``llm_invoke`` and returns the outcome."""
    url = provider.openai_url if name == "openai" else provider.anthropic_url
    call = {"model": MODELS[name], "provider": name, "max_tokens": 90, "prompt": "Say hello."}
    environment = {"OPENAI_API_KEY": KEY, "ANTHROPIC_API_KEY": KEY}
    settings = Settings(environment=environment, ceiling_micro_cents=50_000_000)
    inputs = {"attempts": attempts, "call": call | {"base_url": url} | params}
    return workc.Runtime(settings=settings).run(one_call, inputs, out=out)


# 1. The provider in the eyes of the SDKs.


@NAMES
@STREAM
def test_the_sdk_reads_text_and_usage_out_of_our_provider(serve, sdk, name, stream) -> None:
    provider = serve(Provider([Answer(text=TEXT, tokens=TOKENS)], key=KEY))
    assert ask(sdk(name, provider.base_url), stream=stream) == {
        "text": TEXT,
        "model": MODELS[name],
        "finish_reason": "stop",
        "tokens": 57,
        "usage": {"input": 31, "output": 9, "cache_read": 12, "cache_write": 5},
    }


@NAMES
@STREAM
def test_the_sdk_sees_that_the_limit_was_reached(serve, sdk, name, stream) -> None:
    provider = serve(Provider([Answer(text="half a sent", finish="length")]))
    read = ask(sdk(name, provider.base_url), stream=stream)
    assert (read["text"], read["finish_reason"]) == ("half a sent", "length")


ERRORS = {
    400: "BadRequestError",
    401: "AuthenticationError",
    403: "PermissionDeniedError",
    404: "NotFoundError",
    429: "RateLimitError",
    500: "InternalServerError",
}


@NAMES
@STREAM
@pytest.mark.parametrize("status", [*ERRORS, 529])
def test_the_sdk_raises_its_own_exception_for_our_error(serve, sdk, name, stream, status) -> None:
    provider = serve(Provider([Fault(status=status, message="no, thanks", retry_after_s=3)]))
    vendor = {"openai": openai, "anthropic": anthropic}[name]
    other = {"openai": "InternalServerError", "anthropic": "OverloadedError"}[name]
    with pytest.raises(getattr(vendor, ERRORS.get(status, other), None)) as caught:
        ask(sdk(name, provider.base_url), stream=stream)
    assert caught.value.status_code == status
    assert "no, thanks" in str(caught.value)
    assert caught.value.response.headers["retry-after"] == "3"
    assert caught.value.request_id.startswith("req_")


@NAMES
def test_the_sdk_is_refused_with_a_wrong_key(serve, sdk, name) -> None:
    provider = serve(Provider(key=KEY))
    vendor = {"openai": openai, "anthropic": anthropic}[name]
    with pytest.raises(vendor.AuthenticationError):
        ask(sdk(name, provider.base_url, key="another"), stream=False)


@NAMES
def test_the_sdk_sees_an_error_in_the_middle_of_a_stream(serve, sdk, name) -> None:
    provider = serve(Provider([Fault(status=500, message="burst", after_events=4)]))
    vendor = {"openai": openai, "anthropic": anthropic}[name]
    with pytest.raises(vendor.APIError, match="burst"):
        ask(sdk(name, provider.base_url), stream=True)


# 2. What workc captured in the eyes of the SDKs.


def captured(bundle: Path) -> list[Reply]:
    """Returns the answers of a bundle's model calls as a server can send them again."""
    files = Folder(bundle)
    lines = (bundle / "events.jsonl").read_bytes().splitlines()
    found = [events.decode_event(line) for line in lines]
    answers = [
        events.decode_payload(event.kind, event.payload).response
        for event in found
        if event.kind == "EffectAnswered"
    ]
    return [again(answer, load(files, answer.body)) for answer in answers]


def again(answer, body: bytes) -> Reply:
    edges = [0, *answer.boundaries, len(body)]
    chunks = tuple(body[a:b] for a, b in pairwise(edges))
    kept = [(k, v) for k, v in answer.headers if k in ("content-type", "retry-after")]
    return Reply(status=answer.status, headers=tuple(kept), chunks=chunks)


class Folder:
    """Reads a bundle's files."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def put(self, path: str, data: bytes) -> None:
        raise AssertionError(path)

    def get(self, path: str) -> bytes:
        return (self.root / path).read_bytes()


PATHS = {"openai": "/v1/chat/completions", "anthropic": "/v1/messages"}


@NAMES
@STREAM
@pytest.mark.parametrize(
    "answer",
    [
        Answer(text=TEXT, tokens=TOKENS),
        Answer(text="", tokens=TOKENS),
        Answer(text="cut", finish="length"),
        Answer(text=(9_000 * "x" + " ") * 8, tokens=TOKENS),
    ],
    ids=["unicode", "empty", "cut", "more than 64 KiB"],
)
def test_the_sdk_reads_the_same_out_of_the_captured_bytes(
    serve, sdk, tmp_path, name, stream, answer
) -> None:
    provider = serve(Provider([answer], key=KEY))
    outcome = invoke(provider, name, tmp_path / "b", stream=stream)
    assert outcome.ok, outcome.message
    (recorded,) = captured(tmp_path / "b")
    assert (len(recorded.chunks) > 1) == stream
    server = serve(LoopbackServer({PATHS[name]: recorded}))
    assert ask(sdk(name, server.base_url), stream=stream) == outcome.output
    assert outcome.output["text"] == answer.text


@NAMES
def test_a_captured_stream_has_the_pieces_in_which_the_provider_sent_it(
    serve, tmp_path, name
) -> None:
    provider = serve(Provider([Answer(text=TEXT), Answer(text=TEXT)]))
    outcome = invoke(provider, name, tmp_path / "b", stream=True)
    assert outcome.ok
    (recorded,) = captured(tmp_path / "b")
    assert recorded.chunks == provider.answer(provider.requests[0]).chunks


@pytest.mark.parametrize(
    ("name", "status", "code"),
    [
        ("openai", 401, "UNAUTHORIZED"),
        ("anthropic", 401, "UNAUTHORIZED"),
        ("openai", 429, "RATE_LIMITED"),
        ("anthropic", 429, "RATE_LIMITED"),
        ("openai", 503, "LLM_OVERLOADED"),
        ("anthropic", 529, "LLM_OVERLOADED"),
    ],
)
def test_the_sdk_and_workc_judge_a_captured_error_alike(
    serve, sdk, tmp_path, name, status, code
) -> None:
    provider = serve(Provider([Fault(status=status, message="no, thanks", retry_after_s=4)]))
    outcome = invoke(provider, name, tmp_path / "b", attempts=1)
    assert outcome.code == code
    assert outcome.error["retry_after_ms"] == 4000
    (recorded,) = captured(tmp_path / "b")
    server = serve(LoopbackServer({PATHS[name]: recorded}))
    vendor = {"openai": openai, "anthropic": anthropic}[name]
    with pytest.raises(vendor.APIStatusError, match="no, thanks") as caught:
        ask(sdk(name, server.base_url), stream=False)
    assert caught.value.status_code == status
    assert caught.value.response.headers["retry-after"] == "4"


# 3. What workc asks, held against what the SDKs ask.

SCHEMA = {
    "type": "object",
    "properties": {"greeting": {"type": "string"}},
    "required": ["greeting"],
    "additionalProperties": False,
}
FORMATS = {
    "openai": {
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "answer", "schema": SCHEMA, "strict": True},
        }
    },
    "anthropic": {"output_config": {"format": {"type": "json_schema", "schema": SCHEMA}}},
}
TALK = [
    {"role": "user", "content": "Hi."},
    {"role": "assistant", "content": "Hello."},
    {"role": "user", "content": "And now?"},
]
#: What ``llm_invoke`` is told, and what each SDK is told for the same.
CALLS = {
    "prompt": ({}, {}, {}),
    "system": (
        {"system": "Be kind."},
        {
            "messages": [
                {"role": "system", "content": "Be kind."},
                {"role": "user", "content": "Say hello."},
            ]
        },
        {"system": "Be kind."},
    ),
    "conversation": ({"prompt": None, "messages": TALK}, {"messages": TALK}, {"messages": TALK}),
    "sampling": (
        {"temperature": 0.25, "top_p": 0.5, "stop": ["END", "\n\n"]},
        {"temperature": 0.25, "top_p": 0.5, "stop": ["END", "\n\n"]},
        # Anthropic's API reference has both; its SDK 2.11 has dropped them from its signature.
        {
            "extra_body": {"temperature": 0.25, "top_p": 0.5},
            "stop_sequences": ["END", "\n\n"],
        },
    ),
    "schema": ({"response_format": SCHEMA}, FORMATS["openai"], FORMATS["anthropic"]),
}


def both_requests(serve, sdk, name, ours, theirs, *, stream):
    provider = serve(Provider(key=KEY))
    outcome = invoke(provider, name, None, stream=stream, **ours)
    assert outcome.ok, outcome.message
    ask(sdk(name, provider.base_url), stream=stream, **theirs)
    return provider.requests


@NAMES
@STREAM
@pytest.mark.parametrize("case", CALLS)
def test_our_request_is_the_sdks_request(serve, sdk, name, stream, case) -> None:
    ours, for_openai, for_anthropic = CALLS[case]
    theirs = for_openai if name == "openai" else for_anthropic
    our, their = both_requests(serve, sdk, name, ours, theirs, stream=stream)
    assert json.loads(our.body) == json.loads(their.body)
    assert (our.method, our.target) == (their.method, their.target)
    assert our.header("content-type") == their.header("content-type")


def test_the_older_name_of_openais_limit_is_the_sdks_too(serve, sdk) -> None:
    ours, theirs = {"limit_field": "max_tokens", "seed": 7}, {"max_tokens": 90, "seed": 7}
    theirs["max_completion_tokens"] = openai.omit
    our, their = both_requests(serve, sdk, "openai", ours, theirs, stream=False)
    assert json.loads(our.body) == json.loads(their.body)


def test_openais_key_stands_where_the_sdk_puts_it(serve, sdk) -> None:
    our, their = both_requests(serve, sdk, "openai", {}, {}, stream=False)
    assert our.header("authorization") == their.header("authorization") == f"Bearer {KEY}"


def test_anthropics_key_and_version_are_the_references_where_the_sdk_sends_newer_ones(
    serve, sdk
) -> None:
    """Both are sent in a form that the API takes; if the adapter follows the SDK, so must this."""
    our, their = both_requests(serve, sdk, "anthropic", {}, {}, stream=False)
    assert (our.header("x-api-key"), our.header("authorization")) == (KEY, None)
    assert our.header("anthropic-version") == "2023-06-01"
    assert (their.header("x-api-key"), their.header("authorization")) == (None, f"Bearer {KEY}")
    assert their.header("anthropic-version") == "2026-10-21"
