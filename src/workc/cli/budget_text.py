"""A budget in words."""

from __future__ import annotations

from workc.cli.text import count, money, seconds
from workc.kernel.payloads import Limits, given


def budget_text(ceiling_micro_cents: int, limits: Limits) -> str:
    """Returns a ceiling with the limits beside it: ``$0.50, 3 calls, 5,000 tokens, 60.00 s``."""
    calls, tokens, wall_ms = given(limits.calls), given(limits.tokens), given(limits.wall_ms)
    parts = [
        money(ceiling_micro_cents),
        "" if calls is None else count(calls, "call"),
        "" if tokens is None else count(tokens, "token"),
        "" if wall_ms is None else seconds(wall_ms),
    ]
    return ", ".join(part for part in parts if part)
