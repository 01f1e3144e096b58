"""The same error comes back a third time: strategies are suggested, the best one is applied."""

from __future__ import annotations

from goldens.story import DAY, MORNING, SECOND, Story, effects, file, quality, sha256
from workc.bundle.v01.records import (
    Actor,
    CheckResult,
    CheckSpec,
    Choice,
    Ending,
    Intent,
    Lens,
    LensItem,
    OnFail,
)
from workc.bundle.v01.run import (
    ActError,
    IntentSet,
    LensAssembled,
    Locked,
    OrientFromFailure,
    PlanChosen,
    RetryScheduled,
    Run,
    SkillExecuted,
    StrategyApplied,
    StrategySuggested,
    VerificationRun,
)
from workc.kernel.strategy_match import match, ranked

_START = MORNING + 5 * DAY
_FIXED = "def test_queue():\n    queue = Queue()\n    queue.put(1)\n    assert queue.get() == 1\n"
#: Strategy, how sure the signals make it, from where on it counts, its weight.
_KNOWN = {
    "ask_a_human": (640, 600, 500),
    "isolate_shared_state": (930, 500, 1000),
    "raise_the_timeout": (480, 500, 1000),
    "shrink_the_batch": (640, 600, 500),
}
_WRITES = effects("WriteFS", "fs:tests/test_queue.py")


def run() -> Run:
    """Returns the run."""
    story = Story(_START)
    items = (
        LensItem(
            kind="log",
            uri="ci/run/5120",
            sha256=sha256("test_queue failed: the queue is not empty"),
            at_ms=_START - 12 * DAY,
            provenance="ci",
        ),
    )
    story.tell(
        "Observe",
        IntentSet(
            intent=Intent(description="Make test_queue pass every time", source="trigger"),
            actor=Actor(
                type="agent",
                name="repairer",
                model="example-model-2",
                model_digest="sha256:4f1c9f0e",
            ),
        ),
    )
    story.tell("Orient", LensAssembled())
    story.tell("Decide", PlanChosen(plan="Wait longer for the queue"))
    for attempt in (1, 2, 3):
        log = story.keep(f"attempt_{attempt}.txt", f"attempt {attempt}: the queue is not empty\n")
        error = ActError(
            error_class="Recoverable" if attempt < 3 else "PatternFailure",
            code="TEST_FLAKY",
            message="test_queue found items of another test.",
            retryable=attempt < 3,
            evidence=log,
        )
        story.tell("Act", error, after_ms=2 * SECOND)
        if attempt < 3:
            story.tell("Act", RetryScheduled(after_ms=500 * attempt, attempt=attempt + 1))
    story.tell("Orient", OrientFromFailure(evidence="evidence/attempt_3.txt"))
    matches = {
        name: match(sure, threshold=least, weight=weight)
        for name, (sure, least, weight) in _KNOWN.items()
    }
    for name, permille in ranked(matches):
        sure, least, weight = _KNOWN[name]
        suggested = StrategySuggested(
            strategy_id=name,
            match_permille=permille,
            trigger="TEST_FLAKY three times",
            explanation=(f"confidence {sure}, threshold {least}", f"weight {weight}"),
        )
        story.tell("Orient", suggested)
    used = StrategyApplied(strategy_id="isolate_shared_state", version="2", result="applied")
    story.tell("Decide", used)
    story.tell("Decide", PlanChosen(plan="Give each test a queue of its own", declares=False))
    _repair(story)
    return Run(
        loop_id="loop-flaky-queue",
        happenings=tuple(story.happenings),
        evidence=story.evidence,
        lens=Lens(
            lens_id="lens-flaky-queue",
            items=items,
            quality=quality(items, _START, coverage=700, conflict=800, provenance=900),
        ),
        planned=(*_WRITES, *effects("Exec", "exec:pytest")),
        decisions=(
            Choice(
                point="strategy",
                choice="isolate_shared_state",
                rationale="It matches best, and the error names items of another test.",
                alternatives_rejected=("ask_a_human", "shrink_the_batch"),
            ),
        ),
        checks=CheckSpec(level="Regression", checks_required=("hundred_runs",)),
    )


def _repair(story: Story) -> None:
    diff = story.keep("edit.diff", "-queue = SHARED\n+queue = Queue()\n")
    test = file("tests/test_queue.py", _FIXED)
    skill = SkillExecuted(skill="edit_files", evidence=diff, artifacts_out=(test,), effects=_WRITES)
    for attempt, passed in ((1, False), (2, True)):
        story.tell("Act", skill, after_ms=3 * SECOND)
        log = story.keep(f"runs_{attempt}.txt", f"{100 if passed else 99} of 100 runs passed\n")
        result = CheckResult(
            level="Regression", check_id=f"hundred_runs@{attempt}", passed=passed, evidence=log
        )
        if passed:
            story.tell("Verify", VerificationRun(results=(result,)), after_ms=60 * SECOND)
        else:
            back = OnFail(type="backtrack", to_phase="Act", reason="an import still shared it")
            run_again = VerificationRun(results=(result,), on_fail=back)
            story.tell("Verify", run_again, after_ms=60 * SECOND)
    ending = Ending(status="success", description="A hundred runs in a row passed.")
    story.tell("Lock", Locked(lock_level="Committed", outcome=ending))
