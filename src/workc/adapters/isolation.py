"""Isolation: while it holds, this thread reaches no network, process, clock or entropy.

Sockets and processes are seen by an audit hook (PEP 578); clock, entropy and environment by a profile
function, which sees a call before it is made. Both tell a :class:`Watcher`, which may raise: a replay
denies, the guard of a live run (:mod:`workc.adapters.guard`) denies or takes note. It finds code that
forgot to be deterministic, not code that means harm: that needs a sandbox of the operating system.

What is watched follows the context (PEP 567), so that tasks which a coroutine starts are watched too.
The garbage collector may be at work at any moment, for objects of anybody: what a finaliser or a callback
of it reaches is nobody's fault.
"""

from __future__ import annotations

import _thread
import datetime
import gc
import inspect
import os
import random
import socket
import sys
import threading
import time
from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager
from contextvars import ContextVar, Token
from types import FrameType, TracebackType
from typing import Literal, Protocol

from workc.kernel.failure import Refusal, refuse

_DENIED_PREFIXES = ("socket.", "subprocess.", "urllib.", "http.client.", "smtplib.", "ftplib.")
_DENIED = frozenset(
    {"os.system", "os.fork", "os.forkpty", "os.posix_spawn", "os.exec", "os.spawn", "pty.spawn"}
)
#: Made by the interpreter or a library on its own account; they reach nobody.
_HARMLESS = frozenset({"socket.gethostname"})


def _there(names: Iterable[str], module: object) -> frozenset[object]:
    """Returns the functions of a module that it has on this system."""
    return frozenset(getattr(module, name) for name in names if hasattr(module, name))


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
#: What asks for a file without opening it: no audit event tells of these.
FILE_CALLS = _there(
    [
        "access",
        "getcwd",
        "getcwdb",
        "getxattr",
        "listxattr",
        "lstat",
        "readlink",
        "stat",
        "statvfs",
    ],
    os,
)
#: What another machine, or another process, answers otherwise.
MACHINE_CALLS = _there(
    ["cpu_count", "getloadavg", "getlogin", "getpid", "getppid", "uname"], os
) | frozenset({socket.gethostname})
DATE_METHODS = frozenset({"now", "utcnow", "today"})
#: Reading the environment goes through these, whatever it is written as.
_ENVIRONMENT = frozenset(
    getattr(os.environ, name).__func__.__code__ for name in ("__getitem__", "__iter__", "__len__")
)
#: Where they stand. Each call is compared with this and not with their code: to ask a frame for its
#: code is an audit event, for which the hook would be called each time.
_OS: object = vars(os)

#: A thread that the code starts could not be watched, and the order of its work would be chance.
_THREADS = frozenset({"_thread.start_new_thread", "_thread.start_joinable_thread"})
_CHANCE = frozenset({"/dev/random", "/dev/urandom"})
#: Between who reads the clock or the environment and the code that asked for it.
_GO_BETWEENS = frozenset({"os", "_collections_abc"})

Kind = Literal["clock", "environment", "file", "machine", "thread", "world"]
#: Of each function whose calls are seen what it reads.
_READS: Mapping[object, Kind] = {
    **dict.fromkeys(FILE_CALLS, "file"),
    **dict.fromkeys(MACHINE_CALLS, "machine"),
    **dict.fromkeys(CLOCKS, "clock"),
}


class Watcher(Protocol):
    """Is told what code reaches, before it does; what it raises, the code gets."""

    def reached(self, kind: Kind, what: str, frame: FrameType) -> None:
        """Takes the name of a call or of an audit event, and the frame it comes from."""
        ...

    def end(self) -> Refusal | None:
        """Returns what the code is refused with that has ended, whatever it did about it."""
        ...


_watcher: ContextVar[Watcher | None] = ContextVar("workc-watcher", default=None)
_state = threading.local()
_install_lock = threading.Lock()
_installed: list[bool] = []


def _hook(event: str, arguments: tuple[object, ...]) -> None:
    watcher = _watcher.get()
    denied = getattr(_state, "denied", False)
    if watcher is None and not denied:
        return
    from_chance = event == "open" and arguments[0] in _CHANCE
    starts = event in _THREADS
    outside = event in _DENIED or (event.startswith(_DENIED_PREFIXES) and event not in _HARMLESS)
    if not (from_chance or starts or outside):
        return
    here = inspect.currentframe()
    frame = here.f_back if here is not None else None
    if watcher is not None and frame is not None and not is_nobodys(frame):
        kind: Kind = "thread" if starts else "world"
        watcher.reached(kind, str(arguments[0]) if from_chance else event, frame)
    if denied and not outside:
        what = "starts a thread" if starts else f"reads {arguments[0]}"
        raise refuse("NONDETERMINISTIC", f"the code {what}, which a replay denies", event=event)
    if denied:
        raise refuse(
            "EXTERNAL_CALL_BLOCKED", f"a replay reaches nothing outside ({event})", event=event
        )


