"""The suite of the skills that reach out: a stub and the world give one shape, one code, one price.

A case gets a runtime and the address that stands in its parameters. For the world that is a server
which serves :data:`SKILL_REPLIES`, and a provider that says :func:`said`; for a stub it is any
address, under which :func:`http_responses` and :data:`MODEL_RESPONSES` were registered.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, TypeAlias, cast

from workc.api.runtime import Runtime
from workc.api.workflows import workflow_decorator
from workc.kernel.values import Json, JsonObject
from workc.runtime.function import WorkflowContext
from workc.runtime.outcome import StructuredOutcome
from workc.runtime.workflow.model import RetrySpec
from workc.sim.provider.values import Answer, Asked, Fault, Said, Tokens
from workc.testkit.conformance.expect import expect_equal
from workc.testkit.servers import Reply

Provider: TypeAlias = Literal["openai", "anthropic"]

_TEXT = "text/plain; charset=utf-8"
_JSON = "application/json"

#: What the server must serve.
SKILL_REPLIES: dict[str, Reply] = {
    "/text": Reply(headers=(("content-type", _TEXT), ("x-one", "a")), body=b"hello"),
    "/json": Reply(headers=(("content-type", _JSON),), body=b'{"n":[1,2.5,null]}'),
    "/empty": Reply(status=204),
    "/missing": Reply(status=404, headers=(("content-type", _TEXT),), body=b"not here"),
    "/broken": Reply(status=500, headers=(("content-type", _TEXT),), body=b"Server error"),
    "/limit": Reply(
        status=429, headers=(("content-type", _JSON), ("retry-after", "2")), body=b"{}"
    ),
}
#: The same as a table of stubs, by path.
_STUBS: dict[str, JsonObject] = {
    "/text": {"headers": {"x-one": "a"}, "body": "hello"},
    "/json": {"body": {"n": [1, 2.5, None]}},
    "/empty": {"status": 204},
    "/missing": {"status": 404, "body": "not here"},
    "/broken": {"status": 500, "body": "Server error"},
    "/limit": {"status": 429, "headers": {"retry-after": "2"}, "body": {}},
}
#: What the model must say, by the first word of the turn; as a table of stubs.
MODEL_RESPONSES: dict[str, JsonObject] = {
    "summarize": {"text": "This is a summary.", "tokens": 50},
    "limit": {"status": 429, "retry_after_s": 2},
    "break": {"status": 500},
}
_SAID: dict[str, Said] = {
    "summarize": Answer(text="This is a summary.", tokens=Tokens(input=10, output=40)),
    "limit": Fault(status=429, retry_after_s=2),
    "break": Fault(status=500),
}
_PROVIDERS: tuple[Provider, ...] = ("openai", "anthropic")
_MODELS: dict[Provider, str] = {"openai": "gpt-5-mini", "anthropic": "claude-haiku-4-5"}
#: ``max_tokens`` of each call; of the 50 tokens of a stub so many are output.
MAX_TOKENS = 40

SkillCase: TypeAlias = Callable[[Runtime, str], None]


def http_responses(base_url: str) -> dict[str, JsonObject]:
    """Returns the table for ``HttpCallSkill(allow_external=False, responses=...)``."""
    return {f"{base_url}{path}": stub for path, stub in _STUBS.items()}


def said(asked: Asked) -> Said:
    """Returns what the provider must say: the argument ``respond`` of ``Provider``."""
    return _SAID[asked.last.split()[0].rstrip(":.").lower()]


async def _once(ctx: WorkflowContext, skill: str, params: JsonObject) -> Json:
    """Uses a skill once, however its failure could be retried."""
    given = cast("dict[str, Any]", params)
    used: Json = await ctx.call(skill, step="use", retry=RetrySpec(max_attempts=1), **given)
    return used


_USE = workflow_decorator(
    _once, name="use", skills=(), verify=(), timeout_ms=None, secrets=(), gates=None
)


def _use(runtime: Runtime, skill: str, params: JsonObject) -> StructuredOutcome:
    return runtime.run(_USE, {"skill": skill, "params": params})


def _http(runtime: Runtime, url: str, **params: Json) -> StructuredOutcome:
    return _use(runtime, "http_call", {"url": url, **params})


def _output(outcome: StructuredOutcome) -> JsonObject:
    expect_equal(outcome.code, "OK", "the code")
    return outcome.output if isinstance(outcome.output, dict) else {}


def _error(outcome: StructuredOutcome, code: str) -> JsonObject:
    expect_equal(outcome.code, code, "the code")
    return outcome.error or {}


def _http_has_one_shape(runtime: Runtime, base_url: str) -> None:
    output = _output(_http(runtime, f"{base_url}/text"))
    expect_equal(sorted(output), ["body", "headers", "status"], "the members")
    expect_equal((output["status"], output["body"]), (200, "hello"), "status and body")
    headers = output["headers"] if isinstance(output["headers"], dict) else {}
    expect_equal((headers["content-type"], headers["x-one"]), (_TEXT, "a"), "the headers")


def _http_reads_bodies(runtime: Runtime, base_url: str) -> None:
    for path, parse, body in (
        ("/json", "auto", {"n": [1, 2.5, None]}),
        ("/json", "text", '{"n":[1,2.5,null]}'),
        ("/text", "base64", "aGVsbG8="),
        ("/empty", "auto", None),
    ):
        output = _output(_http(runtime, base_url + path, parse=parse))
        expect_equal(output["body"], body, f"the body of {path} as {parse}")


def _http_fails_by_status(runtime: Runtime, base_url: str) -> None:
    for path, code in (("/missing", "NOT_FOUND"), ("/broken", "HTTP_5XX")):
        _error(_http(runtime, base_url + path), code)
    error = _error(_http(runtime, f"{base_url}/limit"), "RATE_LIMITED")
    expect_equal(error["retry_after_ms"], 2000, "Retry-After in ms")
    outcome = _http(runtime, f"{base_url}/missing", accept_status=[404])
    expect_equal(_output(outcome)["body"], "not here", "the body of a status that is accepted")


def _http_keeps_its_bounds(runtime: Runtime, base_url: str) -> None:
    _error(_http(runtime, f"{base_url}/text", max_bytes=4), "OUTPUT_TOO_LARGE")
    _error(_http(runtime, f"{base_url}/text", timeout_ms=0), "TIMEOUT")
    for url in ("ftp://127.0.0.1/", "http://", base_url.replace("//", "//u:p@")):
        _error(_http(runtime, url), "INVALID_INPUT")


def _http_tells_its_effect(runtime: Runtime, base_url: str) -> None:
    outcome = _http(runtime, f"{base_url}/text")
    found = [(effect.type, effect.target) for effect in outcome.side_effects]
    expect_equal(found, [("http", f"GET {base_url}/text")], "the side effects")


def _model(
    runtime: Runtime, base_url: str, provider: Provider, prompt: str, **params: Json
) -> StructuredOutcome:
    base = f"{base_url}/v1" if provider == "openai" else base_url
    given: JsonObject = {
        "model": _MODELS[provider],
        "provider": provider,
        "prompt": prompt,
        "max_tokens": MAX_TOKENS,
        "base_url": base,
        "api_key_env": "",
    }
    return _use(runtime, "llm_invoke", {**given, **params})


_EXPECTED: JsonObject = {
    "text": "This is a summary.",
    "tokens": 50,
    "usage": {"input": 10, "output": 40, "cache_read": 0, "cache_write": 0},
    "finish_reason": "stop",
}


def _model_has_one_shape(runtime: Runtime, base_url: str) -> None:
    for provider in _PROVIDERS:
        for stream in (False, True):
            outcome = _model(runtime, base_url, provider, "Summarize this.", stream=stream)
            output = dict(_output(outcome))
            expect_equal(output.pop("model"), _MODELS[provider], "the model")
            expect_equal(output, _EXPECTED, f"the answer of {provider}, stream {stream}")


def _model_is_paid(runtime: Runtime, base_url: str) -> None:
    prices = runtime.settings.price_table
    for provider in _PROVIDERS:
        outcome = _model(runtime, base_url, provider, "summarize: this")
        cost = prices.micro_cents(provider, _MODELS[provider], {"input": 10, "output": 40})
        expect_equal(outcome.cost_micro_cents, cost, f"the cost of a call of {provider}")


def _model_fails_by_status(runtime: Runtime, base_url: str) -> None:
    for provider in _PROVIDERS:
        error = _error(_model(runtime, base_url, provider, "limit"), "RATE_LIMITED")
        expect_equal(error["retry_after_ms"], 2000, "Retry-After in ms")
        outcome = _model(runtime, base_url, provider, "break it")
        _error(outcome, "LLM_API_ERROR")
        expect_equal(outcome.cost_micro_cents, 0, "the cost of an error")


def _model_refuses_before_it_sends(runtime: Runtime, base_url: str) -> None:
    outcome = _model(runtime, base_url, "openai", "Summarize this.", max_tokens=0)
    _error(outcome, "INVALID_INPUT")
    outcome = _model(runtime, base_url, "openai", "Summarize this.", model="no-such-model")
    _error(outcome, "PRICE_UNKNOWN")
    expect_equal(outcome.side_effects, (), "the side effects of a call that was not made")


#: Each case under the sentence that it checks.
SKILL_CASES: dict[str, SkillCase] = {
    "http_call gives status, headers and body": _http_has_one_shape,
    "http_call reads a body by its type, or as it is told": _http_reads_bodies,
    "http_call fails by status, unless it is accepted": _http_fails_by_status,
    "http_call keeps its bounds and refuses what is no address": _http_keeps_its_bounds,
    "http_call is told as a side effect": _http_tells_its_effect,
    "llm_invoke gives one answer on both wires, streamed or not": _model_has_one_shape,
    "llm_invoke costs what the price file says": _model_is_paid,
    "llm_invoke fails by status and an error costs nothing": _model_fails_by_status,
    "llm_invoke refuses before it sends": _model_refuses_before_it_sends,
}
