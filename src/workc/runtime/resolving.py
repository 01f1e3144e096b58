"""Decide: a child says what holds where items of a lens contradict each other (docs/adr/0029-resolving.md).

It is called as a step of its own, so that its money and its failures are those of any child. What it
gave is one more item of the lens; then the run goes back to Orient, and the lens is assembled again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import UNSET
from msgspec.structs import replace

from workc.kernel.children import ChildJoined
from workc.kernel.failure import Failure, Misuse
from workc.kernel.lens import Claim, LensAssembled
from workc.kernel.lens_quality import Seen, contested
from workc.kernel.payloads import Backtrack, given
from workc.kernel.resolving import LENS_CONFLICT, ConflictFound, ConflictResolved, Word
from workc.kernel.values import Json, JsonObject
from workc.runtime.assembling import assembled, said_in
from workc.runtime.bodies import load_json, record_failure, store_json
from workc.runtime.engine import Lane
from workc.runtime.item_records import kept_item, not_had
from workc.runtime.literals import literal
from workc.runtime.run import Run, StepResult, halt_cause
from workc.runtime.step import step_body
from workc.runtime.work import Work, failure_of
from workc.runtime.workflow.facts import members
from workc.runtime.workflow.model import NO_FEEDBACK, StepSpec
from workc.runtime.workflow.resolve_keys import CONFLICTS, RESOLVED


def to_resolve(run: Run, seen: Sequence[Seen], lens: LensAssembled) -> list[str]:
    """Returns what a child is to say: what items contradict each other about, if the program has one."""
    return [] if run.program.resolver is None else contested(seen, said_in(lens.claims or ()))


async def resolve_conflicts(run: Run, lane: Lane) -> Work | None:
    """Lets a child resolve what the lens contradicts itself about; then it is assembled again.

    Returns what came of the work if the run was stopped meanwhile, else None: the run begins at Orient.
    """
    step, about = run.program.resolver, to_resolve(run, run.seen, run.assembled)
    if step is not None:
        run.lens[RESOLVED] = not_had("")
    if step is None or not about:
        return None
    lane.emit(run.assembled)
    lane.emit(ConflictFound(about=about, step=step.id))
    result = await _asked(run, lane, step, about)
    halt = halt_cause([result], run.halts)
    if halt is not None:
        return Work(failure=failure_of(result, halt), step=step.id, halt=halt)
    found = _came_of(run, result, about)
    lane.emit(found)
    run.go_back(_feedback(run, found, about), found.backtrack)
    _assemble(run, found)
    return None


async def _asked(run: Run, lane: Lane, step: StepSpec, about: Sequence[str]) -> StepResult:
    told = literal({CONFLICTS: [_told(run, topic) for topic in about]})
    asked = replace(step, params={**step.params, **told})
    results = await lane.spawn([step_body(run, asked, ())])
    run.forget(step.id)
    result = results[0]
    if not isinstance(result, StepResult):
        raise Misuse("the lane of a child ended without a result")
    return result


def _told(run: Run, topic: str) -> JsonObject:
    """Returns who says what about something, and with which weight."""
    items = {each.observed.key: each.observed for each in run.seen}
    claims: list[Json] = []
    for claim in run.assembled.claims or ():
        if claim.about == topic:
            item = items[claim.key]
            part: JsonObject = {} if claim.part is UNSET else {"part": claim.part}
            claims.append(
                {
                    "how": item.how,
                    "item": claim.item,
                    **part,
                    "says": load_json(run.files, claim.says),
                    "source": item.source,
                    "weight": item.weight,
                }
            )
    return {"about": topic, "claims": claims}


def _came_of(run: Run, result: StepResult, about: Sequence[str]) -> ConflictResolved:
    """Returns what came of asking a child; of one that says nothing of it, why that is nothing."""
    back = Backtrack(code=LENS_CONFLICT, to="Orient")
    child, _ = run.joined.get(result.id, (None, False))
    said = _said(result.value if result.status == "success" else None, about)
    if child is None or not said:
        failure = failure_of(result, None) if result.failure else _said_nothing(child, about)
        return ConflictResolved(
            backtrack=back, failure=record_failure(run.files, failure), item=RESOLVED
        )
    return ConflictResolved(
        backtrack=back,
        child_run_id=child.child_run_id,
        item=RESOLVED,
        proof_digest=child.proof_digest,
        value=store_json(run.files, result.value),
        words=[Word(about=topic, says=store_json(run.files, said[topic])) for topic in said],
    )


def _said(value: Json, about: Sequence[str]) -> Mapping[str, Json]:
    given_words = members(value)
    return {topic: given_words[topic] for topic in about if given_words.get(topic) is not None}


def _said_nothing(child: ChildJoined | None, about: Sequence[str]) -> Failure:
    name = "the child" if child is None else f"the child {child.child_run_id}"
    return Failure(
        code=LENS_CONFLICT,
        message=f"{name} gave no object that says something about {', '.join(about)}",
        details={"about": list[Json](about)},
    )


def _feedback(run: Run, found: ConflictResolved, about: Sequence[str]) -> JsonObject:
    failure = given(found.failure)
    told = "a child has said what holds" if failure is None else failure.message
    message = f"items of the lens contradicted each other about {', '.join(about)}: {told}"
    return {**NO_FEEDBACK, "code": LENS_CONFLICT, "message": message}


def _assemble(run: Run, found: ConflictResolved) -> None:
    """Assembles the lens again, with what a child gave as one more item."""
    spec = run.program.lens
    if spec is None or found.words is UNSET or found.value is UNSET:
        return
    words = [Claim(about=word.about, item=found.item, says=word.says) for word in found.words]
    run.assembled = assembled(run, spec, run.seen, words)
    run.lens[RESOLVED] = kept_item(run.files, found.value, str(found.child_run_id))
