"""What a replay denies, and the loops that stand in for asyncio's."""

import asyncio
import contextlib
import datetime
import gc
import os
import random
import socket
import subprocess
import sys
import threading
import time

import pytest

from workc.adapters.event_loops import loopless, no_loop, run_still
from workc.adapters.isolation import isolated, timeless
from workc.kernel.failure import Refusal


@pytest.mark.parametrize(
    "reach",
    [
        socket.socket,
        lambda: subprocess.run(["true"], check=False),
        lambda: os.system("true"),
        os.fork,
    ],
)
def test_network_and_processes_are_denied_in_this_thread_and_only_while_it_holds(reach):
    with isolated(), pytest.raises(Refusal, match="EXTERNAL_CALL_BLOCKED"):
        reach()
    socket.socket().close()
    with isolated():
        with isolated():
            pass
        with pytest.raises(Refusal):
            socket.socket()
        other = threading.Thread(target=lambda: socket.socket().close())
        other.start()
        other.join()


@pytest.mark.parametrize(
    "call",
    [
        time.time,
        time.monotonic,
        time.perf_counter_ns,
        lambda: time.sleep(0),
        datetime.datetime.now,
        datetime.date.today,
        lambda: os.urandom(1),
        random.random,
        lambda: random.choice([1]),
        lambda: time.clock_gettime(0),
        lambda: os.getrandom(1),
        lambda: threading.Thread(target=int).start(),
    ],
)
def test_clocks_entropy_and_threads_are_denied(call):
    with pytest.raises(Refusal, match="NONDETERMINISTIC"), timeless():
        call()
    call()


def test_a_seeded_generator_is_not_denied():
    seeded = random.Random(3)
    with timeless():
        assert seeded.random() == random.Random(3).random()


def test_code_that_asks_for_a_loop_is_refused_and_the_callers_loop_comes_back():
    async def main():
        with loopless(), pytest.raises(Refusal, match="NONDETERMINISTIC"):
            asyncio.get_running_loop().create_future()
        with no_loop():
            assert asyncio.run(asyncio.sleep(0, 5)) == 5
        await asyncio.sleep(0)

    asyncio.run(main())


def test_a_still_loop_waits_no_time_and_opens_nothing():
    async def work():
        began = asyncio.get_running_loop().time()
        await asyncio.sleep(3_600)
        first, second = await asyncio.gather(asyncio.sleep(2, "a"), asyncio.sleep(1, "b"))
        return asyncio.get_running_loop().time() - began, first, second

    with isolated(), timeless():
        assert run_still(work()) == (3_602.0, "a", "b")


@pytest.mark.parametrize("wait", ["forever", "socket"])
def test_a_still_loop_refuses_what_comes_from_outside(wait):
    async def work():
        loop = asyncio.get_running_loop()
        if wait == "socket":
            loop.add_reader(0, print)
        await loop.create_future()

    with pytest.raises(Refusal, match="NONDETERMINISTIC"):
        run_still(work())


def test_a_clock_read_by_a_callback_of_the_garbage_collector_is_nobodys_fault():
    seen = []

    def callback(phase, info):
        seen.append(time.perf_counter())

    gc.callbacks.append(callback)
    try:
        with timeless():
            gc.collect()
    finally:
        gc.callbacks.remove(callback)
    assert seen


class ReadsTheClockAtItsEnd:
    def __init__(self, seen):
        self.seen, self.itself = seen, self

    def __del__(self):
        self.seen.append(time.time())


def test_a_clock_read_by_a_finaliser_of_garbage_is_nobodys_fault():
    """Such as that of a task that was left behind, which asyncio logs with the time."""
    seen = []
    ReadsTheClockAtItsEnd(seen)
    with timeless():
        gc.collect()
    assert len(seen) == 1


def test_a_clock_is_denied_after_the_collector_was_at_work():
    def code():
        gc.collect()
        return time.time()

    with pytest.raises(Refusal, match="NONDETERMINISTIC"), timeless():
        code()


def test_nothing_is_left_with_the_garbage_collector():
    before = [*gc.callbacks]
    with timeless(), timeless():
        assert gc.callbacks != before
    with pytest.raises(Refusal, match="NONDETERMINISTIC"), timeless():
        time.time()
    assert gc.callbacks == before


def test_code_that_swallows_the_refusal_is_refused_when_it_ends():
    def sly():
        with contextlib.suppress(Exception):
            time.time()
        return time.time()

    with pytest.raises(Refusal, match="NONDETERMINISTIC"), timeless():
        sly()


def test_reading_the_environment_is_not_denied_by_a_replay():
    with isolated(), timeless():
        assert os.environ.get("PATH")


def test_a_task_that_the_code_starts_is_denied_the_clock_too():
    async def work():
        await asyncio.gather(asyncio.sleep(0), reads())

    async def reads():
        time.time()

    with pytest.raises(Refusal, match="NONDETERMINISTIC"), isolated(), timeless():
        run_still(work())


def test_what_the_import_of_a_module_reads_is_not_the_codes(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "reads_when_imported.py").write_text("import time\nBEGAN = time.time()\n")
    with isolated(), timeless():
        import reads_when_imported  # noqa: PLC0415 - that is what is tested
    assert reads_when_imported.BEGAN > 0


def test_the_profile_function_of_before_comes_back_however_contexts_are_nested():
    def mine(frame, event, argument):
        return None

    sys.setprofile(mine)
    try:
        first, second = timeless(), timeless()
        first.__enter__()
        second.__enter__()
        first.__exit__(None, None, None)
        assert sys.getprofile() not in (mine, None)
        second.__exit__(None, None, None)
        assert sys.getprofile() is mine
    finally:
        sys.setprofile(None)
