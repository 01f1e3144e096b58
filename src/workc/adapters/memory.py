"""A run in memory: its files and its journal, for runs that need no folder and for replays."""

from __future__ import annotations

from collections.abc import Iterator

from workc.kernel import events
from workc.kernel.events import Record
from workc.kernel.failure import refuse


class MemoryRun:
    """Keeps what a run writes. It is gone with the process."""

    def __init__(self) -> None:
        self._files: dict[str, bytes] = {}
        self._lines: list[bytes] = []

    def put(self, path: str, data: bytes) -> None:
        """Keeps a file that a record will name."""
        self._files[path] = data

    def get(self, path: str) -> bytes:
        """Returns the bytes of such a file, or raises ``CAPTURE_MISSING``."""
        if path not in self._files:
            raise refuse("CAPTURE_MISSING", f"the run has no file {path}", path=path)
        return self._files[path]

    def chunks(self, path: str) -> Iterator[bytes]:
        """Yields the bytes of such a file."""
        yield self.get(path)

    def append(self, line: bytes) -> None:
        """Takes one line of the journal."""
        self._lines.append(line)

    def commit(self, *, effect: bool) -> None:
        """Does nothing: memory is as durable as it gets here."""

    def lines(self) -> Iterator[bytes]:
        """Yields the lines of the journal."""
        return iter(self._lines)

    def records(self) -> Iterator[Record]:
        """Yields the records in order of arrival; nothing can have changed them, so all are read as told."""
        return map(events.decode_record, self._lines)

    def close(self) -> None:
        """Does nothing."""
