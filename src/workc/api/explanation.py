"""A run in plain words: what it was to do, what happened, what it cost, why it ended so, what next."""

from __future__ import annotations

from collections.abc import Iterator

from workc.api.lens_story import LensStory
from workc.api.plan_story import told_plans
from workc.api.resource_story import told_resources
from workc.api.stage_story import told_stages
from workc.api.story import RunStory
from workc.api.strategy_story import told_strategies
from workc.api.timeline import StepStory
from workc.kernel.catalog import CATALOG
from workc.kernel.permille import WHOLE
from workc.kernel.resolving import BY_CHILD
from workc.runtime.amounts import money

#: No more steps than these are told one by one.
MAX_TOLD_STEPS = 50

_ENDS = {
    "success": "It succeeded.",
    "partial": "It succeeded in part: there is an output, but not every step did what it was to do.",
    "failure": "It failed.",
    "running": "It is still running.",
    "paused": "It waits for a human; what it did is kept.",
    "interrupted": "It was interrupted before its end; what it did is kept.",
    "incomplete": "The records end before the run does.",
}

#: Why a step was skipped for which no other is the cause, by the code.
_SKIPPED = {
    "APPROVAL_DENIED": "a human did not approve it",
    "APPROVAL_TIMEOUT": "nobody approved it in time",
    "GATE_FAILED": "a gate before it did not hold",
    "HALTED": "the run was stopped",
}
#: When a gate was evaluated.
_WHEN = {
    "pre_run": "before the run",
    "pre_step": "before step {}",
    "post_step": "after step {}",
    "post_run": "on the output",
}


_ENDED = {"success": "succeeded", "partial": "succeeded in part", "failed": "failed"}


def explain(story: RunStory) -> list[str]:
    """Returns the story as sentences."""
    return [
        _purpose(story),
        *_lens(story.lens),
        *_steps(story),
        *told_stages(story.stages),
        *_gates(story),
        *_children(story),
        *_checks(story),
        _cost(story),
        *_end(story),
        *_next(story),
    ]


def _purpose(story: RunStory) -> str:
    head = f"This is the run {story.run_id} of {story.name}."
    purpose = story.description.rstrip(". ")
    if purpose in {"", story.name}:
        return head
    return f"The run {story.run_id} of {story.name} was to do this: {purpose}."


def _lens(lens: LensStory) -> Iterator[str]:
    if not lens.quality:
        return
    again = f", in the last of {lens.rounds} looks" if lens.rounds > 1 else ""
    missing = f"; it could not have {', '.join(lens.missing)}" if lens.missing else ""
    seen = [each for each in lens.items if each.how != BY_CHILD]
    items = "1 item" if len(seen) == 1 else f"{len(seen)} items"
    yield f"Before it decided, it looked at {items}{again}{missing}."
    yield from _contested(lens)
    worst = f", the least being its {lens.worst}" if lens.quality["aggregate"] < WHOLE else ""
    by_script = " by its script" if lens.scripted else ""
    yield f"What it knew so was worth {lens.quality['aggregate']} of {WHOLE}{by_script}{worst}."


def _contested(lens: LensStory) -> Iterator[str]:
    if not lens.contested:
        return
    yield f"They contradicted each other about {', '.join(lens.contested)}, so it asked a child."
    child = next((each for each in lens.items if each.how == BY_CHILD), None)
    if child is not None and child.code is None:
        yield f"The run {child.source} said what holds, and its word counts."
    elif child is not None:
        yield f"Nobody said what holds: {child.code}."


def _steps(story: RunStory) -> Iterator[str]:
    yield from told_strategies(story.strategies)
    yield from told_plans(story.plans)
    for done in story.passes:
        yield from _told(done.steps)
        yield f"Then it went back to {done.to}, because {_ended(done.why)}"
    yield from _told(story.steps)


def _told(steps: list[StepStory]) -> Iterator[str]:
    for step in steps[:MAX_TOLD_STEPS]:
        yield _step(step)
    left = len(steps) - MAX_TOLD_STEPS
    if left > 0:
        yield f"{left} more steps are not told here."


