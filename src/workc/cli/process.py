"""What ``workc`` changes for its whole process, once, before a command begins.

A descriptor 0, 1 or 2 that is closed is opened on the null device: otherwise the next file that is
opened, the journal of a run it may be, would take its place and whatever is written there. What
the code that is run leaves unhandled (in a thread, in a finaliser, a coroutine that nobody awaits)
is said in one line, without a traceback.
"""

from __future__ import annotations

import os
import sys
import threading
import warnings
from io import TextIOWrapper
from typing import TYPE_CHECKING, TextIO

from workc.cli.text import printable

if TYPE_CHECKING:
    from sys import UnraisableHookArgs

_STREAMS = (0, 1, 2)


def prepare() -> None:
    """Fills closed descriptors and sets the hooks for what nobody handles."""
    _fill()
    threading.excepthook = _thread_failed
    sys.unraisablehook = _could_not_raise
    warnings.showwarning = _warn


def _fill() -> None:
    for number in _STREAMS:
        try:
            os.fstat(number)
        except OSError:
            # The lowest free number is given, which is this one.
            os.open(os.devnull, os.O_RDWR)
    # Python has no object for a stream that was closed; whoever writes to it would fail.
    # A result that is lost is lost loudly: what takes its place takes nothing.
    sys.stdout = sys.stdout or _null(os.O_RDONLY)
    sys.stderr = sys.stderr or _null(os.O_WRONLY)


def _null(mode: int) -> TextIO:
    # Unbuffered, so that nothing is left to be written at exit.
    raw = os.fdopen(os.open(os.devnull, mode), "wb", buffering=0)
    return TextIOWrapper(raw, encoding="utf-8", write_through=True)


def _say(text: str) -> None:
    stream = sys.stderr
    try:
        if stream is not None:  # pyright: ignore[reportUnnecessaryComparison]  # code that is run may set it
            stream.write(f"note: {printable(text)}\n")
            stream.flush()
    except (OSError, ValueError):
        return


def _thread_failed(args: threading.ExceptHookArgs) -> None:
    if args.exc_type is not SystemExit:
        name = args.thread.name if args.thread is not None else "a thread"
        _say(f"nobody handled {_told(args.exc_type, args.exc_value)} in {name}")


def _could_not_raise(args: UnraisableHookArgs) -> None:
    place = getattr(args.object, "__qualname__", type(args.object).__name__)
    _say(f"nobody handled {_told(args.exc_type, args.exc_value)} in {place}")


def _told(kind: type[BaseException], error: BaseException | None) -> str:
    text = str(error) if error is not None else ""
    return f"{kind.__name__}: {text}" if text else kind.__name__


def _warn(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    first = str(message).partition("\n")[0]
    _say(f"{category.__name__}: {first}")
