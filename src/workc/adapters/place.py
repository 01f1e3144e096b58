"""Paths that a caller gives, and whether the file system can hold a name at all."""

from __future__ import annotations

import os
from pathlib import Path
from typing import cast

from workc.kernel.arguments import a, shown
from workc.kernel.failure import Misuse

_PATHS: tuple[type, ...] = (str, os.PathLike)


def path_of(name: str, value: object) -> Path:
    """Returns the path that the caller gave as ``name``.

    Raises:
        Misuse: it is no path; bytes are none either.
    """
    text: object = os.fspath(cast("str", value)) if isinstance(value, _PATHS) else value
    if not isinstance(text, str):
        raise Misuse(f"{name} is a path, not {a(value)}")
    return Path(text)


def new_place(name: str, value: object) -> Path:
    """Returns the path, given as ``name``, of something that is to be written.

    Raises:
        Misuse: it is no path, or the file system can hold nothing of that name.
    """
    path = path_of(name, value)
    problem = name_problem(os.fspath(cast("str", value)))
    if problem is not None:
        raise Misuse(f"{name} cannot be {shown(str(value))}: {problem}")
    return path


def name_problem(text: str) -> str | None:
    """Returns why the file system can hold nothing of this name, or None if it can."""
    if not text:
        return "the name is empty"
    if "\0" in text:
        return "no name holds a zero byte"
    try:
        parts = [os.fsencode(part) for part in Path(text).absolute().parts]
    except UnicodeEncodeError:
        return "no name holds half a character"
    there = Path(text).absolute()
    # The root has nothing above it.
    above = next((each for each in there.parents if os.path.lexists(each)), there)
    if any(len(part) > os.pathconf(above, "PC_NAME_MAX") for part in parts):
        return f"a name has at most {os.pathconf(above, 'PC_NAME_MAX')} bytes"
    if sum(len(part) + 1 for part in parts) > os.pathconf(above, "PC_PATH_MAX"):
        return f"a path has at most {os.pathconf(above, 'PC_PATH_MAX')} bytes"
    return None
