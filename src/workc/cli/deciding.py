"""What `approve` and `deny` share: a human says whether a step that waits may begin."""

from __future__ import annotations

from typing import Literal

import click

from workc.api.approvals import Decided, decide
from workc.cli import exits, options
from workc.cli.console import Style
from workc.cli.errors import Stopped
from workc.cli.state import State
from workc.cli.stores import open_store
from workc.cli.text import argument, printable
from workc.kernel.failure import Refusal
from workc.runtime.children import family_of

_WORDS: dict[str, str] = {"approved": "✓ approved", "denied": "✗ denied"}
_STYLES: dict[str, Style] = {"approved": "good", "denied": "bad"}


def deciding(name: str, decision: Literal["approved", "denied"], text: str) -> click.Command:
    """Returns the command ``name``, which records this decision; ``text`` is its help."""

    @click.command(name, help=text, epilog=f"Example: workc {name} last --step deploy --by ann")
    @click.argument("run", metavar="RUN")
    @click.option("--step", metavar="STEP", help="Which step, if several wait.")
    @click.option("--by", required=True, metavar="NAME", help="Who decides; it is recorded.")
    @click.option("--note", default="", metavar="TEXT", help="Why; it is recorded.")
    @options.store
    @options.common
    @click.pass_obj
    def command(state: State, *, run: str, step: str | None, by: str, note: str) -> int:
        state.tries = (f"workc ls --status paused{state.store_option}",)
        given = f" --by {argument(by)}" + (f" --note {argument(note)}" if note else "")
        try:
            found = decide(open_store(state), run, decision, by=by, note=note, step=step)
        except Refusal as refusal:
            details = refusal.failure.details
            steps, late = details.get("waiting"), details.get("resume")
            head = f"workc {name} {argument(run)} --step"
            if isinstance(steps, list):
                tries = [f"{head} {argument(str(s))}{given}{state.store_option}" for s in steps]
            elif late is not None:
                tries = [f"workc resume {argument(str(late))}{state.store_option}"]
            else:
                raise
            raise Stopped(refusal.failure, tries) from None
        if state.json:
            state.document(found.to_json())
        else:
            _show(state, found)
        return exits.OK

    return command


def _show(state: State, found: Decided) -> None:
    word = state.console.paint(_WORDS[found.decision], _STYLES[found.decision])
    note = f": {printable(found.note)}" if found.note else ""
    state.out(f"{word}  {found.step} · by {printable(found.by)}{note}")
    if found.open:
        state.err(f"  {found.open} more to decide")
        state.advise("next", f"workc show {found.run_id}{state.store_option}")
        return
    # A child goes on with the run that it belongs to.
    state.advise("next", f"workc resume {family_of(found.run_id)}{state.store_option}")
