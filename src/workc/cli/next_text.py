"""The commands that may come next of a run that is shown or explained."""

from __future__ import annotations

from workc.api.story import RunStory
from workc.cli.text import argument


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
        asked = f"{story.run_id} --step {argument(story.step or '')} --by NAME"
        return [f"workc {word} {asked}{store_option}" for word in ("approve", "deny")]
    if story.code is not None:
        # A journal that is damaged does not go on.
        return [f"workc explain {story.code}"]
    return [f"workc resume {story.run_id}{store_option}"]
