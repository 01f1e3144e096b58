"""The streams a command was started with, kept from whoever writes to the process's own.

Results go to the stdout of the start and nothing else does: while work runs, descriptor 1 and
``sys.stdout`` are stderr, for the code that is run, for its libraries and for the processes they
start. A stream that is not there, or that breaks, takes nothing any more and stops nothing.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Generator
from contextlib import contextmanager, suppress
from typing import Literal, TextIO, TypeAlias

Name: TypeAlias = Literal["out", "err"]
_STDOUT = 1
#: Each symbol with what stands for it where the stream's encoding lacks it.
_ASCII = str.maketrans(
    {"✓": "+", "✗": "x", "·": "|", "→": ">", "↻": "~", "…": "~", "—": "-", "≤": "<"}
)


class Streams:
    """Holds stdout and stderr; ``lost`` says why a result could not be written, if that was so."""

    def __init__(self) -> None:
        self.lost: str | None = None
        self._streams: dict[Name, TextIO | None] = {"out": sys.stdout, "err": sys.stderr}
        self._kept = False

    def get(self, name: Name) -> TextIO | None:
        """Returns a stream, or None if there is none that takes anything."""
        return self._streams[name]

    def is_terminal(self, name: Name) -> bool:
        """Returns whether a stream is a terminal."""
        stream = self._streams[name]
        try:
            return stream is not None and stream.isatty()
        except (OSError, ValueError):
            return False

    def columns(self, name: Name) -> int | None:
        """Returns how wide the terminal of a stream is, or None if it is none or does not say."""
        stream = self._streams[name]
        try:
            return None if stream is None else os.get_terminal_size(stream.fileno()).columns or None
        except (OSError, ValueError):
            return None

    def write(self, name: Name, text: str) -> None:
        """Writes a line; a reader that is gone, a full disk or a closed stream ends the writing."""
        stream = self._streams[name]
        if stream is None:
            return
        try:
            _put(stream, text + "\n")
            stream.flush()
        except RuntimeError:
            # A signal came in the midst of a line: its handler may not enter the stream again.
            _put_raw(stream, text + "\n")
        except (OSError, ValueError) as error:
            self._lose(name, stream, error)

    @contextmanager
    def aside(self) -> Generator[None, None, None]:
        """Turns the stdout of everybody else into stderr; descriptor 1 stays so until the end."""
        self._keep()
        before = sys.stdout, sys.stderr
        sys.stdout = sys.stderr
        try:
            yield
        finally:
            sys.stdout, sys.stderr = before

    def close(self) -> None:
        """Gives descriptor 1 back, if it was taken; what others could not write vanishes."""
        out = self._streams["out"]
        if out is None:
            return
        try:
            out.flush()
        except (OSError, ValueError) as error:
            self._lose("out", out, error)
            return
        if not self._kept:
            return
        with suppress(OSError, ValueError):
            sys.stdout.flush()
        with suppress(OSError, ValueError):
            os.dup2(out.fileno(), _STDOUT)

    def _keep(self) -> None:
        """Makes streams of our own, so that nobody closes them, and stdout stderr."""
        if self._kept or _descriptor(self._streams["out"]) != _STDOUT:
            return
        before = self._streams["out"]
        if before is not None:
            with suppress(OSError, ValueError):
                before.flush()
        self._streams = {name: _own(stream) for name, stream in self._streams.items()}
        err = _descriptor(self._streams["err"])
        self._kept = True
        if err is not None:
            os.dup2(err, _STDOUT)

    def _lose(self, name: Name, stream: TextIO, error: OSError | ValueError) -> None:
        self._mute(name, stream)
        if name == "out" and not isinstance(error, BrokenPipeError):
            self.lost = getattr(error, "strerror", None) or type(error).__name__

    def _mute(self, name: Name, stream: TextIO) -> None:
        """Lets all further output of a stream vanish, that at exit too."""
        self._streams[name] = None
        with suppress(OSError, ValueError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, stream.fileno())
            os.close(nowhere)


def _descriptor(stream: TextIO | None) -> int | None:
    try:
        return None if stream is None else stream.fileno()
    except (OSError, ValueError):
        return None


def _own(stream: TextIO | None) -> TextIO | None:
    """Returns the same stream on a descriptor that only we know."""
    number = _descriptor(stream)
    if stream is None or number is None:
        return stream
    return os.fdopen(os.dup(number), "w", encoding=stream.encoding, errors=stream.errors)


def _put_raw(stream: TextIO, text: str) -> None:
    with suppress(OSError, ValueError):
        os.write(stream.fileno(), text.encode(stream.encoding or "utf-8", "backslashreplace"))


def _put(stream: TextIO, text: str) -> None:
    encoding = stream.encoding or "utf-8"
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        plain = text.translate(_ASCII)
        text = plain.encode(encoding, "backslashreplace").decode(encoding)
    stream.write(text)
