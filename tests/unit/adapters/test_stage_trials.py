"""Trials of stages: inputs of a type, what is watched, workers that are lost."""

import asyncio
import json
import os
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from workc.adapters.stage_trials.calling import Expired, Modules, OfCode, OfSkill, implementation_of
from workc.adapters.stage_trials.claims import Broken, Halted
from workc.adapters.stage_trials.generating import search, values_of
from workc.adapters.stage_trials.limits import limited
from workc.adapters.stage_trials.pool import Lost
from workc.adapters.stage_trials.trying import DOES, calls_of, tried
from workc.adapters.stage_trials.watching import Watch
from workc.api.stage_tests.testing import pool_of
from workc.stages.skill import skill
from workc.stages.stage.refinements import StageError
from workc.stages.stage.subtyping import value_misfit
from workc.stages.stage.trial import Origin, Task
from workc.stages.stage.types import List, Number

sys.path.insert(0, str(Path(__file__).parents[1] / "stages/stage"))
from drawn_types import TYPES


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(TYPES, st.booleans(), st.integers(0, 2**32))
def test_every_input_that_is_made_is_of_its_type(item, whole, chance):
    seen = []

    def judge(value):
        seen.append(value)
        return True

    tries, broken = search(values_of(item, whole=whole), judge, 5, chance)
    assert broken is None
    assert tries == len(seen)
    assert [each for each in seen if value_misfit(each, item)] == []


def test_the_same_chance_makes_the_same_inputs_and_the_smallest_is_found():
    def inputs(chance):
        seen = []
        search(values_of(List(Number())), lambda value: seen.append(value) or True, 20, chance)
        return seen

    assert inputs(1) == inputs(1) != inputs(2)

    def judge(value):
        if sum(value) > 10:
            raise Broken("PROPERTY_BROKEN", "too much", value)
        return True

    _, broken = search(values_of(List(Number()), whole=True), judge, 100, 7)
    assert broken.input == [11]


def test_what_is_out_of_time_is_not_made_smaller():
    seen = []

    def judge(value):
        seen.append(value)
        raise Halted(Broken("TIMEOUT", "late", value))

    _, halted = search(values_of(Number()), judge, 100, 7)
    assert (len(seen), halted.broken.input) == (1, seen[0])


def test_what_breaks_once_and_not_again_is_told():
    seen = []

    def judge(value):
        seen.append(value)
        if len(seen) == 3:
            raise Broken("RAISED", "once", value)
        return True

    tries, broken = search(values_of(Number()), judge, 20, 7)
    assert (broken.word, tries >= 2) == ("RAISED", True)


def code(text, name="f"):
    return implementation_of(Origin(function=name, code=text), Modules())


@pytest.mark.parametrize(
    ("text", "effects"),
    [
        ("def f(x):\n    return x", []),
        ("import time\ndef f(x):\n    return time.time()", ["NonDeterministic"]),
        ("import os\ndef f(x):\n    return os.getenv('A')", ["NonDeterministic"]),
        ("import os\ndef f(x):\n    return os.urandom(1)", ["NonDeterministic"]),
        (
            "def f(x):\n    with open('/dev/urandom', 'rb') as r:\n        return len(r.read(1))",
            ["NonDeterministic"],
        ),
        ("import os\ndef f(x):\n    return os.listdir('/')", ["FsRead"]),
        ("import os\ndef f(x):\n    os.mkdir('/tmp/no/such')", ["FsWrite"]),
        ("def f(x):\n    open('no-such-file', 'a')", ["FsWrite"]),
        ("import socket\ndef f(x):\n    socket.socket().close()", ["Network"]),
        ("import os\ndef f(x):\n    os.system('true')", ["Process"]),
    ],
)
def test_what_code_reaches_is_named_and_what_is_declared_is_not(text, effects):
    watch = Watch(())
    with watch.on():
        code(text).call(1)
    assert [each.effect for each in watch.reached] == effects
    for allowed in (effects, ["Unknown"]):
        if "FsWrite" in effects or "Process" in effects:
            continue
        watch = Watch(allowed)
        with watch.on():
            code(text).call(1)
        assert watch.reached == ()


def test_nothing_is_written_that_is_not_declared(tmp_path):
    target = tmp_path / "left"
    watch = Watch(())
    with watch.on():
        call = code(f"def f(x):\n    open({str(target)!r}, 'w').write('x')").call(1)
    assert (call.code, target.exists()) == ("EXTERNAL_CALL_BLOCKED", False)


