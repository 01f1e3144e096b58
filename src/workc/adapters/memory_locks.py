"""Resources in memory: a table that the runs of one runtime share, for those that keep no store."""

from __future__ import annotations

import threading

from workc.runtime.ports import Granted, Held


class LockTable:
    """Says who holds which resource, to any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._holders: dict[str, tuple[MemoryLocks, str]] = {}
        self._tokens: dict[str, int] = {}

    def claim(self, resource: str, owner: str, by: MemoryLocks) -> Granted | Held:
        """Returns the grant, or who holds it."""
        with self._lock:
            holder = self._holders.get(resource)
            if holder is not None and not holder[0].is_dead:
                return Held(holder[1])
            before = self._tokens.get(resource, 0)
            self._tokens[resource] = before + 1
            self._holders[resource] = by, owner
            return Granted(resource, before + 1, None if holder is None else before)

    def release(self, resource: str, token: int, by: MemoryLocks) -> None:
        """Frees a resource that is held with this token."""
        with self._lock:
            holder = self._holders.get(resource)
            if holder is not None and holder[0] is by and self._tokens[resource] == token:
                del self._holders[resource]

    def free(self, by: MemoryLocks) -> None:
        """Frees all that one run holds."""
        with self._lock:
            held = [name for name, (holder, _) in self._holders.items() if holder is by]
            for name in held:
                del self._holders[name]


class MemoryLocks:
    """Answers :class:`workc.runtime.ports.CoordinationPort` for one run from a table."""

    def __init__(self, table: LockTable) -> None:
        self._table = table
        self.is_dead = False

    def claim(self, resource: str, owner: str) -> Granted | Held:
        """Returns the grant, or who holds it."""
        return self._table.claim(resource, owner, self)

    def release(self, resource: str, token: int) -> None:
        """Lets go of what was granted with this token."""
        self._table.release(resource, token, self)

    def let_go(self) -> None:
        """Lets go of everything that was granted here."""
        self._table.free(self)

    def drop(self) -> None:
        """Leaves everything as a process does that dies."""
        self.is_dead = True