def _collection_begins(phase: str, _info: dict[str, int]) -> None:
    if phase == "start":
        _state.collecting = True


def _collection_ends(phase: str, _info: dict[str, int]) -> None:
    if phase == "stop":
        _state.collecting = False


def _profile(frame: FrameType, event: str, function: object) -> None:
    kind: Kind
    if event == "c_call" and function is _thread.start_new_thread:
        # Before Python 3.12 no audit event tells of it.
        kind, what = "thread", "_thread.start_new_thread"
    elif event == "c_call" and (read := _read_by(function)) is not None:
        kind, what = read, str(getattr(function, "__qualname__", "a clock"))
    elif event == "call" and frame.f_globals is _OS and frame.f_code in _ENVIRONMENT:
        kind, what = "environment", "os.environ"
    else:
        return
    watcher = _watcher.get()
    if watcher is not None and not _state.collecting and not is_nobodys(frame):
        watcher.reached(kind, what, frame)


def is_nobodys(frame: FrameType) -> bool:
    """Returns whether the code that is watched did not ask for this.

    So it is where an event loop looks at its own clock, and where a module is imported for the first
    time: in the next run it may be there already.
    """
    each: FrameType | None = frame
    while each is not None and _module_of(each) in _GO_BETWEENS:
        each = each.f_back
    if each is not None and _module_of(each).startswith("asyncio."):
        return True
    while each is not None and not _module_of(each).startswith("workc."):
        if each.f_code.co_filename.startswith("<frozen importlib"):
            return True
        each = each.f_back
    return False


def _module_of(frame: FrameType) -> str:
    return str(frame.f_globals.get("__name__", ""))


def _read_by(function: object) -> Kind | None:
    owner = getattr(function, "__self__", None)
    if isinstance(owner, type) and issubclass(owner, datetime.date):
        return "clock" if getattr(function, "__name__", "") in DATE_METHODS else None
    return _READS.get(function)


def _install() -> None:
    with _install_lock:
        # An audit hook cannot be taken away again; it looks at flags of its thread and context.
        if not _installed:
            sys.addaudithook(_hook)
            _installed.append(True)


@contextmanager
def isolated() -> Generator[None, None, None]:
    """Denies this thread the network and processes."""
    _install()
    before = getattr(_state, "denied", False)
    _state.denied = True
    try:
        yield
    finally:
        _state.denied = before


class Watched:
    """The context in which code is watched. Coroutines that take turns on a thread may each be in one."""

    def __init__(self, watcher: Watcher) -> None:
        self._watcher = watcher
        self._token: Token[Watcher | None] | None = None

    def __enter__(self) -> None:
        """Begins to watch."""
        _install()
        self._token = _watcher.set(self._watcher)
        depth = getattr(_state, "depth", 0)
        if depth == 0:
            _state.before = sys.getprofile()
            _state.collecting = False
            # The collector calls its callbacks in order, in the thread that it has stopped: what
            # others have registered stands between ours.
            gc.callbacks.insert(0, _collection_begins)
            gc.callbacks.append(_collection_ends)
        _state.depth = depth + 1
        # A profile function that has raised is taken away by the interpreter.
        sys.setprofile(_profile)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Ends it; code that has swallowed its refusal is refused now.

        Raises:
            Refusal: what the watcher says of it.
        """
        _state.depth -= 1
        if _state.depth == 0:
            sys.setprofile(_state.before)
            gc.callbacks.remove(_collection_begins)
            gc.callbacks.remove(_collection_ends)
        if self._token is not None:
            _watcher.reset(self._token)
        refusal = self._watcher.end()
        if refusal is not None and error is not refusal and not _is_the_processes(error):
            raise refusal


def _is_the_processes(error: BaseException | None) -> bool:
    return isinstance(error, KeyboardInterrupt | GeneratorExit)


class Denial:
    """Refuses code clock, entropy and threads; what else it reaches, a replay denies otherwise."""

    def __init__(self) -> None:
        self._broken: Refusal | None = None

    def reached(self, kind: Kind, what: str, frame: FrameType) -> None:
        """Takes what is reached.

        Raises:
            Refusal: ``NONDETERMINISTIC``, for a clock or a thread.
        """
        del frame
        if kind in {"clock", "thread"}:
            does = f"calls {what}" if kind == "clock" else "starts a thread"
            self._broken = refuse(
                "NONDETERMINISTIC", f"the code {does}, which a replay denies", call=what
            )
            raise self._broken

    def end(self) -> Refusal | None:
        """Returns the refusal, if there was one."""
        return self._broken


def timeless() -> Watched:
    """Returns a context in which the code in this thread has neither clock nor entropy."""
    return Watched(Denial())
