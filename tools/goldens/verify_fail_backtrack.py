"""Invoice totals are rounded wrongly: the first repair fails its test, the second does not."""

from __future__ import annotations

from goldens.story import DAY, MORNING, SECOND, Story, effects, file, quality, sha256
from workc.bundle.v01.records import (
    Actor,
    CheckResult,
    CheckSpec,
    Choice,
    Ending,
    Gate,
    Intent,
    Lens,
    LensItem,
    OnFail,
)
from workc.bundle.v01.run import (
    IntentSet,
    LensAssembled,
    Locked,
    OrientFromFailure,
    PlanChosen,
    Run,
    SignalsCaptured,
    SkillExecuted,
    VerificationRun,
)

_START = MORNING + DAY
_WRONG = "def total(lines):\n    return round(sum(lines), 2)\n"
_FIRST = "def total(lines):\n    return sum(round(line, 2) for line in lines)\n"
_SECOND = "def total(cents):\n    return sum(cents)\n"
_WRITES = effects("WriteFS", "fs:billing/total.py")


def run() -> Run:
    """Returns the run."""
    story = Story(_START)
    items = (
        LensItem(
            kind="file",
            uri="billing/total.py",
            sha256=sha256(_WRONG),
            at_ms=_START - 40 * DAY,
            provenance="repository",
        ),
    )
    story.tell(
        "Observe",
        IntentSet(
            intent=Intent(description="Invoice totals are a cent off", source="trigger"),
            actor=Actor(type="agent", name="repairer", model="example-model-2"),
        ),
    )
    report = story.keep_json("report.json", {"invoice": 20817, "shown": "10.01", "due": "10.00"})
    story.tell("Observe", SignalsCaptured(evidence=report, signals=("invoice 20817",)))
    story.tell("Orient", LensAssembled())
    story.tell("Decide", PlanChosen(plan="Round each line instead of the sum"))
    _attempt(story, 1, _FIRST, passed=False)
    story.tell("Orient", OrientFromFailure(evidence="evidence/tests_1.txt"))
    story.tell("Decide", PlanChosen(plan="Reckon in whole cents, so that nothing is rounded"))
    _attempt(story, 2, _SECOND, passed=True)
    story.tell(
        "Lock",
        Locked(
            lock_level="Committed",
            outcome=Ending(status="success", description="Totals are sums of whole cents."),
        ),
    )
    return Run(
        loop_id="loop-invoice-totals",
        happenings=tuple(story.happenings),
        evidence=story.evidence,
        inputs=(file("billing/total.py", _WRONG),),
        lens=Lens(
            lens_id="lens-invoice-totals",
            items=items,
            quality=quality(items, _START, coverage=800, conflict=900, provenance=900),
        ),
        planned=(*_WRITES, *effects("Exec", "exec:pytest")),
        decisions=(
            Choice(
                point="after the first failure",
                choice="whole cents",
                rationale="Half a cent has no right side to be rounded to.",
                alternatives_rejected=("round half to even", "round the sum again"),
            ),
        ),
        checks=CheckSpec(level="Regression", checks_required=("types", "totals")),
        gates=(Gate(phase="Verify", gate_id="no_float_in_money", passed=True),),
    )


def _attempt(story: Story, number: int, text: str, *, passed: bool) -> None:
    diff = story.keep(f"edit_{number}.diff", "".join(f"+{line}\n" for line in text.splitlines()))
    story.tell(
        "Act",
        SkillExecuted(
            skill="edit_files",
            evidence=diff,
            artifacts_out=(file("billing/total.py", text),),
            effects=_WRITES,
        ),
        after_ms=6 * SECOND,
    )
    verdict = "17 passed" if passed else "16 passed, 1 failed: test_half_cents"
    log = story.keep(f"tests_{number}.txt", f"{verdict}\n")
    results = (
        CheckResult(level="Syntactic", check_id=f"types@{number}", passed=True),
        CheckResult(level="Regression", check_id=f"totals@{number}", passed=passed, evidence=log),
    )
    back = OnFail(type="backtrack", to_phase="Orient", reason="half a cent is still rounded")
    if passed:
        story.tell("Verify", VerificationRun(results=results), after_ms=11 * SECOND)
    else:
        story.tell("Verify", VerificationRun(results=results, on_fail=back), after_ms=11 * SECOND)
