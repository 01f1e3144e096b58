"""What stands in a bundle, in memory or in a real folder: for the second verifiers of all formats.

No page is read here: which names are good, and what is missed, each format says for itself.

    in_memory({"receipt.json": b"..."})        ->  Tree
    read(root, max_names=..., max_file=...)    ->  Tree, or None if a folder cannot be listed
"""

import os
import stat
from dataclasses import dataclass

Content = bytes | str  # The bytes of a file, or the code that says why they could not be had.


@dataclass(frozen=True)
class Tree:
    """What stands in a bundle: regular files, folders, and what is neither."""

    files: dict[str, Content]
    folders: set[str]
    neither: set[str]

    def names(self) -> set[str]:
        return self.files.keys() | self.folders | self.neither


def parents(path: str) -> list[str]:
    return [path[:place] for place, letter in enumerate(path) if letter == "/"]


def in_memory(files: dict[str, bytes]) -> Tree:
    return Tree(dict(files), {folder for path in files for folder in parents(path)}, set())


def read(root: str | os.PathLike[str], *, max_names: int, max_file: int) -> Tree | None:
    """The tree of a real folder; it is not read on once it has more names than may be."""
    tree = Tree({}, set(), set())
    waiting = [""]
    try:
        while waiting and len(tree.files) + len(tree.folders) + len(tree.neither) <= max_names:
            waiting += list_folder(root, waiting.pop(), tree, max_file)
    except (OSError, ValueError):
        return None
    return tree


def list_folder(root: str | os.PathLike[str], folder: str, tree: Tree, max_file: int) -> list[str]:
    """Put the names of one folder into the tree, and give the folders in it."""
    inner: list[str] = []
    with os.scandir(os.path.join(root, folder)) as entries:
        for entry in entries:
            path = f"{folder}/{entry.name}" if folder else entry.name
            if entry.is_dir(follow_symlinks=False):
                tree.folders.add(path)
                inner.append(path)
            elif entry.is_file(follow_symlinks=False):
                tree.files[path] = read_file(entry.path, max_file)
            else:
                tree.neither.add(path)
    return inner


def read_file(path: str, max_file: int) -> Content:
    """The bytes of a regular file that stays the same while it is read, or a code."""
    try:
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
        with open(os.open(path, flags), "rb") as file:
            before = os.fstat(file.fileno())
            if before.st_size > max_file:
                return "LIMIT_EXCEEDED"
            raw = file.read(before.st_size + 1)
            after = os.fstat(file.fileno())
    except OSError:
        return "FILE_UNREADABLE"
    same = (before.st_size, before.st_mtime_ns) == (after.st_size, after.st_mtime_ns)
    regular = stat.S_ISREG(before.st_mode)
    return raw if same and regular and len(raw) == before.st_size else "FILE_UNREADABLE"
