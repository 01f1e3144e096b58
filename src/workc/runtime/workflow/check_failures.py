"""Checks ``on_failure``: that it says one thing, of failures that there are and that it may be said of."""

from __future__ import annotations

from workc.kernel.values import JsonObject
from workc.runtime.workflow.facts import Facts, texts
from workc.runtime.workflow.fallback_codes import problem_of
from workc.runtime.workflow.json_schema import FALLBACK_OF_SKILL, FALLBACK_WAYS, FALLBACK_WORDS
from workc.runtime.workflow.place import Place, quoted
from workc.runtime.workflow.problems import not_one, suggest


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
    there = [key for key in FALLBACK_WAYS if key in said]
    if len(there) != 1:
        facts.refuse_key(place, *not_one(there, FALLBACK_WAYS))
    for key in (key for key in FALLBACK_OF_SKILL if key in said and "skill" not in said):
        message = f"{key} is said of a skill, and there is none here"
        facts.refuse_key((*place, key), message, "add skill, or leave it out")


def _check_when(facts: Facts, place: Place, said: JsonObject) -> None:
    for index, code in enumerate(texts(said.get("when"))):
        problem = problem_of(code, said.get("then"))
        if problem is not None:
            facts.refuse((*place, "when", index), *problem)
