"""Runs something that can be watched and stopped, and says what came of it: for `run` and `resume`."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import msgspec

from workc.adapters.driver import Interrupted
from workc.api.launch import Watch
from workc.api.settings import RunDriver
from workc.cli import exits
from workc.cli.errors import show_failure
from workc.cli.progress import Progress
from workc.cli.raise_text import raise_command
from workc.cli.signals import Interruption
from workc.cli.state import State
from workc.cli.text import argument, count, json_text, money, printable, seconds, short
from workc.kernel.failure import Failure
from workc.runtime.outcome import StructuredOutcome

Action: TypeAlias = "Callable[[Watch, Callable[[RunDriver], None]], StructuredOutcome]"


def conduct(
    state: State,
    action: Action,
    progress: Progress,
    *,
    quiet: bool,
    out: Path | None,
    offline: bool = False,
    before_result: Callable[[StructuredOutcome], None] = lambda _: None,
) -> int:
    """Does the action under watch and returns what to exit with.

    ``out`` is where a copy of the bundle goes, as it was given. ``before_result`` is told the outcome
    before it is printed.
    What the work prints goes to stderr: stdout holds the result and nothing else.
    """

    def first() -> None:
        progress.say("stopping; press again to stop at once")

    def second(number: int) -> None:
        progress.abandon()
        # The code that is run may hold every other way out.
        os._exit(_interrupted(state, progress.run_id, number))

    with Interruption(first, second) as interruption:
        try:
            with state.streams.aside(), progress.shown():
                outcome = _told(state, action(progress, interruption.attach), out)
        except Interrupted:
            interruption.hold()
            return _interrupted(state, progress.run_id, interruption.received)
    before_result(outcome)
    _print_result(state, outcome)
    for note in outcome.notes:
        state.err(f"{state.console.paint('! warning', 'warn', err=True)}  {printable(note)}")
    if outcome.ok:
        if not quiet:
            _summary(state, outcome, progress)
    elif outcome.status == "paused":
        _waits(state, outcome)
    else:
        _failed(state, outcome, progress, quiet=quiet, offline=offline)
    return outcome.exit_code


def _told(state: State, outcome: StructuredOutcome, out: Path | None) -> StructuredOutcome:
    """Returns the outcome with its bundle named as the caller named its place or the store."""
    if outcome.bundle is None:
        return outcome
    return msgspec.structs.replace(outcome, bundle=state.shown(outcome.bundle, out))


def _print_result(state: State, outcome: StructuredOutcome) -> None:
    if state.json:
        state.document(outcome.to_json())
    elif outcome.result is not None:
        state.document(outcome.output)


def _summary(state: State, outcome: StructuredOutcome, progress: Progress) -> None:
    if outcome.run_id is None:
        return
    ceiling = progress.started.ceiling_micro_cents if progress.started is not None else None
    facts = (
        outcome.status if outcome.ok else f"{outcome.status} {outcome.code}",
        f"spent {money(outcome.cost_micro_cents)} of {money(ceiling)}",
        count(progress.timeline.records, "event"),
        seconds(outcome.timings.duration_ms),
        f"digest {short(outcome.proof_digest)}",
    )
    state.err(" · ".join(facts))
    for taken in outcome.fallbacks:
        mark = state.console.paint("!", "warn", err=True)
        state.err(f"  {mark} {printable(str(taken))}")
    for command in _next(state, outcome):
        state.advise("next", command)


def _next(state: State, outcome: StructuredOutcome) -> list[str]:
    run = f"{outcome.run_id}{state.store_option}"
    recursive = "--recursive " if outcome.children else ""
    return [
        *([] if outcome.ok else [f"workc explain {run}"]),
        f"workc show {run}",
        f"workc verify-bundle {recursive}{argument(str(outcome.bundle))}",
        f"workc replay {argument(str(outcome.bundle))}",
    ]


def _waits(state: State, outcome: StructuredOutcome) -> None:
    details = outcome.error["details"] if outcome.error else None
    waiting = details.get("waiting") if isinstance(details, dict) else None
    state.err(
        state.console.paint("? paused: a human has to say whether to go on", "warn", err=True)
    )
    for asked in waiting if isinstance(waiting, list) else ():
        if isinstance(asked, dict):
            state.err(f"  {printable(str(asked['step']))}: {printable(str(asked['question']))}")
            run = f"{asked.get('run_id')} --step {argument(str(asked['step']))} --by NAME"
            state.advise("try", f"workc approve {run}{state.store_option}")
            state.advise("try", f"workc deny {run}{state.store_option}")
    state.advise("next", f"workc resume {outcome.run_id}{state.store_option}")


def _failed(
    state: State,
    outcome: StructuredOutcome,
    progress: Progress,
    *,
    quiet: bool,
    offline: bool,
) -> None:
    where = f"{outcome.step}: " if outcome.step else ""
    failure = Failure(code=outcome.code, message=f"{where}{outcome.message}")
    details = outcome.error["details"] if outcome.error else None
    # What --offline denies, no other option allows.
    denied = offline and outcome.code == "EXTERNAL_CALL_BLOCKED"
    show_failure(state, failure, ("run it without --offline",) if denied else ())
    higher = None if outcome.run_id is None else raise_command(state, outcome.run_id)
    if higher is not None:
        state.advise("try", higher)
    problems = details.get("problems") if isinstance(details, dict) else None
    if isinstance(problems, list) and len(problems) > 1:
        for problem in problems:
            state.err(f"  - {printable(str(problem))}")
    if state.debug and details:
        state.console.err(json_text(details))
    if outcome.run_id is None:
        state.advise("try", f"workc explain {outcome.code}")
    elif not quiet:
        _summary(state, outcome, progress)


def _interrupted(state: State, run_id: str | None, received: int | None) -> int:
    code = exits.exit_of_signal(received)
    tries = [] if run_id is None else [f"workc resume {run_id}{state.store_option}"]
    kept = "before it began" if run_id is None else f"run {run_id} is kept and can be resumed"
    if state.json:
        state.document(
            {
                "schema": "workc.error/1",
                "ok": False,
                "status": "interrupted",
                "code": "HALTED",
                "message": "the run was interrupted; what it did is kept"
                if tries
                else "the run was interrupted before it began",
                "hint": "Resume the run." if tries else "Run it again.",
                "details": {"run_id": run_id},
                "try": [*tries],
                "exit": code,
            }
        )
    state.err(f"interrupted · {kept}")
    for command in tries:
        state.advise("try", command)
    return code
