"""The JSON values that cross every boundary, as types.

A :data:`Json` is what RFC 8259 can say and no more: no tuple, no bytes, no NaN. Code that
receives anything else turns it into this (``workc.kernel.jcs.normalise``) or refuses it.
"""

from __future__ import annotations

from typing import TypeAlias

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"
JsonObject: TypeAlias = "dict[str, Json]"

#: The largest integer that every JSON reader holds exactly (RFC 7493, section 2.2).
MAX_SAFE_INTEGER = 2**53 - 1
