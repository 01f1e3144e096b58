"""Two verifiers that share no code give the same verdict on every changed bundle of format 0.1."""

from random import Random

import differential
import pytest
from drafts_v01 import BELOW, OPS, respelled_selector, selector
from ground import second
from hypothesis import given, settings
from hypothesis import strategies as st
from mutations_v01 import NAMES, SORTS, draft_of, files_of, mutated

import workc
from workc.bundle.layout import path_danger
from workc.verify.effect_bounds import Bounds

PARTS, COUNT = 10, 300
NOT_JUDGED = {"VERSION_UNSUPPORTED", "LIMIT_EXCEEDED", "FILE_UNREADABLE"}
v01 = second.v01


@pytest.mark.parametrize("name", NAMES)
def test_they_pass_what_is_good(name):
    files = dict(files_of(name))
    assert workc.verify_bundle(files).ok
    assert second.verify(files) == []
    assert draft_of(name).seal() == files, "the tests' own sealer writes the same bytes"


def answer(codes, files):
    """Returns what a verdict of these codes says of a bundle: good, bad, or that nobody can say."""
    if not codes:
        return "pass"
    of_01 = v01.is_of_this_format(v01.folders.in_memory(dict(files)))
    return "not judged" if of_01 and NOT_JUDGED.issuperset(codes) else "bad"


@pytest.mark.parametrize("part", range(PARTS))
def test_they_agree_on_three_thousand_drawn_changes(part):
    cases = [differential.case(20, part * COUNT + n, "0.1") for n in range(COUNT)]
    assert [case for case in cases if not case.agrees] == []
    apart = [
        case for case in cases if answer(case.codes, case.files) != answer(case.second, case.files)
    ]
    assert apart == [], "what is bad to one could not be judged by the other"
    assert {case.passed for case in cases} == {True, False}


@pytest.mark.parametrize("sort", SORTS)
def test_each_sort_of_change_changes_something_and_is_drawn_from_the_seed_alone(sort):
    change, _ = SORTS[sort]
    made = [change("full", Random(seed)) for seed in range(8)]
    assert made == [change("full", Random(seed)) for seed in range(8)]
    assert any(files != files_of("full") for files in made)


def test_every_sort_is_drawn():
    assert {mutated("small", Random(seed))[0] for seed in range(600)} == set(SORTS)


def test_a_disagreement_is_printed_with_what_shows_it_again(capsys, monkeypatch):
    asked = ["--seed", "3", "--of", "0.1"]
    assert differential.main(["--count", "20", *asked]) == 0
    monkeypatch.setattr(second, "verify", lambda files: [])
    capsys.readouterr()
    assert differential.main(["--count", "20", *asked]) == 1
    shown = [line for line in capsys.readouterr().out.splitlines() if line.startswith("seed 3")]
    number = shown[0].split()[3]
    assert differential.main(["--count", "1", "--first", number, *asked]) == 1
    assert capsys.readouterr().out.splitlines()[0] == shown[0]


SEGMENTS = st.lists(
    st.sampled_from(["a", ".", "..", "...", "a.", " a", "a ", "con", "Con.txt", "com1 .x", "com10"])
    | st.text(st.characters(max_codepoint=0x17F), max_size=6)
    | st.integers(250, 260).map(lambda size: "x" * size),
    max_size=4,
)


@settings(max_examples=500, deadline=None)
@given(SEGMENTS)
def test_they_agree_on_the_grammar_of_paths(segments):
    path = "/".join(segments)
    assert v01.safe(path) == (path_danger(path) is None)


def test_they_agree_on_what_selectors_cover():
    random, answers = Random(1), set()
    for _ in range(20_000):
        ops = random.choices(OPS, k=random.choice((1, 2, 4)))
        declared = [{"op": op, "selector": selector(op, random)} for op in ops]
        one = random.choice(declared)
        text = respelled_selector(one["selector"], random) + random.choice(BELOW)
        executed = {"op": one["op"], "selector": text}
        bounds = Bounds((each["op"], each["selector"]) for each in declared)
        first = bounds.cover(executed["op"], text)
        assert first == any(v01.covers(each, executed) for each in declared), (declared, executed)
        answers.add((first, executed["op"], text == one["selector"]))
    assert len(answers) > 12, "covered or not, by every op"
