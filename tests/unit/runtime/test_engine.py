"""The engine by itself: lanes that ask, spawn and wait, answered by hand."""

from contextlib import contextmanager

import pytest

from workc.kernel.events import Entry
from workc.kernel.failure import Misuse, Refusal
from workc.kernel.payloads import StepSkipped, TimerFired
from workc.runtime.asks import Timer
from workc.runtime.engine import Engine


def note(step):
    return StepSkipped(because=[], code="HALTED", step=step)


def fired(ask, at_ms=0):
    return Entry(at=ask.at, payload=TimerFired(), at_ms=at_ms)


def waiting(name, log, times=1):
    async def body(lane):
        for _ in range(times):
            await lane.ask(Timer(1))
            log.append(name)
        return name

    return body


def test_a_lane_that_asks_waits_until_it_is_answered_by_place():
    log = []
    engine = Engine(waiting("root", log))
    _, asks = engine.run()
    assert [ask.at for ask in asks] == [(0,)]
    assert not engine.done
    engine.answer(fired(asks[0]))
    engine.run()
    assert engine.done
    assert engine.result == "root"


def test_an_answer_to_nothing_is_misuse():
    engine = Engine(waiting("root", []))
    engine.run()
    with pytest.raises(Misuse, match="nothing was asked"):
        engine.answer(Entry(at=(7,), payload=TimerFired(), at_ms=0))


def test_an_answer_is_taken_once():
    engine = Engine(waiting("root", [], times=2))
    _, (ask,) = engine.run()
    engine.answer(fired(ask))
    with pytest.raises(Misuse):
        engine.answer(fired(ask))


def test_lanes_below_one_lane_run_at_once_and_their_results_are_in_order():
    async def root(lane):
        return await lane.spawn([waiting(n, []) for n in "abc"])

    engine = Engine(root)
    _, asks = engine.run()
    assert [ask.at for ask in asks] == [(0, 0, 0), (0, 1, 0), (0, 2, 0)]
    for ask in reversed(asks):
        engine.answer(fired(ask))
        engine.run()
    assert engine.result == ["a", "b", "c"]


def test_a_lane_that_joins_waits_for_the_lanes_it_names():
    log = []

    async def second(lane):
        await lane.join([(0, 0)])
        log.append("second")

    async def root(lane):
        await lane.spawn([waiting("first", log), second])

    engine = Engine(root)
    _, (ask,) = engine.run()
    assert log == []
    engine.answer(fired(ask))
    engine.run()
    assert log == ["first", "second"]


def test_joining_a_lane_that_is_over_does_not_wait():
    async def nothing(lane):
        return 1

    async def second(lane):
        await lane.join([(0, 0)])
        return 2

    async def root(lane):
        return await lane.spawn([nothing, second])

    engine = Engine(root)
    engine.run()
    assert engine.result == [1, 2]


def test_time_in_a_lane_is_that_of_the_last_answer_it_or_those_it_waited_for_saw():
    seen = []

    async def root(lane):
        seen.append(lane.now_ms)
        await lane.spawn([waiting("a", []), waiting("b", [])])
        seen.append(lane.now_ms)

    engine = Engine(root, start_ms=5)
    _, (first, second) = engine.run()
    engine.answer(fired(second, 90))
    engine.answer(fired(first, 70))
    engine.run()
    assert seen == [5, 90]


def test_only_so_many_lanes_work_at_once():
    async def worker(lane):
        await lane.enter()
        await lane.ask(Timer(1))

    async def root(lane):
        await lane.spawn([worker] * 5)

    engine = Engine(root, max_lanes=2)
    _, asks = engine.run()
    most = 0
    while asks:
        most = max(most, len(asks))
        ask, *asks = asks
        engine.answer(fired(ask))
        asks += engine.run()[1]
    assert most == 2
    assert engine.done


class Foreign:
    def __await__(self):
        yield self


def test_awaiting_anything_else_is_refused_as_nondeterministic():
    caught = []

    async def root(lane):
        try:
            await Foreign()
        except Refusal as refusal:
            caught.append(refusal.failure)
        return "went on"

    engine = Engine(root)
    engine.run()
    assert caught[0].code == "NONDETERMINISTIC"
    assert caught[0].details == {"awaited": "Foreign"}
    assert "awaited a Foreign, which the engine does not control" in caught[0].message
    assert engine.result == "went on"


def test_what_was_emitted_comes_out_in_the_order_of_time_with_its_place():
    async def root(lane):
        lane.emit(note("a"))
        await lane.ask(Timer(1))
        lane.emit(note("b"))

    engine = Engine(root)
    entries, (ask,) = engine.run()
    assert [entry.at for entry in entries] == [(0,)]
    assert ask.at == (1,)
    engine.answer(fired(ask))
    entries, _ = engine.run()
    assert [(entry.at, entry.payload.step) for entry in entries] == [((2,), "b")]
    assert engine.run() == ([], [])


def test_lanes_run_inside_the_guard_and_only_there():
    inside = []

    @contextmanager
    def guard():
        inside.append("in")
        yield
        inside.append("out")

    async def root(lane):
        inside.append("lane")
        await lane.ask(Timer(1))

    engine = Engine(root, guard=guard)
    engine.run()
    engine.run()
    assert inside == ["in", "lane", "out"]


def test_closing_ends_every_lane_wherever_it_waits_and_bears_code_that_resists():
    ended = []

    def ending(name, *, resists=False):
        async def body(lane):
            try:
                await lane.enter()
                await lane.ask(Timer(1))
            finally:
                ended.append(name)
                if resists:
                    await lane.ask(Timer(1))

        return body

    async def root(lane):
        try:
            await lane.spawn([ending("a", resists=True), ending("b"), ending("c")])
        finally:
            ended.append("root")

    engine = Engine(root, max_lanes=1)
    engine.run()
    engine.close()
    assert sorted(ended) == ["a", "b", "c", "root"]


def test_closing_an_engine_that_never_ran_leaves_no_coroutine_behind():
    Engine(waiting("root", [])).close()
