"""Holding: the resources of a step, claimed before its attempts and let go of when its lane ends.

They are claimed in the order of their bytes, so that two steps cannot wait for each other, after
whatever may keep the step from beginning, so that nobody holds one while a human thinks. A claim that
fails is a failed attempt: what was granted is let go of, and the next attempt claims all of it again.
"""

from __future__ import annotations

from workc.kernel.failure import Misuse
from workc.kernel.payloads import CallHalted
from workc.kernel.resources import ResourceAnswered, ResourceHeld, ResourcesClaimed
from workc.runtime.asks import Claim, Release, Wait
from workc.runtime.attempt import Trial, Tried, conclude
from workc.runtime.bodies import load_failure
from workc.runtime.engine import Lane

#: So long a step waits for its resources that does not say how long.
WAIT_MS = 60_000


class Holding:
    """What one lane holds."""

    def __init__(self, lane: Lane, step: str) -> None:
        self._lane = lane
        self._step = step
        self._held: list[str] = []

    async def claim(self, trial: Trial) -> Tried | None:
        """Claims what the step needs, unless it holds it; returns what became of the attempt if it failed."""
        step, lane = trial.step, self._lane
        if not step.resources or self._held:
            return None
        # Characters and their UTF-8 bytes have one order.
        names = sorted(step.resources)
        wait_ms = WAIT_MS if step.resources_wait_ms is None else step.resources_wait_ms
        lane.emit(ResourcesClaimed(resources=names, step=step.id, wait_ms=wait_ms))
        limits = [lane.now_ms + wait_ms, trial.run.deadline_ms]
        until = min(limit for limit in limits if limit is not None)
        for name in names:
            answer = await self._ask(name, until)
            if isinstance(answer, CallHalted):
                return Tried(halt=answer.code, begun=False)
            if answer.failure:
                tried = Tried(failure=load_failure(trial.run.files, answer.failure))
                await self.release()
                conclude(trial, tried)
                return tried
            self._held.append(name)
        return None

    async def _ask(self, name: str, until: int) -> ResourceAnswered | CallHalted:
        lane = self._lane
        answer = await lane.ask(Claim(name, self._step))
        if isinstance(answer, ResourceHeld):
            left_ms = max(0, until - lane.now_ms)
            answer = await lane.ask(Wait(name, self._step, answer.by), left_ms)
        if not isinstance(answer, ResourceAnswered | CallHalted):
            raise Misuse(f"a claim was answered with a {type(answer).__name__}")
        return answer

    async def release(self) -> None:
        """Lets go of what is held, the last first."""
        while self._held:
            await self._lane.ask(Release(self._held.pop(), self._step))
