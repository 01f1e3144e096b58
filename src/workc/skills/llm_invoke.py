"""The skill ``llm_invoke``: one text answer of a model, paid out of the run's budget.

Before the call the most it can cost is reserved, in money and in tokens: every byte of the request
counts as one input token, plus :data:`OVERHEAD_TOKENS`, and ``max_tokens`` as output. A byte-level tokenizer never
makes more tokens than there are UTF-8 bytes. After it the cost is settled, with its basis:

==========================================  ======================================  ============
what happened                               cost                                    basis
==========================================  ======================================  ============
the provider gave its final usage           the usage at the prices of its kinds    ``usage``
it answered without usage, or a stream or   the bound: it may have billed all       ``bound``
the connection broke off
it answered with an error status            nothing                                 ``released``
the request was never sent                  nothing                                 ``released``
==========================================  ======================================  ============

So an answer that the filter stopped, or that cannot be read, is paid for as well. Only text is
sent; images and tools have costs that the length of a request does not bound.

The answer has one shape for all providers: ``{"text", "tokens", "usage", "model",
"finish_reason"}`` with ``finish_reason`` one of ``stop``, ``length`` and ``tool_calls``;
``tokens`` and ``usage`` are null when the provider did not say.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Literal, TypeAlias, TypedDict, cast

import msgspec

from workc.kernel.canonical import CanonicalError
from workc.kernel.failure import Refusal, refuse
from workc.kernel.values import JsonObject
from workc.skills import wire_anthropic, wire_openai
from workc.skills.http_status import is_success, retry_after_ms
from workc.skills.prices import upper_bound
from workc.skills.wire import Headers, Message, ModelCall, Reading, Usage
from workc.stages.context import Context, Grant
from workc.stages.effects import ModelRequest, ModelResponse
from workc.stages.skill import skill

Provider = Literal["openai", "anthropic"]
Role = Literal["system", "user", "assistant"]
LimitField = wire_openai.LimitField

#: Input tokens that a provider may add to a request by itself: the marks around each turn are
#: fewer than the bytes of the JSON around it, but a response format can bring a fixed preamble.
OVERHEAD_TOKENS: dict[Provider, int] = {"openai": 1024, "anthropic": 1024}
#: The environment variable that holds the key when ``api_key_env`` is not given.
KEY_NAMES: dict[Provider, str] = {"openai": "OPENAI_API_KEY", "anthropic": "ANTHROPIC_API_KEY"}
#: Failures of a call that say that nothing was sent, so nothing can have been billed. A broken
#: TLS record is not among them: it may come after the request has been read.
UNSENT = frozenset(
    {
        "CONTRACT_EXPIRED",
        "EFFECT_NOT_DECLARED",
        "EXTERNAL_CALL_BLOCKED",
        "OPERATION_NOT_ALLOWED",
        "POLICY_VIOLATION",
        "QUOTA_EXCEEDED",
        # A provider says so with a status; without one, it is the runtime's own contract.
        "RATE_LIMITED",
        "UNAUTHORIZED",
        "INVALID_INPUT",
        "DNS_FAILURE",
        "CONNECTION_REFUSED",
        "HALTED",
    }
)
#: More tokens than any model writes in one answer.
MAX_MAX_TOKENS = 10**7
MaxTokens: TypeAlias = Annotated[int, msgspec.Meta(ge=1, le=MAX_MAX_TOKENS)]
#: A call waits at most a day; 0 is no time at all.
TimeoutMs: TypeAlias = Annotated[int, msgspec.Meta(ge=0, le=86_400_000)]


class ChatMessage(TypedDict):
    """One turn of a conversation. A ``system`` turn may only come first."""

    role: Role
    content: str


class ModelUsage(TypedDict):
    """Tokens by kind, no token in two of them."""

    input: int
    output: int
    cache_read: int
    cache_write: int


class ModelResult(TypedDict):
    """What the skill returns."""

    text: str
    tokens: int | None
    usage: ModelUsage | None
    model: str
    finish_reason: str


class _Wire(msgspec.Struct, frozen=True):
    """What a provider's wire is: where to post, what to send, how to read."""

    path: str
    headers: Headers
    read: Callable[[int, Headers, tuple[bytes, ...]], Reading]


