"""``workc stage get``: a stage, its ids computed again, and what has replaced it."""

from __future__ import annotations

from pathlib import Path

import click

from workc.cli import exits
from workc.cli.options import common
from workc.cli.registries import registry_at, registry_option
from workc.cli.state import State
from workc.cli.text import json_text, printable
from workc.kernel.values import Json
from workc.stages.stage.identity import evidence_id
from workc.stages.stage.property_text import property_text
from workc.stages.stage.types import type_text
from workc.stages.stage.value import Stage, stage_json


@click.command("get", epilog="Example: workc stage get 980de483")
@click.argument("stage_id", metavar="ID")
@registry_option
@common
@click.pass_obj
def command(state: State, *, stage_id: str, registry: Path) -> int:
    """Print a stage; --json prints all of it, to be added elsewhere.

    ID is an id, the beginning of one, or the name of a stage.
    """
    place = registry_at(state, registry)
    row = place.named(stage_id)
    stage = place.load(row)
    *_, current = place.chain(row.id)
    if state.json:
        state.document(
            {
                "schema": "workc.stage/1",
                "stage": stage_json(stage),
                "evidence_id": evidence_id(stage),
                "current": current.id,
            }
        )
        return exits.OK
    _show(state, stage)
    if current.id != row.id:
        state.out(f"current      {current.id}  {current.state}")
    return exits.OK


def _show(state: State, stage: Stage) -> None:
    of = stage.signature
    effects = (
        " ".join(str(part) for part in (e.kind, e.of) if part is not None) for e in of.effects
    )
    facts = {
        "name": stage.name,
        "description": stage.description,
        "takes": type_text(of.input),
        "gives": type_text(of.output),
        "effects": ", ".join(effects) or "none",
        "state": stage.lifecycle.state,
        "tags": ", ".join(stage.tags),
        "aliases": ", ".join(stage.aliases),
        "id": stage.id,
        "signature": stage.signature_id,
        "evidence": evidence_id(stage),
        "code": stage.implementation_language if stage.implementation_code else None,
    }
    for word, said in facts.items():
        if said:
            state.out(f"{word:<12} {printable(said, 2000)}")
    for example in stage.examples:
        state.out(f"{'example':<12} {_flat(example.input)} → {_flat(example.output)}")
    for each in stage.properties:
        state.out(f"{'property':<12} {printable(property_text(each), 1000)}")


def _flat(value: Json) -> str:
    return printable(" ".join(json_text(value, indent=0).split("\n")), 500)
