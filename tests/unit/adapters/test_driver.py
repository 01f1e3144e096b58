"""The live driver: interruption, timers, answers that come too late."""

import contextvars
import threading

import pytest

from workc.adapters.driver import Driver, Interrupted
from workc.adapters.memory import MemoryRun
from workc.kernel.failure import Misuse
from workc.kernel.payloads import CallHalted
from workc.runtime.answering import Answering
from workc.runtime.asks import Call, Reserve, Timer
from workc.runtime.engine import Engine
from workc.runtime.journal import Journal
from workc.runtime.session import Session
from workc.stages.skill import skill


class Nobody:
    def answer(self, ask):
        return None


def drive(root, on_driver=lambda driver: None):
    files = MemoryRun()
    driver = Driver(Answering(files, lambda: 0), None, threads=2)
    on_driver(driver)
    session = Session(Engine(root), Journal(files), Nobody())
    return driver.drive(session), files


def call(function, at_once=True, timeout_ms=None):
    made = skill(pure=at_once)(function)
    return Call(made, {}, b"{}", "r", "s", 1, pure=at_once)


def test_timers_fire_in_the_order_of_their_time():
    order = []

    def waits(ms):
        async def body(lane):
            await lane.ask(Timer(ms))
            order.append(ms)

        return body

    async def root(lane):
        await lane.spawn([waits(30), waits(0), waits(15)])

    drive(root)
    assert order == [0, 15, 30]


def test_a_wait_longer_than_a_clock_can_count_can_still_be_interrupted():
    async def root(lane):
        await lane.ask(Timer(2**53 - 1))

    def soon(driver):
        threading.Timer(0.05, driver.interrupt).start()

    with pytest.raises(Interrupted):
        drive(root, soon)


def test_an_answer_after_the_timeout_is_nobodys():
    held, late = threading.Event(), threading.Event()

    def slow() -> int:
        try:
            held.wait(10)
        finally:
            late.set()
        return 1

    async def root(lane):
        answer = await lane.ask(call(slow, at_once=False), 20)
        held.set()
        late.wait(5)
        await lane.ask(Timer(20))
        return answer.failure.code

    result, files = drive(root)
    assert result == "TIMEOUT"
    assert len(list(files.records())) == 2


def test_an_interruption_before_a_call_on_this_thread_is_seen():
    def one() -> int:
        return 1

    async def root(lane):
        for _ in range(100):
            await lane.ask(call(one))

    with pytest.raises(Interrupted):
        drive(root, lambda driver: driver.interrupt())


@pytest.mark.parametrize("pure", [True, False])
def test_a_function_that_does_not_end_is_left(pure):
    begun, held = threading.Event(), threading.Event()

    def stuck() -> int:
        begun.set()
        held.wait(20)
        return 1

    async def root(lane):
        await lane.ask(call(stuck, pure))

    def when_begun(driver):
        threading.Thread(target=lambda: (begun.wait(20), driver.interrupt()), daemon=True).start()

    with pytest.raises(Interrupted):
        drive(root, when_begun)
    assert not held.is_set()
    held.set()


def test_a_lane_that_does_not_end_is_left_and_does_nothing_any_more():
    begun, held, asked = (threading.Event() for _ in range(3))
    threads = []

    def late() -> int:
        asked.set()
        return 1

    async def root(lane):
        threads.append(threading.current_thread())
        begun.set()
        held.wait(20)
        await lane.ask(call(late, at_once=False), 1_000)

    def when_begun(driver):
        threading.Thread(target=lambda: (begun.wait(20), driver.interrupt()), daemon=True).start()

    with pytest.raises(Interrupted):
        drive(root, when_begun)
    held.set()
    threads[0].join(20)
    assert not asked.is_set()


def test_a_function_that_interrupts_itself_stops_the_run():
    def stop() -> int:
        raise KeyboardInterrupt

    async def root(lane):
        await lane.ask(call(stop))

    with pytest.raises(Interrupted):
        drive(root)


def test_the_callers_context_is_seen_by_the_run():
    name = contextvars.ContextVar("name", default="nobody")
    name.set("caller")

    async def root(lane):
        return name.get()

    assert drive(root)[0] == "caller"


def test_what_only_the_desk_can_answer_is_misuse():
    async def root(lane):
        assert isinstance(await lane.ask(Reserve(1, "s")), CallHalted)

    with pytest.raises(Misuse, match="desk"):
        drive(root)


def test_a_run_that_waits_for_nothing_is_misuse():
    async def root(lane):
        await lane.join([(9, 9)])

    with pytest.raises(Misuse, match="nobody was asked"):
        drive(root)


def test_an_answer_that_comes_with_the_interruption_is_recorded():
    drivers, files = [], MemoryRun()

    def now_ms():
        # The answer is being written down; the next thing in the queue is the interruption.
        drivers[0].interrupt()
        return 0

    def one() -> int:
        return 1

    async def root(lane):
        await lane.ask(call(one, at_once=False))
        await lane.ask(Timer(1))

    drivers.append(Driver(Answering(files, now_ms), None, threads=1))
    with pytest.raises(Interrupted):
        drivers[0].drive(Session(Engine(root), Journal(files), Nobody()))
    assert [record.kind for record in files.records()] == ["SkillExecuted"]
