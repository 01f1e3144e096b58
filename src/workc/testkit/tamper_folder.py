"""A bundle in a folder, to be read and changed in place, and nothing outside it ever.

Each component of a path is opened relative to the one above it and no link is followed. A file is
never written where it stands: another takes its name, so that a hard link elsewhere keeps its bytes.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path

from workc.adapters.bundle_folder import BundleFolder
from workc.adapters.place import new_place
from workc.api.bundles import reader_of
from workc.kernel.arguments import instance
from workc.sim.tamper.applying import change
from workc.sim.tamper.changing import Changes, check_path
from workc.sim.tamper.operation import TamperError, TamperOp
from workc.verify.reader import ReadError

_FOLDER_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
#: O_NONBLOCK: opening a FIFO must not hang. O_NOCTTY: nor must a terminal become ours.
_FILE_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_NEW_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
#: What the file system says of a link where none may be.
_LINKS = frozenset({errno.ELOOP, errno.ENOTDIR})


class TamperMutator:
    """Applies operations to a bundle in a folder, in place, whatever version it is of."""

    @staticmethod
    def apply(bundle_dir: str | os.PathLike[str], op: TamperOp) -> Changes:
        """Does what an operation says and returns what was changed.

        Raises:
            TamperError: it does not apply, would change nothing, or would leave the folder.
            Misuse: an argument is not of its kind.
        """
        folder = TamperFolder(new_place("bundle_dir", bundle_dir))
        changes = change(instance("op", op, TamperOp, "a workc.TamperOp"), folder)
        for path, data in changes.files.items():
            if data is None:
                folder.remove(path)
            else:
                folder.write(path, data)
        return changes


def read_bundle(path: Path) -> dict[str, bytes]:
    """Returns the files of the bundle at a path, a folder or an archive.

    Raises:
        TamperError: it cannot be read, or holds something else than regular files.
    """
    if path.is_dir():
        return dict(TamperFolder(path))
    reader = reader_of(path)
    try:
        sizes = {item.path: item.size for item in reader.items() if item.kind == "file"}
        return {name: b"".join(reader.chunks(name, size)) for name, size in sizes.items()}
    except (ReadError, OSError) as error:
        raise TamperError("no_such_file", f"{path}: {error}") from None


class TamperFolder(Mapping[str, bytes]):
    """The regular files of a folder by their paths; each is read when it is asked for."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __getitem__(self, path: str) -> bytes:
        """Returns the bytes of a file; KeyError if there is none, TamperError if it is none."""
        check_path(path)
        with (
            self._parent(path) as (parent, name),
            _open(name, _FILE_FLAGS, parent, path) as descriptor,
        ):
            _check_regular(descriptor, path)
            with os.fdopen(os.dup(descriptor), "rb") as file:
                return file.read()

    def __iter__(self) -> Iterator[str]:
        """Yields the paths of all files, in order; refuses a folder that holds anything else."""
        try:
            items = list(BundleFolder(self._path).items())
        except ReadError as error:
            raise TamperError("no_such_file", f"{self._path}: {error}") from None
        for item in items:
            if item.kind not in {"file", "folder"}:
                raise TamperError("unsafe_path", f"{item.path!a} is no regular file")
        yield from sorted(item.path for item in items if item.kind == "file")

    def __len__(self) -> int:
        """Returns the number of files."""
        return sum(1 for _ in self)

    def write(self, path: str, data: bytes) -> None:
        """Puts a file with these bytes, and the mode of the one before, in place of it."""
        check_path(path)
        with self._parent(path) as (parent, name):
            mode = _mode(name, parent)
            fresh = _write_beside(data, parent, path)
            try:
                os.chmod(fresh, mode, dir_fd=parent)
                os.rename(fresh, name, src_dir_fd=parent, dst_dir_fd=parent)
            except OSError as error:
                with suppress(OSError):
                    os.unlink(fresh, dir_fd=parent)
                raise _not_writable(path, error) from None

    def remove(self, path: str) -> None:
        """Takes a file away."""
        check_path(path)
        with self._parent(path) as (parent, name):
            try:
                os.unlink(name, dir_fd=parent)
            except OSError as error:
                raise _not_writable(path, error) from None

    @contextmanager
    def _parent(self, path: str) -> Generator[tuple[int, str]]:
        """Gives the folder in which a path ends, open, and its last name."""
        *folders, name = path.split("/")
        flags = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
        try:
            descriptor = os.open(self._path, flags)
        except OSError as error:
            why = error.strerror or type(error).__name__
            raise TamperError("no_such_file", f"{self._path} is no folder: {why}") from None
        try:
            for folder in folders:
                with _open(folder, _FOLDER_FLAGS, descriptor, path) as inner:
                    descriptor, before = os.dup(inner), descriptor
                    os.close(before)
            yield descriptor, name
        finally:
            os.close(descriptor)


@contextmanager
def _open(name: str, flags: int, parent: int, path: str) -> Generator[int]:
    try:
        descriptor = os.open(name, flags, dir_fd=parent)
    except FileNotFoundError:
        raise KeyError(path) from None
    except OSError as error:
        if error.errno in _LINKS:
            message = f"{path!a} leads over a link, or over what is no folder"
            raise TamperError("unsafe_path", message) from None
        why = error.strerror or type(error).__name__
        raise TamperError("no_such_file", f"{path!a} cannot be read: {why}") from None
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _check_regular(descriptor: int, path: str) -> None:
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        raise TamperError("unsafe_path", f"{path!a} is no regular file")


def _mode(name: str, parent: int) -> int:
    """Returns the mode of what stands there, or that of a new file."""
    with suppress(FileNotFoundError):
        return stat.S_IMODE(os.stat(name, dir_fd=parent, follow_symlinks=False).st_mode)
    return 0o644


def _write_beside(data: bytes, parent: int, path: str) -> str:
    """Writes a file under a name that nothing has, and returns that name."""
    numbers = count()
    while True:
        name = f".workc-tamper-{os.getpid()}-{next(numbers)}"
        try:
            descriptor = os.open(name, _NEW_FLAGS, 0o600, dir_fd=parent)
        except FileExistsError:
            continue
        except OSError as error:
            raise _not_writable(path, error) from None
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        return name


def _not_writable(path: str, error: OSError) -> TamperError:
    why = error.strerror or type(error).__name__
    return TamperError("not_writable", f"{path!a} cannot be written: {why}")
