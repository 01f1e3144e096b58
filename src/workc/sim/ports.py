"""Scripted ports: what the world answers, written down beforehand.

An answer is looked up by what is asked for (``"GET http://x/items.json"``, ``"openai gpt-x"``,
``"read repo/a.txt"``, ``"exec pytest -q"``, ``"publish repo/dist/a.txt"``; of a lens also ``"list repo/*.md"``,
``"environment LANG"``, ``"run last"``, ``"bundle repo/proof"``); each key holds a list, one answer a call, the last of which repeats. What is not in the script is
``EXTERNAL_CALL_BLOCKED``: a simulation never falls back to the network.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import cast

import msgspec

from workc.kernel import jcs
from workc.kernel.canonical import CanonicalError
from workc.kernel.failure import Failure, Misuse, Refusal
from workc.kernel.gates import Decision
from workc.kernel.values import JsonObject
from workc.runtime.effects import content_facts, local_target, request_json
from workc.runtime.ports import (
    CoordinationPort,
    FilePort,
    HttpPort,
    LensPort,
    ModelPort,
    ProgramPort,
    PublishPort,
)
from workc.sim.clock import FakeClock
from workc.stages.effects import (
    EffectRequest,
    EffectResponse,
    FileRead,
    FileRequest,
    FileWrite,
    HttpRequest,
    HttpResponse,
    ModelRequest,
    ModelResponse,
    PortResult,
    ProgramRun,
    Publication,
)
from workc.stages.observation import EarlierRun, FileList, LensRequest, Observed, Origin, Variable


class Scripted(msgspec.Struct, frozen=True, kw_only=True):
    """One answer: a status with headers and body (chunks for a stream), or a failure.

    Of a program the chunks are its output and ``errors`` its error output. ``facts`` are added to those of
    a file, a program or a publication, such as the ``exit`` of a program, which is 0; of a run or a bundle
    that a lens looks at they are its ``run_id`` and ``proof_digest``.
    ``dated_ms`` is when a file was written. ``delay_ms`` is how long it takes in virtual time; past the time limit of the ask it is
    ``TIMEOUT`` instead.
    """

    status: int = 200
    headers: tuple[tuple[str, str], ...] = (("content-type", "application/json"),)
    chunks: tuple[bytes, ...] = ()
    errors: bytes = b""
    facts: JsonObject = {}
    failure: Failure | None = None
    dated_ms: int | None = None
    delay_ms: int = 0


Script = Mapping[str, Sequence[Scripted]]
#: Makes the port of resources of a run, in whose time it is.
Locks = Callable[[FakeClock], CoordinationPort]


class ScriptedWorld:
    """Gives every port over one script; ``approvals`` says what humans decide of steps.

    ``delays`` says of steps that start a child how many ms pass before it begins, ``locks``
    gives the port of resources of a run.
    """

    def __init__(
        self,
        script: Script,
        approvals: Mapping[str, Decision] | None = None,
        delays: Mapping[str, int] | None = None,
        locks: Locks | None = None,
    ) -> None:
        self._script = script
        self._locks = locks
        self._handed: list[CoordinationPort] = []
        self.approvals: dict[str, Decision] = dict(approvals or {})
        self.delays = dict(delays or {})
        self._used: Counter[str] = Counter()

    def http(self) -> HttpPort:
        """Returns the HTTP port."""
        return _Http(self)

    def files(self) -> FilePort:
        """Returns the port of files."""
        return _Local(self)

    def programs(self) -> ProgramPort:
        """Returns the port of programs."""
        return _Local(self)

    def publications(self) -> PublishPort:
        """Returns the port of publications."""
        return _Local(self)

    def model(self) -> ModelPort:
        """Returns the model port."""
        return _Model(self)

    def lens(self) -> LensPort:
        """Returns the port of lenses."""
        return _Lens(self)

    def coordination(self, clock: FakeClock | None = None) -> CoordinationPort:
        """Returns a port of resources for a run; without a clock time stands still in it.

        Raises:
            Misuse: the world was given none.
        """
        if self._locks is None:
            raise Misuse("a world without locks has no resources to claim")
        self._handed.append(self._locks(clock or FakeClock()))
        return self._handed[-1]

    def crashed(self) -> None:
        """Lets go of all resources: the process that held them is gone."""
        for port in self._handed:
            port.let_go()
        self._handed.clear()

    def take(self, request: EffectRequest | LensRequest) -> Scripted:
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
    if isinstance(request, ModelRequest):
        return ModelResponse(
            status=found.status, headers=found.headers, chunks=found.chunks, url=request.path
        )
    return _local(request, found)


def _local(request: FileRequest | ProgramRun | Publication, found: Scripted) -> PortResult:
    data = b"".join(found.chunks)
    match request:
        case FileRead():
            facts = {**content_facts(data), **found.facts}
            return PortResult(facts=facts, data=data, dated_ms=found.dated_ms)
        case ProgramRun():
            ended: JsonObject = {"exit": 0, "signal": None, **found.facts}
            return PortResult(facts=ended, data=data, errors=found.errors)
        case FileWrite() | Publication():
            before = {"before_sha256": None} if isinstance(request, FileWrite) else {}
            given: JsonObject = {**content_facts(request.data), **before, **found.facts}
            return PortResult(facts=given, data=request.data, is_output=True)


def key_of(request: EffectRequest | LensRequest) -> str:
    """Returns the key under which a script answers a request."""
    if isinstance(request, HttpRequest):
        query = "&".join(f"{name}={value}" for name, value in request.query)
        return f"{request.method} {request.url}" + (f"?{query}" if query else "")
    if isinstance(request, ModelRequest):
        return f"{request.provider} {_model_of(request.body)}"
    if isinstance(request, LensRequest):
        return _key_of_look(request)
    return local_target(request_json(request))


def _key_of_look(request: LensRequest) -> str:
    match request:
        case FileList():
            return f"list {request.pattern}"
        case Variable():
            return f"environment {request.name}"
        case EarlierRun():
            return f"run {request.run}"
        case _:
            return f"bundle {request.path}"


def seen(request: LensRequest, found: Scripted) -> Observed | Failure:
    """Returns a scripted answer as what the port of lenses gives: JSON, but of a variable."""
    if found.failure is not None:
        return found.failure
    return Observed(
        data=b"".join(found.chunks),
        is_json=not isinstance(request, Variable),
        dated_ms=found.dated_ms,
        origin=_origin_of(found.facts),
    )


def _origin_of(facts: JsonObject) -> Origin | None:
    """Returns the evidence that a script says something was read from, if it says so."""
    run_id, digest = facts.get("run_id"), facts.get("proof_digest")
    if not isinstance(run_id, str) or not isinstance(digest, str):
        return None
    return Origin(run_id=run_id, proof_digest=digest)


def _model_of(body: bytes) -> str:
    try:
        value = jcs.parse(body)
    except CanonicalError:
        return ""
    return str(value.get("model", "")) if isinstance(value, dict) else ""


class _Local:
    def __init__(self, world: ScriptedWorld) -> None:
        self._world = world

    async def send(self, request: FileRequest | ProgramRun | Publication) -> PortResult:
        """Returns the scripted answer."""
        return cast("PortResult", _given(respond(request, self._world.take(request))))


class _Lens:
    def __init__(self, world: ScriptedWorld) -> None:
        self._world = world

    async def look(self, request: LensRequest) -> Observed:
        """Returns what is scripted to be seen."""
        found = seen(request, self._world.take(request))
        if isinstance(found, Failure):
            raise Refusal(found)
        return found


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
