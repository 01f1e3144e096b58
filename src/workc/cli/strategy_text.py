"""Strategies as lines: how each was weighed in each pass, and which one was applied."""

from __future__ import annotations

from workc.api.story import RunStory
from workc.api.strategy_story import StrategyStory, why
from workc.cli.console import Console
from workc.cli.story_text import symbol
from workc.cli.text import printable


def strategy_lines(console: Console, story: RunStory) -> list[str]:
    """Returns the strategies of each pass, the best first."""
    passes = max((each.pass_number for each in story.strategies), default=1)
    return [_line(console, each, passes) for each in story.strategies]


def _line(console: Console, story: StrategyStory, passes: int) -> str:
    sign = symbol(console, "success" if story.applied else "skipped")
    where = f"pass {story.pass_number}  " if passes > 1 else ""
    name = f"{printable(story.id, 64)} {printable(story.version, 64)}"
    return f"  {sign} {where}{name}  {story.match} permille  {printable(why(story), 160)}"
