"""Scripted ports: what the world answers, written down beforehand.

An answer is looked up by what is asked for (``"GET http://x/items.json"``, ``"openai gpt-x"``); each
key holds a list, one answer a call, the last of which repeats. What is not in the script is
``EXTERNAL_CALL_BLOCKED``: a simulation never falls back to the network.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import cast

import msgspec

from workc.kernel import jcs
from workc.kernel.canonical import CanonicalError
from workc.kernel.failure import Failure, Refusal
from workc.kernel.gates import Decision
from workc.runtime.ports import HttpPort, ModelPort
from workc.stages.effects import (
    EffectRequest,
    EffectResponse,
    HttpRequest,
    HttpResponse,
    ModelRequest,
    ModelResponse,
)


class Scripted(msgspec.Struct, frozen=True, kw_only=True):
    """One answer: a status with headers and body (chunks for a stream), or a failure.

    ``delay_ms`` is how long it takes in virtual time; past the time limit of the ask it is
    ``TIMEOUT`` instead.
    """

    status: int = 200
    headers: tuple[tuple[str, str], ...] = (("content-type", "application/json"),)
    chunks: tuple[bytes, ...] = ()
    failure: Failure | None = None
    delay_ms: int = 0


Script = Mapping[str, Sequence[Scripted]]


class ScriptedWorld:
    """Gives both ports over one script; ``approvals`` says what humans decide of steps."""

    def __init__(self, script: Script, approvals: Mapping[str, Decision] | None = None) -> None:
        self._script = script
        self.approvals: dict[str, Decision] = dict(approvals or {})
        self._used: Counter[str] = Counter()

    def http(self) -> HttpPort:
        """Returns the HTTP port."""
        return _Http(self)

    def model(self) -> ModelPort:
        """Returns the model port."""
        return _Model(self)

    def take(self, request: EffectRequest) -> Scripted:
        """Returns the next answer for ``request``: a refusal if the script has none."""
        key = key_of(request)
        answers = self._script.get(key)
        if not answers:
            known = ", ".join(sorted(self._script)) or "nothing"
            message = f"the script has no answer for {key}; it has {known}"
            failure = Failure(code="EXTERNAL_CALL_BLOCKED", message=message, details={"asked": key})
            return Scripted(failure=failure)
        index = min(self._used[key], len(answers) - 1)
        self._used[key] += 1
        return answers[index]


def respond(request: EffectRequest, found: Scripted) -> EffectResponse | Failure:
    """Returns a scripted answer as what a port gives for ``request``."""
    if found.failure is not None:
        return found.failure
    if isinstance(request, HttpRequest):
        return HttpResponse(
            status=found.status,
            headers=found.headers,
            body=b"".join(found.chunks),
            url=str(request.url),
        )
    return ModelResponse(
        status=found.status, headers=found.headers, chunks=found.chunks, url=request.path
    )


def key_of(request: EffectRequest) -> str:
    """Returns the key under which a script answers a request."""
    if isinstance(request, HttpRequest):
        query = "&".join(f"{name}={value}" for name, value in request.query)
        return f"{request.method} {request.url}" + (f"?{query}" if query else "")
    return f"{request.provider} {_model_of(request.body)}"


def _model_of(body: bytes) -> str:
    try:
        value = jcs.parse(body)
    except CanonicalError:
        return ""
    return str(value.get("model", "")) if isinstance(value, dict) else ""


class _Http:
    def __init__(self, world: ScriptedWorld) -> None:
        self._world = world

    async def send(self, request: HttpRequest) -> HttpResponse:
        """Returns the scripted answer."""
        return cast("HttpResponse", _given(respond(request, self._world.take(request))))


class _Model:
    def __init__(self, world: ScriptedWorld) -> None:
        self._world = world

    async def send(self, request: ModelRequest) -> ModelResponse:
        """Returns the scripted answer."""
        return cast("ModelResponse", _given(respond(request, self._world.take(request))))


def _given(found: EffectResponse | Failure) -> EffectResponse:
    if isinstance(found, Failure):
        raise Refusal(found)
    return found
