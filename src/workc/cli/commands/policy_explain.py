"""``workc policy explain``: which rule decided what in a run, from its records alone."""

from __future__ import annotations

import click

from workc.api.policy_explanation import Decision, PolicyStory, explain_policy
from workc.cli import exits, options
from workc.cli.named import named_source
from workc.cli.state import State
from workc.cli.text import argument, json_text, printable, short


@click.command("explain", epilog="Example: workc policy explain last")
@click.argument("run", metavar="RUN_OR_BUNDLE")
@options.store
@options.common
@click.pass_obj
def command(state: State, run: str) -> int:
    """Say which rule allowed, refused or asked what in a run; nothing is verified here."""
    source = named_source(state, run, "policy explain")
    story = explain_policy(source)
    if state.json:
        state.document(story.to_json())
        return exits.OK
    _show(state, story)
    if source.sealed:
        state.advise("try", f"workc verify-bundle {argument(str(source.path))}")
    return exits.OK


def _show(state: State, story: PolicyStory) -> None:
    name = f" · {printable(story.name, 60)}" if story.name else ""
    rules = short(story.rules_sha256)
    state.out(f"policy   {printable(story.id, 60)}{name} · rules sha256:{rules}")
    for key, said in story.rules.items():
        if key != "policy":
            state.out(
                f"rule     {printable(key)}: {printable(' '.join(json_text(said).split()), 2000)}"
            )
    for effect in story.declared or ():
        state.out(f"effect   {printable(effect, 1000)}")
    if story.declared is None:
        state.out("effect   not bounded: neither the workflow nor the policy names any")
    for decision in story.decisions:
        state.out(_line(decision))
    if not story.decisions:
        state.out("nothing was asked for that a policy could refuse")


def _line(decision: Decision) -> str:
    subject = printable(decision.subject, 1000)
    rule = printable(decision.rule, 1000)
    step = printable(decision.step or "the run", 60)
    return f"{decision.verdict:<8} {step}: {subject} · by {rule}"
