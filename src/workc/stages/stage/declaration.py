"""What is wrong with a stage before anything is run: with its ids, examples, properties, effects.

Every part is looked at, and what is wrong with it is said in a sentence, with its place. A property that
can hold of nothing, or an example that is none of the types, is refused here: it would be a check that
does nothing, or the blame of code that is right. Stages of files and of functions are held to the same.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Container, Iterator
from difflib import get_close_matches
from typing import Literal, TypeAlias

import msgspec

from workc.kernel.catalog import CATALOG
from workc.kernel.values import Json
from workc.stages.problem import tokens_of
from workc.stages.stage.field_kinds import Types, field_problem
from workc.stages.stage.identity import id_of, promise_of
from workc.stages.stage.properties import Implies, Not, Property, RoundTrip
from workc.stages.stage.subtyping import value_misfit
from workc.stages.stage.types import NType
from workc.stages.stage.value import Example, Stage

FlawWord: TypeAlias = Literal["INVALID_DECLARATION", "FORGED_ID"]
_EFFECTS = "/signature/effects"
_DIGEST = re.compile(r"[0-9a-f]{64}")
#: What may be declared beside Pure.
_BESIDE_PURE = frozenset({"Pure", "Fallible"})


class Flaw(msgspec.Struct, frozen=True):
    """One thing that is wrong: a JSON pointer (RFC 6901; empty: the whole), a sentence, and a word.

    The word is ``FORGED_ID`` where an id, or the digest of the code, is not that of the content.
    """

    at: str
    message: str
    word: FlawWord = "INVALID_DECLARATION"


def flaws(stage: Stage) -> Iterator[Flaw]:
    """Yields what is wrong with a stage in itself."""
    yield from _of_ids(stage)
    yield from _of_effects(stage)
    for index, example in enumerate(stage.examples):
        yield from _of_example(stage, example, f"/examples/{index}")
    types = Types(stage.signature.input, stage.signature.output)
    for index, each in enumerate(stage.properties):
        why = field_problem(each, types)
        if why is not None:
            yield Flaw(f"/properties/{index}", why)


def strangers(stage: Stage, known: Container[str]) -> Iterator[Flaw]:
    """Yields the properties that run a stage which is none of the known ones, by name or id."""
    for index, each in enumerate(stage.properties):
        for name in _named(each):
            if name not in known:
                message = f"round_trip by {name!r:.80}, which is no stage here"
                yield Flaw(f"/properties/{index}", message)


def _of_ids(stage: Stage) -> Iterator[Flaw]:
    of, code = stage.signature, stage.implementation_code
    pairs = {
        "/id": (stage.id, id_of(stage)),
        "/signature_id": (stage.signature_id, promise_of(stage)),
    }
    # What is no digest is a name that somebody gave, and says nothing of the code.
    if code is not None and _DIGEST.fullmatch(of.implementation_hash):
        found = hashlib.sha256(code.encode("utf-8", "surrogatepass")).hexdigest()
        pairs["/signature/implementation_hash"] = of.implementation_hash, found
    for at, (said, computed) in pairs.items():
        if said is not None and said != computed:
            message = f"it is {said!r:.70}, and that of the content {computed}"
            yield Flaw(at, message, "FORGED_ID")


def _of_effects(stage: Stage) -> Iterator[Flaw]:
    kinds = {effect.kind for effect in stage.signature.effects}
    beside = sorted(kinds - _BESIDE_PURE)
    if "Pure" in kinds and beside:
        yield Flaw(_EFFECTS, f"Pure has none, and {', '.join(beside)} is declared too")
    if "Unknown" in kinds and len(kinds) > 1:
        yield Flaw(_EFFECTS, "they are Unknown or they are named, not both")


def _of_example(stage: Stage, example: Example, at: str) -> Iterator[Flaw]:
    code = example.error_code
    if code is not None:
        # Its input may be none of the type: to be refused is what it is there for.
        yield from [] if code in CATALOG else [Flaw(f"{at}/error_code", _no_code(code))]
        return
    yield from _misfit(f"{at}/input", example.input, stage.signature.input)
    yield from _misfit(f"{at}/output", example.output, stage.signature.output)
    for pointer in example.tolerance:
        why = _no_number(example.output, pointer)
        if why is not None:
            yield Flaw(f"{at}/tolerance", f"{pointer!r:.80} names {why} in the output")


def _misfit(at: str, value: Json, of: NType) -> Iterator[Flaw]:
    why = value_misfit(value, of)
    if why is not None:
        inner, _, rest = why.partition(": ")
        yield Flaw(at + inner.removesuffix("/"), rest)


def _no_code(code: str) -> str:
    near = get_close_matches(code[:60], CATALOG, n=1)
    meant = f"; did you mean {near[0]}?" if near else ""
    return f"{code!r:.60} is no failure code{meant}"


def _no_number(value: Json, pointer: str) -> str | None:
    """Returns what a pointer names that is no number, or None if it names one."""
    here: Json = value
    for name in tokens_of(pointer):
        if isinstance(here, dict) and name in here:
            here = here[name]
        elif isinstance(here, list) and name in map(str, range(len(here))):
            here = here[int(name)]
        else:
            return "nothing"
    if pointer and not pointer.startswith("/"):
        return "nothing"
    is_number = isinstance(here, int | float) and not isinstance(here, bool)
    return None if is_number else "no number"


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


def names_of(stage: Stage) -> tuple[str, ...]:
    """Returns what a property may call a stage by: its name and its ids, as far as it has them."""
    return tuple(each for each in (stage.name, stage.id, stage.signature_id) if each)
