"""Swarms: choices are made again as they were, scenarios are written and read, and made smaller."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workc.kernel.values import Json
from workc.sim.scenario.scenario_file import InvalidScenario, read_scenario
from workc.sim.scenario.scripts import PlanScript
from workc.sim.scenario.spelling import yaml_text
from workc.sim.swarm.choices import Choices, TraceError, read, spelled
from workc.sim.swarm.generator import FAULTS, random_scenario, with_faults
from workc.sim.swarm.shrinking import shrunk, smaller_ones
from workc.testkit.swarm import MOVES, Batch, Swarm, run_swarm

SEEDS = st.integers(0, 2**64 - 1)


def drawn(seed, recorded=None):
    choices = Choices(seed, recorded)
    scenario, faults = with_faults(random_scenario(choices, 7), choices)
    return choices.taken, scenario, faults


@given(SEEDS)
def test_a_record_of_choices_gives_the_same_scenario_whatever_the_seed(seed):
    taken, scenario, faults = drawn(seed)
    assert drawn(seed + 1, read(spelled(taken))) == (taken, scenario, faults)


@given(st.lists(st.integers(0, 10**8)))
def test_a_record_is_read_as_it_was_written(taken):
    assert read(spelled(taken)) == taken


@pytest.mark.parametrize(
    "text", ["x", "1,", "0x1", "01", "-1", "1,,2", "3x", "1000001", "999999x0"]
)
def test_what_is_no_record_is_refused(text):
    if text == "1000001":
        assert read(text) == [1000001]
        return
    with pytest.raises(TraceError):
        read(text)


def test_a_record_that_ends_or_takes_a_way_that_is_not_there_is_refused():
    choices = Choices(1, [0, 5])
    assert choices.choose("a", 2) == 0
    with pytest.raises(TraceError, match="choice 1, of b, has 3 ways, not 5"):
        choices.choose("b", 3)
    with pytest.raises(TraceError, match="ends before choice 0"):
        Choices(1, []).choose("a", 2)


def test_a_choice_more_in_one_place_changes_none_in_another():
    plain, more = Choices(5), Choices(5)
    more.choose("extra", 10)
    assert [plain.choose("x", 1000) for _ in range(9)] == [more.choose("x", 1000) for _ in range(9)]


@given(SEEDS)
def test_a_scenario_is_read_as_it_was_written_down(seed):
    _, scenario, _ = drawn(seed)
    assert read_scenario(yaml_text(scenario).encode(), "it.yaml") == scenario


WORDS = st.sampled_from(["yes", "null", "1e3", "a: b", "- x", "#", "", " a", "é\u2028", "0x1", "~"])


@given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=20) | WORDS.filter(bool))
def test_any_text_is_written_so_that_it_is_read_as_it_was(text):
    _, scenario, _ = drawn(3)
    changed = msgspec.structs.replace(scenario, description=text)
    assert read_scenario(yaml_text(changed).encode(), "it.yaml") == changed


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"id: a\n", "missing required field `intent`"),
        (b"id: a\nintent: {description: x}\nlenz: {}\n", "`lenz`"),
        (b"id: a\nintent: {description: x}\nplan:\n  steps:\n    - {name: 1}\n", "line 5"),
        (b"id: [\n", "line"),
        (b"id: a\nintent: {description: x}\nseed: -1\n", "line 3: Expected `int` >= 0"),
    ],
)
def test_a_file_that_holds_no_scenario_is_refused_at_its_line(text, words):
    with pytest.raises(InvalidScenario) as raised:
        read_scenario(text, "it.yaml")
    assert words in raised.value.failure.message


@given(SEEDS)
def test_every_smaller_scenario_is_another_one_that_can_be_read(seed):
    _, scenario, _ = drawn(seed)
    for smaller in smaller_ones(scenario):
        assert smaller != scenario
        made: Json = smaller.to_json()
        assert type(scenario).from_json(made) == smaller


def test_what_remains_is_what_it_takes():
    scenario = next(s for n in range(999) if len((s := drawn(n)[1]).plan.steps) == 3)
    last = scenario.plan.steps[-1]

    def fails(candidate):
        return last.action in [step.action for step in candidate.plan.steps]

    small = shrunk(scenario, fails)
    assert [step.action for step in small.plan.steps] == [last.action]
    assert (small.children, small.lens.items, small.verify.results, small.act_errors) == ((),) * 4


def test_nothing_smaller_is_tried_than_may_be():
    asked = []
    scenario = drawn(1)[1]
    assert shrunk(scenario, lambda each: bool(asked.append(each)), tries=3) == scenario
    assert len(asked) == 3


def test_a_swarm_counts_what_it_reached_and_what_not():
    batch = run_swarm(Swarm(first=5, seeds=12))
    assert (batch.seeds, sum(batch.outcomes.values()), batch.found) == (12, 12, [])
    assert len(batch.unreached) < len(MOVES) * len(FAULTS)
    assert all(not batch.pairs[pair] for pair in batch.unreached)


def test_counts_of_several_seeds_add_up():
    one, other = run_swarm(Swarm(seeds=2)), run_swarm(Swarm(first=3, seeds=3))
    both = Batch()
    both.add(one)
    both.add(other)
    whole = run_swarm(Swarm(seeds=5))
    assert (both.seeds, both.outcomes, both.pairs) == (5, whole.outcomes, whole.pairs)


def test_a_swarm_of_one_scenario_puts_faults_into_that_one():
    _, scenario, _ = drawn(2)
    plain = msgspec.structs.replace(scenario, plan=PlanScript(), children=())
    batch = run_swarm(Swarm(seeds=6, scenarios=(plain,)))
    assert (batch.seeds, batch.found) == (6, [])
