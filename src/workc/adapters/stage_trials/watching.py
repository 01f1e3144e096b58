"""Watches the code of a stage: what it does beside computing is noted, and mostly refused.

Clock, chance, environment and threads are noted by the watcher of :mod:`workc.adapters.isolation`; so
are sockets and processes, which are refused too. Files are seen by an audit hook of this module; what
would change one is refused. What is declared is let through.
"""

from __future__ import annotations

import inspect
import os
import sys
from collections.abc import Collection, Generator, Mapping, Sequence
from contextlib import contextmanager
from fnmatch import fnmatchcase
from types import FrameType

from workc.adapters.guard import place_of
from workc.adapters.isolation import Kind, Watched, is_nobodys
from workc.kernel.failure import Refusal, refuse
from workc.stages.stage.trial import Reached

_CHANCES = ("random", "getrandbits", "urandom", "getrandom", "/dev/")
_READS = frozenset({"os.listdir", "os.scandir", "glob.glob"})
_WRITES = frozenset(
    {
        "os.chmod",
        "os.chown",
        "os.link",
        "os.mkdir",
        "os.remove",
        "os.rename",
        "os.rmdir",
        "os.symlink",
        "os.truncate",
        "os.utime",
        "shutil.rmtree",
        "sqlite3.connect",
        "tempfile.mkdtemp",
        "tempfile.mkstemp",
    }
)
#: What ends another process, or this one.
_SIGNALS = frozenset({"os.kill", "os.killpg"})
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_EFFECTS: Mapping[Kind, str] = {
    "clock": "NonDeterministic",
    "environment": "NonDeterministic",
    "file": "FsRead",
    "machine": "NonDeterministic",
    "thread": "NonDeterministic",
}
_WORDS: Mapping[Kind, str] = {
    "clock": "reads the clock ({what})",
    "environment": "reads the environment ({what})",
    "file": "asks for a file ({what})",
    "machine": "reads the machine or process ({what})",
    "thread": "starts a thread",
    "world": "reaches outside ({what})",
}
#: Whoever watches the files of this process, the one who watches now being the last.
_watching: list[Watch] = []
_installed: list[bool] = []


class Watch:
    """Notes what the code of one stage reaches; ``allowed`` are the effects that it declares."""

    def __init__(
        self, allowed: Collection[str], paths: Mapping[str, Sequence[str]] | None = None
    ) -> None:
        """Takes the kinds of effects that are declared, and, of those with paths, their paths."""
        self._allowed = allowed
        self._paths = paths or {}
        self._reached: set[Reached] = set()

    @property
    def reached(self) -> tuple[Reached, ...]:
        """Returns what was reached that is not allowed, sorted."""
        return tuple(sorted(self._reached))

    def reached_file(self, event: str, name: str, effect: str, frame: FrameType) -> None:
        """Takes an access to a file.

        Raises:
            Refusal: it would change one, and that is not declared.
        """
        verb = "writes" if effect == "FsWrite" else "reads"
        words = f"{verb} a file ({name or event})"
        paths = self._paths.get(effect, ("*",))
        if effect in self._allowed and not any(_covers(path, name) for path in paths):
            listed = ", ".join(paths)
            self._note(effect, f"{words}, beside {listed:.200},", frame, denied=effect == "FsWrite")
            return
        self._take(effect, words, frame, denied=effect == "FsWrite")

    def take(self, kind: Kind, what: str, frame: FrameType) -> None:
        """Takes what :mod:`workc.adapters.isolation` has seen.

        Raises:
            Refusal: it reaches outside, and that is not declared.
        """
        if kind == "world" and not what.startswith("/dev/"):
            effect = "Process" if what.startswith(("subprocess", "os.", "pty.")) else "Network"
        else:
            effect = _EFFECTS.get(kind, "NonDeterministic")
        words = _WORDS[kind].format(what=what)
        if kind != "environment" and any(part in what.lower() for part in _CHANCES):
            words = f"draws chance ({what})"
        self._take(effect, words, frame, denied=effect in ("Process", "Network"))

    def _take(self, effect: str, words: str, frame: FrameType, *, denied: bool) -> None:
        if effect in self._allowed or "Unknown" in self._allowed:
            return
        self._note(effect, words, frame, denied=denied)

    def _note(self, effect: str, words: str, frame: FrameType, *, denied: bool) -> None:
        self._reached.add(Reached(effect, words + place_of(frame)))
        if denied:
            raise refuse("EXTERNAL_CALL_BLOCKED", f"the code {words}, which is not declared")

    @contextmanager
    def on(self) -> Generator[None, None, None]:
        """Watches what this thread does."""
        if not _installed:
            # An audit hook cannot be taken away again; it looks who watches.
            sys.addaudithook(_hook)
            _installed.append(True)
        _watching.append(self)
        try:
            with Watched(_Bridge(self)):
                yield
        finally:
            _watching.pop()


def _covers(declared: str, name: str) -> bool:
    """Returns whether a declared path is that of a file, of a folder of it, or a pattern for it."""
    if declared == "*":
        return True
    path, whole = os.path.abspath(name), os.path.abspath(declared)
    return path == whole or path.startswith(whole.rstrip("/") + "/") or fnmatchcase(path, whole)


class _Bridge:
    """Gives a watch what the isolation sees; nothing is raised at the end that was noted."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch

    def reached(self, kind: Kind, what: str, frame: FrameType) -> None:
        self._watch.take(kind, what, frame)

    def end(self) -> Refusal | None:
        return None


def _hook(event: str, arguments: tuple[object, ...]) -> None:
    if not _watching:
        return
    effect = _effect(event, arguments)
    if effect is None:
        return
    # To ask for the frame is an audit event of its own.
    here = inspect.currentframe()
    frame = here.f_back if here is not None else None
    if frame is None or is_nobodys(frame):
        return
    if effect == "Process":
        _watching[-1].take("world", event, frame)
        return
    name = arguments[0] if arguments else ""
    if isinstance(name, int) or str(name).startswith("/dev/"):
        return
    _watching[-1].reached_file(event, _spelled(name), effect, frame)


def _spelled(name: object) -> str:
    return os.fsdecode(name) if isinstance(name, str | bytes) else str(name)


def _effect(event: str, arguments: tuple[object, ...]) -> str | None:
    if event == "open":
        _, mode, flags = arguments
        opened = isinstance(flags, int) and bool(flags & _WRITING)
        return "FsWrite" if opened or set(str(mode or "")) & set("wax+") else "FsRead"
    if event in _WRITES:
        return "FsWrite"
    if event in _SIGNALS:
        return "Process"
    return "FsRead" if event in _READS else None
