"""What has been recorded already, by place: the prefix of a resumed run, or all of a replayed one."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from msgspec import UnsetType

from workc.kernel.events import Entry, Path, RawEvent, Record, decode_payload, encode


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """An entry without a line of its own, as far as it is compared."""

    at: Path
    at_ms: int | UnsetType
    kind: str
    payload: bytes


def kept(entry: Entry) -> Kept:
    """Returns an entry as a line that is recorded."""
    return Kept(at=entry.at, at_ms=entry.at_ms, kind=entry.kind, payload=encode(entry.payload))


class Recorded:
    """Holds entries by place and knows which of them were asked for again.

    Payloads stay bytes until they are asked for.
    """

    def __init__(self, lines: Iterable[RawEvent | Record | Kept] = ()) -> None:
        self._lines: dict[Path, RawEvent | Record | Kept] = {tuple(line.at): line for line in lines}
        self._used: set[Path] = set()

    def __contains__(self, at: Path) -> bool:
        return at in self._lines

    def __len__(self) -> int:
        return len(self._lines)

    def entry(self, at: Path) -> Entry | None:
        """Returns the entry that stands at ``at`` and marks it as used."""
        line = self._lines.get(at)
        if line is None:
            return None
        self._used.add(at)
        payload = decode_payload(line.kind, line.payload)
        return Entry(at=at, payload=payload, at_ms=line.at_ms)

    def payload(self, at: Path) -> tuple[str, bytes] | None:
        """Returns kind and payload bytes of what stands at ``at`` and marks it as used."""
        line = self._lines.get(at)
        if line is None:
            return None
        self._used.add(at)
        return line.kind, bytes(line.payload)

    def step_at(self, at: Path) -> str | None:
        """Returns the step that a place belongs to: its own, else that of a place next to it."""
        lane, count = at[:-1], at[-1]
        for near in (count, count - 1, count + 1):
            line = self._lines.get((*lane, near))
            step = getattr(decode_payload(line.kind, line.payload), "step", None) if line else None
            if isinstance(step, str):
                return step
        return None

    def unused(self) -> list[Path]:
        """Returns the places nobody asked for, in logical order."""
        return sorted(set(self._lines) - self._used)
