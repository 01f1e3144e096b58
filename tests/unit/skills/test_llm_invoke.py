"""The skill llm_invoke, driven by hand: requests, money, failures."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workc.kernel.failure import Refusal, refuse
from workc.skills.llm_invoke import KEY_NAMES, OVERHEAD_TOKENS, UNSENT, llm_invoke
from workc.skills.prices import builtin_prices, load_prices
from workc.stages.effects import ModelRequest, ModelResponse, SecretName, SecretText

call = llm_invoke.function
ANSWERS = Path(__file__).parent / "answers"
MODELS = {"openai": "gpt-4o-mini", "anthropic": "claude-haiku-4-5"}
#: 176 input, 1024 cached and 30 output tokens at the prices of the table.
COSTS = {
    "openai": -(-(176 * 15_000_000 + 1024 * 7_500_000 + 30 * 60_000_000) // 10**6),
    "anthropic": -(-(176 * 10**8 + 1024 * 10**7 + 30 * 5 * 10**8) // 10**6),
}
NOTHING_SENT = [
    "EXTERNAL_CALL_BLOCKED",
    "UNAUTHORIZED",
    "INVALID_INPUT",
    "DNS_FAILURE",
    "CONNECTION_REFUSED",
    "HALTED",
    "CONTRACT_EXPIRED",
    "OPERATION_NOT_ALLOWED",
    "EFFECT_NOT_DECLARED",
    "POLICY_VIOLATION",
    "QUOTA_EXCEEDED",
    "RATE_LIMITED",
]
PROVIDERS = pytest.mark.parametrize("provider", ["openai", "anthropic"])


def answer(provider, status=200, stream=False, body=None, **headers):
    suffix, kind = (
        ("stream.sse", "text/event-stream") if stream else ("answer.json", "application/json")
    )
    body = (ANSWERS / f"{provider}_{suffix}").read_bytes() if body is None else body
    found = (("content-type", kind), *((k.replace("_", "-"), v) for k, v in headers.items()))
    return ModelResponse(status=status, headers=found, chunks=(body[:100], body[100:]))


@pytest.fixture
def ask(ctx, drive):
    """Returns a function: provider, answers and parameters in, the run out."""

    def ask(provider="openai", model=None, reserve=None, **given):
        base = {"provider": provider, "model": MODELS[provider], "max_tokens": 100}
        base |= {} if "messages" in given else {"prompt": "hi"}
        reply = answer(provider) if model is None else model
        return drive(call(ctx, **(base | given)), model=reply, reserve=reserve)

    return ask


@PROVIDERS
@pytest.mark.parametrize("stream", [False, True])
def test_every_provider_and_form_gives_the_same_shape(ask, provider, stream):
    run = ask(provider, answer(provider, stream=stream), stream=stream)
    assert run.result == {
        "text": "Grüße, Welt",
        "tokens": 1230,
        "usage": {"input": 176, "output": 30, "cache_read": 1024, "cache_write": 0},
        "model": {"openai": "gpt-4o-mini-2024-07-18", "anthropic": "claude-haiku-4-5-20251001"}[
            provider
        ],
        "finish_reason": "stop",
    }
    assert run.asked("model")[0].stream == stream


@PROVIDERS
def test_the_bound_is_reserved_then_the_call_then_the_usage_is_paid(ask, provider):
    run = ask(provider)
    assert [kind for kind, *_ in run.asks] == ["reserve", "model", "settle"]
    assert run.asked("settle") == (COSTS[provider], "usage")


@PROVIDERS
def test_the_bound_counts_every_byte_as_a_token(ask, provider):
    run = ask(provider)
    prices = builtin_prices()
    tokens = len(run.asked("model")[0].body) + OVERHEAD_TOKENS[provider]
    kind = {"openai": "input", "anthropic": "cache_write"}[provider]
    assert run.asked("reserve")[0] == prices.micro_cents(
        provider, MODELS[provider], {kind: tokens, "output": 100}
    )


def test_the_request_is_in_the_wire_form_of_openai(ask):
    request = ask("openai").asked("model")[0]
    assert request == ModelRequest(
        provider="openai",
        path="/chat/completions",
        body=b'{"max_completion_tokens":100,"messages":[{"content":"hi","role":"user"}],'
        b'"model":"gpt-4o-mini"}',
        headers=(("Idempotency-Key", "key-1"),),
        key="OPENAI_API_KEY",
    )


def test_the_request_is_in_the_wire_form_of_anthropic(ask):
    request = ask("anthropic", timeout_ms=7).asked("model")[0]
    assert request == ModelRequest(
        provider="anthropic",
        path="/v1/messages",
        body=b'{"max_tokens":100,"messages":[{"content":"hi","role":"user"}],'
        b'"model":"claude-haiku-4-5"}',
        headers=(("anthropic-version", "2023-06-01"), ("Idempotency-Key", "key-1")),
        key="ANTHROPIC_API_KEY",
        timeout_ms=7,
    )


def test_every_parameter_reaches_the_body(ask):
    run = ask(
        messages=[{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}],
        system="s",
        temperature=0.0,
        top_p=1.0,
        stop=["x"],
        seed=7,
        response_format={"type": "json_object"},
        limit_field="max_tokens",
    )
    assert json.loads(run.asked("model")[0].body) == {
        "model": "gpt-4o-mini",
        "messages": [
            {"role": "system", "content": "s"},
            {"role": "user", "content": "a"},
            {"role": "assistant", "content": "b"},
        ],
        "temperature": 0,
        "top_p": 1,
        "stop": ["x"],
        "seed": 7,
        "max_tokens": 100,
        "response_format": {"type": "json_object"},
    }


@PROVIDERS
def test_a_system_turn_in_front_is_the_system_text(ask, provider):
    turns = [{"role": "system", "content": "s"}, {"role": "user", "content": "a"}]
    run = ask(provider, messages=turns)
    same = ask(provider, messages=turns[1:], system="s")
    assert run.asked("model") == same.asked("model")


@pytest.mark.parametrize(
    ("given", "key"),
    [({}, "OPENAI_API_KEY"), ({"api_key_env": "MINE"}, "MINE"), ({"api_key_env": ""}, None)],
)
def test_the_key_is_named_and_never_read(ask, given, key):
    assert ask(**given).asked("model")[0].key == key


def test_a_base_url_with_a_secret_passes_through(ask):
    url = SecretText(("http://127.0.0.1:1/", SecretName("PATH_KEY")))
    assert ask(base_url=url).asked("model")[0].base_url == url


@pytest.mark.parametrize(
    "given",
    [
        {"prompt": "a", "messages": [{"role": "user", "content": "a"}]},
        {"prompt": None},
        {"messages": []},
        {"messages": [{"role": "system", "content": "s"}]},
        {"messages": [{"role": "user", "content": "a"}, {"role": "system", "content": "s"}]},
        {
            "messages": [{"role": "system", "content": "s"}, {"role": "user", "content": "a"}],
            "system": "t",
        },
        {"max_tokens": 0},
        {"max_tokens": 10**7 + 1},
        {"prompt": "\ud800"},
        {"temperature": float("nan")},
        {"response_format": {"type": "json_schema", "json_schema": {}}},
        {"provider": "anthropic", "seed": 1},
        {"provider": "anthropic", "response_format": {"type": "json_object"}},
    ],
)
def test_what_makes_no_call_is_refused_before_money_is_set_aside(ask, given):
    run = ask(**({"model": None} | given))
    assert (run.code, run.asks) == ("INVALID_INPUT", [])


def test_an_unknown_price_refuses_before_anything(ctx, drive):
    run = drive(call(ctx, model="gpt-4o-minix", prompt="hi", max_tokens=1))
    assert (run.code, run.asks) == ("PRICE_UNKNOWN", [])


def test_an_exhausted_budget_refuses_before_the_call(ask, refusal):
    run = ask(reserve=refusal("BUDGET_EXCEEDED"))
    assert (run.code, [kind for kind, *_ in run.asks]) == ("BUDGET_EXCEEDED", ["reserve"])


@pytest.mark.parametrize("code", NOTHING_SENT)
def test_what_was_never_sent_costs_nothing(ask, refusal, code):
    run = ask(model=refusal(code))
    assert (run.code, run.asked("settle")) == (code, (0, "released"))


@pytest.mark.parametrize("code", ["TIMEOUT", "CONNECTION_RESET", "OUTPUT_TOO_LARGE", "IN_DOUBT"])
def test_what_may_have_been_billed_costs_its_bound(ask, refusal, code):
    run = ask(model=refusal(code))
    assert (run.code, run.asked("settle")) == (code, (run.asked("reserve")[0], "bound"))


@PROVIDERS
@pytest.mark.parametrize(
    ("status", "code"),
    [(400, "BAD_REQUEST"), (401, "UNAUTHORIZED"), (429, "RATE_LIMITED"), (500, "LLM_API_ERROR"),
     (503, "SERVICE_UNAVAILABLE"), (529, "LLM_OVERLOADED")],
)  # fmt: skip
def test_an_error_of_the_provider_costs_nothing(ask, provider, status, code):
    run = ask(provider, answer(provider, status, body=b"{}", retry_after="2"))
    assert (run.code, run.asked("settle")) == (code, (0, "released"))
    assert run.failure.retry_after_ms == 2_000


@PROVIDERS
def test_a_status_that_is_no_answer_costs_nothing(ask, provider):
    run = ask(provider, answer(provider, 302))
    assert (run.code, run.asked("settle")) == ("LLM_INVALID_RESPONSE", (0, "released"))


@PROVIDERS
def test_a_stream_that_breaks_off_costs_its_bound(ask, provider):
    body = (ANSWERS / f"{provider}_stream.sse").read_bytes()[:500]
    run = ask(provider, answer(provider, stream=True, body=body), stream=True)
    assert (run.code, run.asked("settle")) == (
        "CONNECTION_RESET", (run.asked("reserve")[0], "bound"),
    )  # fmt: skip


def changed(provider, **changes):
    body = json.loads((ANSWERS / f"{provider}_answer.json").read_bytes()) | changes
    return answer(provider, body=json.dumps(body).encode())


@PROVIDERS
def test_an_answer_without_usage_costs_its_bound_and_says_so(ask, provider):
    run = ask(provider, changed(provider, usage=None))
    assert run.asked("settle") == (run.asked("reserve")[0], "bound")
    assert (run.result["tokens"], run.result["usage"]) == (None, None)
    assert run.result["text"] == "Grüße, Welt"


@PROVIDERS
def test_an_answer_that_cannot_be_read_is_paid_by_its_usage(ask, provider):
    run = ask(provider, changed(provider, model=1))
    assert (run.code, run.asked("settle")) == ("LLM_INVALID_RESPONSE", (COSTS[provider], "usage"))


def test_an_answer_that_was_filtered_is_paid_by_its_usage(ask):
    run = ask("anthropic", changed("anthropic", stop_reason="refusal"))
    assert (run.code, run.asked("settle")) == (
        "LLM_CONTENT_FILTERED",
        (COSTS["anthropic"], "usage"),
    )


def test_garbage_costs_its_bound(ask):
    run = ask(model=answer("openai", body=b"<html>"))
    assert run.code == "LLM_INVALID_RESPONSE"
    assert run.asked("settle") == (run.asked("reserve")[0], "bound")


def test_cached_tokens_without_a_price_are_paid_as_input(ask, ctx):
    models = {"openai/gpt-4o-mini": {"input": 10**6, "output": 10**6}}
    file = {"schema": "workc.prices/1", "date": "2026-11-21", "source": "-", "currency": "USD"}
    ctx.prices = load_prices(json.dumps(file | {"models": models}).encode())
    assert ask().asked("settle") == (1230, "usage")


def test_what_the_skill_returns_fits_its_declared_output(ask):
    for run in (ask(), ask(model=changed("openai", usage=None))):
        assert llm_invoke.conclude(run.result) == run.result


GIVEN = {"model": "m", "prompt": "hi", "max_tokens": 1}


@pytest.mark.parametrize(
    "changes",
    [
        {"max_tokens": 0},
        {"max_tokens": 10**7 + 1},
        {"max_tokens": 1.5},
        {"provider": "other"},
        {"messages": [{"role": "tool", "content": ""}]},
        {"messages": [{"role": "user", "content": [{"type": "image_url"}]}]},
        {"messages": [{"role": "user", "content": "", "name": "x"}]},
        {"tools": []},
        {"timeout_ms": -1},
        {"prompt": SecretText((SecretName("K"),))},
    ],
)
def test_parameters_outside_the_schema_are_refused(changes):
    with pytest.raises(Refusal, match="INVALID_INPUT"):
        llm_invoke.bind(GIVEN | changes)


def test_parameters_inside_the_schema_are_bound():
    assert llm_invoke.bind(GIVEN | {"max_tokens": 10**7})["max_tokens"] == 10**7
    with pytest.raises(Refusal, match="INVALID_INPUT"):
        llm_invoke.bind({"model": "m", "prompt": "hi"})


def test_a_call_whose_time_was_over_before_it_was_sent_costs_nothing(ask):
    run = ask(model=refuse("TIMEOUT", "too late", sent=False))
    assert (run.code, run.asked("settle")) == ("TIMEOUT", (0, "released"))


@PROVIDERS
def test_tokens_are_reserved_and_settled_with_the_money(ask, ctx, provider):
    run = ask(provider)
    assert ctx.tokens_used == run.result["tokens"]
    (request,) = run.asked("model")
    assert ctx.tokens_reserved == len(request.body) + OVERHEAD_TOKENS[provider] + 100
    ask(provider, changed(provider, usage=None))
    assert ctx.tokens_used is None, "the bound follows from the basis"


def test_no_other_failure_counts_as_unsent():
    assert sorted(NOTHING_SENT) == sorted(UNSENT)


def test_each_provider_has_a_key_name_and_an_overhead():
    assert KEY_NAMES.keys() == OVERHEAD_TOKENS.keys() == MODELS.keys()


@settings(max_examples=60)
@given(data=st.data())
def test_no_call_is_settled_above_its_bound_while_tokens_fit_in_bytes(data):
    from_bytes = data.draw(st.text(max_size=200))
    max_tokens = data.draw(st.integers(1, 1000))
    coroutine = call(
        _Money(), model="gpt-6-luna", prompt=from_bytes, max_tokens=max_tokens, api_key_env=""
    )
    bound = coroutine.send(None)[1]
    request = coroutine.send(_Grant(bound))[1]
    total = data.draw(st.integers(0, len(request.body)))
    cached = data.draw(st.integers(0, total))
    written = data.draw(st.integers(0, total - cached))
    details = {"cached_tokens": cached, "cache_write_tokens": written}
    usage = {
        "prompt_tokens": total,
        "completion_tokens": data.draw(st.integers(0, max_tokens)),
        "prompt_tokens_details": details,
    }
    kind, cost, basis = coroutine.send(changed("openai", usage=usage))
    assert (kind, basis) == ("settle", "usage")
    assert 0 <= cost <= bound
    coroutine.close()


class _Grant:
    def __init__(self, bound):
        self.bound_micro_cents = bound


class _Said:
    def __init__(self, *words):
        self.words = words

    def __await__(self):
        return (yield self.words)


class _Money:
    """The least context: hands each ask out and takes its answer in."""

    prices = builtin_prices()
    idempotency_key = "key-1"

    async def reserve(self, bound, tokens=None):
        self.tokens = tokens
        return await _Said("reserve", bound)

    async def model(self, request):
        return await _Said("model", request)

    async def settle(self, grant, cost, basis, tokens=None):
        assert tokens <= self.tokens
        await _Said("settle", cost, basis)


def test_no_time_at_all_is_a_timeout_and_nothing_is_reserved(ask):
    run = ask(timeout_ms=0)
    assert (run.code, run.asks) == ("TIMEOUT", [])
