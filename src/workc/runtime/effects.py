"""Effects as records: a request and its digest, a response and the way back to it.

A request is recorded with names where secrets go, so its digest is the same with any key. A
response is handed to the skill only by way of its record: live code sees what a replay sees.
"""

from __future__ import annotations

import base64
from itertools import pairwise

from msgspec import UNSET

from workc.kernel import canonical
from workc.kernel.digest import TAG_REQUEST, sha256_hex, tagged
from workc.kernel.failure import Failure, Refusal
from workc.kernel.payloads import (
    Body,
    EffectAnswered,
    EffectResult,
    Port,
    RedactionRecord,
    Response,
)
from workc.kernel.values import Json, JsonObject
from workc.runtime.bodies import (
    Files,
    KeptFiles,
    load,
    load_failure,
    load_json,
    record_failure,
    store_artifact,
    store_json,
    store_text_or_bytes,
)
from workc.stages.effects import (
    EffectRequest,
    EffectResponse,
    FileRead,
    FileWrite,
    HttpRequest,
    HttpResponse,
    ModelRequest,
    ModelResponse,
    PortResult,
    ProgramRun,
    Publication,
    Redaction,
    SecretText,
    Text,
)


def request_json(request: EffectRequest) -> JsonObject:
    """Returns the request as canonical JSON has it: bytes as base64, secrets by name."""
    match request:
        case HttpRequest():
            return {
                "body": _bytes(request.body),
                "headers": _pairs(request.headers),
                "max_bytes": request.max_bytes,
                "max_redirects": request.max_redirects,
                "method": request.method,
                "query": _pairs(request.query),
                "timeout_ms": request.timeout_ms,
                "url": _text(request.url),
            }
        case ModelRequest():
            return {
                "base_url": None if request.base_url is None else _text(request.base_url),
                "body": _bytes(request.body),
                "headers": _pairs(request.headers),
                "key": request.key,
                "max_bytes": request.max_bytes,
                "path": request.path,
                "provider": request.provider,
                "stream": request.stream,
                "timeout_ms": request.timeout_ms,
            }
        case FileRead() | FileWrite() | ProgramRun() | Publication():
            return _local_json(request)


def _local_json(request: FileRead | FileWrite | ProgramRun | Publication) -> JsonObject:
    """Returns a request to this machine; what is written stands there by its digest."""
    match request:
        case FileRead():
            return {
                "max_bytes": request.max_bytes,
                "op": "read",
                "path": request.path,
                "timeout_ms": request.timeout_ms,
            }
        case FileWrite():
            return {
                "if_sha256": request.if_sha256,
                "op": "write",
                "path": request.path,
                "timeout_ms": request.timeout_ms,
                **content_facts(request.data),
            }
        case ProgramRun():
            return {
                "argv": list(request.argv),
                "cwd": request.cwd,
                "env": list(request.env),
                "idempotent": request.idempotent,
                "max_bytes": request.max_bytes,
                "stdin": _bytes(request.stdin),
                "timeout_ms": request.timeout_ms,
            }
        case Publication():
            return {
                "name": request.name,
                "timeout_ms": request.timeout_ms,
                "to": request.to,
                **content_facts(request.data),
            }


def content_facts(data: bytes) -> dict[str, Json]:
    """Returns digest and size of bytes, as requests and facts name them."""
    return {"sha256": sha256_hex(data), "size": len(data)}


def local_target(request: JsonObject) -> str:
    """Returns what a recorded request to this machine is about, in a few words."""
    argv = request.get("argv")
    if isinstance(argv, list):
        return " ".join(["exec", *map(str, argv)])
    if "op" in request:
        return f"{request['op']} {request.get('path')}"
    return f"publish {str(request.get('to')).rstrip('/')}/{request.get('name')}"


_PORTS: dict[type, Port] = {
    HttpRequest: "http",
    ModelRequest: "model",
    FileRead: "file",
    FileWrite: "file",
    ProgramRun: "exec",
    Publication: "publish",
}


def port_of(request: EffectRequest) -> Port:
    """Returns the port that answers a request."""
    return _PORTS[type(request)]


#: Methods that may be sent again without more effect than once (RFC 9110, section 9.2.2).
IDEMPOTENT_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"})
#: More chunks than this are recorded as one: their edges would fill a line of the journal.
MAX_CHUNKS = 65_536


def is_idempotent(request: EffectRequest) -> bool:
    """Returns whether a request whose answer was lost may be sent again.

    An HTTP method says so. That a POST carries an Idempotency-Key proves nothing: nobody knows
    whether the other side heeds it. A model call costs money each time. A skill that knows more
    declares itself ``idempotent``. A file that is read, written whole or published is the same
    after the second time; what a program does, only its caller knows.
    """
    match request:
        case HttpRequest():
            return request.method in IDEMPOTENT_METHODS
        case ModelRequest():
            return False
        case ProgramRun():
            return request.idempotent
        case FileRead() | FileWrite() | Publication():
            return True


def request_digest(value: JsonObject) -> str:
    """Returns the digest of a request, under the tag ``workc request/0.2``."""
    return tagged(TAG_REQUEST, canonical.encode(value))


