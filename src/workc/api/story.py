"""A run as a story: what it was to do, what happened, what it cost and how it ended.

The story is what the records *say*; whether they are what was sealed, the oracle decides.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from workc.api.kin_story import ChildStory, GateStory, WaitingStory, gate_story, tell_child
from workc.api.lens_story import LensStory, OfLens
from workc.api.plan_story import PlanStory, tell_plan
from workc.api.rehearsal import Rehearsal
from workc.api.sources import Line, Source
from workc.api.stage_story import StageStory, stages_called, stages_named
from workc.api.strategy_story import StrategyStory, tell_strategies
from workc.api.timeline import PassStory, StepStory, Timeline, plain
from workc.api.waiting import waiting_kin
from workc.kernel import jcs
from workc.kernel.canonical import CanonicalError
from workc.kernel.children import ChildJoined, ChildSpawned
from workc.kernel.failure import refuse
from workc.kernel.gates import GATE_FAILED, ApprovalAnswered, ApprovalAsked, GateEvaluated
from workc.kernel.kinds import Payload
from workc.kernel.lens import ItemObserved, LensAssembled
from workc.kernel.payloads import (
    Body,
    EffectAnswered,
    EffectAsked,
    FailureRecord,
    IntentSet,
    Limits,
    Locked,
    RunStarted,
    SkillAsked,
    SkillExecuted,
    VerificationRun,
    WorkEnded,
)
from workc.kernel.resolving import ConflictFound, ConflictResolved
from workc.kernel.values import Json, JsonObject
from workc.runtime.effects import local_target
from workc.runtime.outcome import STATUS_OF
from workc.runtime.taken_fallback import skipped_in

RunState = Literal[
    "success",
    "failure",
    "partial",
    "skipped",
    "running",
    "paused",
    "interrupted",
    "incomplete",
]

#: The most characters of a body that the details of a step hold.
MAX_BODY_CHARS = 20_000


class CheckStory(msgspec.Struct, frozen=True, kw_only=True):
    """One check of the run and whether it held."""

    check_id: str
    level: str
    passed: bool
    that: str


class RunStory(msgspec.Struct, kw_only=True):
    """What the records say of a run. ``proof_digest`` is what the receipt claims.

    ``continues`` is the proof digest of the bundle that the run goes on from, after its budget was
    raised; ``earlier`` is where such bundles are kept, the newest first.

    ``passes`` are those from which the run went back: ``steps`` and ``checks`` are of the last.

    ``status`` is ``incomplete`` for a bundle without an end, ``running``, ``paused`` (it waits for a
    human) or ``interrupted`` for a
    run that is not sealed yet. ``replay`` of a run needs the code that ``code`` names.
    """

    run_id: str
    path: str
    sealed: bool
    name: str = ""
    description: str = ""
    status: RunState = "incomplete"
    code: str | None = None
    message: str = ""
    step: str | None = None
    started_ms: int = 0
    ended_ms: int | None = None
    ceiling_micro_cents: int = 0
    spent_micro_cents: int = 0
    reserved_micro_cents: int = 0
    limits: Limits = Limits()
    calls: int = 0
    tokens: int = 0
    engine: str = ""
    policy: str = ""
    seed: str = ""
    events: int = 0
    proof_digest: str | None = None
    continues: str | None = None
    earlier: list[str] = []
    lock_level: str | None = None
    verification: str = "not_run"
    lens: LensStory = msgspec.field(default_factory=LensStory)
    steps: list[StepStory] = []
    passes: list[PassStory] = []
    checks: list[CheckStory] = []
    gates: list[GateStory] = []
    plans: list[PlanStory] = []
    strategies: list[StrategyStory] = []
    stages: list[StageStory] = []
    waiting: list[WaitingStory] = []
    children: list[ChildStory] = []
    has_output: bool = False
    output: Json = None
    notes: list[str] = []

    def to_json(self) -> JsonObject:
        """Returns the story as JSON, schema ``workc.show/1``."""
        found = plain(self)
        fields = found if isinstance(found, dict) else {}
        steps: list[Json] = [step.to_json() for step in self.steps]
        passes: list[Json] = [each.to_json() for each in self.passes]
        told: JsonObject = {"steps": steps, "passes": passes}
        return {"schema": "workc.show/1", "verified": False, **fields, **told}


def tell(source: Source) -> RunStory:
    """Returns the story of a run.

    Raises:
        Refusal: ``INVALID_INPUT`` if there is not even a beginning.
    """
    story = RunStory(run_id="", path=str(source.path), sealed=source.sealed)
    timeline = Timeline(lambda payload: _target(source, payload))
    rehearsal = Rehearsal(lambda body: _shown(source, body))
    ended_with = None
    for line in source.lines():
        rehearsal.take(line.payload)
        timeline.take(line.at, line.at_ms, line.payload)
        story.ended_ms = max(story.ended_ms or 0, line.at_ms or 0)
        _take(story, source, line)
        tell_plan(story.plans, line.payload, lambda body: _shown(source, body))
        tell_strategies(story.strategies, line.payload, 1 + len(timeline.passes))
        if isinstance(line.payload, WorkEnded) and line.payload.failure:
            ended_with = line.payload.failure.code
    if not story.run_id:
        raise source.refusal()
    story.steps, story.passes = list(timeline.steps.values()), timeline.passes
    steps = [*story.steps, *(step for done in story.passes for step in done.steps)]
    story.stages = stages_called(story.stages, steps)
    if story.code == "VERIFICATION_FAILED":
        story.message += _skipped(story)
    if story.code == GATE_FAILED and ended_with != GATE_FAILED:
        story.message, story.step = _gates_of_run(story), None
    story.events = timeline.records
    story.spent_micro_cents = timeline.spent_micro_cents
    story.reserved_micro_cents = timeline.reserved_micro_cents
    story.calls, story.tokens = timeline.calls, timeline.tokens
    story.proof_digest = source.claimed_digest()
    story.earlier = [str(path) for path in source.earlier] if story.continues else []
    if story.status == "incomplete" and not source.sealed:
        story.status = _open_status(story, source, timeline)
    unsaid = [note for note in source.notes if note != story.message]
    is_over = story.lock_level is not None
    story.notes = [*rehearsal.notes(over=is_over), *story.notes, *unsaid]
    return story


def _open_status(story: RunStory, source: Source, timeline: Timeline) -> RunState:
    if source.is_locked:
        return "running"
    if source.damage is not None:
        story.code, story.message = source.damage.code, source.damage.message
        return "interrupted"
    own = [
        WaitingStory(
            step=one.step,
            question=text_of(_shown(source, one.question)),
            deadline_ms=over_ms,
            run_id=story.run_id,
        )
        for one, over_ms in timeline.waiting
    ]
    theirs = [
        WaitingStory(
            step=one.step, question=one.question, deadline_ms=one.deadline_ms, run_id=run_id
        )
        for run_id, one in waiting_kin(source.path)
    ]
    story.waiting = [*own, *theirs]
    if not story.waiting:
        return "interrupted"
    story.code, story.step = "APPROVAL_PENDING", story.waiting[0].step
    questions = "; ".join(f"{one.step}: {one.question}" for one in story.waiting)
    story.message = f"waits for a human to approve {questions}"
    return "paused"


def _take(story: RunStory, source: Source, line: Line) -> None:
    payload = line.payload
    match payload:
        case RunStarted():
            story.run_id, story.name, story.engine = payload.run_id, payload.name, payload.engine
            story.ceiling_micro_cents, story.seed = payload.ceiling_micro_cents, payload.seed
            story.policy, story.started_ms = payload.policy.id, line.at_ms or 0
            story.limits = payload.limits or Limits()
            story.continues = payload.continues or None
            story.stages = stages_named(payload.stages or {})
            story.notes += _stood_in(_shown(source, payload.policy.rules))
        case GateEvaluated() | ApprovalAnswered():
            story.gates = [*story.gates, gate_story(payload)]
        case ChildSpawned() | ChildJoined():
            tell_child(story.children, payload)
        case IntentSet():
            story.description = payload.description
        case ItemObserved() | LensAssembled() | ConflictFound() | ConflictResolved():
            _look(story, payload)
        case WorkEnded():
            _work(story, source, payload)
        case VerificationRun():
            story.verification = payload.verdict
            story.checks = [
                CheckStory(check_id=c.check_id, level=c.level, passed=c.passed, that=c.that)
                for c in payload.results
            ]
        case Locked():
            _lock(story, payload)
        case _:
            pass


def _lock(story: RunStory, payload: Locked) -> None:
    story.status, story.lock_level = STATUS_OF[payload.outcome], payload.lock_level
    story.code = payload.code if isinstance(payload.code, str) else None
    if story.code is None:
        # What was wrong in an earlier pass, or with an earlier lens, is not any more.
        story.message, story.step = "", None
    broken = [check.check_id for check in story.checks if not check.passed]
    if story.code == "VERIFICATION_FAILED" and broken:
        story.message = f"checks that did not hold: {', '.join(broken)}"
        story.step = None


def _look(story: RunStory, payload: OfLens) -> None:
    story.lens.take(payload)
    if isinstance(payload, LensAssembled) and isinstance(payload.failure, FailureRecord):
        story.message = payload.failure.message


def _gates_of_run(story: RunStory) -> str:
    """Returns which gates of the run did not hold the last time."""
    last = {gate.gate: gate for gate in story.gates if gate.step is None}
    failed = ", ".join(name for name, gate in last.items() if not gate.passed)
    return f"gates that did not hold: {failed}"


def _skipped(story: RunStory) -> str:
    """Returns which steps were skipped that the first check that did not hold names."""
    taken = [step.fallback for step in story.steps if step.fallback is not None]
    return next((skipped_in(each.that, taken) for each in story.checks if not each.passed), "")


def _stood_in(rules: Json) -> list[str]:
    """Returns a note on answers that were not the world's."""
    found = rules if isinstance(rules, dict) else {}
    if "recording" in found:
        return [f"its answers were played back from the bundle {found['recording']}"]
    return ["answers were stubbed: see stubs in evidence/policy.json"] if "stubs" in found else []


