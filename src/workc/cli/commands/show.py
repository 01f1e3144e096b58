"""``workc show``: what the records of a run say, unfinished runs too; nothing is verified here."""

from __future__ import annotations

import click

from workc.api.sources import Line, Source, stands
from workc.api.story import RunStory, tell, tell_step
from workc.api.timeline import plain
from workc.cli import exits, options
from workc.cli.errors import Stopped, stop
from workc.cli.lens_text import lens_lines
from workc.cli.named import named_source
from workc.cli.next_text import next_lines
from workc.cli.plan_text import plan_lines
from workc.cli.state import State
from workc.cli.story_text import (
    check_lines,
    child_lines,
    gate_lines,
    header_lines,
    output_text,
    stage_lines,
    step_lines,
)
from workc.cli.strategy_text import strategy_lines
from workc.cli.text import argument, json_text, printable
from workc.kernel.failure import Refusal
from workc.kernel.values import Json, JsonObject


@click.command("show", epilog="Example: workc show last fetch")
@click.argument("run", metavar="RUN_OR_BUNDLE")
@click.argument("step", required=False)
@click.option("--events", is_flag=True, help="One line for each event instead.")
@options.store
@options.common
@click.pass_obj
def command(state: State, run: str, step: str | None, events: bool) -> int:  # noqa: FBT001 - click calls it by name
    """Show what happened in a run (an id, the beginning of one, `last`, or a bundle)."""
    if events and step is not None:
        message = "--events shows the whole run, so it takes no STEP"
        raise stop("INVALID_INPUT", message, f"workc show {argument(run)} --events")
    source = _source(state, run) if step is None else named_source(state, run, "show")
    where = argument(str(source.path))
    if source.sealed:
        state.tries = (f"workc verify-bundle {where}", f"workc explain {where}")
    if events:
        _show_events(state, source)
    elif step is not None:
        state.tries = (f"workc show {argument(run)}{state.store_option}",)
        _show_step(state, tell_step(source, step))
    elif state.json:
        state.document(tell(source).to_json())
    else:
        _show_run(state, tell(source))
    return exits.OK


def _source(state: State, run: str) -> Source:
    """Returns the run; the name of a step alone is refused with the run that has it."""
    try:
        return named_source(state, run, "show")
    except Stopped:
        if stands(run) or not _has_step(state, run):
            raise
    message = f"{printable(run)} is no run, but a step of the newest one"
    raise stop("INVALID_INPUT", message, f"workc show last {argument(run)}{state.store_option}")


def _has_step(state: State, name: str) -> bool:
    try:
        return any(step.step == name for step in tell(named_source(state, "last", "show")).steps)
    except Refusal:
        return False


def _show_run(state: State, story: RunStory) -> None:
    console = state.console
    sections = [
        ("lens", lens_lines(console, story.lens)),
        ("strategies", strategy_lines(console, story)),
        ("plans", plan_lines(console, story)),
        ("steps", step_lines(console, story)),
        ("stages", stage_lines(story)),
        ("gates", gate_lines(console, story)),
        ("children", child_lines(console, story)),
        ("checks", check_lines(console, story)),
        ("notes", [f"  {printable(note)}" for note in story.notes]),
    ]
    for line in header_lines(console, story):
        state.out(line)
    for name, lines in sections:
        if lines:
            _show_section(state, name, lines)
    if story.has_output:
        _show_section(state, "output", [])
        # As it is: it is not ours to break.
        console.out(output_text(story))
    for line in next_lines(story, state.store_option):
        state.advise("try", line)


def _show_section(state: State, name: str, lines: list[str]) -> None:
    state.out()
    state.out(state.console.paint(name, "weak"))
    for line in lines:
        state.out(line)


def _show_step(state: State, found: JsonObject) -> None:
    if state.json:
        state.document(found)
        return
    state.out(" · ".join(printable(str(found[name])) for name in ("step", "skill", "status")))
    records = found["records"]
    for record in records if isinstance(records, list) else []:
        if isinstance(record, dict):
            _show_record(state, record)


def _show_record(state: State, record: JsonObject) -> None:
    attempt = f"  attempt {record['attempt']}" if "attempt" in record else ""
    state.out(f"\n{record['seq']}  {record['kind']}{attempt}")
    for key, value in record.items():
        if key not in {"seq", "kind", "at_ms", "attempt"}:
            # As it is: it is not ours to break.
            state.console.out(f"  {key}: {_indented(value)}")


def _indented(value: Json) -> str:
    return json_text(value).replace("\n", "\n  ")


def _show_events(state: State, source: Source) -> None:
    lines = list(source.lines())
    if not lines and source.notes:
        raise source.refusal()
    if state.json:
        events: list[Json] = [_event(line) for line in lines]
        state.document({"schema": "workc.events/1", "verified": False, "events": events})
    else:
        head = f"{'event':>5}  {'place':10}  {'phase':8}  {'kind':16}  what"
        state.out(state.console.paint(head, "weak"))
        for line in lines:
            state.out(_event_line(line))
    for note in source.notes:
        state.err(f"  note: {printable(note)}")


def _event(line: Line) -> JsonObject:
    return {
        "seq": line.seq,
        "at": [*line.at],
        "at_ms": line.at_ms,
        "phase": line.phase,
        "kind": line.kind,
        "payload": plain(line.payload),
    }


def _event_line(line: Line) -> str:
    place = ".".join(map(str, line.at))
    facts = [getattr(line.payload, name, None) for name in ("step", "skill", "attempt", "code")]
    failure = getattr(line.payload, "failure", None)
    facts.append(getattr(failure, "code", None))
    shown = "  ".join(printable(str(fact), 80) for fact in facts if isinstance(fact, str | int))
    return f"{line.seq:>5}  {place:10}  {line.phase:8}  {line.kind:16}  {shown}".rstrip()