_WIRES: dict[Provider, _Wire] = {
    "openai": _Wire(wire_openai.PATH, wire_openai.HEADERS, wire_openai.read_response),
    "anthropic": _Wire(wire_anthropic.PATH, wire_anthropic.HEADERS, wire_anthropic.read_response),
}


def path_of(provider: Provider) -> str:
    """Returns the path below its base URL at which a provider is asked."""
    return _WIRES[provider].path


@skill(effects=("Cost", "Llm", "Network"), idempotent=True, secret_params=("base_url",))
async def llm_invoke(
    ctx: Context,
    model: str,
    *,
    max_tokens: MaxTokens,
    prompt: str | None = None,
    messages: list[ChatMessage] | None = None,
    provider: Provider = "openai",
    system: str | None = None,
    temperature: float | None = None,
    top_p: float | None = None,
    stop: list[str] | None = None,
    seed: int | None = None,
    response_format: JsonObject | None = None,
    stream: bool = False,
    base_url: str | None = None,
    api_key_env: str | None = None,
    limit_field: LimitField = "max_completion_tokens",
    timeout_ms: TimeoutMs = 120_000,
) -> ModelResult:
    """Asks a model for text and returns it with what it used.

    ``response_format`` is ``{"type": "json_object"}`` (OpenAI only) or a JSON Schema.
    ``api_key_env`` names the variable of the key; an empty name sends none. ``limit_field`` is
    for servers that know only OpenAI's older name for the limit.

    Raises:
        Refusal: ``PRICE_UNKNOWN`` and what refuses a reservation (``BUDGET_EXCEEDED``,
            ``STEP_CEILING_EXCEEDED``, ``QUOTA_EXCEEDED``) before anything is sent; then what the
            network, the policy or the provider said.
    """
    call = ModelCall(
        model=model,
        messages=_turns(prompt, messages),
        max_tokens=max_tokens,
        system=_system(system, messages),
        temperature=temperature,
        top_p=top_p,
        stop=tuple(stop or ()),
        seed=seed,
        response_format=response_format,
        stream=stream,
    )
    _check(call, provider)
    if timeout_ms == 0:
        raise refuse("TIMEOUT", "timeout_ms is 0, so nothing was sent", timeout_ms=0)
    key = KEY_NAMES[provider] if api_key_env is None else api_key_env
    request = ModelRequest(
        provider=provider,
        path=path_of(provider),
        body=_body(call, provider, limit_field),
        base_url=base_url,
        headers=(*_WIRES[provider].headers, ("Idempotency-Key", ctx.idempotency_key)),
        key=key or None,
        stream=stream,
        timeout_ms=timeout_ms,
    )
    return await _paid(ctx, request, call)


async def _paid(ctx: Context, request: ModelRequest, call: ModelCall) -> ModelResult:
    """Reserves, calls, settles and only then says what came of it."""
    input_tokens = len(request.body) + OVERHEAD_TOKENS[request.provider]
    bound = upper_bound(
        ctx.prices,
        request.provider,
        call.model,
        input_tokens=input_tokens,
        output_tokens=call.max_tokens,
    )
    grant = await ctx.reserve(bound, input_tokens + call.max_tokens)
    try:
        response = await ctx.model(request)
    except Refusal as refusal:
        await _settle_unanswered(ctx, grant, refusal)
        raise
    reading = _WIRES[request.provider].read(response.status, response.headers, response.chunks)
    await _settle_answered(ctx, grant, request, call, response, reading)
    return _result(reading, response, ctx.now_ms())


async def _settle_unanswered(ctx: Context, grant: Grant, refusal: Refusal) -> None:
    failure = refusal.failure
    if failure.code in UNSENT or failure.details.get("sent") is False:
        await ctx.settle(grant, 0, "released")
    else:
        await ctx.settle(grant, grant.bound_micro_cents, "bound")


