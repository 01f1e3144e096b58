"""The page of a stage as blocks, which ``page_markdown`` and ``page_html`` write down.

A page says what the stage itself says: nothing of it is made up, and each part that is there is shown.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeAlias, cast

import msgspec

from workc.kernel import jcs
from workc.kernel.values import Json, JsonObject
from workc.stages.stage.effect_set import Effect
from workc.stages.stage.examples import REASONS, skip_reason
from workc.stages.stage.identity import evidence_id
from workc.stages.stage.property_text import property_text
from workc.stages.stage.types import type_text
from workc.stages.stage.value import Stage, stage_json

#: A value that is longer is cut in a table.
MAX_CELL = 500


class Code(msgspec.Struct, frozen=True):
    """Text that is shown as it is typed."""

    text: str


class Link(msgspec.Struct, frozen=True):
    """The id of another stage, which may have a page."""

    stage: str


Cell: TypeAlias = str | Code | Link


class Heading(msgspec.Struct, frozen=True):
    """A heading; level 1 is that of the page."""

    level: int
    text: str


class Paragraph(msgspec.Struct, frozen=True):
    """Text without any marks."""

    text: str


class Table(msgspec.Struct, frozen=True):
    """Rows below heads; every row has as many cells as there are heads."""

    heads: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


class Listing(msgspec.Struct, frozen=True):
    """Code of a language, as a block."""

    text: str
    language: str


Block: TypeAlias = Heading | Paragraph | Table | Listing

_EFFECTS: Mapping[str, str] = {
    "Cost": "may cost up to {} cents",
    "Fallible": "may fail",
    "FsRead": "reads {}",
    "FsWrite": "writes {}",
    "Llm": "asks the model {}",
    "Network": "uses the network",
    "NonDeterministic": "may give another output for the same input",
    "Process": "runs programs",
    "Pure": "computes its output from its input alone",
    "Unknown": "does what nobody has said",
}


def title_of(stage: Stage) -> str:
    """Returns what a stage is called: its name, or the beginning of its id."""
    return stage.name or stage.id[:12]


def effect_text(effect: Effect) -> str:
    """Returns what an effect is in words.

    >>> effect_text(Effect("FsRead", "/etc"))
    'reads /etc'
    """
    return _EFFECTS[effect.kind].format(effect.of)


def page_of(stage: Stage) -> list[Block]:
    """Returns the blocks of a stage's page."""
    facts = Table(("part", "what the stage says"), tuple(_facts(stage)))
    return [
        Heading(1, title_of(stage)),
        Paragraph(stage.description),
        facts,
        *_examples(stage),
        *_properties(stage),
        *_code(stage),
        *_evidence(stage),
    ]


def _facts(stage: Stage) -> Iterator[tuple[Cell, Cell]]:
    of = stage.signature
    yield "takes", Code(type_text(of.input))
    yield "gives", Code(type_text(of.output))
    effects = "; ".join(map(effect_text, of.effects))
    yield "effects", effects or "none: it may do nothing but compute"
    yield "state", stage.lifecycle.state
    if stage.lifecycle.successor_id is not None:
        yield "replaced by", Link(stage.lifecycle.successor_id)
    lists = {
        "tags": stage.tags,
        "also called": stage.aliases,
        "needs": sorted(stage.capabilities),
    }
    for word, listed in lists.items():
        if listed:
            yield word, ", ".join(listed)
    cost: JsonObject = msgspec.to_builtins(stage.cost)
    yield from ((f"cost: {name}", str(said)) for name, said in cost.items() if said is not None)


def _examples(stage: Stage) -> Iterator[Block]:
    yield Heading(2, "Examples")
    listed = cast("list[JsonObject]", stage_json(stage)["examples"])
    if not listed:
        yield Paragraph("There are none.")
        return
    heads = [name for name in _HEADS if any(name in each for each in listed)]
    rows = tuple(tuple(_cell(each, name) for name in heads) for each in listed)
    yield Table(tuple(heads), rows)


#: What an example may say, in the order of the columns.
_HEADS = ("input", "output", "error_code", "tolerance")


def _cell(example: JsonObject, name: str) -> Cell:
    return Code(_spelled(example[name])) if name in example else ""


def _spelled(value: Json) -> str:
    text = jcs.encode(value).decode()
    return text if len(text) <= MAX_CELL else f"{text[:MAX_CELL]}… ({len(text)} characters)"


def _properties(stage: Stage) -> Iterator[Block]:
    if stage.properties:
        yield Heading(2, "What always holds")
        yield Table(("property",), tuple((property_text(each),) for each in stage.properties))


def _code(stage: Stage) -> Iterator[Block]:
    if stage.implementation_code is not None:
        yield Heading(2, "Implementation")
        yield Listing(stage.implementation_code, stage.implementation_language or "")


def _evidence(stage: Stage) -> Iterator[Block]:
    yield Heading(2, "Evidence")
    yield Paragraph(_how_verified(stage))
    rows: list[tuple[Cell, Cell]] = [
        ("id", Code(stage.id)),
        ("signature id", Code(stage.signature_id or "")),
        ("evidence id", Code(evidence_id(stage))),
        ("implementation", Code(stage.signature.implementation_hash)),
    ]
    if stage.signer_public_key is not None:
        rows.append(("signed with the key", Code(stage.signer_public_key)))
    yield Table(("what", "digest"), tuple(rows))


def _how_verified(stage: Stage) -> str:
    reason = skip_reason(stage)
    count = f"{len(stage.examples)} example{'' if len(stage.examples) == 1 else 's'}"
    how = (
        f"It is verified by {count}: each is run, and its output compared as canonical JSON."
        if reason is None
        else f"Its examples do not verify it: {REASONS[reason]}."
    )
    signed = (
        "It is not signed."
        if stage.ed25519_signature is None
        else "It is signed; whether by whom you trust, `workc stage verify` says."
    )
    return f"{how} {signed}"