def _step(step: StepStory) -> str:
    name = f"Step {step.step} ({step.skill})" if step.skill else f"Step {step.step}"
    tries = _at(step.attempts) if step.attempts > 1 else ""
    told = "".join(f" It {each}." for each in told_resources(step.resources))
    asked = f" It asked the world {len(step.effects)} times." if len(step.effects) > 1 else ""
    asked = f"{told}{asked}"
    match step.status:
        case "success":
            fallen = step.fallback
            then = f"failed with {fallen.code}; {fallen.done} and " if fallen else ""
            return f"{name} {then}succeeded{tries}.{asked}"
        case "failure" if step.fallback is not None and step.fallback.action == "skill":
            first = f"{name} failed{_at(step.fallback.attempts)} with {step.fallback.code}."
            then = f"Then {step.fallback.done}; it failed{_at(step.attempts)} with {step.code}"
            return f"{first} {then}: {_ended(step.message)}{asked}"
        case "failure":
            done = f" Then {step.fallback.done}." if step.fallback else ""
            return f"{name} failed{tries} with {step.code}: {_ended(step.message)}{done}{asked}"
        case "skipped":
            return f"{name} did not run{_after(step)}, because {_why_skipped(step)}."
        case _ if step.waits:
            return f"{name} waits for a human to approve it, and has not begun."
        case _:
            return f"{name} began but has no end in the records.{asked}"


def _after(step: StepStory) -> str:
    return f" again after attempt {step.attempts}" if step.attempts else ""


def _why_skipped(step: StepStory) -> str:
    if step.because:
        return f"it needs {', '.join(step.because)}"
    return _SKIPPED.get(step.code or "", f"of {step.code}")


def _gates(story: RunStory) -> Iterator[str]:
    for gate in story.gates[:MAX_TOLD_STEPS]:
        name = f"The gate {gate.gate} {_WHEN[gate.when].format(gate.step)}"
        if gate.kind == "human":
            answer = f"was {'' if gate.passed else 'not '}approved by {gate.by}"
            yield f"{name} {'had no answer in time' if gate.by is None else answer}."
        else:
            why = gate.note if gate.passed else f"{gate.note} ({gate.gave})"
            yield f"{name} {'held' if gate.passed else 'did not hold'}: {_ended(why)}"
    left = len(story.gates) - MAX_TOLD_STEPS
    if left > 0:
        yield f"{left} more gates are not told here."


def _at(attempt: int) -> str:
    return f" at attempt {attempt}"


def _children(story: RunStory) -> Iterator[str]:
    for child in story.children[:MAX_TOLD_STEPS]:
        ended = _ENDED.get(child.outcome or "", "has not come to its end")
        weight = "critical" if child.critical else "not critical"
        spent, ceiling = money(child.spent_micro_cents), money(child.ceiling_micro_cents)
        yield (
            f"Step {child.step} started the run {child.run_id}, which is {weight} and {ended};"
            f" it spent {spent} of {ceiling}."
        )
    left = len(story.children) - MAX_TOLD_STEPS
    if left > 0:
        yield f"{left} more children are not told here."


def _checks(story: RunStory) -> Iterator[str]:
    if story.verification == "nothing_to_check":
        yield "The workflow states no checks, so nothing was checked: that is no pass."
    for check in story.checks:
        held = "held" if check.passed else "did not hold"
        yield f"The check {check.check_id} {held}: {_ended(check.that)}"
    if story.verification == "passed" and story.lock_level == "Staged":
        yield "Its policy takes other checks for Committed, so it locked as Staged."


def _cost(story: RunStory) -> str:
    spent, ceiling = story.spent_micro_cents, story.ceiling_micro_cents
    return f"It spent {money(spent)} of at most {money(ceiling)}."


def _end(story: RunStory) -> Iterator[str]:
    yield _ENDS.get(story.status, "It ended.")
    if story.status == "partial" and story.code is None:
        yield "What failed is what its workflow says to tolerate."
    if story.code is not None:
        is_named = story.step and story.status != "paused"
        where = f" in step {story.step}" if is_named else ""
        yield f"The reason is {story.code}{where}: {_ended(story.message)}"
        if story.code in CATALOG:
            yield f"{story.code} means: {CATALOG[story.code].summary}"


def _next(story: RunStory) -> Iterator[str]:
    if story.code in CATALOG:
        yield f"What to do: {CATALOG[story.code].hint}"
    if story.status == "interrupted" and story.code is None:
        yield "What to do: Resume it."


def _ended(message: str) -> str:
    """Returns a message as a sentence that has one end."""
    return message if message.endswith((".", "?", "!", "…")) else f"{message}."
