"""Runs for the tests of the writer: a full one, and ways to change it."""

import msgspec

from workc.bundle.v01.records import (
    Actor,
    Approver,
    Artifact,
    CheckResult,
    CheckSpec,
    Choice,
    DoneEffect,
    Ending,
    Gate,
    Intent,
    Lens,
    LensItem,
    OnFail,
    Quality,
)
from workc.bundle.v01.run import (
    ActError,
    ChildJoined,
    ChildSpawned,
    Happening,
    HitlDecision,
    HitlPrompt,
    IntentSet,
    LensAssembled,
    Locked,
    OrientFromFailure,
    Other,
    PlanChosen,
    RetryScheduled,
    Run,
    SignalsCaptured,
    SkillExecuted,
    StrategyApplied,
    StrategySuggested,
    VerificationRun,
)

START = 1_767_225_600_000
SHA = "ab" * 32
ANN = Approver(type="human", name="Ann", email="ann@example.com")
INTENT = IntentSet(
    intent=Intent(description="Tidy the report", source="human"),
    actor=Actor(type="agent", name="worker", model="m-1"),
)
LOCKED = Locked(
    lock_level="Committed", outcome=Ending(status="success", description="The report is tidy.")
)
PROMPT = HitlPrompt(
    required=True,
    reason="It is published",
    p_override_permille=409,
    loss_ms=900_000,
    cost_ms=45_000,
)
YES = HitlDecision(approved=True, approver=ANN, note="Go on.")
NO = HitlDecision(approved=False, approver=ANN, note="Not yet.")
SPAWN = ChildSpawned(child_loop_id="child-a", critical=True)
JOIN = ChildJoined(child_loop_id="child-a", child_proof_digest=SHA, outcome_status="success")
QUALITY = Quality(coverage=900, freshness=1000, conflict=800, provenance=950)
WRITE = DoneEffect(op="WriteFS", selector="fs:./out/report.txt")
EVIDENCE = {f"evidence/{name}": name.encode() for name in ("signals", "write", "lint", "test")}


def check(check_id, *, passed=True, **more):
    return CheckResult(level="Acceptance", check_id=check_id, passed=passed, **more)


def happenings(*pairs):
    """Returns happenings a second apart, from pairs of a phase and what happened."""
    return tuple(
        Happening(at_ms=START + 1000 * n, phase=phase, what=what)
        for n, (phase, what) in enumerate(pairs)
    )


FULL = [
    ("Observe", INTENT),
    ("Observe", SignalsCaptured(evidence="evidence/signals", signals_count=2)),
    ("Orient", LensAssembled()),
    (
        "Orient",
        StrategySuggested(strategy_id="small", match_permille=640, trigger="a failed check"),
    ),
    ("Decide", PlanChosen(plan={"steps": ["write"]})),
    ("Decide", SPAWN),
    ("Act", ActError(error_class="Recoverable", code="BUSY", message="In use.", retryable=True)),
    ("Act", RetryScheduled(after_ms=500, attempt=2)),
    (
        "Act",
        SkillExecuted(
            skill="write",
            evidence="evidence/write",
            artifacts_out=(Artifact(path="out/report.txt", sha256=SHA, size_bytes=5, kind="File"),),
            effects=(WRITE,),
        ),
    ),
    ("Act", JOIN),
    (
        "Verify",
        VerificationRun(
            results=(check("lint"), check("test@1", passed=False, evidence="evidence/test")),
            on_fail=OnFail(type="backtrack", to_phase="Orient", reason="a test failed"),
        ),
    ),
    ("Orient", OrientFromFailure(evidence="evidence/test")),
    ("Decide", StrategyApplied(strategy_id="small", version="1", result="applied")),
    ("Act", SkillExecuted(skill="write", evidence="evidence/write", lists_effects=False)),
    ("Verify", VerificationRun(results=(check("test@2", evidence=None),))),
    ("Lock", PROMPT),
    ("Lock", YES),
    ("Lock", Other(named="Celebrated", payload={"with": ["cake"]})),
    ("Lock", LOCKED),
]


def run(pairs=FULL, **changes):
    """Returns the full run, or one of the given happenings, with some fields changed."""
    full = Run(
        loop_id="loop-1",
        happenings=happenings(*pairs),
        evidence=EVIDENCE,
        inputs=(Artifact(path="in/notes.txt", sha256=SHA),),
        lens=Lens(
            lens_id="lens-1",
            items=(
                LensItem(
                    kind="file", uri="b", sha256=SHA, at_ms=START - 5, provenance="repository"
                ),
                LensItem(
                    kind="file", uri="a", sha256=SHA, at_ms=0, provenance="repository", weight=7
                ),
            ),
            quality=QUALITY,
        ),
        planned=(WRITE, DoneEffect(op="Exec", selector="exec:pytest")),
        decisions=(Choice(point="tool", choice="pen", rationale="It is there."),),
        checks=CheckSpec(level="Acceptance", checks_required=("lint", "test")),
        gates=(
            Gate(phase="Act", gate_id="clean", passed=True),
            Gate(phase="Act", gate_id="b", passed=True, evidence="evidence/lint"),
        ),
    )
    return msgspec.structs.replace(full, **changes)


def without(*kinds):
    """Returns the full happenings without those of some kinds."""
    return [pair for pair in FULL if not isinstance(pair[1], kinds)]


def short(*middle, status="success"):
    """Returns the happenings of a short run with something in its midst."""
    lock = Locked(lock_level="Draft", outcome=Ending(status=status, description=""))
    return [
        ("Observe", INTENT),
        ("Orient", LensAssembled()),
        ("Decide", PlanChosen(plan="p")),
        *middle,
        ("Act", RetryScheduled(after_ms=0, attempt=1)),
        ("Verify", VerificationRun(results=(check("lint"), check("test")))),
        ("Lock", lock),
    ]
