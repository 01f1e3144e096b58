"""Runs something that can be watched and stopped, and says what came of it: for `run` and `resume`."""

from __future__ import annotations

import contextlib
import signal
import sys
from collections.abc import Callable
from typing import TypeAlias

from workc.adapters.driver import Interrupted
from workc.api.launch import Watch
from workc.api.settings import RunDriver
from workc.cli import exits
from workc.cli.errors import show_failure
from workc.cli.progress import Progress
from workc.cli.signals import Interruption
from workc.cli.state import State
from workc.cli.text import count, json_text, money, printable, seconds
from workc.kernel.failure import Failure
from workc.runtime.outcome import StructuredOutcome

Action: TypeAlias = "Callable[[Watch, Callable[[RunDriver], None]], StructuredOutcome]"

_DIGEST_CHARS = 12


def conduct(state: State, action: Action, progress: Progress, *, quiet: bool) -> int:
    """Does the action under watch and returns what to exit with.

    What the work prints goes to stderr: stdout holds the result and nothing else.
    """
    with Interruption() as interruption:
        try:
            with progress.shown(), contextlib.redirect_stdout(sys.stderr):
                outcome = action(progress, interruption.attach)
        except Interrupted:
            return _interrupted(state, progress.run_id, interruption.received)
    _print_result(state, outcome)
    if outcome.ok:
        if not quiet:
            _summary(state, outcome, progress)
    else:
        _failed(state, outcome, progress, quiet=quiet)
    return outcome.exit_code


def _print_result(state: State, outcome: StructuredOutcome) -> None:
    if state.json:
        state.document(outcome.to_json())
    elif outcome.result is not None:
        state.out(json_text(outcome.output))


def _summary(state: State, outcome: StructuredOutcome, progress: Progress) -> None:
    if outcome.run_id is None:
        return
    ceiling = progress.started.ceiling_micro_cents if progress.started is not None else None
    digest = (outcome.proof_digest or "")[:_DIGEST_CHARS]
    facts = (
        outcome.status if outcome.ok else f"{outcome.status} {outcome.code}",
        f"spent {money(outcome.cost_micro_cents)} of {money(ceiling)}",
        count(progress.timeline.records, "event"),
        seconds(outcome.timings.duration_ms),
        f"digest {digest}",
    )
    state.err(" · ".join(facts))
    for command in _next(state, outcome):
        state.err(f"  next: {command}")


def _next(state: State, outcome: StructuredOutcome) -> list[str]:
    return [
        f"workc show {outcome.run_id}{state.store_option}",
        f"workc verify-bundle {printable(str(outcome.bundle))}",
        f"workc replay {printable(str(outcome.bundle))}",
    ]


def _failed(state: State, outcome: StructuredOutcome, progress: Progress, *, quiet: bool) -> None:
    where = f"{outcome.step}: " if outcome.step else ""
    failure = Failure(code=outcome.code, message=f"{where}{outcome.message}")
    details = outcome.error["details"] if outcome.error else None
    show_failure(state, failure)
    problems = details.get("problems") if isinstance(details, dict) else None
    if isinstance(problems, list) and len(problems) > 1:
        for problem in problems:
            state.err(f"  - {printable(str(problem))}")
    if state.debug and details:
        state.err(json_text(details))
    if not quiet:
        state.err(f"  try: workc explain {outcome.code}")
        _summary(state, outcome, progress)


def _interrupted(state: State, run_id: str | None, received: int | None) -> int:
    code = exits.SIGTERM if received == signal.SIGTERM else exits.SIGINT
    command = f"workc resume {run_id}{state.store_option}"
    if state.json:
        state.document(
            {
                "schema": "workc.error/1",
                "ok": False,
                "status": "interrupted",
                "code": "HALTED",
                "message": "the run was interrupted; what it did is kept",
                "hint": "Resume the run.",
                "details": {"run_id": run_id},
                "try": [command],
                "exit": code,
            }
        )
    state.err(f"interrupted · run {run_id} is kept and can be resumed")
    state.err(f"  try: {command}")
    return code
