"""A database is moved: one error is tried again, one leads to another plan, one ends the run."""

from __future__ import annotations

from goldens.story import DAY, MORNING, SECOND, Story, effects, quality, sha256
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
    SignalsCaptured,
    SkillExecuted,
    VerificationRun,
)

_START = MORNING + 6 * DAY
_COPY = effects("Network", "net:https://db.example.com/v1/snapshots/orders")
_LOAD = effects("Exec", "exec:pg_restore")


def run() -> Run:
    """Returns the run."""
    story = Story(_START)
    items = (
        LensItem(
            kind="runbook",
            uri="runbooks/move-orders.md",
            sha256=sha256("Move the orders database at night."),
            at_ms=_START - 200 * DAY,
            provenance="wiki",
        ),
    )
    story.tell(
        "Observe",
        IntentSet(
            intent=Intent(description="Move the orders database to the new host", source="policy"),
            actor=Actor(type="automation", name="mover"),
        ),
    )
    sizes = story.keep_json("sizes.json", {"orders": 48210, "order_lines": 193377})
    story.tell("Observe", SignalsCaptured(evidence=sizes, signals_count=2))
    story.tell("Orient", LensAssembled())
    story.tell("Decide", PlanChosen(plan="Copy a snapshot, then restore it in one go"))
    _recoverable(story)
    _unrecoverable(story)
    _catastrophic(story)
    return Run(
        loop_id="loop-move-orders",
        happenings=tuple(story.happenings),
        evidence=story.evidence,
        lens=Lens(
            lens_id="lens-move-orders",
            items=items,
            quality=quality(items, _START, coverage=650, conflict=900, provenance=500),
        ),
        planned=(*_COPY, *_LOAD),
        decisions=(
            Choice(
                point="the restore does not fit",
                choice="table by table",
                rationale="The largest table fits even if the whole does not.",
                alternatives_rejected=("a larger host",),
            ),
        ),
        checks=CheckSpec(level="Acceptance", checks_required=("row_counts",)),
        gates=(Gate(phase="Lock", gate_id="old_host_untouched", passed=True),),
    )


def _recoverable(story: Story) -> None:
    log = story.keep("busy.txt", "503 Service Unavailable, Retry-After: 2\n")
    story.tell(
        "Act",
        ActError(
            error_class="Recoverable",
            code="SNAPSHOT_BUSY",
            message="The snapshot service has too much to do.",
            retryable=True,
            evidence=log,
        ),
        after_ms=SECOND,
    )
    story.tell("Act", RetryScheduled(after_ms=2000, attempt=2))
    copied = story.keep("copy.txt", "snapshot 7 copied, 241587 rows\n")
    skill = SkillExecuted(skill="copy_snapshot", evidence=copied, effects=_COPY)
    story.tell("Act", skill, after_ms=62 * SECOND)


def _unrecoverable(story: Story) -> None:
    log = story.keep("restore_1.txt", "pg_restore: no space left on device\n")
    story.tell(
        "Act",
        ActError(
            error_class="Unrecoverable",
            code="NO_SPACE",
            message="The restore in one go needs more room than there is.",
            retryable=False,
            evidence=log,
        ),
        after_ms=33 * SECOND,
    )
    story.tell("Orient", OrientFromFailure(evidence=log))
    story.tell("Decide", PlanChosen(plan="Restore table by table, smallest first"))
    restored = story.keep("restore_2.txt", "orders: 48210 rows\n")
    skill = SkillExecuted(skill="restore_table", evidence=restored, effects=_LOAD)
    story.tell("Act", skill, after_ms=20 * SECOND)


def _catastrophic(story: Story) -> None:
    log = story.keep("checksum.txt", "order_lines: page 5121 has a wrong checksum\n")
    story.tell(
        "Act",
        ActError(
            error_class="Catastrophic",
            code="SNAPSHOT_CORRUPT",
            message="The snapshot is damaged; whatever was restored from it is in doubt.",
            retryable=False,
            evidence=log,
        ),
        after_ms=44 * SECOND,
    )
    counted = story.keep("counts.txt", "orders: 48210 of 48210\norder_lines: 0 of 193377\n")
    result = CheckResult(level="Acceptance", check_id="row_counts", passed=False, evidence=counted)
    story.tell("Verify", VerificationRun(results=(result,)), after_ms=2 * SECOND)
    ending = Ending(status="failed", description="The snapshot is damaged; the old host serves on.")
    story.tell("Lock", Locked(lock_level="Draft", outcome=ending))
