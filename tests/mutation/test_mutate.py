"""Survivors: each is told by what it changes, and none is argued for that can no longer be made."""

from pathlib import Path

import mutate
import pytest

MADE = """
def other():
    pass

def x_f__mutmut_orig(
    a,
) -> int:
    if a < 0:
        return f(a)

    return a

def x_f__mutmut_1(
    a,
) -> int:
    if a <= 0:
        return f(a)

    return a

class Keeper:
    def xǁKeeperǁkeep__mutmut_orig(self, a=0):
        return a

    def xǁKeeperǁkeep__mutmut_1(self, a=1):
        return a
"""
LESS = mutate.Change("mod.f", "if a < 0:", "if a <= 0:")
DEFAULT = mutate.Change("mod.Keeper.keep", "def it(self, a=0):", "def it(self, a=1):")


@pytest.fixture
def mutant(tmp_path):
    path = tmp_path / "mod.py"
    path.write_text(MADE, "utf-8")
    return lambda name, found=0: mutate.Mutant(name, "kernel", path, found)


def test_a_mutant_is_told_by_what_it_changes_and_where(mutant):
    assert mutate.change_of(mutant("mod.x_f__mutmut_1")) == LESS
    assert mutate.change_of(mutant("mod.xǁKeeperǁkeep__mutmut_1")) == DEFAULT


@pytest.fixture
def judged(mutant):
    """Returns a function: the verdict on one survivor and so many that were noticed."""

    def judged(noticed, argued, found=0):
        mutants = [mutant("mod.x_f__mutmut_1", found)] + [mutant("mod.x_g", 1)] * noticed
        return mutate.judge(mutants, argued)

    return judged


def test_a_survivor_that_is_argued_for_may_live_if_it_is_one_of_few(judged):
    assert judged(19, {LESS: "why"}) == 0
    assert judged(18, {LESS: "why"}) == 1, "more than 5 %"


@pytest.mark.parametrize("found", [mutate.SURVIVED, mutate.UNREACHED])
def test_a_survivor_without_an_argument_fails(judged, found, capsys):
    assert judged(99, {DEFAULT: "of another"}, found) == 1
    assert "- if a < 0:\n  + if a <= 0:" in capsys.readouterr().out


@pytest.mark.parametrize("found", [None, 2, -15])
def test_what_was_not_run_says_nothing_and_nothing_run_is_no_success(judged, found):
    assert judged(19, {}, found) == 0
    assert judged(0, {}, found) == 1


def test_every_argument_is_for_lines_that_stand_in_the_source():
    listed = mutate.read_list(mutate.LIST)
    assert listed
    for change, why in listed.items():
        assert why.endswith("."), change
        name = change.function.rpartition(".")[2]
        assert change.old.replace("def it(", f"def {name}(") in source_of(change.function), change


def source_of(function):
    """Returns the file of a function as a change tells it: without indentation, in one line."""
    parts = function.split(".")
    paths = (Path("src", *parts[:count]).with_suffix(".py") for count in range(len(parts), 0, -1))
    found = next(mutate.ROOT / path for path in paths if (mutate.ROOT / path).is_file())
    return " ".join(line.strip() for line in found.read_text("utf-8").splitlines() if line.strip())
