"""What a field of an event about strategies is bound to: section 17 of docs/spec/bundle-0.2.md."""

from __future__ import annotations

from workc.kernel.permille import WHOLE
from workc.sim.tamper.attack import Doc
from workc.sim.tamper.place import TABLE
from workc.sim.tamper.v02.field import Field
from workc.sim.tamper.v02.subject import Subject


def _plus_one(value: int) -> int:
    return value + 1


def _turned(value: int) -> int:
    """Returns the other end of the scale, so that the match is another one."""
    return 0 if value == WHOLE else WHOLE


def _other(value: str) -> str:
    return value[:-1] + ("0" if value[-1:] == "1" else "1")


def _has_suggested(_subject: Subject, event: Doc) -> bool:
    return bool(event["payload"]["suggestions"])


def _has_failed(_subject: Subject, event: Doc) -> bool:
    return "failure" in event["payload"]["weighed"][0]


STRATEGY_FIELDS: tuple[Field, ...] = (
    Field("StrategySuggested", ("signals", "inline"), _other),
    Field("StrategySuggested", ("suggestions", 0, "permille"), _plus_one, (TABLE,), (), _has_suggested),
    Field("StrategySuggested", ("weighed", 0, "confidence"), _turned, (TABLE,)),
    Field("StrategySuggested", ("weighed", 0, "failure"), _other, (), (), _has_failed),
    Field("StrategyApplied", ("id",), _other, (TABLE,)),
    Field("StrategyApplied", ("parameters", "inline"), _other),
    Field("StrategyApplied", ("permille",), _plus_one, (TABLE,)),
    Field("StrategyApplied", ("version",), _other, (TABLE,)),
)  # fmt: skip
