"""The child that says what holds: its workflow file is that of a scenario that also gives its word."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import msgspec

from workc.kernel.values import Json, JsonObject
from workc.sim.json_text import spell_json

#: The step that runs it, as the engine names it.
RESOLVE = "resolve"


def speaking(file: bytes, says: Mapping[str, str]) -> bytes:
    """Returns a workflow file as one that is told of conflicts, and gives what holds by what it is about."""
    flow: JsonObject = msgspec.json.decode(file)
    flow["inputs"] = {"conflicts": {"type": "array"}}
    flow["output"] = cast("Json", dict(says))
    return spell_json(flow)
