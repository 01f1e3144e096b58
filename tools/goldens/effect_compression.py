"""Two hundred generated files in fifty folders: more effects than may be declared.

They are merged into their fifty folders, and a human is asked because so much is written.
"""

from __future__ import annotations

from goldens.story import DAY, MORNING, SECOND, Story, chance_of, effects, file, quality, sha256
from workc.bundle.v01.records import (
    Actor,
    Approver,
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
    LensAssembled,
    Locked,
    PlanChosen,
    Run,
    SkillExecuted,
    VerificationRun,
)
from workc.kernel.human_approval import COST_MS, Risk

_START = MORNING + 3 * DAY
_SCHEMA = "message Event { string id = 1; int64 at_ms = 2; }\n"
_PARTS = ("client.py", "server.py", "types.py", "test_types.py")
_WRITES = effects(
    "WriteFS",
    *(f"fs:generated/service_{number:02}/{part}" for number in range(50) for part in _PARTS),
)
#: What the asking is about: much is written, nothing is published.
_RISK = Risk(
    lock_level="Committed",
    publishes=False,
    uses_network=False,
    lens_aggregate=600,
    check_failed=False,
)


def run() -> Run:
    """Returns the run."""
    story = Story(_START)
    items = (
        LensItem(
            kind="schema",
            uri="schema/event.proto",
            sha256=sha256(_SCHEMA),
            at_ms=_START - DAY,
            provenance="repository",
        ),
    )
    story.tell(
        "Observe",
        IntentSet(
            intent=Intent(description="Generate the code of fifty services", source="policy"),
            actor=Actor(type="automation", name="generator"),
        ),
    )
    story.tell("Orient", LensAssembled())
    story.tell("Decide", PlanChosen(plan={"template": "service", "count": 50}))
    story.tell(
        "Decide",
        HitlPrompt(
            required=True,
            reason="Two hundred files are written; fifty selectors stand for them.",
            p_override_permille=chance_of(_RISK),
            loss_ms=900_000,
            cost_ms=COST_MS,
        ),
    )
    story.tell(
        "Decide",
        HitlDecision(
            approved=True,
            approver=Approver(type="human", name="Ines Duarte", email="ines@example.com"),
            note="All of it is below generated/.",
        ),
        after_ms=41 * SECOND,
    )
    listing = story.keep("written.txt", "".join(f"{effect.selector[3:]}\n" for effect in _WRITES))
    story.tell(
        "Act",
        SkillExecuted(skill="generate", evidence=listing, effects=_WRITES, lists_effects=False),
        after_ms=18 * SECOND,
    )
    log = story.keep("types.txt", "200 files: no errors\n")
    checked = CheckResult(level="Syntactic", check_id="types", passed=True, evidence=log)
    story.tell("Verify", VerificationRun(results=(checked,)), after_ms=20 * SECOND)
    ending = Ending(status="success", description="Fifty services are generated.")
    story.tell("Lock", Locked(lock_level="Committed", outcome=ending))
    return Run(
        loop_id="loop-generate-services",
        happenings=tuple(story.happenings),
        evidence=story.evidence,
        inputs=(file("schema/event.proto", _SCHEMA),),
        lens=Lens(
            lens_id="lens-generate-services",
            items=items,
            quality=quality(items, _START, coverage=600, conflict=1000, provenance=900),
        ),
        planned=_WRITES,
        checks=CheckSpec(level="Syntactic", checks_required=("types",)),
        gates=(Gate(phase="Decide", gate_id="effects_fit", passed=True),),
    )
