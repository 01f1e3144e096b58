"""A site is published: the run waits at its lock for a human, who first says no and then yes.

Its events leave Orient out, as published bundles do; its phase sequence does not.
"""

from __future__ import annotations

from goldens.story import DAY, MORNING, SECOND, Story, chance_of, effects, file, quality, sha256
from workc.bundle.v01.records import (
    Actor,
    Approver,
    Artifact,
    CheckResult,
    CheckSpec,
    Ending,
    Gate,
    Intent,
    Lens,
    LensItem,
)
from workc.bundle.v01.run import (
    HitlDecision,
    HitlPrompt,
    IntentSet,
    Locked,
    PlanChosen,
    Run,
    SignalsCaptured,
    SkillExecuted,
    VerificationRun,
)
from workc.kernel.human_approval import COST_MS, Risk

_START = MORNING + 4 * DAY
_DRAFT = "<h1>Release 4.2</h1>\n<p>Faster starts, smaller bundles.</p>\n"
_RISK = Risk(
    lock_level="Published",
    publishes=True,
    uses_network=True,
    lens_aggregate=850,
    check_failed=False,
)
_PROMPT = HitlPrompt(
    required=True,
    reason="The site of release 4.2 becomes visible to everyone.",
    p_override_permille=chance_of(_RISK),
    loss_ms=900_000,
    cost_ms=COST_MS,
)
_APPROVER = Approver(type="human", name="Tomasz Nowak", email="tomasz@example.com")
_DONE = (
    *effects("Network", "net:https://hosting.example.com/v1/sites/release-4-2"),
    *effects("Publish", "pub:prod/site"),
)


def run() -> Run:
    """Returns the run."""
    story = Story(_START)
    items = (
        LensItem(
            kind="file",
            uri="site/index.html",
            sha256=sha256(_DRAFT),
            at_ms=_START - 15 * DAY,
            provenance="repository",
        ),
    )
    story.tell(
        "Observe",
        IntentSet(
            intent=Intent(description="Publish the site of release 4.2", source="human"),
            actor=Actor(type="human", name="Tomasz Nowak", email="tomasz@example.com"),
        ),
    )
    state = story.keep_json("hosting.json", {"live": "release-4-1", "staged": "release-4-2"})
    story.tell("Observe", SignalsCaptured(evidence=state, signals_count=2))
    story.tell("Decide", PlanChosen(plan="Upload what is staged and switch over"))
    log = story.keep("upload.txt", "uploaded 38 files\nswitch prepared\n")
    uri = "https://hosting.example.com/v1/sites/release-4-2"
    site = Artifact(path=uri, sha256=sha256(_DRAFT), kind="Uri")
    story.tell(
        "Act",
        SkillExecuted(skill="publish", evidence=log, artifacts_out=(site,), effects=_DONE),
        after_ms=12 * SECOND,
    )
    links = story.keep("links.txt", "412 links, none broken\n")
    passed = CheckResult(level="Acceptance", check_id="links", passed=True, evidence=links)
    story.tell("Verify", VerificationRun(results=(passed,)), after_ms=30 * SECOND)
    story.tell("Lock", _PROMPT)
    story.tell(
        "Lock",
        HitlDecision(approved=False, approver=_APPROVER, note="Wait for the announcement."),
        after_ms=95 * SECOND,
    )
    story.tell("Lock", _PROMPT, after_ms=3600 * SECOND)
    story.tell(
        "Lock",
        HitlDecision(approved=True, approver=_APPROVER, note="It is out. Go."),
        after_ms=8 * SECOND,
    )
    ending = Ending(status="success", description="Release 4.2 is live.")
    story.tell("Lock", Locked(lock_level="Published", outcome=ending))
    return Run(
        loop_id="loop-publish-site",
        happenings=tuple(story.happenings),
        phase_sequence=("Observe", "Orient", "Decide", "Act", "Verify", "Lock", "Lock"),
        evidence=story.evidence,
        inputs=(file("site/index.html", _DRAFT),),
        lens=Lens(
            lens_id="lens-publish-site",
            items=items,
            quality=quality(items, _START, coverage=850, conflict=1000, provenance=950),
        ),
        planned=_DONE,
        checks=CheckSpec(level="Acceptance", checks_required=("links",)),
        gates=(Gate(phase="Lock", gate_id="human_approval", passed=True),),
    )