async def _settle_answered(
    ctx: Context,
    grant: Grant,
    request: ModelRequest,
    call: ModelCall,
    response: ModelResponse,
    reading: Reading,
) -> None:
    if not is_success(response.status):
        await ctx.settle(grant, 0, "released")
    elif reading.usage is None:
        await ctx.settle(grant, grant.bound_micro_cents, "bound")
    else:
        usage = reading.usage
        await ctx.settle(grant, _cost(ctx, request, call, usage), "usage", usage.total)


def _cost(ctx: Context, request: ModelRequest, call: ModelCall, usage: Usage) -> int:
    """Returns the price of the usage, under the model's name as it was asked for.

    Cached tokens of a model without a price for them are priced as plain input.
    """
    kinds = {"input": usage.input, "output": usage.output}
    cached = {"cache_read": usage.cache_read, "cache_write": usage.cache_write}
    used = {kind: count for kind, count in cached.items() if count}
    try:
        return ctx.prices.micro_cents(request.provider, call.model, kinds | used)
    except Refusal:
        kinds["input"] += sum(used.values())
        return ctx.prices.micro_cents(request.provider, call.model, kinds)


def _result(reading: Reading, response: ModelResponse, now_ms: int) -> ModelResult:
    if reading.failure is not None:
        wait_ms = retry_after_ms(response.headers, now_ms)
        raise Refusal(msgspec.structs.replace(reading.failure, retry_after_ms=wait_ms))
    usage = reading.usage
    return {
        "text": reading.text,
        "tokens": None if usage is None else usage.total,
        "usage": None if usage is None else cast("ModelUsage", msgspec.structs.asdict(usage)),
        "model": reading.model,
        "finish_reason": reading.finish_reason or "stop",
    }


def _turns(prompt: str | None, messages: list[ChatMessage] | None) -> tuple[Message, ...]:
    if (prompt is None) == (messages is None):
        raise refuse("INVALID_INPUT", "give either prompt or messages")
    if messages is None:
        return (Message("user", prompt or ""),)
    turns = messages[1:] if _starts_with_system(messages) else messages
    found = tuple(
        Message(turn["role"], turn["content"]) for turn in turns if turn["role"] != "system"
    )
    if not found or len(found) < len(turns):
        raise refuse(
            "INVALID_INPUT", "messages needs a turn of user or assistant, and system only first"
        )
    return found


def _system(system: str | None, messages: list[ChatMessage] | None) -> str | None:
    if not messages or not _starts_with_system(messages):
        return system
    if system is not None:
        raise refuse("INVALID_INPUT", "give system once: by itself or as the first message")
    return messages[0]["content"]


def _starts_with_system(messages: list[ChatMessage]) -> bool:
    return bool(messages) and messages[0]["role"] == "system"


def _check(call: ModelCall, provider: Provider) -> None:
    """Refuses what the provider would silently ignore or what no provider takes."""
    if not 1 <= call.max_tokens <= MAX_MAX_TOKENS:
        raise refuse("INVALID_INPUT", f"max_tokens is from 1 to {MAX_MAX_TOKENS}")
    if provider == "anthropic" and call.seed is not None:
        raise refuse("INVALID_INPUT", "anthropic has no seed")
    kind = (call.response_format or {}).get("type")
    if provider == "anthropic" and kind == "json_object":
        raise refuse("INVALID_INPUT", "anthropic has no json_object; give a JSON Schema")
    if kind == "json_schema":
        raise refuse("INVALID_INPUT", "response_format is the JSON Schema itself, not wrapped")


def _body(call: ModelCall, provider: Provider, limit_field: LimitField) -> bytes:
    try:
        if provider == "openai":
            return wire_openai.request_body(call, limit_field)
        return wire_anthropic.request_body(call)
    except CanonicalError as error:
        raise refuse("INVALID_INPUT", f"the call cannot be sent as JSON: {error}") from error
