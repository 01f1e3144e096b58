"""Puts a file of signatures into a bundle, whole or not at all.

Everything is written beside the bundle and then moved in: a crash leaves a dot folder there, and
never a bundle with an empty folder or half a file, which would not verify.
"""

from __future__ import annotations

import errno
import os
from pathlib import Path
from tempfile import TemporaryDirectory

from workc.adapters.new_file import already_there, write_new
from workc.bundle.layout import SIGNATURES

_FOLDER_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
#: What a folder says to which another one cannot be moved, because there is something.
_TAKEN = frozenset({errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR})


def add_signature(bundle: Path, name: str, data: bytes) -> bool:
    """Writes ``signatures/<name>`` into a bundle; returns False if it is there with these bytes.

    Raises:
        FileExistsError: there is another file of that name; it is left as it is.
        OSError: the file system refuses.
    """
    place = bundle.resolve()
    with TemporaryDirectory(prefix=".workc-", suffix=".new", dir=place.parent) as beside:
        folder = Path(beside) / SIGNATURES
        folder.mkdir()
        write_new(folder / name, data)
        try:
            folder.rename(place / SIGNATURES)
        except OSError as error:
            if error.errno not in _TAKEN:
                raise
            return _add_to_folder(place / SIGNATURES, folder / name, data)
    return True


def _add_to_folder(folder: Path, draft: Path, data: bytes) -> bool:
    descriptor = os.open(folder, _FOLDER_FLAGS)
    try:
        os.link(draft, draft.name, dst_dir_fd=descriptor, follow_symlinks=False)
    except FileExistsError:
        if _read(draft.name, descriptor, len(data) + 1) == data:
            return False
        raise already_there(folder / draft.name) from None
    finally:
        os.close(descriptor)
    return True


def _read(name: str, folder: int, size: int) -> bytes:
    descriptor = os.open(name, _FILE_FLAGS, dir_fd=folder)
    try:
        return os.read(descriptor, size)
    finally:
        os.close(descriptor)
