"""A part of what ``make fuzz`` does: drawn changes, what was found before, and the fuzzers themselves."""

from pathlib import Path
from random import Random

import differential
import pytest
from decoding import decoded
from ground import second
from hypothesis import given, settings
from hypothesis import strategies as st
from mutations import NAMES, SORTS, files_of, mutated

from workc.verify.reader import MemoryReader
from workc.verify.verifier import verify

CORPUS = sorted(Path(__file__).with_name("corpus").iterdir())
PARTS, COUNT = 10, 300


def agree(files):
    """Asserts that both verdicts are the same, PASS or FAIL; returns whether it is PASS."""
    first, other = verify(MemoryReader(files)), second.verify(dict(files))
    assert first.ok == (not other), (first.failures[:3], other)
    return first.ok


@pytest.mark.parametrize("part", range(PARTS))
def test_two_verifiers_agree_on_three_thousand_drawn_changes(part):
    cases = (differential.case(20, part * COUNT + number) for number in range(COUNT))
    assert [case for case in cases if not case.agrees] == []


@pytest.mark.parametrize("part", range(4))
def test_two_verifiers_agree_on_all_that_was_ever_kept(part):
    assert len(CORPUS) > 100
    for path in CORPUS[part::4]:
        agree(decoded(path.read_bytes()))


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=64))
def test_any_bytes_stand_for_one_bundle_and_both_verifiers_agree_on_it(data):
    files = decoded(data)
    assert decoded(data) == files
    agree(files)


def test_no_bytes_are_no_bundle_and_one_byte_is_a_good_one():
    assert decoded(b"") == {}
    for number, name in enumerate(NAMES, 1):
        assert decoded(bytes([number])) == files_of(name)
        assert agree(decoded(bytes([number, 5]))), "sealed anew"


@pytest.mark.parametrize("sort", SORTS)
def test_each_sort_of_change_changes_something_and_is_drawn_from_the_seed_alone(sort):
    change, _ = SORTS[sort]
    changed = 0
    # Not every bundle has what every sort changes.
    for name in ("eventful", "strategies", "resources"):
        before = dict(files_of(name))
        made = [change(dict(before), Random(seed)) for seed in range(12)]
        assert made == [change(dict(before), Random(seed)) for seed in range(12)]
        changed += sum(files != before for files in made)
        assert files_of(name) == before
    assert changed


def test_every_sort_is_drawn():
    assert {mutated("minimal", Random(seed))[0] for seed in range(400)} == set(SORTS)


def test_a_disagreement_is_printed_with_what_shows_it_again(capsys, monkeypatch):
    assert differential.main(["--count", "20", "--seed", "3"]) == 0
    monkeypatch.setattr(second, "verify", lambda files: [])
    assert differential.main(["--count", "20", "--seed", "3"]) == 1
    shown = [line for line in capsys.readouterr().out.splitlines() if line.startswith("seed 3")]
    number = shown[0].split()[3]
    assert differential.main(["--count", "1", "--first", number, "--seed", "3"]) == 1
    assert capsys.readouterr().out.splitlines()[0] == shown[0]