def _work(story: RunStory, source: Source, payload: WorkEnded) -> None:
    if isinstance(payload.failure, FailureRecord):
        story.message = payload.failure.message
        story.step = payload.step if isinstance(payload.step, str) else None
    if isinstance(payload.output, Body):
        story.has_output, story.output = True, _shown(source, payload.output)


def _shown(source: Source, body: Body) -> Json:
    """Returns a body for people: JSON as it is, anything else as text, long ones cut."""
    data = source.data(body)
    if data is None:
        return f"(not readable: {body.path})"
    if len(data) <= MAX_BODY_CHARS and body.form == "json":
        try:
            return jcs.parse(data)
        except CanonicalError:
            pass
    text = data[:MAX_BODY_CHARS].decode("utf-8", "replace")
    more = (body.size if isinstance(body.size, int) else len(data)) - MAX_BODY_CHARS
    return text if more <= 0 else f"{text}… ({more} bytes more)"


def _target(source: Source, payload: EffectAsked) -> str:
    request = _shown(source, payload.request)
    if not isinstance(request, dict):
        return ""
    if payload.port == "http":
        return f"{request.get('method')} {text_of(request.get('url'))}"
    if payload.port != "model":
        return local_target(request)
    base = text_of(request.get("base_url"))
    return f"{request.get('provider')} {base}{request.get('path')}"


