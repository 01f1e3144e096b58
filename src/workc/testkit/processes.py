"""Processes that run tests side by side, each with an interpreter of its own."""

from __future__ import annotations

from collections.abc import Generator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import get_context

from workc.kernel.failure import refuse


@contextmanager
def processes(jobs: int) -> Generator[ProcessPoolExecutor]:
    """Yields a pool of so many processes.

    Raises:
        Refusal: ``SKILL_FAILED``: one of them ended while it ran something.
    """
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        try:
            yield pool
        except BrokenProcessPool:
            message = (
                "a process ended in the middle of a test: a function that it called has ended "
                "it, or memory ran out; run the files one by one to see which"
            )
            raise refuse("SKILL_FAILED", message) from None
