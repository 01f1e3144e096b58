"""A bundle from any bytes, so that a fuzzer which knows nothing of bundles reaches every rule.

The first byte chooses a good bundle, or none. Then come changes, each a byte that says which, a byte
that chooses a file or an event, and what it needs; bytes that are missing are zeros. One of the
changes asks for the bundle to be sealed anew, so that hashes and chain hold again.

    decoded(b"")   ->  {}
    decoded(b"\x02")   ->  a good bundle
"""

import json
from collections.abc import Callable
from typing import Any

from ground import sealing
from mutations import NAMES, ODD_NAMES, UNSEALABLE, Files, files_of
from values import ways

Json = Any
MAX_CHANGES = 16
VALUES: tuple[Json, ...] = (
    None, True, False, 0, 1, 2, 3, -1, 2**53 - 1, 2**53, 1.5, "", "x", "0" * 32, "0" * 64, [], {},
    "true", "json", "text", "bytes", "pure", "opaque", "context", "success", "partial", "failed",
    "passed", "Draft", "Staged", "Committed", "file", "function", "usage", "bound", "released",
)  # fmt: skip


class _Input:
    """Reads numbers and bytes one after the other."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._place = 0

    @property
    def is_over(self) -> bool:
        return self._place >= len(self._data)

    def bytes(self, count: int) -> bytes:
        taken = self._data[self._place : self._place + count]
        self._place += count
        return taken

    def number(self, width: int = 1) -> int:
        return int.from_bytes(self.bytes(width), "little")

    def choice(self, items: Json) -> Json:
        return items[self.number() % len(items)]


def decoded(data: bytes) -> Files:
    """Returns the bundle that any bytes stand for."""
    given = _Input(data)
    name = given.choice((None, *NAMES))
    files = dict(files_of(name)) if name else {}
    edits: list[Callable[[Json], None]] = []
    for _ in range(MAX_CHANGES):
        if given.is_over:
            break
        change = given.choice(_CHANGES)
        change(files, edits, given)
    return _sealed(files, edits) if edits else files


def _sealed(files: Files, edits: list[Callable[[Json], None]]) -> Files:
    def edit(draft: Json) -> None:
        for each in edits:
            each(draft)

    for project in (True, False):
        try:
            return sealing.reseal(files, edit, project=project)
        except UNSEALABLE:
            continue
    return files


def _path(files: Files, given: _Input) -> str:
    return given.choice((*sorted(files), *ODD_NAMES))


def _put(files: Files, _edits: Json, given: _Input) -> None:
    files[_path(files, given)] = given.bytes(given.number())


def _overwrite(files: Files, _edits: Json, given: _Input) -> None:
    path, place, cut = _path(files, given), given.number(2), given.number()
    data, new = files.get(path, b""), given.bytes(given.number())
    place %= len(data) + 1
    files[path] = data[:place] + new + data[place + cut :]


def _remove(files: Files, _edits: Json, given: _Input) -> None:
    files.pop(_path(files, given), None)


def _copy(files: Files, _edits: Json, given: _Input) -> None:
    files[_path(files, given)] = files.get(_path(files, given), b"")


def _take(files: Files, _edits: Json, given: _Input) -> None:
    other = files_of(given.choice(NAMES))
    path = given.choice(sorted(other))
    files[path] = other[path]


def _seal(_files: Files, edits: Json, _given: _Input) -> None:
    edits.append(lambda draft: None)


def _edit_value(_files: Files, edits: Json, given: _Input) -> None:
    number, way, value, kind = given.number(), given.number(), given.number(2), given.number() % 4

    def edit(draft: Json) -> None:
        payload = draft.events[number % len(draft.events)]["payload"]
        *path, last = ways(payload)[way % len(ways(payload))]
        for key in path:
            payload = payload[key]
        new = value if kind == 1 else json.loads(json.dumps(VALUES[value % len(VALUES)]))
        if kind == 2:
            del payload[last]
        elif kind == 3 and isinstance(payload, list):
            payload.append(payload[last])
        else:
            payload[last] = new

    edits.append(edit)


def _edit_event(_files: Files, edits: Json, given: _Input) -> None:
    number, to, kind = given.number(), given.number(), given.number() % 4

    def edit(draft: Json) -> None:
        events = draft.events
        event = events[number % len(events)]
        if kind == 0:
            events.remove(event)
        elif kind == 1:
            events.insert(to % len(events), json.loads(json.dumps(event)))
        elif kind == 2:
            events.remove(event)
            events.insert(to % (len(events) + 1), event)
        else:
            event["at"][-1] = to

    edits.append(edit)


_CHANGES = (_put, _overwrite, _remove, _copy, _take, _seal, _edit_value, _edit_event)
