"""The stub answers that workc ships with, read from the resource ``stubs.json``."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import resources
from types import MappingProxyType
from typing import TypeAlias

from workc.kernel import jcs
from workc.kernel.values import Json, JsonObject

#: A table as users write it: a value is one answer or a list of them, see ``stub_tables``.
Responses: TypeAlias = Mapping[str, Mapping[str, Json]]


def _table(name: str) -> Responses:
    file = jcs.parse(resources.files("workc.skills").joinpath("stubs.json").read_bytes())
    table = file.get(name) if isinstance(file, dict) else None
    entries: JsonObject = table if isinstance(table, dict) else {}
    return MappingProxyType({key: _frozen(entry) for key, entry in entries.items()})


def _frozen(entry: Json) -> Mapping[str, Json]:
    return MappingProxyType(entry if isinstance(entry, dict) else {})


HTTP_STUB_RESPONSES = _table("http")
LLM_STUB_RESPONSES = _table("model")
