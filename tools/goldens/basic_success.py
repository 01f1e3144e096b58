"""A setting is renamed in a service and its page: everything goes well at once."""

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
)
from workc.bundle.v01.run import (
    IntentSet,
    LensAssembled,
    Locked,
    PlanChosen,
    Run,
    SignalsCaptured,
    SkillExecuted,
    VerificationRun,
)

_BEFORE = "retries = 3\ntimeout = 30\n"
_AFTER = "retries = 3\ntimeout_ms = 30000\n"
_PAGE = "# Settings\n\n`timeout_ms`: how long a request may take, in milliseconds.\n"


def run() -> Run:
    """Returns the run."""
    story = Story(MORNING)
    items = (
        LensItem(
            kind="file",
            uri="config/service.toml",
            sha256=sha256(_BEFORE),
            at_ms=MORNING - 3 * DAY,
            provenance="repository",
        ),
    )
    story.tell(
        "Observe",
        IntentSet(
            intent=Intent(
                description="Rename the setting timeout to timeout_ms, in milliseconds",
                source="human",
            ),
            actor=Actor(type="agent", name="editor", model="example-model-2"),
        ),
    )
    signals = story.keep_json(
        "signals.json",
        [
            {"file": "config/service.toml", "line": 2, "text": "timeout = 30"},
            {"file": "docs/settings.md", "line": 3, "text": "`timeout`: how long, in seconds."},
        ],
    )
    story.tell("Observe", SignalsCaptured(evidence=signals, signals_count=2))
    story.tell("Orient", LensAssembled())
    story.tell("Decide", PlanChosen(plan="Edit the setting and its page, then run the checks"))
    diff = story.keep(
        "edit.diff", "-timeout = 30\n+timeout_ms = 30000\n-`timeout`\n+`timeout_ms`\n"
    )
    writes = effects("WriteFS", "fs:config/service.toml", "fs:docs/settings.md")
    story.tell(
        "Act",
        SkillExecuted(
            skill="edit_files",
            evidence=diff,
            artifacts_out=(file("config/service.toml", _AFTER), file("docs/settings.md", _PAGE)),
            effects=writes,
        ),
        after_ms=4 * SECOND,
    )
    log = story.keep("checks.txt", "config loads: ok\n41 tests: 41 passed\n")
    story.tell(
        "Verify",
        VerificationRun(
            results=(
                CheckResult(level="Syntactic", check_id="config_loads", passed=True, evidence=log),
                CheckResult(level="Regression", check_id="unit_tests", passed=True, evidence=log),
            )
        ),
        after_ms=9 * SECOND,
    )
    story.tell(
        "Lock",
        Locked(
            lock_level="Committed",
            outcome=Ending(status="success", description="Setting and page say timeout_ms."),
        ),
    )
    return Run(
        loop_id="loop-rename-timeout",
        happenings=tuple(story.happenings),
        evidence=story.evidence,
        inputs=(file("config/service.toml", _BEFORE),),
        lens=Lens(
            lens_id="lens-rename-timeout",
            items=items,
            quality=quality(items, MORNING, coverage=950, conflict=1000, provenance=900),
        ),
        planned=(*writes, *effects("Exec", "exec:pytest")),
        decisions=(
            Choice(
                point="old name",
                choice="refuse it with a hint",
                rationale="Seconds read as milliseconds would time out at once.",
                alternatives_rejected=("accept both names",),
            ),
        ),
        checks=CheckSpec(level="Regression", checks_required=("config_loads", "unit_tests")),
        gates=(Gate(phase="Act", gate_id="clean_worktree", passed=True, evidence=signals),),
    )
