"""What a scenario says of claims that nobody makes: it is no error, and comes to nothing."""

from __future__ import annotations

from collections.abc import Iterator

from workc.sim.scenario.scenario import Scenario


def unclaimed(scenario: Scenario) -> tuple[str, ...]:
    """Returns a sentence for each resource that has conflicts and that no step of the family claims."""
    family = list(_family(scenario))
    claimed = {name for each in family for step in each.plan.steps for name in step.resources}
    met = dict.fromkeys(c.resource for each in family for c in each.coord.conflicts)
    return tuple(
        f"no step claims {name}, so its conflicts are never met"
        for name in met
        if name not in claimed
    )


def _family(scenario: Scenario) -> Iterator[Scenario]:
    yield scenario
    for _, below in scenario.below():
        if below is not None:
            yield from _family(below)
