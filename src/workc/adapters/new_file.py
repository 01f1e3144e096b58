"""Writes a file that is seen only when it is whole, and that never replaces another.

The bytes go into a dot file of the same folder first; a crash leaves that and nothing else.
"""

from __future__ import annotations

import errno
import os
from itertools import count
from pathlib import Path

_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


def write_new(path: Path, data: bytes, mode: int = 0o666) -> None:
    """Writes a new file with these rights, less those that the process takes from new files.

    Raises:
        FileExistsError: there is something of that name already; it is left as it is.
        OSError: the file system refuses.
    """
    draft, descriptor = _draft(path, mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        # Unlike a rename, a link is refused where there is something.
        os.link(draft, path, follow_symlinks=False)
    except FileExistsError:
        raise already_there(path) from None
    finally:
        draft.unlink()


def already_there(path: Path) -> FileExistsError:
    """Returns the error for a name that must be free and is not."""
    return FileExistsError(errno.EEXIST, "there is something already, and it is kept", str(path))


def _draft(path: Path, mode: int) -> tuple[Path, int]:
    """Makes the dot file that nobody else has, and returns it open."""
    numbers = count()
    while True:
        draft = path.parent / f".{path.name}-{os.getpid()}-{next(numbers)}.new"
        try:
            return draft, os.open(draft, _FLAGS, mode)
        except FileExistsError:
            continue
