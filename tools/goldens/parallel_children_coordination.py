"""Three pages are rewritten at once by runs of their own that claim what they write.

They join in another order than they were spawned in, one of them, which is not critical, with part
of its work undone: so the whole is partial.
"""

from __future__ import annotations

from collections.abc import Mapping

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
    ChildJoined,
    ChildSpawned,
    IntentSet,
    LensAssembled,
    Locked,
    PlanChosen,
    Run,
    SignalsCaptured,
    SkillExecuted,
    VerificationRun,
)
from workc.bundle.v01.writer import Bundle, write
from workc.kernel.phases import Outcome

_START = MORNING + 2 * DAY
_PARENT = "loop-docs"
_ACTOR = Actor(type="automation", name="docs-pipeline")

#: Page, what it says, whether all its links could be checked.
_PAGES: Mapping[str, tuple[str, bool]] = {
    "api": ("# API\n\n`POST /runs` starts a run.\n", True),
    "cli": ("# Commands\n\n`run FILE` starts a run.\n", True),
    "links": ("# Elsewhere\n\n[The format](https://docs.example.com/format)\n", False),
}
#: Spawn order, and whether the whole fails with the child.
_CRITICAL: Mapping[str, bool] = {"api": True, "cli": True, "links": False}
_JOINED = ("links", "api", "cli")


def bundles() -> dict[str, Bundle]:
    """Returns the parent's bundle and those of its children, by their folders."""
    children = {name: write(_child(name)) for name in _PAGES}
    found = {f"children/{_loop(name)}": bundle for name, bundle in children.items()}
    digests = {name: bundle.proof_digest for name, bundle in children.items()}
    return {"bundle": write(_parent(digests)), **found}


def _loop(name: str) -> str:
    return f"loop-docs-{name}"


def _status(name: str) -> Outcome:
    return "success" if _PAGES[name][1] else "partial"


def _child(name: str) -> Run:
    text, whole = _PAGES[name]
    path = f"docs/{name}.md"
    start = _START + 2 * SECOND
    story = Story(start)
    items = (
        LensItem(
            kind="file",
            uri=path,
            sha256=sha256(f"{name}: old"),
            at_ms=_START - 9 * DAY,
            provenance="repository",
        ),
    )
    story.tell(
        "Observe",
        IntentSet(intent=Intent(description=f"Rewrite {path}", source="parent_loop"), actor=_ACTOR),
    )
    story.tell("Orient", LensAssembled())
    story.tell("Decide", PlanChosen(plan=f"Write {path} anew"))
    diff = story.keep(f"{name}.diff", "".join(f"+{line}\n" for line in text.splitlines()))
    writes = effects("WriteFS", f"fs:{path}")
    story.tell(
        "Act",
        SkillExecuted(
            skill="write_page", evidence=diff, artifacts_out=(file(path, text),), effects=writes
        ),
        after_ms=3 * SECOND,
    )
    log = story.keep("links.txt", "all links lead somewhere\n" if whole else "1 link: no answer\n")
    results = (
        CheckResult(level="Syntactic", check_id="markdown", passed=True),
        CheckResult(level="Semantic", check_id="links", passed=whole, evidence=log),
    )
    story.tell("Verify", VerificationRun(results=results), after_ms=SECOND)
    ending = "The page is new." if whole else "The page is new; one link could not be checked."
    story.tell(
        "Lock",
        Locked(
            lock_level="Committed" if whole else "Staged",
            outcome=Ending(status=_status(name), description=ending),
        ),
    )
    return Run(
        loop_id=_loop(name),
        parent_loop_id=_PARENT,
        happenings=tuple(story.happenings),
        evidence=story.evidence,
        lens=Lens(
            lens_id=f"lens-docs-{name}",
            items=items,
            quality=quality(items, start, coverage=900, conflict=1000, provenance=850),
        ),
        planned=writes,
        checks=CheckSpec(level="Semantic", checks_required=("markdown", "links")),
    )


def _parent(digests: Mapping[str, str]) -> Run:
    story = Story(_START)
    items = tuple(
        LensItem(
            kind="file",
            uri=f"docs/{name}.md",
            sha256=sha256(f"{name}: old"),
            at_ms=_START - 9 * DAY,
            provenance="repository",
        )
        for name in _PAGES
    )
    story.tell(
        "Observe",
        IntentSet(
            intent=Intent(description="Bring the documentation up to date", source="trigger"),
            actor=_ACTOR,
        ),
    )
    stale = story.keep_json("stale.json", sorted(f"docs/{name}.md" for name in _PAGES))
    story.tell("Observe", SignalsCaptured(evidence=stale, signals_count=len(_PAGES)))
    story.tell("Orient", LensAssembled())
    loops = tuple(_loop(name) for name in _PAGES)
    story.tell("Decide", PlanChosen(plan="A run for each page, side by side", children=loops))
    for name in _PAGES:
        spawned = ChildSpawned(child_loop_id=_loop(name), critical=_CRITICAL[name])
        story.tell("Decide", spawned, claims=[f"fs:docs/{name}.md"])
    # The children work side by side, from two seconds after the start for almost five.
    story.now_ms += 6 * SECOND
    for name in _JOINED:
        joined = ChildJoined(
            child_loop_id=_loop(name),
            child_proof_digest=digests[name],
            outcome_status=_status(name),
        )
        story.tell("Act", joined, released=[f"fs:docs/{name}.md"])
    contents = "".join(f"- [{name}]({name}.md)\n" for name in _PAGES)
    log = story.keep("index.diff", "".join(f"+{line}\n" for line in contents.splitlines()))
    writes = effects("WriteFS", "fs:docs/index.md")
    story.tell(
        "Act",
        SkillExecuted(
            skill="write_page",
            evidence=log,
            artifacts_out=(file("docs/index.md", contents),),
            effects=writes,
        ),
    )
    built = CheckResult(level="Acceptance", check_id="site_builds", passed=True)
    story.tell("Verify", VerificationRun(results=(built,)), after_ms=5 * SECOND)
    ending = Ending(status="partial", description="Up to date; one page's links are unchecked.")
    story.tell("Lock", Locked(lock_level="Staged", outcome=ending))
    claims = story.keep_json("claims.json", {f"docs/{name}.md": _loop(name) for name in _PAGES})
    return Run(
        loop_id=_PARENT,
        happenings=tuple(story.happenings),
        evidence=story.evidence,
        lens=Lens(
            lens_id="lens-docs",
            items=items,
            quality=quality(items, _START, coverage=700, conflict=1000, provenance=850),
        ),
        planned=writes,
        decisions=(
            Choice(
                point="order of work",
                choice="side by side",
                rationale="No two of the runs claim the same file.",
                alternatives_rejected=("one after the other",),
            ),
        ),
        checks=CheckSpec(level="Acceptance", checks_required=("site_builds",)),
        gates=(Gate(phase="Act", gate_id="claims_are_disjoint", passed=True, evidence=claims),),
    )