def record_answer(files: Files, digest: str, response: EffectResponse | Failure) -> EffectAnswered:
    """Returns the record of what a port gave back for the request with this digest."""
    if isinstance(response, Failure):
        return EffectAnswered(request=digest, failure=record_failure(files, response))
    if isinstance(response, PortResult):
        return EffectAnswered(request=digest, result=_record_result(files, response))
    chunks = response.chunks if isinstance(response, ModelResponse) else (response.body,)
    if len(chunks) > MAX_CHUNKS:
        chunks = (b"".join(chunks),)
    return EffectAnswered(
        request=digest,
        response=Response(
            body=store_text_or_bytes(files, b"".join(chunks)),
            boundaries=_boundaries(chunks),
            headers=list(response.headers),
            redactions=record_redactions(response.redactions),
            status=response.status,
            url=response.url,
        ),
    )


def _record_result(files: Files, result: PortResult) -> EffectResult:
    # What a run has made stands below artifacts/, where others look for it.
    store = store_artifact if result.is_output else store_text_or_bytes
    return EffectResult(
        data=UNSET if result.data is None else store(files, result.data),
        errors=UNSET if result.errors is None else store_text_or_bytes(files, result.errors),
        facts=store_json(files, result.facts),
        redactions=record_redactions(result.redactions),
    )


def record_redactions(redactions: tuple[Redaction, ...]) -> list[RedactionRecord]:
    """Returns what was taken out of an answer, as it is recorded."""
    return [
        RedactionRecord(commitment=r.commitment, count=r.count, salt=r.salt, secret=r.secret)
        for r in redactions
    ]


def port_result(files: KeptFiles, answer: EffectAnswered) -> PortResult:
    """Returns the result that was recorded for a file, a program or a publication.

    Raises:
        Refusal: the recorded failure.
    """
    if not isinstance(answer.result, EffectResult):
        raise _no_answer(files, answer)
    result = answer.result
    facts = load_json(files, result.facts)
    return PortResult(
        facts=facts if isinstance(facts, dict) else {},
        data=load(files, result.data) if isinstance(result.data, Body) else None,
        errors=load(files, result.errors) if isinstance(result.errors, Body) else None,
        is_output=_is_artifact(result.data),
        redactions=_redactions(result.redactions),
    )


def _is_artifact(data: object) -> bool:
    return isinstance(data, Body) and str(data.path or "").startswith("artifacts/")


def http_response(files: KeptFiles, answer: EffectAnswered) -> HttpResponse:
    """Returns the response that was recorded for an HTTP request.

    Raises:
        Refusal: the recorded failure.
    """
    response = _response(files, answer)
    return HttpResponse(
        status=response.status,
        headers=tuple(response.headers),
        body=load(files, response.body),
        url=response.url,
        redactions=_redactions(response.redactions),
    )


def model_response(files: KeptFiles, answer: EffectAnswered) -> ModelResponse:
    """Returns the response that was recorded for a model request; raises as its sibling does."""
    response = _response(files, answer)
    data = load(files, response.body)
    edges = [0, *response.boundaries, len(data)]
    chunks = tuple(data[start:end] for start, end in pairwise(edges))
    return ModelResponse(
        status=response.status,
        headers=tuple(response.headers),
        chunks=chunks,
        url=response.url,
        redactions=_redactions(response.redactions),
    )


def recorded_response(
    files: KeptFiles, request: EffectRequest, answer: EffectAnswered
) -> EffectResponse:
    """Returns what was recorded for a request, as its port gives it; raises the recorded failure."""
    match request:
        case HttpRequest():
            return http_response(files, answer)
        case ModelRequest():
            return model_response(files, answer)
        case _:
            return port_result(files, answer)


def _response(files: KeptFiles, answer: EffectAnswered) -> Response:
    if isinstance(answer.response, Response):
        return answer.response
    raise _no_answer(files, answer)


def _no_answer(files: KeptFiles, answer: EffectAnswered) -> Refusal:
    if answer.failure:
        return Refusal(load_failure(files, answer.failure))
    return Refusal(Failure(code="CAPTURE_MISSING", message="the answer holds no response"))


def _redactions(records: list[RedactionRecord]) -> tuple[Redaction, ...]:
    return tuple(
        Redaction(secret=r.secret, count=r.count, salt=r.salt, commitment=r.commitment)
        for r in records
    )


def _boundaries(chunks: tuple[bytes, ...]) -> list[int]:
    edges: list[int] = []
    offset = 0
    for chunk in chunks[:-1]:
        offset += len(chunk)
        edges.append(offset)
    return edges


def _bytes(data: bytes | None) -> Json:
    if data is None:
        return None
    try:
        return {"text": data.decode("utf-8")}
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(data).decode("ascii")}


def _text(text: Text) -> Json:
    if isinstance(text, SecretText):
        return [part if isinstance(part, str) else {"secret": part.secret} for part in text.parts]
    return text


def _pairs(pairs: tuple[tuple[str, Text], ...]) -> Json:
    return [[name, _text(value)] for name, value in pairs]
