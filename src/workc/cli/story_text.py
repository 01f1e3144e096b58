"""A run, a step and their parts as lines: the same look while it runs and when it is shown."""

from __future__ import annotations

from workc.api.kin_story import GateStory
from workc.api.resource_story import told_resources
from workc.api.story import RunStory
from workc.api.timeline import EffectStory, PassStory, StepStory
from workc.cli.columns import columns, padded
from workc.cli.console import Console, Style
from workc.cli.text import count, json_text, local_time, money, printable, seconds
from workc.kernel.payloads import given

#: The most characters of an output that `show` prints.
MAX_OUTPUT = 2000
_SYMBOLS = {
    "success": "✓",
    "failure": "✗",
    "partial": "✗",
    "skipped": "-",
    "running": "·",
    "paused": "?",
}
#: The status of an outcome.
_STATES = {"success": "success", "partial": "partial", "failed": "failure"}
_STYLES: dict[str, Style] = {
    "success": "good",
    "failure": "bad",
    "partial": "warn",
    "paused": "warn",
}


def symbol(console: Console, status: str, *, err: bool = False) -> str:
    """Returns the symbol of a status in its colour."""
    return console.paint(_SYMBOLS.get(status, "-"), _STYLES.get(status, "weak"), err=err)


def step_line(console: Console, story: StepStory, width: int, *, err: bool = False) -> str:
    """Returns what became of a step in one line."""
    head = f"{symbol(console, story.status, err=err)} {padded(printable(story.step, 60), width)}"
    skill = padded(printable(story.skill, 40), 14)
    if story.status == "skipped":
        return f"{head}  {skill}  skipped  {story.code}  {_because(story)}".rstrip()
    parts = [head, skill, f"{seconds(story.duration_ms):>8}", *_facts(story)]
    return "  ".join(parts).rstrip()


def _because(story: StepStory) -> str:
    return f"needs {printable(', '.join(story.because))}" if story.because else ""


def _facts(story: StepStory) -> list[str]:
    waited = f"{seconds(story.waited_ms)} of it until a human answered"
    facts = [waited] if story.waited_ms else []
    if story.attempts > 1 or story.retries:
        facts.append(count(max(story.attempts, len(story.retries)), "attempt"))
    if story.cost_micro_cents:
        facts.append(money(story.cost_micro_cents))
    facts += [printable(told, 160) for told in told_resources(story.resources)]
    facts += _turns(story)
    if story.code:
        facts.append(f"{story.code}  {printable(story.message, 160)}".rstrip())
    if story.status == "running":
        facts.append("waits for a human" if story.waits else "not ended")
    return facts


def _turns(story: StepStory) -> list[str]:
    """Returns what followed each failure but the last, in order."""
    fallback = story.fallback
    own = story.attempts if fallback is None else fallback.attempts
    before, after = (
        [f"{r.code} → retried after {r.after_ms} ms" for r in story.retries if is_in(r.attempt)]
        for is_in in (own.__ge__, own.__lt__)
    )
    fell = [] if fallback is None else [f"{fallback.code} → {printable(fallback.done, 160)}"]
    return [*before, *fell, *after]


def effect_line(effect: EffectStory) -> str:
    """Returns what was asked of the world and how it was answered."""
    answer = effect.code or (str(effect.status) if effect.status is not None else "no answer")
    return f"{printable(effect.target, 200)} → {answer}"


def header_lines(console: Console, story: RunStory) -> list[str]:
    """Returns what a run was, how it ended, when, for how much, and its digest."""
    code = f"  {story.code}" if story.code else ""
    sign = _SYMBOLS.get(story.status, "-")
    # What a bundle says of itself is not green before somebody verified it.
    head = f"{sign} {printable(story.name, 80)} · {story.status}{code}"
    return [
        console.paint(f"{head} · not verified" if story.sealed else head, "strong"),
        *(f"  {name:8}  {text}" for name, text in _facts_of(story)),
    ]


