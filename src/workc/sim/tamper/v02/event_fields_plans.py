"""What a field of an event about plans is bound to: section 16 of docs/spec/bundle-0.2.md."""

from __future__ import annotations

from workc.kernel.values import Json
from workc.sim.tamper.attack import Doc
from workc.sim.tamper.place import TABLE
from workc.sim.tamper.v02.field import Field, When
from workc.sim.tamper.v02.subject import Subject


def _plus_one(value: int) -> int:
    return value + 1


def _other(value: str) -> str:
    return value[:-1] + ("0" if value[-1:] == "1" else "1")


def _other_planner(value: str) -> Json:
    return "function" if value == "skill" else "skill"


def _has(name: str) -> When:
    def has(_subject: Subject, event: Doc) -> bool:
        return name in event["payload"]

    return has


PLAN_FIELDS: tuple[Field, ...] = (
    Field("PlanAsked", ("attempt",), _plus_one, (TABLE,)),
    Field("PlanAsked", ("skill",), _other, (TABLE,)),
    Field("PlanAsked", ("step",), _other, (TABLE,)),
    Field("PlanRefused", ("attempt",), _plus_one, (TABLE,)),
    Field("PlanRefused", ("code",), _other),
    Field("PlanRefused", ("problems", "inline"), _other),
    Field("PlanChosen", ("planner",), _other_planner, (TABLE,), (), _has("planner")),
    Field("PlanChosen", ("decision", "inline"), _other, (), (), _has("decision")),
    Field("PlanChosen", ("document", "inline"), _other, (), (), _has("document")),
)
