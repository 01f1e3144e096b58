"""What is wrong with a stage before anything is run: with its ids, examples, properties, effects.

Every part is looked at, and what is wrong with it is said in a sentence. A property that can hold of
nothing, or an example that is none of the types, is refused here: it would be a check that does
nothing, or the blame of code that is right.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Container, Iterator
from difflib import get_close_matches
from typing import Literal, TypeAlias

import msgspec

from workc.kernel.catalog import CATALOG
from workc.stages.stage.field_kinds import Types, field_problem
from workc.stages.stage.identity import checked
from workc.stages.stage.properties import Implies, Not, Property, RoundTrip
from workc.stages.stage.refinements import StageError
from workc.stages.stage.subtyping import value_misfit
from workc.stages.stage.value import Example, Stage

_DIGEST = re.compile(r"[0-9a-f]{64}")
#: What may be declared beside Pure.
_BESIDE_PURE = frozenset({"Pure", "Fallible"})


class Flaw(msgspec.Struct, frozen=True):
    """One thing that is wrong: ``FORGED_ID`` where an id is not that of the content."""

    word: Literal["INVALID_DECLARATION", "FORGED_ID"]
    message: str


Known: TypeAlias = Container[str]


def flaws(stage: Stage, known: Known) -> tuple[Flaw, ...]:
    """Returns what is wrong with a stage; ``known`` are the stages that a property may name."""
    return (
        *_of_ids(stage),
        *(Flaw("INVALID_DECLARATION", each) for each in _of_effects(stage)),
        *(Flaw("INVALID_DECLARATION", each) for each in _of_examples(stage)),
        *(Flaw("INVALID_DECLARATION", each) for each in _of_properties(stage, known)),
    )


def _of_ids(stage: Stage) -> Iterator[Flaw]:
    try:
        checked(stage)
    except StageError as error:
        yield Flaw("FORGED_ID", str(error))
    said, code = stage.signature.implementation_hash, stage.implementation_code
    # What is no digest is a name that somebody gave, and says nothing of the code.
    if code is None or _DIGEST.fullmatch(said) is None:
        return
    found = hashlib.sha256(code.encode("utf-8", "surrogatepass")).hexdigest()
    if said != found:
        yield Flaw("FORGED_ID", f"implementation_hash is {said}, and that of the code {found}")


def _of_effects(stage: Stage) -> Iterator[str]:
    kinds = {effect.kind for effect in stage.signature.effects}
    beside = sorted(kinds - _BESIDE_PURE)
    if "Pure" in kinds and beside:
        yield f"effects: Pure has none, and {', '.join(beside)} is declared too"
    if "Unknown" in kinds and len(kinds) > 1:
        yield "effects: they are Unknown or they are named, not both"


def _of_examples(stage: Stage) -> Iterator[str]:
    for index, example in enumerate(stage.examples):
        if (why := _of_example(stage, example)) is not None:
            yield f"example {index}: {why}"


def _of_example(stage: Stage, example: Example) -> str | None:
    code = example.error_code
    if code is None:
        given = value_misfit(example.input, stage.signature.input)
        if given is not None:
            return f"input {given}"
        made = value_misfit(example.output, stage.signature.output)
        return None if made is None else f"output {made}"
    if code in CATALOG:
        return None
    near = get_close_matches(code[:60], CATALOG, n=1)
    meant = f"; did you mean {near[0]}?" if near else ""
    return f"{code!r:.60} is no failure code{meant}"


def _of_properties(stage: Stage, known: Known) -> Iterator[str]:
    types = Types(stage.signature.input, stage.signature.output)
    for index, each in enumerate(stage.properties):
        why = field_problem(each, types)
        if why is not None:
            yield f"property {index}: {why}"
        for name in _named(each):
            if name not in known:
                yield f"property {index}: round_trip by {name!r:.80}, which is no stage here that is run"


def _named(of: Property) -> Iterator[str]:
    match of:
        case RoundTrip():
            yield of.by
        case Not():
            yield from _named(of.property)
        case Implies():
            yield from _named(of.condition)
            yield from _named(of.then)
        case _:
            return


def named_stages(stage: Stage) -> tuple[str, ...]:
    """Returns the stages that the properties of a stage run, each once, sorted."""
    return tuple(sorted({name for each in stage.properties for name in _named(each)}))