def _facts_of(story: RunStory) -> list[tuple[str, str]]:
    took = None if story.ended_ms is None else story.ended_ms - story.started_ms
    # Of a run that waits the message names the steps.
    is_named = story.step and story.status != "paused"
    where = f"in step {printable(story.step or '', 60)}: " if is_named else ""
    facts = [
        ("run", printable(story.run_id, 80)),
        ("for", printable(story.description) if story.description != story.name else ""),
        ("why", f"{where}{printable(story.message)}" if story.message else ""),
        ("started", f"{local_time(story.started_ms)} · took {seconds(took)}"),
        ("money", f"spent {money(story.spent_micro_cents)} of {money(story.ceiling_micro_cents)}"),
        ("used", _used(story)),
        ("made by", f"{printable(story.engine, 60)} · policy {printable(story.policy, 60)}"),
        ("digest", story.proof_digest or "—"),
        ("goes on", f"from {story.continues[:16]}…" if story.continues else ""),
        *(("", printable(path)) for path in story.earlier),
        ("records", f"{count(story.events, 'event')} · {printable(story.path)}"),
    ]
    return [(name, text) for name, text in facts if text]


def _used(story: RunStory) -> str:
    """Returns the calls and tokens that were used, each of its limit if it has one."""
    calls, tokens = given(story.limits.calls), given(story.limits.tokens)
    if not story.calls and calls is None and tokens is None:
        return ""
    used = ((count(story.calls, "call"), calls), (count(story.tokens, "token"), tokens))
    return " · ".join(text if most is None else f"{text} of {most}" for text, most in used)


def back_line(done: PassStory) -> str:
    """Returns why and whereto the run went back after a pass."""
    return f"↩ back to {done.to}: {printable(done.why, 160)}"


def step_lines(console: Console, story: RunStory) -> list[str]:
    """Returns the steps of each pass with their effects."""
    passes = [*(done.steps for done in story.passes), story.steps]
    names = [printable(step.step, 60) for steps in passes for step in steps]
    width = max(map(columns, names), default=0)
    lines = _lines_of(console, passes[0], width)
    for done, steps in zip(story.passes, passes[1:], strict=True):
        lines += [f"  {back_line(done)}", *_lines_of(console, steps, width)]
    return lines


def _lines_of(console: Console, steps: list[StepStory], width: int) -> list[str]:
    lines: list[str] = []
    for step in steps:
        lines.append(f"  {step_line(console, step, width)}")
        lines += [f"      {effect_line(effect)}" for effect in step.effects]
    return lines


def check_lines(console: Console, story: RunStory) -> list[str]:
    """Returns the checks and whether they held."""
    return [
        f"  {symbol(console, 'success' if check.passed else 'failure')} {printable(check.check_id, 60)}"
        f"  {'held' if check.passed else 'did not hold'}  {printable(check.that, 160)}"
        for check in story.checks
    ]


def gate_lines(console: Console, story: RunStory) -> list[str]:
    """Returns the gates, in order: whether each let the work go on, and who or what said so."""
    return [f"  {gate_line(console, gate)}" for gate in story.gates]


def gate_line(console: Console, gate: GateStory, *, err: bool = False) -> str:
    """Returns what one gate said."""
    sign = symbol(console, "success" if gate.passed else "failure", err=err)
    step = f" {printable(gate.step, 60)}" if gate.step else ""
    return f"{sign} {printable(gate.gate, 60)}  {gate.when}{step}  {_said_of(gate)}".rstrip()


def _said_of(gate: GateStory) -> str:
    if gate.kind == "human" and gate.by is None:
        return "nobody answered in time"
    gave = "" if gate.passed else f"  {printable(gate.gave, 160)}"
    return f"{printable(gate.by or gate.kind, 60)}  {printable(gate.note, 160)}{gave}"


def child_lines(console: Console, story: RunStory) -> list[str]:
    """Returns the children with what became of each and what it cost."""
    return [
        f"  {symbol(console, _STATES.get(child.outcome or '', 'running'))}"
        f" {printable(child.run_id, 64)}  {printable(child.step, 60)}"
        f"  {child.outcome or 'never joined'}  {'critical  ' if child.critical else ''}"
        f"spent {money(child.spent_micro_cents)} of {money(child.ceiling_micro_cents)}"
        for child in story.children
    ]


def stage_lines(story: RunStory) -> list[str]:
    """Returns the stages that ran with their ids."""
    width = max((columns(printable(each.name, 60)) for each in story.stages), default=0)
    return [f"  {padded(printable(each.name, 60), width)}  {each.shown}" for each in story.stages]


def output_text(story: RunStory) -> str:
    """Returns the output as JSON, cut where it is long."""
    text = json_text(story.output)
    if len(text) <= MAX_OUTPUT:
        return text
    return f"{text[:MAX_OUTPUT]}\n… ({len(text) - MAX_OUTPUT} characters more)"
