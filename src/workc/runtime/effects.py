"""Effects as records: a request and its digest, a response and the way back to it.

A request is recorded with names where secrets go, so its digest is the same with any key. A
response is handed to the skill only by way of its record: live code sees what a replay sees.
"""

from __future__ import annotations

import base64
from itertools import pairwise

from workc.kernel import canonical
from workc.kernel.digest import TAG_REQUEST, tagged
from workc.kernel.failure import Failure, Refusal
from workc.kernel.payloads import EffectAnswered, RedactionRecord, Response
from workc.kernel.values import Json, JsonObject
from workc.runtime.bodies import (
    Files,
    KeptFiles,
    load,
    load_failure,
    record_failure,
    store_text_or_bytes,
)
from workc.stages.effects import (
    EffectRequest,
    EffectResponse,
    HttpRequest,
    HttpResponse,
    ModelRequest,
    ModelResponse,
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


#: Methods that may be sent again without more effect than once (RFC 9110, section 9.2.2).
IDEMPOTENT_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"})
#: More chunks than this are recorded as one: their edges would fill a line of the journal.
MAX_CHUNKS = 65_536


def is_idempotent(request: EffectRequest) -> bool:
    """Returns whether a request whose answer was lost may be sent again.

    An HTTP method says so. That a POST carries an Idempotency-Key proves nothing: nobody knows
    whether the other side heeds it. A model call costs money each time. A skill that knows more
    declares itself ``idempotent``.
    """
    return isinstance(request, HttpRequest) and request.method in IDEMPOTENT_METHODS


def request_digest(value: JsonObject) -> str:
    """Returns the digest of a request, under the tag ``workc request/0.2``."""
    return tagged(TAG_REQUEST, canonical.encode(value))


def record_answer(files: Files, digest: str, response: EffectResponse | Failure) -> EffectAnswered:
    """Returns the record of what a port gave back for the request with this digest."""
    if isinstance(response, Failure):
        return EffectAnswered(request=digest, failure=record_failure(files, response))
    chunks = response.chunks if isinstance(response, ModelResponse) else (response.body,)
    if len(chunks) > MAX_CHUNKS:
        chunks = (b"".join(chunks),)
    return EffectAnswered(
        request=digest,
        response=Response(
            body=store_text_or_bytes(files, b"".join(chunks)),
            boundaries=_boundaries(chunks),
            headers=list(response.headers),
            redactions=[
                RedactionRecord(
                    commitment=r.commitment, count=r.count, salt=r.salt, secret=r.secret
                )
                for r in response.redactions
            ],
            status=response.status,
            url=response.url,
        ),
    )


def http_response(files: Files, answer: EffectAnswered) -> HttpResponse:
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
        redactions=_redactions(response),
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
        redactions=_redactions(response),
    )


def _response(files: KeptFiles, answer: EffectAnswered) -> Response:
    if isinstance(answer.response, Response):
        return answer.response
    if answer.failure:
        raise Refusal(load_failure(files, answer.failure))
    raise Refusal(Failure(code="CAPTURE_MISSING", message="the answer holds no response"))


def _redactions(response: Response) -> tuple[Redaction, ...]:
    return tuple(
        Redaction(secret=r.secret, count=r.count, salt=r.salt, commitment=r.commitment)
        for r in response.redactions
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
