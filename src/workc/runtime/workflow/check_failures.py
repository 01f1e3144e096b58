"""Checks ``on_failure``: that it says one thing, of failures that there are and that it may be said of."""

from __future__ import annotations

from workc.kernel.catalog import CATALOG
from workc.kernel.fallbacks import NEVER_TOLERATED
from workc.kernel.values import Json, JsonObject
from workc.runtime.workflow.facts import Facts, texts
from workc.runtime.workflow.json_schema import FALLBACK_WORDS
from workc.runtime.workflow.place import Place, quoted
from workc.runtime.workflow.problems import suggest

_ONE_OF = ("then", "value", "skill")
_OF_SKILL = ("with", "retry", "timeout_ms")
#: What ``when`` may name.
_KNOWN = frozenset({*CATALOG, *(entry.category for entry in CATALOG.values())})


def check_failures(facts: Facts) -> None:
    """Reports what is wrong with what each step says of its failure, but for the skill it names."""
    for step_id, step in facts.steps():
        place: Place = ("steps", step_id, "on_failure")
        said = step.get("on_failure")
        if isinstance(said, str) and said not in FALLBACK_WORDS:
            choice = ", ".join(FALLBACK_WORDS)
            fix = suggest(said, FALLBACK_WORDS, f"write one of {choice}, or a value or a skill")
            facts.refuse(place, f"{quoted(said)} is not one of {choice}", fix)
        if isinstance(said, dict):
            _check_fields(facts, place, said)
            _check_when(facts, place, said)


def _check_fields(facts: Facts, place: Place, said: JsonObject) -> None:
    there = [key for key in _ONE_OF if key in said]
    if len(there) != 1:
        message = f"there is {' and '.join(there) or 'none'} of {', '.join(_ONE_OF)} here"
        facts.refuse_key(place, message, f"write one of {', '.join(_ONE_OF)}")
    for key in (key for key in _OF_SKILL if key in said and "skill" not in said):
        message = f"{key} is said of a skill, and there is none here"
        facts.refuse_key((*place, key), message, "add skill, or leave it out")


def _check_when(facts: Facts, place: Place, said: JsonObject) -> None:
    for index, code in enumerate(texts(said.get("when"))):
        at: Place = (*place, "when", index)
        if code not in _KNOWN:
            fix = suggest(code, _KNOWN, "`workc failures` lists the codes and their categories")
            facts.refuse(at, f"there is no failure code or category {quoted(code)}", fix)
        elif not _may_be_said(code, said.get("then")):
            message = f"nothing but abort may follow {code}"
            facts.refuse(at, message, "write then: abort, or leave the code out")


def _may_be_said(code: str, then: Json) -> bool:
    if then == "abort":
        return True
    of_it = [each for each, entry in CATALOG.items() if code in {each, entry.category}]
    return not NEVER_TOLERATED.issuperset(of_it)
