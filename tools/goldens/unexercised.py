"""What few bundles hold: lists whose order is not their leaves' order, null, odd text, integers.

Artifacts, lens items, gates and results stand in another order than the one their trees have.
Paths repeat, evidence is null, text needs escapes or is past U+FFFF, integers are below nothing
and as large as 64 bits hold. A kind and payload keys are not of the format.
"""

from __future__ import annotations

from goldens.story import DAY, MORNING, SECOND, Story, effects, file, quality, sha256
from workc.bundle.v01.records import (
    Actor,
    Approver,
    Artifact,
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
    HitlDecision,
    HitlPrompt,
    IntentSet,
    LensAssembled,
    Locked,
    Other,
    PlanChosen,
    Run,
    SignalsCaptured,
    SkillExecuted,
    VerificationRun,
)
from workc.kernel.human_approval import COST_MS

_START = MORNING + 7 * DAY
_OLD, _NEW = "grüße = 1\n", "grüße = 2\n"
#: By UTF-8 bytes U+E000 and U+FF0C stand before U+1F4E6, by UTF-16 units after it.
_KEYS = {"\U0001f4e6": 3, "\uff0c": 2, "\ue000": 1, "z": 0, "": -1, "é": -2, "e\u0301": -3}
_ESCAPES = 'quote " backslash \\ slash / \b\f\n\r\t \x00\x1f\x7f \u2028\u2029 <&>'


def _items() -> tuple[LensItem, ...]:
    """Lens items in no order: by kind, uri and hash they go 4, 3, 2, 1, 0."""
    days = (400, 31, 8, 2, 0)
    named = (
        ("wiki", "Größen"),
        ("file", "übersicht.md"),
        ("file", "config/a.toml"),
        ("file", "config/a.toml"),
        ("Issue", "tracker/77"),
    )
    texts = ("alt", "neu", "zwei", "drei", "vier")
    hashes = [sha256(text) for text in texts]
    # The two items of one uri are told apart by their hashes: the larger comes first here.
    hashes[2], hashes[3] = max(hashes[2:4]), min(hashes[2:4])
    return tuple(
        LensItem(
            kind=kind,
            uri=uri,
            sha256=digest,
            at_ms=_START - age * DAY,
            provenance="Gedächtnis" if kind == "wiki" else "repository",
            weight=250 * (place + 1),
        )
        for place, ((kind, uri), digest, age) in enumerate(zip(named, hashes, days, strict=True))
    )


def run() -> Run:
    """Returns the run."""
    story = Story(_START)
    items = _items()
    story.tell(
        "Observe",
        IntentSet(
            intent=Intent(description='Ändere „grüße" auf 2 \U0001f44b — überall', source="human"),
            actor=Actor(type="human", name="Zoë Łukasiewicz", email="zoe@example.com"),
        ),
        odd_keys=_KEYS,
    )
    signals = story.keep("signals.txt", "grüße: 3 Stellen\n")
    story.tell("Observe", SignalsCaptured(evidence=signals, signals=("ü", "\U0001d11e", _ESCAPES)))
    story.tell("Orient", LensAssembled())
    story.tell("Decide", PlanChosen(plan={"text": _ESCAPES, "keys": _KEYS, "nothing": None}))
    measured = {
        "celsius": -273,
        "drift": [-1, 0, 1],
        "least": -(2**63),
        "most": 2**63 - 1,
        "past_doubles": [2**53 + 1, -(2**53) - 1],
        "empty": [{}, [], ""],
    }
    story.tell("Act", Other(named="Measured", payload=measured))
    _edit(story)
    story.tell(
        "Verify",
        VerificationRun(
            results=(
                CheckResult(level="Syntactic", check_id="utf8", passed=True, evidence=None),
                CheckResult(level="Acceptance", check_id="grüße@10", passed=True),
                CheckResult(level="Acceptance", check_id="grüße@9", passed=False, evidence=signals),
            )
        ),
    )
    _ask(story)
    return Run(
        loop_id="loop-grüße-\U0001f44b",
        parent_loop_id="loop-Übersicht",
        happenings=tuple(story.happenings),
        phase_sequence=("Observe", "Observe", "Orient", "Decide", "Act", "Act", "Verify", "Lock"),
        evidence=story.evidence,
        inputs=(
            file("src/grüße.toml", _OLD),
            Artifact(path="src", sha256=sha256("src"), kind="Directory"),
            file("src/grüße.toml", _NEW),
        ),
        lens=Lens(
            lens_id="lens-grüße",
            items=items,
            quality=quality(items, _START, coverage=1000, conflict=500, provenance=1000),
        ),
        planned=(
            *effects("WriteFS", "fs:./src//grüße.toml", "fs:/tmp/Ω", "fs:src/\U0001f4e6/"),
            *effects("Network", "net:HTTPS://API.example.com:443/v1/"),
        ),
        decisions=(Choice(point="ß", choice="ß", rationale="\u1e9e is no key.\n"),),
        checks=CheckSpec(level="Acceptance", checks_required=("utf8", "grüße")),
        gates=(
            Gate(phase="Verify", gate_id="a", passed=True, evidence=None),
            Gate(phase="Act", gate_id="ß", passed=True),
            Gate(phase="Act", gate_id="b", passed=True, evidence=signals),
            Gate(phase="Orient", gate_id="a", passed=True, evidence=signals),
        ),
    )


def _edit(story: Story) -> None:
    outputs = (
        file("src/grüße.toml", _NEW),
        file("src/\U0001f4e6/a", "a"),
        file("src/\uff0c/a", "a"),
        file("src/grüße.toml", _OLD),
    )
    diff = story.keep("edit.diff", "-grüße = 1\n+grüße = 2\n")
    done = effects("WriteFS", "fs:src/grüße.toml", "fs:src/\U0001f4e6/a")
    skill = SkillExecuted(skill="ändern", evidence=diff, artifacts_out=outputs, effects=done)
    story.tell("Act", skill, after_ms=SECOND)


def _ask(story: Story) -> None:
    story.keep("note.txt", "")
    story.tell(
        "Lock",
        HitlPrompt(
            required=False,
            reason="Höflichkeit",
            p_override_permille=71,
            loss_ms=50_000,
            cost_ms=COST_MS,
        ),
    )
    answer = HitlDecision(
        approved=False, approver=Approver(type="human", name="Zoë"), note="Nein.\tAber egal."
    )
    story.tell("Lock", answer)
    ending = Ending(status="success", description="grüße = 2 \u2713")
    story.tell("Lock", Locked(lock_level="Staged", outcome=ending))
