"""A scenario as a person would write it: YAML, and only what does not go without saying."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import cast

import msgspec

from workc.kernel.values import MAX_SAFE_INTEGER, Json, JsonObject
from workc.sim.json_text import spell_json
from workc.sim.scenario.scenario import Scenario
from workc.sim.scenario.scripts import Script, default_of
from workc.sim.scenario.variant import Variant, variant_json

#: Words that stand as they are: no reader of YAML takes them for anything else.
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_./-]*")
#: What no reader of YAML takes as it stands.
_ODD = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
_NOT_PLAIN = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n", "nan", "inf"})


def concise(value: object) -> Json:
    """Returns a part of a scenario as JSON, without what it says when it is left out."""
    if isinstance(value, Variant):
        return variant_json(value)
    if isinstance(value, Script):
        return dict(_members(value))
    if isinstance(value, tuple):
        return [concise(item) for item in cast("tuple[object, ...]", value)]
    return cast("Json", value)


def _members(value: Script) -> Iterator[tuple[str, Json]]:
    for field in msgspec.structs.fields(value):
        found = getattr(value, field.name)
        if found != default_of(field):
            yield field.encode_name, concise(found)


def yaml_text(scenario: Scenario) -> str:
    """Returns the text of a scenario file: YAML that every reader of it takes for the same."""
    return "\n".join([*_block(cast("JsonObject", concise(scenario)), ""), ""])


def _block(value: JsonObject, indent: str) -> Iterator[str]:
    for key, item in value.items():
        yield from _line(f"{indent}{_word(key)}:", item, f"{indent}  ")


def _line(head: str, item: Json, indent: str) -> Iterator[str]:
    if isinstance(item, dict) and item:
        yield head
        yield from _block(item, indent)
    elif isinstance(item, list) and item:
        yield head
        for each in item:
            yield from _item(each, indent)
    else:
        yield f"{head} {_word(item)}"


def _item(item: Json, indent: str) -> Iterator[str]:
    if not (isinstance(item, dict) and item):
        yield f"{indent}- {_word(item)}"
        return
    first, *rest = _block(item, f"{indent}  ")
    yield f"{indent}- {first.removeprefix(f'{indent}  ')}"
    yield from rest


def _word(value: Json) -> str:
    if isinstance(value, str) and _PLAIN.fullmatch(value) and value.lower() not in _NOT_PLAIN:
        return value
    if isinstance(value, int) and abs(value) > MAX_SAFE_INTEGER:
        # The seed: not every reader of YAML holds it as a number.
        return f'"{value}"'
    return _ODD.sub(lambda found: f"\\u{ord(found[0]):04x}", spell_json(value).decode())