def test_a_changed_input_is_seen_however_it_is_given():
    assert code("def f(x):\n    x.append(1)\n    return 1").call([1]).mutated

    @skill(pure=True)
    def grows(items: list[int]) -> int:
        items.append(1)
        return 1

    @skill(pure=True)
    def keeps(items: list[int]) -> int:
        return len([*items, 1])

    assert OfSkill(grows).call({"items": [1]}).mutated
    assert not OfSkill(keeps).call({"items": [1]}).mutated
    assert OfSkill(keeps).call({"itmes": [1]}).code == "INVALID_INPUT"


def test_a_coroutine_that_waits_for_nobody_is_called():
    @skill(pure=True)
    async def alone(n: int) -> int:
        return n + 1

    @skill(pure=True)
    async def waits(n: int) -> int:
        await asyncio.sleep(0)
        return n

    assert OfSkill(alone).call({"n": 1}).output == "2"
    assert OfSkill(waits).call({"n": 1}).code == "SKILL_FAILED"


def test_the_time_of_code_can_be_limited():
    with pytest.raises(Expired), limited(0.05):
        code(
            "def f(x):\n    while True:\n        try:\n            pass\n        except Exception:\n            pass"
        ).call(1)


def test_code_that_cannot_be_loaded_is_a_refusal():
    for origin in (
        Origin(function="f", code="import nothing_like_this\ndef f(x): ..."),
        Origin(function="f", place="no/such/file.py"),
        Origin(function="no_such", place="workc.library.texts"),
    ):
        with pytest.raises(StageError):
            implementation_of(origin, Modules())
    assert isinstance(code("def f(x): ..."), OfCode)


def test_every_call_gets_an_input_of_its_own():
    found = calls_of(
        code("def f(x):\n    x.append(1)\n    return len(x)"), [b"[]", b"[1]"], (1, 0, 1)
    )
    assert {index: call.output for index, call in found.items()} == {0: "1", 1: "2"}


@pytest.fixture
def pool():
    made = pool_of(os.environ, 512 * 1_048_576)
    yield made
    made.close()


STAGE = {
    "id": "i",
    "description": "d",
    "signature": {
        "input": {"kind": "Any"},
        "output": {"kind": "Any"},
        "effects": {"effects": [{"effect": "Pure"}]},
        "implementation_hash": "h",
    },
    "examples": [{"input": 1, "output": 1}],
}


def task(text, limit_s=30.0, what="examples"):
    return Task(what=what, stage=STAGE, origin=Origin(function="f", code=text), limit_s=limit_s)


def test_a_worker_that_is_lost_is_replaced(pool):
    for text, word in (
        ("import os\ndef f(x): os._exit(7)", "DIED"),
        ("import signal\ndef f(x): signal.raise_signal(signal.SIGKILL)", "DIED"),
        (
            "import os\ndef f(x):\n    for n in range(3, 30):\n"
            "        try: os.write(n, b'garbage\\n')\n        except OSError: pass",
            "DIED",
        ),
        (
            "def f(x):\n    while True:\n        try:\n            while True: pass\n        except: pass",
            None,
        ),
    ):
        if word is None:
            trial = pool.ask(task(text, 0.2), "first")
            assert trial.calls[0].code == "TIMEOUT"
        else:
            with pytest.raises(Lost) as lost:
                pool.ask(task(text), "first")
            assert lost.value.word == word
        assert pool.ask(task("def f(x): return x"), "first").calls[0].output == "1"


def test_a_worker_that_stops_itself_has_no_more_time_than_others(pool):
    pool.ask(task("def f(x): return x"), "first")
    with pytest.raises(Lost) as lost:
        pool.ask(task("import signal\ndef f(x): signal.raise_signal(signal.SIGSTOP)", 0.2), "first")
    assert lost.value.word == "TIMEOUT"


def test_the_two_environments_differ_in_what_must_make_no_difference(pool):
    text = (
        "import os, time\n"
        "def f(x): return [os.environ.get('PYTHONHASHSEED'), time.tzname[0], os.environ['LC_ALL'], os.getcwd()]"
    )
    one, other = (pool.ask(task(text), place).calls[0].output for place in ("first", "second"))
    pairs = zip(json.loads(one), json.loads(other), strict=True)
    assert all(a != b for a, b in pairs)


def test_what_is_asked_in_vain_is_said_and_not_raised():
    assert (
        "cannot be loaded"
        in tried(task("raise KeyError('x')\ndef f(x): ..."), DOES, Modules()).refused
    )
    found = tried(task("def f(x): return x", what="mutants"), DOES, Modules()).mutation
    assert (found.mutants, found.killed, found.survivors) == (1, 1, ())
