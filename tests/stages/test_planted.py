"""Every planted fault is found with the right word, and no good stage is blamed."""

import json
import os

import pytest
from good_stages import GOOD
from planted import stage_of
from wrong_stages import WEAK, WRONG

from workc.api.stage_tests.cache import Cache
from workc.api.stage_tests.subjects import Finder
from workc.api.stage_tests.testing import Plan, pool_of, probe_of, run_stages
from workc.api.stages import Registry

MIB = 1_048_576


@pytest.fixture(scope="module")
def tested(tmp_path_factory):
    folder = tmp_path_factory.mktemp("stages")
    pool = pool_of(os.environ, 512 * MIB)

    def results(planted, **settings):
        path = folder / "stages.json"
        path.write_text(json.dumps([stage_of(name, of) for name, of in planted.items()]))
        plan = Plan(**{"generate": 25, "mutate": False, "limit_s": 30.0, "jobs": 2, **settings})
        finder = Finder(Registry(folder / "none"), probe_of(pool, 30.0), 30.0)
        found = run_stages(finder.subjects([str(path)]), plan, pool, Cache(None))
        return {result.name: result for result in found.results}

    yield results
    pool.close()


def test_there_are_enough_of_each():
    assert len(WRONG) + len(WEAK) >= 40
    assert len(GOOD) >= 40


def test_every_wrong_stage_is_found_with_the_right_word(tested):
    endless = {"hangs": WRONG["hangs"]}
    rest = {name: of for name, of in WRONG.items() if name not in endless}
    found = {**tested(rest), **tested(endless, limit_s=0.5)}
    words = {name: [each.word for each in result.findings] for name, result in found.items()}
    assert {name: set(each) for name, each in words.items()} == {
        name: {of.word} for name, of in WRONG.items()
    }
    assert not any(result.verdict == "verified" for result in found.values())
    effects = {name: {each.effect for each in result.findings} for name, result in found.items()}
    wanted = {name: of.effect for name, of in WRONG.items() if of.effect}
    assert {name: effect for name, effect in wanted.items() if effect not in effects[name]} == {}


def test_no_good_stage_is_blamed(tested):
    found = tested(GOOD)
    blamed = {
        name: (result.findings, result.reason)
        for name, result in found.items()
        if result.verdict != "verified"
    }
    assert blamed == {}


def test_examples_that_show_too_little_are_weak(tested):
    found = tested(WEAK, mutate=True)
    assert {name: (r.verdict, r.weak) for name, r in found.items()} == dict.fromkeys(
        WEAK, ("verified", True)
    )
