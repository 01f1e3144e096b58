"""The stubbed world: ports answered from tables, deterministically, and from nothing else.

HTTP is looked up by address, query included and whatever the method. A model is spoken to on its
wire: the request is read as a provider would, the first word of the last turn chooses the answer,
and any other turn gets a text derived from the digest of the request. Every answer names where it
came from: its ``url`` begins with ``stub:``.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TypeVar, cast
from urllib.parse import quote

from workc.kernel import jcs
from workc.kernel.failure import Failure, Refusal, refuse
from workc.kernel.values import Json
from workc.runtime.asks import Call, Effect, Look
from workc.sim.provider.request import Unfit, read_request
from workc.sim.provider.values import Answer, Asked, Fault, Said, Tokens, derived
from workc.sim.provider.wire import Wire, fault_reply, reply
from workc.skills.http_status import FIRST_FAILURE
from workc.skills.looking import observed_of
from workc.skills.stub_tables import HttpStub, HttpTable, ModelStub, ModelTable, Stubs
from workc.stages.effects import (
    EffectResponse,
    HttpRequest,
    HttpResponse,
    ModelRequest,
    ModelResponse,
)
from workc.stages.observation import Observed
from workc.stages.skill import Result
from workc.stages.url import parse_url

#: What the address of a stub's answer begins with.
STUB_SCHEME = "stub:"
_FIRST_WORD = re.compile(r"[\s\W]*([^\W\d_]+)")
T = TypeVar("T")


class StubWorld:
    """Answers the ports that are stubbed; those that are not, it leaves to the driver."""

    def __init__(self, stubs: Stubs) -> None:
        self._stubs = stubs
        self._used: Counter[tuple[str, str]] = Counter()

    def of_effect(self, effect: Effect) -> EffectResponse | Failure | None:
        """Returns the stubbed answer, or None for a port that is not stubbed."""
        request, stubs = effect.request, self._stubs
        try:
            if isinstance(request, HttpRequest):
                return None if stubs.http is None else self._http(request, stubs.http)
            if isinstance(request, ModelRequest):
                return None if stubs.model is None else self._model(request, stubs.model)
        except Refusal as refusal:
            return refusal.failure
        return None

    def of_call(self, call: Call) -> Result | Failure | None:
        """Returns None: functions are called; only ports are stubbed."""
        return None

    def of_look(self, look: Look) -> Observed | Failure | None:
        """Returns what the stubbed answer shows, or None for what is not at an address."""
        request, table = look.request, self._stubs.http
        if not isinstance(request, HttpRequest) or table is None:
            return None
        try:
            return observed_of(self._http(request, table))
        except Refusal as refusal:
            return refusal.failure

    def _http(self, request: HttpRequest, table: HttpTable) -> HttpResponse:
        address = _address(request)
        found = self._next("http", address, table)
        if found is None:
            message = f"the stub table has no answer for {address}"
            raise refuse("EXTERNAL_CALL_BLOCKED", message, asked=address, known=sorted(table))
        headers, body = _said(found)
        if len(body) > request.max_bytes:
            message = f"the body has more than {request.max_bytes} bytes"
            raise refuse("OUTPUT_TOO_LARGE", message, max_bytes=request.max_bytes)
        return HttpResponse(
            status=found.status, headers=headers, body=body, url=STUB_SCHEME + address
        )

    def _model(self, request: ModelRequest, table: ModelTable) -> ModelResponse:
        made = self._on_wire(request, table)
        chunks = made.chunks if made.chunks is not None else (made.body,)
        return ModelResponse(
            status=made.status,
            headers=made.headers,
            chunks=tuple(chunks),
            url=f"{STUB_SCHEME}{request.provider}{request.path}",
        )

    def _on_wire(self, request: ModelRequest, table: ModelTable) -> Wire:
        try:
            asked = read_request(request.provider, request.body)
        except Unfit as error:
            digest = hashlib.sha256(request.body).hexdigest()
            return fault_reply(request.provider, Fault(status=400, message=str(error)), digest)
        found = self._next("model", _task(asked.last), table)
        return reply(asked, derived(asked) if found is None else _saying(found, asked))

    def _next(self, port: str, key: str, table: Mapping[str, Sequence[T]]) -> T | None:
        answers = table.get(key)
        if answers is None:
            return None
        place = min(self._used[port, key], len(answers) - 1)
        self._used[port, key] += 1
        return answers[place]


def _address(request: HttpRequest) -> str:
    """Returns the address that is meant, so that another spelling of it finds the same answer."""
    target = parse_url(str(request.url)).text
    query = "&".join(f"{quote(n, safe='')}={quote(str(v), safe='')}" for n, v in request.query)
    if not query:
        return target
    return f"{target}{'&' if '?' in target else '?'}{query}"


def _said(stub: HttpStub) -> tuple[tuple[tuple[str, str], ...], bytes]:
    """Returns headers and bytes of an answer; a content type that it names is kept."""
    given = {name.lower(): value for name, value in stub.headers.items()}
    match stub.body:
        case None:
            kind, data = "", b""
        case str() as text:
            kind, data = "text/plain; charset=utf-8", text.encode()
        case value:
            kind, data = "application/json", jcs.encode(cast("Json", value))
    standard = {"content-type": kind} if kind else {}
    return tuple({**standard, **given}.items()), data


def _task(turn: str) -> str:
    match = _FIRST_WORD.match(turn)
    return match[1].lower() if match else ""


def _saying(stub: ModelStub, asked: Asked) -> Said:
    if stub.status >= FIRST_FAILURE:
        return Fault(status=stub.status, message="stubbed", retry_after_s=stub.retry_after_s)
    return Answer(text=stub.text, tokens=_tokens(stub.tokens, asked.max_tokens))


def _tokens(total: int | None, most: int | None) -> Tokens | None:
    """Returns so many tokens: as output what the limit allows, the rest as input."""
    if total is None:
        return None
    output = total if most is None else min(total, most)
    return Tokens(input=total - output, output=output)
