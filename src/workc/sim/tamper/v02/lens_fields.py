"""What the fields of items and lenses are bound to (docs/spec/bundle-0.2.md, sections 5, 6 and 16)."""

from __future__ import annotations

from workc.sim.tamper.attack import Doc
from workc.sim.tamper.place import BAD_EVENT, NOT_BORNE_OUT, TABLE
from workc.sim.tamper.v02.field import (
    Field,
    failed,
    flip,
    has,
    has_text,
    nothing,
    other,
    plus_one,
    swap,
)
from workc.sim.tamper.v02.subject import Subject


def _reads(_subject: Subject, event: Doc) -> bool:
    return bool(event["payload"].get("effect", {}).get("op") == "ReadFS")


def _names_its_effect(_subject: Subject, event: Doc) -> bool:
    """Returns whether the end of a source is part of what was read; of a pattern its folder is."""
    return "effect" in event["payload"] and event["payload"]["how"] != "files"


def _names_no_effect(subject: Subject, event: Doc) -> bool:
    return not _names_its_effect(subject, event)


def _takes_more_and_more(_subject: Subject, event: Doc) -> bool:
    at_least = event["payload"].get("at_least", {})
    return "Committed" in at_least and bool(at_least.get("Staged"))


def _sees_nothing(_subject: Subject, event: Doc) -> bool:
    return "quality" not in event["payload"]


def _too_much(_value: int) -> int:
    return 1001


LENS_FIELDS: tuple[Field, ...] = (
    Field("ItemObserved", ("effect", "op"), swap("ReadFS", "WriteFS"), (BAD_EVENT,), ("lens",), _reads),
    Field("ItemObserved", ("failure", "code"), other, (), ("lens",), failed),
    Field("ItemObserved", ("round",), plus_one, (TABLE,), ("lens",)),
    Field("ItemObserved", ("proof_digest",), other, (), ("lens",), has("proof_digest")),
    Field("ItemObserved", ("run_id",), other, (), ("lens",), has("run_id")),
    Field("ItemObserved", ("source",), other, (BAD_EVENT,), ("lens",), _names_its_effect),
    Field("ItemObserved", ("source",), other, (), ("lens",), _names_no_effect),
    Field("ItemObserved", ("value", "inline"), other, (), ("lens",), has_text),
    Field("ConflictFound", ("about", 0), other, (TABLE,), ("lens",)),
    Field("ConflictFound", ("step",), other, (TABLE,), ("lens",)),
    Field("ConflictResolved", ("backtrack", "code"), other, (TABLE,), ("lens", "receipt")),
    Field("LensAssembled", ("at_least", "Committed"), nothing, (BAD_EVENT,), ("lens",), _takes_more_and_more),
    Field("LensAssembled", ("failure", "code"), other, (TABLE, NOT_BORNE_OUT), ("lens", "receipt"), failed),
    Field("LensAssembled", ("items",), plus_one, (TABLE,), ("lens",), has("quality")),
    Field("LensAssembled", ("items",), plus_one, (), ("lens",), _sees_nothing),
    Field("LensAssembled", ("scripted",), flip, (TABLE,), ("lens",), has("scripted")),
    Field("RunStarted", ("lens_script", 0, "conflict"), _too_much, (BAD_EVENT,), (), has("lens_script")),
    Field("LensAssembled", ("quality", "aggregate"), plus_one, (TABLE,), ("lens",), has("quality")),
)  # fmt: skip
