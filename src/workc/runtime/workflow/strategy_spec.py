"""Strategies of a checked workflow as values."""

from __future__ import annotations

import msgspec

from workc.kernel.permille import WHOLE
from workc.kernel.values import JsonObject


class StrategySpec(msgspec.Struct, frozen=True, kw_only=True):
    """One strategy. ``when`` is an expression over the signals; its numbers are permille."""

    id: str
    when: str
    version: str = "1"
    threshold: int = 0
    weight: int = WHOLE
    parameters: JsonObject = {}


class SignalSpec(msgspec.Struct, frozen=True, kw_only=True):
    """One signal: an expression over the inputs and the feedback."""

    name: str
    that: str


#: What ``${strategy....}`` gives where none is applied.
NO_STRATEGY: JsonObject = {"id": "", "parameters": {}, "permille": 0, "version": ""}
