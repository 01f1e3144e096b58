"""What a step says of its resources: which it waited for, and how long, and what became of each claim."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, TypeAlias

import msgspec

from workc.api.published_shapes import COUNT, COUNT_OR_NULL, TEXT, TEXT_OR_NULL, list_of, record
from workc.kernel.payloads import given
from workc.kernel.resources import ResourceAnswered, ResourceHeld, ResourceReleased
from workc.kernel.values import JsonObject

OfResource: TypeAlias = ResourceHeld | ResourceAnswered | ResourceReleased
State = Literal["waiting", "held", "released", "refused"]


class ResourceStory(msgspec.Struct, kw_only=True):
    """One claim of a resource. ``held_by`` is who had it then, ``waited_ms`` how long that kept the step.

    ``forced`` is the token of a holder from whom it was taken.
    """

    resource: str
    state: State = "waiting"
    asked_ms: int = 0
    waited_ms: int = 0
    held_by: str | None = None
    token: int | None = None
    forced: int | None = None
    code: str | None = None


#: The published schema of the claims of a step.
RESOURCES: JsonObject = list_of(
    record(
        resource=TEXT,
        state={"enum": ["waiting", "held", "released", "refused"]},
        asked_ms=COUNT,
        waited_ms=COUNT,
        held_by=TEXT_OR_NULL,
        token=COUNT_OR_NULL,
        forced=COUNT_OR_NULL,
        code=TEXT_OR_NULL,
    )
)


def tell_resource(claims: list[ResourceStory], payload: OfResource, now_ms: int) -> None:
    """Adds a claim, or what came of the last one of its resource; ``now_ms`` is the time in its lane."""
    match payload:
        case ResourceHeld():
            claims.append(
                ResourceStory(resource=payload.resource, asked_ms=now_ms, held_by=payload.by)
            )
        case ResourceAnswered():
            claim = _open(claims, payload.resource, "waiting")
            if claim is None:
                claim = ResourceStory(resource=payload.resource, asked_ms=now_ms)
                claims.append(claim)
            claim.waited_ms = max(0, now_ms - claim.asked_ms)
            claim.state = "refused" if payload.failure else "held"
            claim.token, claim.forced = given(payload.token), given(payload.forced)
            claim.code = payload.failure.code if payload.failure else None
        case ResourceReleased():
            held = _open(claims, payload.resource, "held")
            if held is not None:
                held.state = "released"


def _open(claims: Iterable[ResourceStory], resource: str, state: State) -> ResourceStory | None:
    return next((c for c in claims if (c.resource, c.state) == (resource, state)), None)


def told_resources(claims: Iterable[ResourceStory]) -> list[str]:
    """Returns in words what is worth telling: waits, and what was taken from the dead."""
    told: list[str] = []
    for claim in claims:
        if claim.state == "waiting":
            told.append(f"waits for {claim.resource}, held by {holder(claim.held_by or '')}")
        elif claim.held_by is not None:
            told.append(f"waited {claim.waited_ms} ms for {claim.resource}")
        if claim.forced is not None:
            told.append(f"took {claim.resource} from a dead holder")
    return told


def holder(by: str, run_id: str | None = None) -> str:
    """Returns in words who holds a resource, seen from a run."""
    run, _, step = by.partition(" ")
    if not step:
        return by
    return f"step {step}" if run == run_id else f"run {run}"
