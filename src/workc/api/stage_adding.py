"""What a registry says to stages that are to be added: each new, known, replacing, or refused with a place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, TypeAlias

import msgspec

from workc.adapters.stage_index import Row, StageIndex
from workc.api.stage_files import InvalidSpecs, Located, LocatedProblem
from workc.kernel import jcs
from workc.kernel.digest import sha256_hex
from workc.kernel.values import JsonObject
from workc.stages.problem import below
from workc.stages.stage.declaration import names_of, strangers
from workc.stages.stage.lifecycle import succession_problem
from workc.stages.stage.refinements import StageError
from workc.stages.stage.value import Lifecycle, Stage, State, stage_json

What: TypeAlias = Literal["added", "known", "replaced"]


class Added(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a stage: it is new, was there already as it is, or has replaced what was there."""

    id: str
    name: str
    state: State
    what: What
    file: str
    at: str

    def to_json(self) -> JsonObject:
        """Returns this as JSON."""
        found: JsonObject = msgspec.to_builtins(self)
        return found


class Addition(msgspec.Struct, frozen=True, kw_only=True):
    """What is written of a stage: its file and its row."""

    stage: Stage
    data: bytes
    digest: str
    added: Added


#: What may change while the stage stays what it is: the index has it.
_OF_INDEX = ("lifecycle", "ed25519_signature", "signer_public_key")


def object_of(stage: Stage) -> bytes:
    """Returns the bytes of a stage's file: its canonical JSON without its state and signature."""
    said = stage_json(stage)
    return jcs.encode({name: said[name] for name in said if name not in _OF_INDEX})


def judge(specs: Sequence[Located], index: StageIndex, *, replace: bool) -> list[Addition]:
    """Returns what is to be written of each stage.

    Raises:
        InvalidSpecs: everything that is wrong with them beside what is there.
    """
    judging = _Judging(specs, index)
    additions = [judging.addition(each, replace=replace) for each in specs]
    if judging.problems:
        raise InvalidSpecs(judging.problems)
    return additions


class _Known:
    """The stages that a property may run, by name or id: those of the call, and those that are there."""

    def __init__(self, index: StageIndex, new: set[str]) -> None:
        self._index = index
        self._new = new

    def __contains__(self, name: object) -> bool:
        return name in self._new or bool(self._index.partners(str(name)))


class _Judging:
    """Judges the stages of one call, each beside the others; collects what is wrong."""

    def __init__(self, specs: Sequence[Located], index: StageIndex) -> None:
        self._index = index
        self._new = {each.spec.stage.id: each.spec.stage for each in specs}
        self._known = _Known(index, {name for each in specs for name in names_of(each.spec.stage)})
        self._seen: dict[str, Located] = {}
        self._active: dict[str, Located] = {}
        self.problems: list[LocatedProblem] = []

    def addition(self, located: Located, *, replace: bool) -> Addition:
        """Returns what is to be written of a stage, if nothing is wrong with it."""
        stage = located.spec.stage
        first = self._seen.setdefault(stage.id, located)
        if first is not located:
            self._refuse(located, "", f"the stage stands in {first.file} {first.spec.at} already")
        for flaw in strangers(stage, self._known):
            at = located.spec.at + flaw.at
            self.problems.append(LocatedProblem(file=located.file, at=at, message=flaw.message))
        row = self._index.row(stage.id)
        data = object_of(stage)
        digest = sha256_hex(data)
        if row is not None:
            self._judge_known(located, row, digest, replace=replace)
        elif stage.lifecycle.state == "Active":
            self._judge_active(located)
        elif stage.lifecycle.state == "Deprecated":
            self._judge_deprecated(located, str(stage.lifecycle.successor_id))
        kept = stage if row is None else _beside(stage, row)
        what: What = "added"
        if row is not None:
            what = "known" if _is_same(located, row, digest) else "replaced"
        return Addition(
            stage=kept,
            data=data,
            digest=digest,
            added=Added(
                id=stage.id,
                name=stage.name or "",
                state=kept.lifecycle.state,
                what=what,
                file=located.file,
                at=located.spec.at,
            ),
        )

    def _judge_known(self, located: Located, row: Row, digest: str, *, replace: bool) -> None:
        if located.spec.says_lifecycle and located.spec.stage.lifecycle != _lifecycle(row):
            message = f"the stage is {row.state} here; a file does not change that"
            self._refuse(located, "lifecycle", message)
        if not replace and not _is_same(located, row, digest):
            message = (
                f"the stage {row.id[:12]} is there with other examples, code, words or signature"
            )
            self._refuse(located, "", f"{message}; --replace puts these in their place")

    def _judge_active(self, located: Located) -> None:
        promised = str(located.spec.stage.signature_id)
        first = self._active.setdefault(promised, located)
        there = self._index.active(promised)
        if first is not located:
            other = f"{first.file} {first.spec.at} is"
        elif there is not None:
            other = f"{there.id[:12]} is"
        else:
            return
        message = (
            f"one stage of a signature is Active, and {other}; add it as Draft and activate it"
        )
        self._refuse(located, "lifecycle", message)

    def _judge_deprecated(self, located: Located, by: str) -> None:
        stage, successor = located.spec.stage, self._state_of(by)
        if successor is None:
            self._refuse(located, "lifecycle", f"its successor {by!r:.70} is not there")
            return
        try:
            why = succession_problem(stage.id, by, successor, self._successor_of)
        except StageError as error:
            why = str(error)
        if why is not None:
            self._refuse(located, "lifecycle", why)

    def _state_of(self, stage: str) -> State | None:
        row = self._index.row(stage)
        if row is not None:
            return row.state
        new = self._new.get(stage)
        return None if new is None else new.lifecycle.state

    def _successor_of(self, stage: str) -> str | None:
        known: Mapping[str, Stage] = self._new
        if self._index.row(stage) is None and stage in known:
            return known[stage].lifecycle.successor_id
        return self._index.successor_of(stage)

    def _refuse(self, located: Located, member: str, message: str) -> None:
        at = below(located.spec.at, member) if member else located.spec.at
        self.problems.append(LocatedProblem(file=located.file, at=at, message=message))


def _is_same(located: Located, row: Row, digest: str) -> bool:
    """Returns whether a file says what is there; one without a signature says nothing of it."""
    said = _signature(located.spec.stage)
    return row.object == digest and said in ((None, None), (row.signature, row.signer))


def _beside(stage: Stage, row: Row) -> Stage:
    """Returns a stage with the state that is there, and with the signature, if it has none itself."""
    said = _signature(stage)
    signature, signer = said if said != (None, None) else (row.signature, row.signer)
    return msgspec.structs.replace(
        stage,
        lifecycle=_lifecycle(row),
        ed25519_signature=signature,
        signer_public_key=signer,
    )


def _signature(stage: Stage) -> tuple[str | None, str | None]:
    return stage.ed25519_signature, stage.signer_public_key


def _lifecycle(row: Row) -> Lifecycle:
    return Lifecycle(state=row.state, successor_id=row.successor)
