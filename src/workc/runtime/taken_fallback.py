"""What was done about a step that had failed for good, for people and programs that look on."""

from __future__ import annotations

import re
from collections.abc import Iterable

import msgspec

from workc.bundle.documents import Fallback
from workc.kernel.fallbacks import FallbackAction, FallbackTaken
from workc.kernel.payloads import given

#: What a fallback does, in words.
_DONE: dict[FallbackAction, str] = {
    "abort": "the run was stopped",
    "skill": "{} ran instead",
    "skip": "the run went on without it",
    "value": "a value was given instead",
}


class TakenFallback(msgspec.Struct, frozen=True, kw_only=True):
    """What was done about a step whose own skill failed with ``code`` for good.

    ``attempts`` is how often that was tried. ``skill`` is the one that ran instead, for the action
    ``skill``.
    """

    step: str
    action: FallbackAction
    code: str
    attempts: int
    skill: str | None = None

    def __str__(self) -> str:
        """Returns it as a sentence without a full stop."""
        return f"{self.step} failed with {self.code}: {self.done}"

    @property
    def done(self) -> str:
        """Returns what was done, in words."""
        return _DONE[self.action].format(self.skill)


def taken_fallback(taken: FallbackTaken | Fallback) -> TakenFallback:
    """Returns what an event, or the receipt, says of a fallback."""
    return TakenFallback(
        step=taken.step,
        action=taken.action,
        code=taken.code,
        attempts=taken.attempt,
        skill=given(taken.skill),
    )


def skipped_in(expression: str, fallbacks: Iterable[TakenFallback]) -> str:
    """Returns which of the steps that an expression names were skipped, to be put after a message."""
    return "".join(
        f"; it names step {each.step}, which was skipped after {each.code}"
        for each in fallbacks
        if each.action == "skip" and _names(expression, each.step)
    )


def _names(expression: str, step: str) -> bool:
    """Returns whether an expression looks like one about a step."""
    return re.search(rf'\bsteps\."?{re.escape(step)}(?![\w-])', expression) is not None
