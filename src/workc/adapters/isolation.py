"""Isolation: while it holds, this thread reaches no network, process, clock or entropy.

Sockets and processes are denied by an audit hook (PEP 578), clock and entropy by a profile function
that sees the call of a C function before it is made. It guards against code that forgot to be
deterministic, not against code that means harm: that needs a sandbox of the operating system.
"""

from __future__ import annotations

import datetime
import gc
import os
import random
import sys
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from types import FrameType

from workc.kernel.failure import refuse

_DENIED_PREFIXES = ("socket.", "subprocess.", "urllib.", "http.client.", "smtplib.", "ftplib.")
_DENIED = frozenset(
    {"os.system", "os.fork", "os.forkpty", "os.posix_spawn", "os.exec", "os.spawn", "pty.spawn"}
)
#: Made by the interpreter or a library on its own account; they reach nobody.
_HARMLESS = frozenset({"socket.gethostname"})
CLOCKS: frozenset[object] = frozenset(
    {
        time.time,
        time.time_ns,
        time.monotonic,
        time.monotonic_ns,
        time.perf_counter,
        time.perf_counter_ns,
        time.process_time,
        time.process_time_ns,
        time.thread_time,
        time.thread_time_ns,
        time.clock_gettime,
        time.clock_gettime_ns,
        time.localtime,
        time.gmtime,
        time.ctime,
        time.strftime,
        time.sleep,
        os.times,
        os.urandom,
        os.getrandom,
        random.random,
        random.getrandbits,
    }
)
DATE_METHODS = frozenset({"now", "utcnow", "today"})

_state = threading.local()
_install_lock = threading.Lock()
_installed: list[bool] = []


#: A thread that the code starts could not be watched, and the order of its work would be chance.
_THREADS = frozenset({"_thread.start_new_thread", "_thread.start_joinable_thread"})
_CHANCE = frozenset({"/dev/random", "/dev/urandom"})


def _hook(event: str, arguments: tuple[object, ...]) -> None:
    if not getattr(_state, "denied", False):
        return
    if event in _THREADS or (event == "open" and arguments[0] in _CHANCE):
        what = "starts a thread" if event in _THREADS else f"reads {arguments[0]}"
        raise refuse("NONDETERMINISTIC", f"the code {what}, which a replay denies", event=event)
    if event in _DENIED or (event.startswith(_DENIED_PREFIXES) and event not in _HARMLESS):
        raise refuse(
            "EXTERNAL_CALL_BLOCKED", f"a replay reaches nothing outside ({event})", event=event
        )


def _profile(frame: FrameType, event: str, function: object) -> None:
    if event == "c_call" and _is_clock(function) and not _is_collector(frame):
        name = str(getattr(function, "__qualname__", "a clock"))
        _state.broken = refuse(
            "NONDETERMINISTIC", f"the code calls {name}, which a replay denies", call=name
        )
        raise _state.broken


def _is_collector(frame: FrameType | None) -> bool:
    """Returns whether a callback of the garbage collector is at work: nobody called that."""
    codes = [getattr(callback, "__code__", None) for callback in gc.callbacks]
    while frame is not None:
        if frame.f_code in codes:
            return True
        frame = frame.f_back
    return False


def _is_clock(function: object) -> bool:
    owner = getattr(function, "__self__", None)
    if isinstance(owner, type) and issubclass(owner, datetime.date):
        return getattr(function, "__name__", "") in DATE_METHODS
    return function in CLOCKS


@contextmanager
def isolated() -> Generator[None, None, None]:
    """Denies this thread the network and processes."""
    with _install_lock:
        # An audit hook cannot be taken away again; it looks at a flag of its thread.
        if not _installed:
            sys.addaudithook(_hook)
            _installed.append(True)
    before = getattr(_state, "denied", False)
    _state.denied = True
    try:
        yield
    finally:
        _state.denied = before


@contextmanager
def timeless() -> Generator[None, None, None]:
    """Denies the code in this thread clock and entropy.

    Code that swallows the refusal is refused when it ends.
    """
    before = sys.getprofile()
    _state.broken = None
    sys.setprofile(_profile)
    try:
        yield
    finally:
        sys.setprofile(before)
    if _state.broken is not None:
        raise _state.broken