def text_of(value: Json) -> str:
    """Returns a recorded text, with the names of secrets where they stood."""
    if isinstance(value, list):
        parts = (p if isinstance(p, str) else f"${{secrets.{_name(p)}}}" for p in value)
        return "".join(parts)
    return "" if value is None else str(value)


def _name(part: Json) -> str:
    return str(part.get("secret")) if isinstance(part, dict) else "?"


def tell_step(source: Source, step: str) -> JsonObject:
    """Returns everything the records say of one step, long bodies cut; schema ``workc.step/1``.

    Raises:
        Refusal: ``INVALID_INPUT`` if there is no such step.
    """
    story = tell(source)
    found = next((one for one in story.steps if one.step == step), None)
    if found is None:
        names = ", ".join(one.step for one in story.steps[:20]) or "none"
        raise refuse("INVALID_INPUT", f"the run has no step {step!r}; it has {names}")
    lanes: set[tuple[int, ...]] = set()
    events: list[Json] = []
    for line in source.lines():
        if getattr(line.payload, "step", None) == step and not isinstance(line.payload, WorkEnded):
            lanes.add(line.at[:-1])
        if line.at[:-1] in lanes:
            events.append(_detail(source, line))
    return {
        "schema": "workc.step/1",
        "verified": False,
        "run_id": story.run_id,
        **found.to_json(),
        "records": events,
    }


def _detail(source: Source, line: Line) -> JsonObject:
    head: JsonObject = {"seq": line.seq, "kind": line.kind, "at_ms": line.at_ms}
    return {**head, **_bodies(source, line.payload)}


def _bodies(source: Source, payload: Payload) -> JsonObject:
    match payload:
        case SkillAsked():
            return {"attempt": payload.attempt, "params": _shown(source, payload.params)}
        case SkillExecuted():
            return _attempt(source, payload)
        case EffectAsked():
            return {"attempt": payload.attempt, "request": _shown(source, payload.request)}
        case EffectAnswered():
            return _answer(source, payload)
        case ApprovalAsked():
            return {"gate": payload.gate, "question": _shown(source, payload.question)}
        case _:
            found = plain(payload)
            return found if isinstance(found, dict) else {}


def _attempt(source: Source, payload: SkillExecuted) -> JsonObject:
    found: JsonObject = {"attempt": payload.attempt, "mode": payload.mode}
    if isinstance(payload.params, Body):
        found["params"] = _shown(source, payload.params)
    if isinstance(payload.value, Body):
        found["value"] = _shown(source, payload.value)
    if isinstance(payload.failure, FailureRecord):
        found["failure"] = _failure(source, payload.failure)
    return found


def _answer(source: Source, payload: EffectAnswered) -> JsonObject:
    if isinstance(payload.failure, FailureRecord):
        return {"failure": _failure(source, payload.failure)}
    response, result = payload.response, payload.result
    if result:
        parts = {"facts": result.facts, "data": result.data, "errors": result.errors}
        return {name: _shown(source, body) for name, body in parts.items() if body}
    if not response:
        return {}
    headers: list[Json] = [[name, value] for name, value in response.headers]
    return {
        "status": response.status,
        "url": response.url,
        "headers": headers,
        "body": _shown(source, response.body),
        "redacted": list[Json](sorted({found.secret for found in response.redactions})),
    }


def _failure(source: Source, record: FailureRecord) -> JsonObject:
    return {
        "code": record.code,
        "message": record.message,
        "details": _shown(source, record.details),
    }
