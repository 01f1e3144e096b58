"""Observe: the items of a lens are looked at, one after the other, in rounds.

An item that could not be had is recorded with its failure and counts as missing. If all that was seen
is too little to decide by, everything is looked at again, as often as the lens says. What the run
knows is what it saw last; a run that goes back to Orient knows the same.
"""

from __future__ import annotations

import msgspec
from msgspec import UNSET

from workc.kernel.failure import Failure, Misuse
from workc.kernel.lens import ItemObserved, LensAssembled
from workc.kernel.lens_quality import Seen
from workc.kernel.payloads import Body
from workc.kernel.selectors import Effect
from workc.runtime.asks import Look
from workc.runtime.assembling import assembled, shown
from workc.runtime.bodies import load_json
from workc.runtime.declared_effects import as_bound, effect_of
from workc.runtime.engine import Lane
from workc.runtime.resolving import to_resolve
from workc.runtime.run import Run
from workc.runtime.workflow.facts import texts
from workc.runtime.workflow.lens import ItemSpec, LensSpec, file_request
from workc.stages.effect_limits import decide_effect
from workc.stages.effects import HttpRequest
from workc.stages.observation import ITEM_TIMEOUT_MS, Observation


async def observe(run: Run, lane: Lane) -> LensAssembled:
    """Looks at the items of the lens, if there is one, and returns what it has come to.

    What they hold is ``run.lens`` then. A conflict that a child resolves is not looked at again.
    """
    spec = run.program.lens
    if spec is None:
        return LensAssembled(items=0)
    number = 1
    while True:
        seen = await _Round(run, lane, spec, number).look()
        lens = assembled(run, spec, seen)
        if lens.may_decide or number == spec.max_observations or to_resolve(run, seen, lens):
            run.seen, run.lens = tuple(seen), shown(run.files, seen)
            return lens
        number += 1


class _Round:
    """One look at every item."""

    def __init__(self, run: Run, lane: Lane, spec: LensSpec, number: int) -> None:
        self._run = run
        self._lane = lane
        self._spec = spec
        self._number = number
        self._wait_ms = spec.wait_ms if number > 1 else 0
        self._seen: list[Seen] = []

    async def look(self) -> list[Seen]:
        """Returns what was seen, in the order of the items."""
        for item in self._spec.items:
            whole = await self._look_at(item)
            if item.how == "files" and isinstance(whole.value, Body):
                await self._files(item, texts(load_json(self._run.files, whole.value)))
        return self._seen

    async def _files(self, item: ItemSpec, paths: list[str]) -> None:
        file = msgspec.structs.replace(item, how="file")
        for part, path in enumerate(paths):
            request = file_request(path)
            record = self._record(msgspec.structs.replace(file, source=path), part)
            await self._ask(file, record, request, effect_of(request))

    async def _look_at(self, item: ItemSpec) -> ItemObserved:
        record = self._record(item)
        if item.how == "files":
            # The files are what is seen; that they were listed weighs nothing.
            record = msgspec.structs.replace(record, weight=0)
        return await self._ask(item, record, item.request(), item.effect())

    def _record(self, item: ItemSpec, part: int | None = None) -> ItemObserved:
        return ItemObserved(
            how=item.how,
            item=item.name,
            part=UNSET if part is None else part,
            round=self._number,
            source="" if item.how == "text" else item.source,
            weight=item.weight,
        )

    async def _ask(
        self, item: ItemSpec, record: ItemObserved, request: Observation, effect: Effect | None
    ) -> ItemObserved:
        refused = self._too_late() or self._beyond(effect)
        if effect is not None and refused is None:
            record = msgspec.structs.replace(record, effect=as_bound(effect))
        if isinstance(request, HttpRequest):
            request = msgspec.structs.replace(request, within=self._run.effects)
        wait_ms = 0 if refused else self._within_time(self._wait_ms)
        look = Look(record, request, wait_ms, refused, item.skill)
        limit_ms = None if refused else self._within_time(wait_ms + ITEM_TIMEOUT_MS)
        answer = await self._lane.ask(look, limit_ms)
        self._wait_ms = 0
        if not isinstance(answer, ItemObserved):
            raise Misuse("asked for an item of the lens, was answered with something else")
        self._seen.append(Seen(answer, self._lane.now_ms))
        return answer

    def _within_time(self, time_ms: int) -> int:
        """Returns so much of a time as the run has left."""
        deadline_ms = self._run.deadline_ms
        return time_ms if deadline_ms is None else min(time_ms, deadline_ms - self._lane.now_ms)

    def _too_late(self) -> Failure | None:
        if not self._run.is_over(self._lane.now_ms):
            return None
        message = "the time of the run was over before this was looked at"
        return Failure(code="TIMEOUT", message=message, details={"scope": "run", "sent": False})

    def _beyond(self, effect: Effect | None) -> Failure | None:
        """Returns why an item must not be looked at, if it touches what the run may not."""
        limits = self._run.effects
        return None if limits is None or effect is None else decide_effect(limits, effect)
