"""What a run says of its strategies: how they were weighed in each pass, and which one was applied."""

from __future__ import annotations

import msgspec
from msgspec import UNSET

from workc.api.published_shapes import COUNT, FLAG, TEXT, TEXT_OR_NULL, record
from workc.kernel.kinds import Payload
from workc.kernel.permille import WHOLE
from workc.kernel.strategies import StrategyApplied, StrategySuggested
from workc.kernel.values import JsonObject


class StrategyStory(msgspec.Struct, kw_only=True):
    """One strategy in one pass, from 1. All numbers but that are permille; ``failure`` is a code."""

    pass_number: int
    id: str
    version: str
    confidence: int
    threshold: int
    weight: int
    match: int
    failure: str | None = None
    applied: bool = False


#: The published schema of a strategy story.
STRATEGY_STORY: JsonObject = record(
    pass_number=COUNT,
    id=TEXT,
    version=TEXT,
    confidence=COUNT,
    threshold=COUNT,
    weight=COUNT,
    match=COUNT,
    failure=TEXT_OR_NULL,
    applied=FLAG,
)


def tell_strategies(told: list[StrategyStory], payload: Payload, pass_number: int) -> None:
    """Adds the strategies that were weighed, best first, or says which of them was applied."""
    match payload:
        case StrategySuggested():
            told += [
                StrategyStory(
                    pass_number=pass_number,
                    id=each.id,
                    version=each.version,
                    confidence=each.confidence,
                    threshold=each.threshold,
                    weight=each.weight,
                    match=each.permille,
                    failure=None if each.failure is UNSET else each.failure,
                )
                for each in sorted(payload.weighed, key=lambda each: (-each.permille, each.id))
            ]
        case StrategyApplied():
            for one in told:
                if (one.pass_number, one.id) == (pass_number, payload.id):
                    one.applied = True
        case _:
            pass


def why(story: StrategyStory) -> str:
    """Returns why a strategy matches as it does, in a few words."""
    if story.failure is not None:
        return f"its condition gave no permille ({story.failure})"
    if story.confidence < story.threshold:
        return f"{story.confidence} is below its threshold of {story.threshold}"
    weighed = f", weighed {story.weight}" if story.weight != WHOLE else ""
    return f"{story.confidence} over a threshold of {story.threshold}{weighed}"


def told_strategies(stories: list[StrategyStory]) -> list[str]:
    """Returns the sentences that an explanation says of strategies."""
    return [_told(story) for story in stories]


def _told(story: StrategyStory) -> str:
    head = f"In pass {story.pass_number} the strategy {story.id}"
    if story.applied:
        return f"{head} was applied, with a match of {story.match} permille: {why(story)}."
    fits = "fitted less" if story.match else "did not fit"
    return f"{head} {fits}: {why(story)}."
