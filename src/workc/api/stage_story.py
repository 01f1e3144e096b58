"""Which stages the steps of a run were, by their ids: what a report about them is found by."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from workc.api.published_shapes import TEXT, list_of, record
from workc.api.timeline import StepStory
from workc.kernel.stage_ids import StageIds

#: So many digits of an id are shown.
SHOWN_DIGITS = 12
#: The schema of the stages of a run.
STAGES_OF_RUN = list_of(record(name=TEXT, evidence_id=TEXT, signature_id=TEXT, stage_id=TEXT))


class StageStory(msgspec.Struct, frozen=True, kw_only=True):
    """One stage that a run called: its name there, and its ids."""

    name: str
    evidence_id: str
    signature_id: str
    stage_id: str

    @property
    def shown(self) -> str:
        """Returns the ids that say which code it was, and why it is believed, shortened."""
        return f"stage {self.stage_id[:SHOWN_DIGITS]}  evidence {self.evidence_id[:SHOWN_DIGITS]}"


def stages_named(stages: Mapping[str, StageIds]) -> list[StageStory]:
    """Returns the stages that a run may call, by name."""
    return [
        StageStory(
            name=name,
            evidence_id=ids.evidence_id,
            signature_id=ids.signature_id,
            stage_id=ids.stage_id,
        )
        for name, ids in sorted(stages.items())
    ]


def stages_called(named: Iterable[StageStory], steps: Iterable[StepStory]) -> list[StageStory]:
    """Returns those of the stages that steps called."""
    called = {name for step in steps for name in (step.skill, _instead(step))}
    return [each for each in named if each.name in called]


def _instead(step: StepStory) -> str:
    return "" if step.fallback is None else step.fallback.skill or ""


def told_stages(stages: list[StageStory]) -> list[str]:
    """Returns as a sentence which stages ran."""
    if not stages:
        return []
    named = ", ".join(
        f"{each.name} (evidence {each.evidence_id[:SHOWN_DIGITS]})" for each in stages
    )
    return [
        f"It names the stages that it ran, so that reports of their tests can be found: {named}."
    ]
