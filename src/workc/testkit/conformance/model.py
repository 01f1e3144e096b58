"""The suite of the model port; see the package."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol, TypeAlias

from workc.runtime.ports import ModelPort
from workc.stages.effects import ModelRequest
from workc.stages.network import NetworkPolicy
from workc.testkit.conformance.expect import expect_equal, expect_in, expect_refusal
from workc.testkit.servers import Reply

KEY_NAME = "CONFORMANCE_KEY"
KEY_VALUE = "sk-conformance-0123456789"
_EVENTS = (b"event: a\ndata: 1\n\n", b"data: 2\r\n\r\n", b"data: [DONE]\n\n")

#: What the server must serve.
MODEL_SCRIPT: dict[str, Reply] = {
    "/v1/whole": Reply(headers=(("Content-Type", "application/json"),), body=b'{"ok":true}'),
    "/v1/empty": Reply(status=204),
    "/v1/stream": Reply(
        headers=(("Content-Type", "text/event-stream"),),
        # Split where no event ends: the port must not show how the network cut the stream.
        chunks=(b"".join(_EVENTS)[:5], b"".join(_EVENTS)[5:31], b"".join(_EVENTS)[31:]),
    ),
    "/v1/leak": Reply(chunks=(f"data: {KEY_VALUE[:9]}".encode(), f"{KEY_VALUE[9:]}\n\n".encode())),
    "/v1/limit": Reply(status=429, headers=(("Retry-After", "2"),), body=b"{}"),
    "/v1/moved": Reply(status=307, headers=(("Location", "/v1/whole"),)),
    "/v1/silent": Reply(raw=b"", then="hang"),
    "/v1/cut": Reply(chunks=_EVENTS[:1], then="reset"),
}


class ModelPortFactory(Protocol):
    """Makes the port that is tested."""

    def __call__(self, *, policy: NetworkPolicy, secrets: Mapping[str, str]) -> ModelPort:
        """Returns a port under this policy that knows these secrets (variable -> value)."""
        ...


ModelCase: TypeAlias = Callable[[ModelPortFactory, str], Awaitable[None]]


def _port(make: ModelPortFactory) -> ModelPort:
    return make(policy=NetworkPolicy(), secrets={KEY_NAME: KEY_VALUE})


def _ask(base_url: str, path: str, *, stream: bool = False) -> ModelRequest:
    return ModelRequest(
        provider="openai", base_url=base_url + "/v1", path=path, body=b"{}", stream=stream
    )


async def _gives_one_chunk(make: ModelPortFactory, base_url: str) -> None:
    for path, chunks in (("/whole", (b'{"ok":true}',)), ("/empty", ()), ("/limit", (b"{}",))):
        response = await _port(make).send(_ask(base_url, path))
        expect_equal(response.chunks, chunks, f"the chunks of {path}")


async def _gives_every_status(make: ModelPortFactory, base_url: str) -> None:
    for path, status in (("/whole", 200), ("/limit", 429), ("/moved", 307), ("/none", 404)):
        response = await _port(make).send(_ask(base_url, path))
        expect_equal(response.status, status, f"the status of {path}")


async def _splits_at_events(make: ModelPortFactory, base_url: str) -> None:
    response = await _port(make).send(_ask(base_url, "/stream", stream=True))
    expect_equal(response.chunks, _EVENTS, "one chunk for each event")
    expect_equal(response.url, base_url + "/v1/stream", "the address that answered")


async def _redacts_over_boundaries(make: ModelPortFactory, base_url: str) -> None:
    response = await _port(make).send(_ask(base_url, "/leak", stream=True))
    label = f"data: [redacted:{KEY_NAME}]\n\n".encode()
    expect_equal(response.chunks, (label,), "the stream without the key")
    expect_equal([it.count for it in response.redactions], [1], "what was redacted")


async def _bounds_the_time(make: ModelPortFactory, base_url: str) -> None:
    for path, limit in (("/whole", 0), ("/silent", 50)):
        request = ModelRequest(
            provider="openai", base_url=base_url + "/v1", path=path, body=b"{}", timeout_ms=limit
        )
        await expect_refusal(_port(make).send(request), "TIMEOUT")


async def _wants_whole_streams(make: ModelPortFactory, base_url: str) -> None:
    request = _ask(base_url, "/cut", stream=True)
    await expect_refusal(_port(make).send(request), "CONNECTION_RESET")


async def _obeys_the_policy(make: ModelPortFactory, base_url: str) -> None:
    port = make(policy=NetworkPolicy(allow_loopback=False), secrets={})
    await expect_refusal(port.send(_ask(base_url, "/whole")), "EXTERNAL_CALL_BLOCKED")


async def _names_a_missing_key(make: ModelPortFactory, base_url: str) -> None:
    request = ModelRequest(
        provider="openai", base_url=base_url, path="/v1/whole", body=b"{}", key=KEY_NAME
    )
    port = make(policy=NetworkPolicy(), secrets={})
    failure = await expect_refusal(port.send(request), "UNAUTHORIZED")
    expect_in(KEY_NAME, failure.message)


#: Each case under the sentence that it checks.
MODEL_CASES: dict[str, ModelCase] = {
    "an answer that is no stream is one chunk": _gives_one_chunk,
    "any status is an answer, a redirect too": _gives_every_status,
    "a stream is split where its events end": _splits_at_events,
    "a key is redacted over the boundaries of a stream": _redacts_over_boundaries,
    "timeout_ms bounds the call and 0 sends nothing": _bounds_the_time,
    "a stream that breaks off is no answer": _wants_whole_streams,
    "the network policy holds": _obeys_the_policy,
    "a key that is not set is named": _names_a_missing_key,
}
