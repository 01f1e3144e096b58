"""``workc deny``: keeps a step that waits for a human from beginning."""

from __future__ import annotations

from workc.cli.deciding import deciding

command = deciding(
    "deny",
    "denied",
    "Keep a step that waits for a human from beginning, in a run (an id, the beginning of one, or "
    "`last`).",
)
