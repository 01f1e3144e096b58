"""Resources of a store: a file for each, which its holder keeps locked.

The kernel drops the lock when the process dies, as for a run's lease (``workc.adapters.lease``), so a
dead holder is replaced at once. The file says who holds the resource and with which token, also after
that, so that tokens grow for ever; it is never removed, and it is written in one piece over the
one before. Who finds that its holder has not let go takes the resource from a dead one.
"""

from __future__ import annotations

import errno
import fcntl
import os
from pathlib import Path
from typing import IO, Annotated

import msgspec

from workc.adapters.regular_file import open_regular
from workc.kernel.digest import sha256_hex
from workc.kernel.failure import Refusal, refuse
from workc.kernel.values import MAX_SAFE_INTEGER
from workc.runtime.ports import Granted, Held

#: What a file holds, filled up with blanks, so that each state covers the one before.
_STATE_BYTES = 4_096
#: Characters of a holder's name that are kept; even escaped they fit.
_OWNER_CHARS = 300
_FOLDER_MODE = 0o700


class _State(msgspec.Struct, frozen=True, kw_only=True):
    owner: str = ""
    token: Annotated[int, msgspec.Meta(ge=0, lt=MAX_SAFE_INTEGER)] = 0
    held: bool = False


class LockFolder:
    """Answers :class:`workc.runtime.ports.CoordinationPort` for one run in the folder ``path``."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._files: dict[tuple[str, int], IO[bytes]] = {}

    def claim(self, resource: str, owner: str) -> Granted | Held:
        """Returns the grant, or who holds it.

        Raises:
            Refusal: ``STORE_UNAVAILABLE`` if the file of the resource cannot be used.
        """
        try:
            return self._claim(resource, owner)
        except OSError as error:
            raise _unusable(resource, error) from None

    def _claim(self, resource: str, owner: str) -> Granted | Held:
        self._path.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
        name = f"{sha256_hex(resource.encode())[:32]}.lock"
        file = open_regular(self._path / name, os.O_RDWR | os.O_CREAT, buffering=0)
        try:
            granted = _take(file, resource, owner)
        except BaseException:
            file.close()
            raise
        if isinstance(granted, Held):
            file.close()
        else:
            self._files[resource, granted.token] = file
        return granted

    def release(self, resource: str, token: int) -> None:
        """Lets go of what was granted with this token."""
        file = self._files.pop((resource, token), None)
        if file is None:
            return
        try:
            # A disk that is full or gone must not keep the resource: closing gives it back too.
            _write(file, msgspec.structs.replace(_read(file), held=False))
        except OSError:
            pass
        finally:
            file.close()

    def let_go(self) -> None:
        """Lets go of everything that was granted here."""
        for resource, token in list(self._files):
            self.release(resource, token)

    def drop(self) -> None:
        """Leaves everything as a process does that dies."""
        for file in self._files.values():
            file.close()
        self._files.clear()


def _take(file: IO[bytes], resource: str, owner: str) -> Granted | Held:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return Held(_read(file).owner or "another process")
    before = _read(file)
    token = before.token + 1
    _write(file, _State(owner=owner[:_OWNER_CHARS], token=token, held=True))
    # A token that the disk has forgotten would be given twice.
    os.fdatasync(file.fileno())
    return Granted(resource, token, before.token if before.held else None)


def _read(file: IO[bytes]) -> _State:
    """Returns what a file says; one without content is that nobody has ever held it.

    Raises:
        OSError: it says nothing that was written here, so that nobody knows the last token.
    """
    said = os.pread(file.fileno(), _STATE_BYTES, 0)
    if not said:
        return _State()
    try:
        return msgspec.json.decode(said, type=_State)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise OSError(
            errno.EINVAL, "its lock file is damaged; its last token is not known"
        ) from None


def _write(file: IO[bytes], state: _State) -> None:
    os.pwrite(file.fileno(), msgspec.json.encode(state).ljust(_STATE_BYTES), 0)


def _unusable(resource: str, error: OSError) -> Refusal:
    message = f"{resource} cannot be claimed: {error.strerror or error}"
    return refuse("STORE_UNAVAILABLE", message, resource=resource)
