"""Makes planted stages: a function's code, its examples and what it declares, as Stage JSON."""

import hashlib
import textwrap
from dataclasses import dataclass, field

from workc.stages.stage.effect_set import effect_set
from workc.stages.stage.identity import id_of, signature_id
from workc.stages.stage.types import type_of_json
from workc.stages.stage.value import Stage, StageSignature, example_of_json, stage_json

ANY = {"kind": "Any"}
TEXT = {"kind": "Text"}
NUMBER = {"kind": "Number"}
NUMBERS = {"kind": "List", "value": NUMBER}
TEXTS = {"kind": "List", "value": TEXT}


def record(optional=(), **fields):
    rest = {"optional": list(optional)} if optional else {}
    return {"kind": "Record", "value": fields, **rest}


@dataclass(frozen=True)
class Planted:
    """One stage: ``code`` is the body of a function of ``x``, ``examples`` are pairs.

    ``word`` is what it must be found with; the empty one for a good stage. ``forge`` changes the JSON
    after its ids were made, ``head`` stands before the function.
    """

    code: str
    examples: list
    word: str = ""
    takes: dict = field(default_factory=lambda: ANY)
    gives: dict = field(default_factory=lambda: ANY)
    effects: tuple = ("Pure",)
    properties: tuple = ()
    head: str = ""
    forge: dict = field(default_factory=dict)
    effect: str = ""


def stage_of(name, of):
    """Returns the JSON of a planted stage."""
    code = f"{textwrap.dedent(of.head)}\ndef {name}(x):\n{textwrap.indent(of.code, '    ')}\n"
    takes, gives = type_of_json(of.takes), type_of_json(of.gives)
    effects = effect_set(of.effects)
    examples = [
        each
        if isinstance(each, dict) and "input" in each
        else {"input": each[0], "output": each[1]}
        for each in of.examples
    ]
    stage = Stage(
        id="",
        signature_id=signature_id(name, takes, gives, effects),
        signature=StageSignature(
            input=takes,
            output=gives,
            effects=effects,
            implementation_hash=hashlib.sha256(code.encode()).hexdigest(),
        ),
        description=name.replace("_", " "),
        examples=tuple(example_of_json(each, "an example") for each in examples),
        implementation_code=code,
        implementation_language="python",
        name=name,
    )
    said = {**stage_json(stage), "id": id_of(stage), "properties": list(of.properties)}
    return {**said, **of.forge}
