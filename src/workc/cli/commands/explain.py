"""``workc explain``: a code, or a run, in plain words; it works without a network."""

from __future__ import annotations

import re

import click

from workc.api.explanation import explain
from workc.api.sources import Source
from workc.api.story import RunStory, tell
from workc.api.verdict_explanation import explain_verdict
from workc.api.verification import verify_bundle
from workc.cli import exits, options
from workc.cli.catalog_text import ORACLE_CODES, entry_json, entry_lines, unknown_code
from workc.cli.named import named_source
from workc.cli.next_text import unsealed_lines
from workc.cli.state import State
from workc.cli.text import printable
from workc.kernel.catalog import CATALOG
from workc.kernel.failure import Refusal
from workc.kernel.values import JsonObject
from workc.verify.registry import rules_of
from workc.verify.verdict import Verdict

_UNPROVEN = "The records say what follows; none of it is proven."
_RULE = re.compile(r"[0-9A-Z]+\.[0-9]+")
_CODE = re.compile(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*")


@click.command("explain", epilog="Example: workc explain BUDGET_EXCEEDED")
@click.argument("subject", metavar="CODE|RULE|RUN|BUNDLE")
@options.store
@options.common
@click.pass_obj
def command(state: State, subject: str) -> int:
    """Explain a failure code, a finding or rule of verify-bundle, a run or a bundle."""
    code = subject.upper()
    if code in CATALOG or code in ORACLE_CODES:
        _explain_code(state, code)
    elif _RULE.fullmatch(code) and rules_of(code):
        _explain_rule(state, code)
    elif _CODE.fullmatch(subject) and "_" in subject:
        raise unknown_code(subject)
    else:
        _explain_run(state, subject)
    return exits.OK


def _explain_rule(state: State, number: str) -> None:
    sentences = [
        f"{rule.paragraph}: {rule.text} Else: {rule.code}, step {rule.step}."
        for rule in rules_of(number)
    ]
    if state.json:
        state.document({**_code_json(number), "sentences": [*sentences]})
        return
    for sentence in sentences:
        state.out(f"{number}  {printable(sentence, 1000)}")


def _explain_code(state: State, code: str) -> None:
    if state.json:
        state.document(_code_json(code))
        return
    if code in CATALOG:
        for line in entry_lines(CATALOG[code]):
            state.out(line)
    if code in ORACLE_CODES:
        state.out(f"{code}  as a finding of verify-bundle: {ORACLE_CODES[code]}")


def _code_json(code: str) -> JsonObject:
    entry = entry_json(CATALOG[code]) if code in CATALOG else None
    return {
        "schema": "workc.explain/1",
        "subject": code,
        "failure": entry,
        "finding": ORACLE_CODES.get(code),
        "verdict": None,
        "sentences": [],
    }


def _explain_run(state: State, subject: str) -> None:
    source = named_source(state, subject, "explain")
    verdict = verify_bundle(source.path) if source.sealed else None
    story = _story(source, verdict)
    sentences = _sentences(
        explain(story) if story else [f"{source.refusal().failure.message}."], verdict
    )
    if state.json:
        code = story.code if story else None
        state.document(
            {
                "schema": "workc.explain/1",
                "subject": story.run_id if story else str(source.path),
                "failure": entry_json(CATALOG[code]) if code in CATALOG else None,
                "finding": None,
                "verdict": verdict.verdict if verdict else None,
                "sentences": [*sentences],
            }
        )
        return
    for sentence in sentences:
        state.out(printable(sentence, 1000))
    if story is not None and not story.sealed and source.damage is None:
        for line in unsealed_lines(story, state.store_option):
            state.advise("try", line)


def _sentences(told: list[str], verdict: Verdict | None) -> list[str]:
    """Returns the story and the verdict; a story that is not proven stands behind what says so."""
    if verdict is None:
        return told
    if verdict.ok:
        return [*told, *explain_verdict(verdict)]
    return [*explain_verdict(verdict), _UNPROVEN, *told]


def _story(source: Source, verdict: Verdict | None) -> RunStory | None:
    """Returns what the records tell; those of a bundle that can be judged may tell nothing."""
    try:
        return tell(source)
    except Refusal:
        if verdict is None:
            raise
        return None
