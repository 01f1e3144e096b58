"""A model provider on the loopback interface: it speaks OpenAI's and Anthropic's wire.

    with Provider([Fault(status=429, retry_after_s=1), Answer(text="Hello.")]) as provider:
        ...  # base URLs: provider.openai_url, provider.anthropic_url
    assert provider.requests[0].path == "/v1/chat/completions"

It answers from a script, in the order in which valid requests arrive, whichever wire they use.
Once the script is at its end, an answer is derived from the request's bytes, so the same request
always gets the same bytes. It refuses what a provider would refuse: a wrong key (401), an unknown
path (404), another method than POST (405), a missing version, a malformed or unknown field (400).
None of these takes anything off the script.

What it is not: a model, a rate limiter or a tokenizer. Text only, no tools.
"""

from __future__ import annotations

import hashlib
import threading
from collections import deque
from collections.abc import Callable, Iterable
from typing import TypeVar, overload

import msgspec

from workc.kernel.failure import Misuse
from workc.sim.provider.request import PATHS, Unfit, read_request
from workc.sim.provider.values import (
    Answer,
    Asked,
    Fault,
    ProviderName,
    Said,
    Tokens,
    derived,
)
from workc.testkit.provider_reply import fault_reply, reply
from workc.testkit.servers import LoopbackServer, Reply, SeenRequest

__all__ = ["Answer", "Asked", "Fault", "Provider", "Said", "Tokens", "read_script"]

T = TypeVar("T")

#: The headers a key may come in, and what stands before it there. Anthropic's reference names
#: ``x-api-key``; its own client (``anthropic`` 2.11 for Python) sends ``Authorization``.
KEY_HEADERS: dict[ProviderName, tuple[tuple[str, str], ...]] = {
    "openai": (("authorization", "Bearer "),),
    "anthropic": (("x-api-key", ""), ("authorization", "Bearer ")),
}
#: The versions of Anthropic's wire that are answered: the one its reference names, and the one
#: that its own client sends. Both get the same bytes here: that client reads them, and what else
#: the newer version changes is not known to this module.
ANTHROPIC_VERSIONS = frozenset({"2023-06-01", "2026-10-21"})


class Provider(LoopbackServer):
    """Serves both wires on one port; see the module.

    ``key`` is the only key that is let in; without one any request is. ``respond`` takes the
    place of derived answers. Other paths can be put into ``replies``.
    """

    def __init__(
        self,
        script: Iterable[Said] = (),
        *,
        key: str | None = None,
        respond: Callable[[Asked], Said] = derived,
        host: str = "127.0.0.1",
    ) -> None:
        """Takes the script; the server starts with the ``with`` block."""
        super().__init__({}, host=host)
        self._script = deque(script)
        self._key = key
        self._respond = respond
        # One thread serves a connection, one request after the other, so the request that a
        # thread noted last is the one that it looks an answer up for.
        current = _Current()
        self.requests = _Requests(current)
        self.replies = _Answers(current, self.answer)

    @property
    def openai_url(self) -> str:
        """Returns the base URL for OpenAI's clients, which ends in ``/v1``."""
        return f"{self.base_url}/v1"

    @property
    def anthropic_url(self) -> str:
        """Returns the base URL for Anthropic's clients, which has no version in it."""
        return self.base_url

    @property
    def left(self) -> int:
        """Returns how many entries of the script were not used yet."""
        return len(self._script)

    def answer(self, request: SeenRequest) -> Reply:
        """Returns the reply to a request for one of the two paths, and takes it off the script."""
        provider = PATHS[request.path]
        fault = self._refusal(provider, request)
        digest = hashlib.sha256(request.body).hexdigest()
        if fault is not None:
            return fault_reply(provider, fault, digest)
        try:
            asked = read_request(provider, request.body)
        except Unfit as error:
            return fault_reply(provider, Fault(status=400, message=str(error)), digest)
        return reply(asked, self._next(asked))

    def _refusal(self, provider: ProviderName, request: SeenRequest) -> Fault | None:
        if request.method != "POST":
            return Fault(status=405, message=f"{request.method} is not allowed here")
        if self._key is not None and not _brings(request, provider, self._key):
            return Fault(status=401, message="the API key is missing or wrong")
        version = request.header("anthropic-version")
        if provider == "anthropic" and version not in ANTHROPIC_VERSIONS:
            return Fault(status=400, message=f"anthropic-version: {version!r} is not valid")
        return None

    def _next(self, asked: Asked) -> Said:
        try:
            return self._script.popleft()
        except IndexError:
            return self._respond(asked)


def _brings(request: SeenRequest, provider: ProviderName, key: str) -> bool:
    forms = KEY_HEADERS[provider]
    return any(request.header(name) == prefix + key for name, prefix in forms)


def read_script(entries: object) -> tuple[Said, ...]:
    """Returns the script in a list of ``{"kind": "answer" or "fault", ...}``, as JSON holds it.

    The members are those of :class:`Answer` and :class:`Fault`.

    Raises:
        Misuse: ``entries`` is no such list.
    """
    try:
        return msgspec.convert(entries, tuple[Said, ...])
    except msgspec.ValidationError as error:
        raise Misuse(f"not a script of a provider: {error}") from error


class _Current(threading.local):
    """Holds the request that this thread is about to answer."""

    request: SeenRequest


class _Requests(list[SeenRequest]):
    """Notes each request for its thread as it is recorded."""

    def __init__(self, current: _Current) -> None:
        super().__init__()
        self._current = current

    def append(self, request: SeenRequest, /) -> None:
        """Records the request."""
        self._current.request = request
        super().append(request)


class _Answers(dict[str, Reply]):
    """Is the server's table, in which two paths are answered by what was asked."""

    def __init__(self, current: _Current, answer: Callable[[SeenRequest], Reply]) -> None:
        super().__init__()
        self._current = current
        self._answer = answer

    @overload
    def get(self, key: str, default: None = None, /) -> Reply | None: ...
    @overload
    def get(self, key: str, default: Reply, /) -> Reply: ...
    @overload
    def get(self, key: str, default: T, /) -> Reply | T: ...
    def get(self, key: str, default: T | None = None, /) -> Reply | T | None:
        """Returns the reply to this thread's request, or what stands at another path."""
        if key in PATHS:
            return self._answer(self._current.request)
        return super().get(key, default)
