"""Threads and the loop that skills run on."""

import asyncio
import sys
import threading

from workc.adapters import workers
from workc.adapters.workers import Loop, Threads


def test_no_more_threads_than_allowed_and_idle_ones_are_used_again():
    threads, seen, done = Threads(2), [], threading.Semaphore(0)
    gate = threading.Barrier(2)

    def work():
        seen.append(threading.get_ident())
        done.release()

    for _ in range(2):
        threads.submit(lambda: (work(), gate.wait(5)))
    for _ in range(2):
        done.acquire(timeout=5)
    for _ in range(20):
        threads.submit(work)
        assert done.acquire(timeout=5)
    assert len(set(seen)) == 2
    threads.close()


def test_a_call_that_is_given_up_is_stopped_and_its_thread_replaced():
    threads, begun, done, found = Threads(1), threading.Event(), threading.Event(), []

    def endless():
        found.append(threading.current_thread())
        begun.set()
        try:
            while True:
                pass
        except Exception:  # noqa: BLE001 - what a careless function does
            found.append("held")

    give_up = threads.submit(endless)
    assert begun.wait(5)
    give_up()
    give_up()
    found[0].join(5)
    assert not found[0].is_alive()
    assert len(found) == 1
    threads.submit(done.set)
    assert done.wait(5)
    threads.close()


def test_a_call_that_hangs_in_c_is_replaced_and_holds_up_no_thread_that_is_profiled():
    threads, begun, held, done = (
        Threads(1),
        threading.Event(),
        threading.Lock(),
        threading.Event(),
    )
    held.acquire()
    found = []

    def hang():
        found.append(threading.current_thread())
        begun.set()
        held.acquire()

    give_up = threads.submit(hang)
    assert begun.wait(5)
    give_up()
    threads.submit(done.set)
    assert done.wait(5)
    before = sys.getprofile()
    sys.setprofile(lambda *_: None)
    try:
        # Forever, if the exception were pending still.
        (lambda: None)()
    finally:
        sys.setprofile(before)
    assert found[0].is_alive()
    held.release()
    found[0].join(5)
    assert not found[0].is_alive()
    threads.close()


def test_a_call_that_is_given_up_before_it_begins_is_not_made():
    threads, held, made, done = Threads(1), threading.Event(), [], threading.Event()
    threads.submit(lambda: held.wait(30))
    threads.submit(lambda: made.append("never"))()
    threads.submit(lambda: made.append("after"))
    threads.submit(done.set)
    held.set()
    assert done.wait(5)
    assert made == ["after"]
    threads.close()


def test_a_call_that_is_over_can_no_longer_be_given_up():
    threads, done, again = Threads(1), threading.Event(), threading.Event()
    found = []
    give_up = threads.submit(lambda: found.append(threading.current_thread()))
    threads.submit(done.set)
    assert done.wait(5)
    give_up()
    threads.submit(lambda: (found.append(threading.current_thread()), again.set()))
    assert again.wait(5)
    assert found[0] is found[1]
    threads.close()


def test_threads_and_loops_keep_no_process_alive():
    threads, loop, ready = Threads(1), Loop(), threading.Event()
    names = []

    def note():
        names.append(threading.current_thread().daemon)
        ready.set()

    threads.submit(note)
    assert ready.wait(5)
    assert names == [True]
    threads.close()
    loop.close()
    loop.close()


def test_cancelling_and_closing_end_what_runs():
    loop, started, ended = Loop(), threading.Semaphore(0), []

    async def work(name):
        started.release()
        try:
            await asyncio.sleep(1000)
        finally:
            ended.append(name)

    cancel = loop.submit(lambda: work("a"))
    loop.submit(lambda: work("b"))
    for _ in range(2):
        started.acquire(timeout=5)
    cancel()
    loop.close()
    assert sorted(ended) == ["a", "b"]


def test_closing_does_not_wait_for_a_loop_that_is_blocked(monkeypatch):
    monkeypatch.setattr(workers, "GRACE_S", 0.05)
    loop, started, held = Loop(), threading.Event(), threading.Event()

    async def blocks():
        started.set()
        held.wait(30)

    loop.submit(blocks)
    assert started.wait(5)
    inner, thread = loop._loop, loop._thread
    loop.close()
    held.set()
    thread.join(5)
    assert inner.is_closed(), "what was left behind ends by itself"
