"""Bugs that are planted in the engine: a swarm finds each, makes it small, and says how to see it again."""

import pytest

from workc.api import launch
from workc.bundle.seal import seal
from workc.runtime.context import AttemptContext, Reservation
from workc.runtime.governor import Governor
from workc.runtime.holding import Holding
from workc.runtime.run import Run
from workc.sim.scenario.scenario_file import read_scenario
from workc.sim.scenario.spelling import yaml_text
from workc.sim.swarm.choices import read
from workc.testkit import swarm

MOST_SEEDS = 2_000
BATCH = 10
#: No ledger gives a reservation this number.
PHANTOM = -1


def released_twice(monkeypatch):
    close = Governor._close

    def closing(self, grant, actual, basis, tokens):
        held = self._ledger.open_grants().get(grant, 0)
        move = close(self, grant, actual, basis, tokens)
        self._ledger.reserved -= held
        return move

    monkeypatch.setattr(Governor, "_close", closing)


def off_by_one(monkeypatch):
    def may_go_back(self):
        return self.pass_number <= self.program.max_backtracks + 1

    monkeypatch.setattr(Run, "may_go_back", property(may_go_back))


def by_completion(monkeypatch):
    def sealing(place, sink):
        return seal(list(place.records()), sink, place.chunks)

    monkeypatch.setattr(launch, "seal_into", sealing)


def retried_for_nothing(monkeypatch):
    reserve, settle = AttemptContext.reserve, AttemptContext.settle

    async def reserving(self, bound_micro_cents, tokens=None):
        if self._attempt == 1:
            return await reserve(self, bound_micro_cents, tokens)
        self._open[PHANTOM] = Reservation(PHANTOM, bound_micro_cents)
        return self._open[PHANTOM]

    async def settling(self, grant, *args, **kwargs):
        if grant.n == PHANTOM:
            del self._open[PHANTOM]
        else:
            await settle(self, grant, *args, **kwargs)

    monkeypatch.setattr(AttemptContext, "reserve", reserving)
    monkeypatch.setattr(AttemptContext, "settle", settling)


def never_released(monkeypatch):
    async def releasing(self):
        self._held.clear()

    monkeypatch.setattr(Holding, "release", releasing)


@pytest.mark.parametrize(
    "plant",
    [never_released, released_twice, off_by_one, by_completion, retried_for_nothing],
    ids=lambda f: f.__name__,
)
def test_a_planted_bug_is_found_made_small_and_shown_again(plant, monkeypatch):
    plant(monkeypatch)
    batches = (
        swarm.run_swarm(swarm.Swarm(first=first, seeds=BATCH))
        for first in range(1, MOST_SEEDS, BATCH)
    )
    found = next(batch.found[0] for batch in batches if batch.found)
    assert len(found.small.plan.steps) <= 3
    assert read_scenario(yaml_text(found.small).encode(), "small.yaml") == found.small
    assert swarm.judge(found.small)[0]
    again = swarm.replayed(read(found.trace))
    assert [each.code for each in again.failures] == [each.code for each in found.failures]
    monkeypatch.undo()
    assert swarm.judge(found.small)[0] == ()
    assert swarm.replayed(read(found.trace)).failures == ()
