"""``workc approve``: lets a step begin that waits for a human."""

from __future__ import annotations

from workc.cli.deciding import deciding

command = deciding(
    "approve",
    "approved",
    "Let a step begin that waits for a human, in a run (an id, the beginning of one, or `last`).",
)
