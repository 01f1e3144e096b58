"""Stages whose effects go through ``ctx``: run by the engine, against answers that were recorded.

The captures of a file stand beside it: ``FILE.captures/STAGE/DIGEST.workc``, one archive for each
example, named after the digest of its input. Each is the bundle of a run, so it can be shown,
verified and replayed like any other.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import cast

from workc.adapters.stage_trials.calling import Implementation, Modules, OfSkill
from workc.api.recorder import ReplayRecorder
from workc.api.runtime import Runtime
from workc.api.simulation import simulated
from workc.kernel import jcs
from workc.kernel.failure import Refusal
from workc.kernel.values import Json, JsonObject
from workc.runtime.outcome import StructuredOutcome
from workc.stages.skill import Skill
from workc.stages.stage.trial import Call, Reached, Task, Trial
from workc.stages.stage.value import Stage

_SUFFIX = ".workc"
#: Of each port the effects that one of must be declared.
_PORTS: Mapping[str, tuple[str, ...]] = {
    "exec": ("Process",),
    "file": ("FsRead", "FsWrite"),
    "http": ("Network",),
    "model": ("Llm",),
    "publish": ("Network",),
}
#: What a run from a recording may spend: it spends nothing.
_ENOUGH_CENTS = 1_000_000
#: What a guard says at the end of each note.
_GUARDED = ": a replay may come out different"


def capture_path(folder: Path, value: Json) -> Path:
    """Returns where the answers for an input are kept."""
    return folder / f"{hashlib.sha256(jcs.encode(value)).hexdigest()[:16]}{_SUFFIX}"


def missing(stage: Stage, folder: Path) -> tuple[int, ...]:
    """Returns the examples whose answers are not recorded, by number."""
    paths = [capture_path(folder, example.input) for example in stage.examples]
    return tuple(index for index, path in enumerate(paths) if not path.is_file())


def record_examples(
    stage: Stage,
    skill: Skill[..., object],
    folder: Path,
    *,
    allow_private: bool,
    budget_cents: int,
) -> Iterator[tuple[int, StructuredOutcome]]:
    """Runs every example live and keeps what the world answered; yields what came of each.

    Raises:
        OSError: a capture cannot be written.
    """
    for index, example in enumerate(stage.examples):
        path = capture_path(folder, example.input)
        path.parent.mkdir(parents=True, exist_ok=True)
        recorder = ReplayRecorder()
        runtime = Runtime(recorder=recorder, allow_private=allow_private, budget_cents=budget_cents)
        outcome = runtime.execute(skill, cast("JsonObject", example.input))
        # What was recorded before stays until there is something in its place.
        path.unlink(missing_ok=True)
        if recorder.bundle is not None:
            recorder.save(path)
        yield index, outcome


def captured(task: Task, stage: Stage, implementation: Implementation, _modules: Modules) -> Trial:
    """Returns what a stage makes of its examples when the recorded answers come."""
    skill = cast("OfSkill", implementation).skill
    folder = Path(task.captures)
    calls: dict[int, Call] = {}
    reached: set[Reached] = set()
    order = range(len(stage.examples))
    for index in reversed(order) if task.backwards else order:
        value = stage.examples[index].input
        outcome = _replayed(skill, value, capture_path(folder, value))
        calls[index] = _call(outcome)
        reached |= set(_reached(outcome, task.allowed))
    return Trial(calls=tuple(calls[index] for index in order), reached=tuple(sorted(reached)))


def _replayed(skill: Skill[..., object], value: Json, path: Path) -> StructuredOutcome | Refusal:
    try:
        recorder = ReplayRecorder(path)
    except Refusal as refusal:
        return refusal
    base = Runtime(guard="warn", budget_cents=_ENOUGH_CENTS).settings
    settings = replace(base, recorder=recorder)
    return simulated({}, settings=settings).execute(skill, cast("JsonObject", value))


def _call(outcome: StructuredOutcome | Refusal) -> Call:
    if isinstance(outcome, Refusal):
        return Call(code=outcome.failure.code, message=outcome.failure.message)
    if not outcome.ok:
        return Call(code=outcome.code, message=outcome.message)
    return Call(output=jcs.encode(outcome.output).decode())


def _reached(outcome: StructuredOutcome | Refusal, allowed: tuple[str, ...]) -> Iterator[Reached]:
    if isinstance(outcome, Refusal) or "Unknown" in allowed:
        return
    for effect in outcome.side_effects:
        effects = _PORTS.get(effect.type, ())
        if not set(effects) & set(allowed):
            yield Reached(effects[0] if effects else effect.type, f"asks {effect.target}")
    if "NonDeterministic" in allowed:
        return
    for note in outcome.notes:
        if note.endswith(_GUARDED):
            words = note.removesuffix(_GUARDED).partition(": the code ")[2]
            yield Reached("NonDeterministic", words)
