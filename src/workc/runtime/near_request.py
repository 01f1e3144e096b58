"""What a request that was not recorded is most like, and where it first differs from that.

A miss that says so can be mended at a glance: a changed prompt, another address, one call more.
"""

from __future__ import annotations

from collections.abc import Sequence
from difflib import SequenceMatcher

from workc.kernel import jcs
from workc.kernel.canonical import CanonicalError
from workc.kernel.values import Json, JsonObject
from workc.runtime.divergence import first_difference
from workc.runtime.effects import local_target

#: No more of a request's text is compared, and no more requests than these.
_COMPARED_CHARS = 4_000
_COMPARED_REQUESTS = 200
#: The members of a request that are bytes.
_BYTES = frozenset({"body", "stdin"})


def target_of(request: JsonObject) -> str:
    """Returns what a request is addressed to, such as ``GET http://x/`` or ``read repo/a.txt``."""
    if "url" in request:
        return f"{request.get('method')} {request['url']}"
    if "provider" in request:
        return f"POST {request['provider']}{request.get('path')}"
    return local_target(request)


def nearest(asked: JsonObject, recorded: Sequence[JsonObject]) -> JsonObject | None:
    """Returns how ``asked`` differs from what it is most like, or None if there is nothing like it.

    The members are ``nearest`` (its target), ``pointer``, ``recorded`` and ``now``; where they do
    not differ, the request was recorded less often than it was made: ``pointer`` is empty then.
    """
    found = _opened(asked)
    alike = [_opened(each) for each in recorded[:_COMPARED_REQUESTS] if _is_alike(each, asked)]
    if not alike:
        return None
    text = _text(found)
    best = max(alike, key=lambda each: SequenceMatcher(None, text, _text(each)).ratio())
    pointer, before, now = first_difference(best, found)
    return {"nearest": target_of(best), "pointer": pointer, "recorded": before, "now": now}


def _is_alike(one: JsonObject, other: JsonObject) -> bool:
    """Returns whether two requests are of one kind: those have the same members."""
    return one.keys() == other.keys()


def _opened(request: JsonObject) -> JsonObject:
    """Returns a request with its bytes as what they are: JSON, or text, so that both can be read."""
    return {name: _read(value) if name in _BYTES else value for name, value in request.items()}


def _read(value: Json) -> Json:
    text = value.get("text") if isinstance(value, dict) else None
    if not isinstance(text, str):
        return value
    try:
        return jcs.parse(text.encode())
    except CanonicalError:
        return text


def _text(request: JsonObject) -> str:
    return jcs.encode(request).decode()[:_COMPARED_CHARS]
