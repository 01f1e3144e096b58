"""The commands that may come next of a run that is shown or explained."""

from __future__ import annotations

import time

from workc.api.story import RunStory
from workc.cli.text import argument
from workc.runtime.children import family_of


def next_lines(story: RunStory, store_option: str) -> list[str]:
    """Returns the commands that may come next; ``store_option`` is what finds the run's store."""
    if not story.sealed:
        return unsealed_lines(story, store_option)
    path = argument(story.path)
    found = [f"workc verify-bundle {path}", f"workc replay {path}"]
    return found if story.code is None else [f"workc explain {story.code}", *found]


def unsealed_lines(story: RunStory, store_option: str) -> list[str]:
    """Returns the commands that may come next of a run that has not ended."""
    if story.status == "running":
        return []
    if story.status == "paused":
        return _paused_lines(story, store_option, time.time_ns() // 1_000_000)
    if story.code is not None:
        # A journal that is damaged does not go on.
        return [f"workc explain {story.code}"]
    return [f"workc resume {family_of(story.run_id)}{store_option}"]


def _paused_lines(story: RunStory, store_option: str, now_ms: int) -> list[str]:
    """Returns how each step is decided on; what nobody decided in time, the run itself does."""
    asked = [one for one in story.waiting if not one.is_over(now_ms)]
    lines = [
        f"workc {word} {one.run_id} --step {argument(one.step)} --by NAME{store_option}"
        for one in asked
        for word in ("approve", "deny")
    ]
    if len(asked) == len(story.waiting):
        return lines
    return [*lines, f"workc resume {family_of(story.run_id)}{store_option}"]
