"""What a field of an event about resources is bound to: section 20 of docs/spec/bundle-0.2.md."""

from __future__ import annotations

from workc.sim.tamper.attack import Doc
from workc.sim.tamper.place import TABLE
from workc.sim.tamper.v02.field import Field, has, nothing, other, plus_one
from workc.sim.tamper.v02.subject import Subject


def _is_one(_subject: Subject, event: Doc) -> bool:
    return len(event["payload"]["resources"]) == 1


def _is_answered(subject: Subject, event: Doc) -> bool:
    """Whether there is one resource, and what is claimed is answered in the lane."""
    kinds = {other["kind"] for other in subject.lane(event)}
    return _is_one(subject, event) and "ResourceAnswered" in kinds


def _is_first(subject: Subject, event: Doc) -> bool:
    """Whether a holder that is dead is the only one before it: its token is nowhere else."""
    said = event["payload"]
    if not said.get("forced"):
        return False
    before = (
        other["payload"]
        for other in subject.events
        if other["kind"] == "ResourceAnswered" and other["payload"].get("n", said["n"]) < said["n"]
    )
    return all(earlier["resource"] != said["resource"] for earlier in before)


RESOURCE_FIELDS: tuple[Field, ...] = (
    Field("ResourcesClaimed", ("resources", 0), other, (TABLE,), (), _is_answered),
    Field("ResourcesClaimed", ("step",), other, (TABLE,)),
    Field("ResourcesClaimed", ("wait_ms",), plus_one),
    Field("ResourceHeld", ("by",), other),
    Field("ResourceHeld", ("resource",), other, (TABLE,)),
    Field("ResourceHeld", ("step",), other, (TABLE,)),
    Field("ResourceAnswered", ("forced",), nothing, (), (), _is_first),
    Field("ResourceAnswered", ("n",), plus_one, (TABLE,), (), has("n")),
    Field("ResourceAnswered", ("resource",), other, (TABLE,)),
    Field("ResourceAnswered", ("step",), other, (TABLE,)),
    Field("ResourceAnswered", ("token",), plus_one, (TABLE,), (), has("token")),
    Field("ResourceReleased", ("n",), plus_one, (TABLE,)),
    Field("ResourceReleased", ("resource",), other, (TABLE,)),
    Field("ResourceReleased", ("step",), other, (TABLE,)),
    Field("ResourceReleased", ("token",), nothing, (TABLE,)),
)
