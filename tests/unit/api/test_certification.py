"""Certification below the command line: environments, and replays that refuse to begin."""

import os
from pathlib import Path

import pytest

from workc.adapters.children import Children
from workc.adapters.driver import Interrupted
from workc.api.bundle_search import Sought
from workc.api.certification import ORDER, Plan, certify, worst
from workc.api.replay_environments import MAX_ENVIRONMENTS, environments, installed_locales


def plan(tmp_path, count=1):
    return Plan(
        environments=environments(count),
        store=tmp_path / "store",
        code=None,
        base=dict(os.environ),
        jobs=2,
        timeout_s=300,
    )


def test_environments_differ_in_what_must_make_no_difference():
    made = environments(MAX_ENVIRONMENTS, ("xx_YY.utf8", "zz_ZZ"))
    assert len({each.variables["PYTHONHASHSEED"] for each in made}) == MAX_ENVIRONMENTS
    assert all(0 <= int(each.variables["PYTHONHASHSEED"]) < 2**32 for each in made)
    assert len({each.variables["TZ"] for each in made}) > 2
    assert {each.variables["LC_ALL"] for each in made} == {"C.UTF-8", "C", "xx_YY.utf8", "zz_ZZ"}
    assert made[:3] == environments(3, ("xx_YY.utf8", "zz_ZZ"))


def test_what_would_contradict_an_environment_is_taken_out_of_it():
    base = {"LC_CTYPE": "x", "LANG": "x", "PYTHONUTF8": "1", "WORKC_JSON": "0", "HOME": "/h"}
    (first,) = environments(1)
    assert first.over(base) == {"HOME": "/h", **first.variables}


def test_the_locales_of_the_system_are_without_the_bare_ones(tmp_path):
    assert {"C", "POSIX", "C.utf8"} & {*installed_locales(Children(), os.environ)} == set()
    lister = tmp_path / "locale"
    lister.write_text("#!/bin/sh\nprintf 'C\\nC.utf8\\nPOSIX\\ntr_TR.utf8\\nde_DE\\n'\n")
    lister.chmod(0o755)
    path = {**os.environ, "PATH": str(tmp_path)}
    assert installed_locales(Children(), path) == ("de_DE", "tr_TR.utf8")
    assert installed_locales(Children(), {"PATH": str(tmp_path / "nothing")}) == ()


def test_a_bundle_that_has_gone_meanwhile_cannot_be_judged(tmp_path):
    gone = Sought("gone", tmp_path / "gone")
    (bundle,) = certify([gone], plan(tmp_path), Children()).bundles
    (replayed,) = bundle.replays
    assert (bundle.judgement, replayed.exit) == ("unjudged", 2)
    assert replayed.divergences[0].code == "INVALID_INPUT"


def test_what_was_stopped_is_no_certificate(tmp_path):
    children = Children()
    children.interrupt()
    with pytest.raises(Interrupted):
        certify([Sought("x", Path("x"))] * 3, plan(tmp_path, 2), children)


def test_the_worst_judgement_counts_and_nothing_is_no_success():
    assert [worst(ORDER[at:]) for at in range(4)] == [*ORDER]
    assert worst([]) == "unjudged"


def test_a_process_that_is_started_after_the_stop_is_killed():
    children = Children()
    children.interrupt()
    ended = children.run(["sleep", "60"], os.environ, 30)
    assert ended.code == -9
    assert children.stopped
