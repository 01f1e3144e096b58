"""How answers about resources are recorded: each grant and each release is a move with a number."""

from __future__ import annotations

from msgspec import UNSET

from workc.kernel.events import Path
from workc.kernel.failure import Failure
from workc.kernel.resources import ResourceAnswered, ResourceHeld, ResourceReleased
from workc.runtime.asks import Claim, Release, Wait
from workc.runtime.bodies import Files, record_failure
from workc.runtime.claims import Claims, Holder
from workc.runtime.coordinating import Released
from workc.runtime.ports import Granted, Held


def record_claim(
    files: Files,
    claims: Claims,
    lane: Path,
    question: Claim | Wait,
    answer: Granted | Held | Failure,
) -> ResourceAnswered | ResourceHeld:
    """Returns the record of what became of a claim, which the claims of the run are told."""
    resource, step = question.resource, question.step
    match answer:
        case Granted(token=token, forced=forced):
            return ResourceAnswered(
                forced=UNSET if forced is None else forced,
                n=claims.granted(resource, Holder(lane, step, token)),
                resource=resource,
                step=step,
                token=token,
            )
        case Held(by=by):
            claims.wait(resource, lane, step)
            return ResourceHeld(by=by, resource=resource, step=step)
        case Failure():
            claims.leave(resource, lane)
            failure = record_failure(files, answer)
            return ResourceAnswered(failure=failure, resource=resource, step=step)


def record_release(claims: Claims, question: Release, answer: Released) -> ResourceReleased:
    """Returns the record of a release, which the claims of the run are told."""
    return ResourceReleased(
        n=claims.released(question.resource),
        resource=question.resource,
        step=question.step,
        token=answer.token,
    )
