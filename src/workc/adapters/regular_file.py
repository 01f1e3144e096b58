"""Opening files of a folder that others may write to: regular ones only, and never a wait."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import IO

_MODES = {os.O_RDONLY: "rb", os.O_WRONLY: "ab", os.O_RDWR: "r+b"}


def open_regular(path: Path, flags: int, *, buffering: int = -1) -> IO[bytes]:
    """Opens a regular file without following a link at its end and without waiting for anybody.

    Raises:
        OSError: it cannot be opened, or it is something else: a link, a FIFO, a device.
    """
    descriptor = os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, 0o600)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "it is no regular file", str(path))
    return os.fdopen(descriptor, _MODES[flags & os.O_ACCMODE], buffering)
