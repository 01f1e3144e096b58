"""A recording as a world: what one run was answered, given to another run that asks the same.

A request is the same if all of it is but its ``Idempotency-Key``, which every run derives anew; a
function's call is the same by step, skill and parameters. The same request again gets the next
answer that was recorded of it. What was not recorded is ``CAPTURE_MISSING``, never the live world.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator
from typing import TypeAlias

from msgspec import UnsetType

from workc.kernel.events import Path, RawEvent, decode_payload
from workc.kernel.failure import Failure, Refusal
from workc.kernel.kinds import Payload
from workc.kernel.lens import ItemObserved
from workc.kernel.payloads import EffectAnswered, EffectAsked, SkillAsked, SkillExecuted
from workc.kernel.values import Json, JsonObject
from workc.runtime.asks import Call, Effect, Look
from workc.runtime.bodies import Files, load, load_failure, load_json
from workc.runtime.effects import recorded_response, request_digest, request_json
from workc.runtime.near_request import nearest, target_of
from workc.stages.effects import EffectResponse
from workc.stages.observation import Observed, Origin
from workc.stages.skill import Result

_KEY_HEADER = "idempotency-key"
Recalled: TypeAlias = "tuple[str, Payload, JsonObject | None]"


class Playback:
    """Answers from the events of one run, each answer once."""

    def __init__(self, log: Iterable[RawEvent], files: Files) -> None:
        self._files = files
        self._answers: defaultdict[str, deque[Payload]] = defaultdict(deque)
        self._requests: dict[str, JsonObject] = {}
        for key, payload, request in _pairs(log, files):
            self._answers[key].append(payload)
            if request is not None:
                self._requests[key] = request

    @property
    def unused(self) -> tuple[str, ...]:
        """Returns the targets of requests with answers that nobody asked for, in byte order."""
        left = (request for key, request in self._requests.items() if self._answers[key])
        return tuple(sorted(map(target_of, left)))

    def of_effect(self, effect: Effect) -> EffectResponse | Failure | None:
        """Returns the next recorded answer to this request, or ``CAPTURE_MISSING``."""
        value = _compared(request_json(effect.request))
        payload = self._take(request_digest(value))
        if not isinstance(payload, EffectAnswered):
            near = nearest(value, list(self._requests.values()))
            return _missing(f"the request {target_of(value)}", near)
        try:
            return recorded_response(self._files, effect.request, payload)
        except Refusal as refusal:
            return refusal.failure

    def of_call(self, call: Call) -> Result | Failure | None:
        """Returns what the function gave when it was recorded, or ``CAPTURE_MISSING``.

        None for a pure one: it is called again.
        """
        if call.pure:
            return None
        payload = self._take(call.request)
        if not isinstance(payload, SkillExecuted):
            return _missing(f"the call of {call.skill.name} in {call.step}")
        if payload.failure:
            return load_failure(self._files, payload.failure)
        return Result(value=load_json(self._files, payload.value) if payload.value else None)

    def of_look(self, look: Look) -> Observed | Failure | None:
        """Returns what was seen of the item when it was recorded, or ``CAPTURE_MISSING``."""
        payload = self._take(_look_key(look.item))
        if not isinstance(payload, ItemObserved):
            return _missing(f"the item {look.item.item} of the lens")
        if payload.failure:
            return load_failure(self._files, payload.failure)
        if not payload.value:
            return None
        return Observed(
            data=load(self._files, payload.value),
            is_json=payload.value.form == "json",
            dated_ms=payload.dated_ms or 0,
            origin=_origin_of(payload),
        )

    def _take(self, key: str) -> Payload | None:
        left = self._answers.get(key)
        return left.popleft() if left else None


def _pairs(log: Iterable[RawEvent], files: Files) -> Iterator[Recalled]:
    """Yields each answer with the key of what was asked, and the request if it was one."""
    asked: dict[Path, tuple[str, JsonObject | None]] = {}
    for event in log:
        at = tuple(event.at)
        payload = decode_payload(event.kind, event.payload)
        if isinstance(payload, EffectAsked):
            request = _compared(load_json(files, payload.request))
            asked[at] = request_digest(request), request
        elif isinstance(payload, SkillAsked):
            asked[at] = payload.request, None
        elif isinstance(payload, ItemObserved):
            yield _look_key(payload), payload, None
        elif isinstance(payload, EffectAnswered | SkillExecuted):
            found = asked.get((*at[:-1], at[-1] - 1))
            if found is not None:
                yield found[0], payload, found[1]


def _look_key(item: ItemObserved) -> str:
    """Returns what is looked at: of a text, which has no source, the item that holds it."""
    return f"look {item.how} {item.source or item.item}"


def _origin_of(item: ItemObserved) -> Origin | None:
    if isinstance(item.run_id, UnsetType) or isinstance(item.proof_digest, UnsetType):
        return None
    return Origin(run_id=item.run_id, proof_digest=item.proof_digest)


def _compared(request: Json) -> JsonObject:
    """Returns what of a request is compared: all but the key that every run derives anew."""
    value = request if isinstance(request, dict) else {}
    headers = value.get("headers")
    kept: list[Json] = [
        pair
        for pair in (headers if isinstance(headers, list) else [])
        if not (isinstance(pair, list) and str(pair[0]).lower() == _KEY_HEADER)
    ]
    return {**value, "headers": kept}


def _missing(what: str, near: JsonObject | None = None) -> Failure:
    message = f"{what} was not recorded, or not so often"
    if near is not None and near["pointer"]:
        where = f"{near['nearest']}, which differs at {near['pointer']}"
        message += f"; nearest: {where}: recorded {near['recorded']}, now {near['now']}"
    return Failure(code="CAPTURE_MISSING", message=message, details=near or {})
