"""Limits of what a trial may use: time of the main thread, and memory of the process."""

from __future__ import annotations

import resource
import signal
from collections.abc import Generator
from contextlib import contextmanager
from types import FrameType

from workc.adapters.stage_trials.calling import Expired


@contextmanager
def limited(seconds: float) -> Generator[None, None, None]:
    """Raises :class:`Expired` in the main thread when the time is over.

    What is in a call into C, or holds every exception, is ended by whoever started the process.
    """
    before = signal.signal(signal.SIGALRM, _expire)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def limit_memory(size: int) -> None:
    """Refuses this process more than ``size`` bytes of address space."""
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    most = size if hard == resource.RLIM_INFINITY else min(size, hard)
    resource.setrlimit(resource.RLIMIT_AS, (most, hard))


def _expire(_number: int, _frame: FrameType | None) -> None:
    raise Expired
