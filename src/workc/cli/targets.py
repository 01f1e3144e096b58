"""Where a command writes: a place that is free, can be written to, and lies in no bundle.

A bundle may hold nothing that it does not list, so a file that is put into one breaks it. All of
this is known before anything runs.
"""

from __future__ import annotations

import os
from pathlib import Path

from workc.adapters.place import name_problem
from workc.api.bundles import bundle_above
from workc.cli.errors import stop
from workc.cli.text import MAX_ARGUMENT, printable


def free_folder(path: Path, option: str = "--out") -> Path:
    """Returns where a bundle goes if it can go there.

    Raises:
        Refusal: ``INVALID_INPUT``: something is there already, it lies in a bundle, or the folder
            above takes nothing.
    """
    advice = f"name a folder that is not there yet: {option} DIR"
    possible_name(path, option, "a folder", advice)
    if os.path.lexists(path) and (path.is_symlink() or not path.is_dir() or any(path.iterdir())):
        message = f"{_shown(path)} is there already; a bundle is never written over another"
        raise stop("INVALID_INPUT", message, advice)
    outside_bundles(path, f"{option} DIR")
    above = next(folder for folder in path.absolute().parents if os.path.lexists(folder))
    if not above.is_dir() or not os.access(above, os.W_OK | os.X_OK):
        message = f"{_shown(path)} cannot be made: {_shown(above)} is no folder to write in"
        raise stop("INVALID_INPUT", message, f"name another place: {option} DIR")
    return path


def report_place(path: Path, option: str) -> Path:
    """Returns where a report goes; a file of before is replaced, as test runners do.

    Raises:
        Refusal: ``INVALID_INPUT``: it cannot be written there, or lies in a bundle.
    """
    if "\0" in str(path) or path.is_dir() or not path.absolute().parent.is_dir():
        raise stop("INVALID_INPUT", f"{option} {printable(str(path))} cannot be written there")
    outside_bundles(path, f"{option} FILE")
    return path


def free_file(path: Path, option: str = "--out") -> Path:
    """Returns where a file goes if nothing stands there and it lies in no bundle.

    Raises:
        Refusal: ``INVALID_INPUT``, then.
    """
    advice = f"name a file that is not there yet: {option} FILE"
    if str(path) in {"", "."}:
        raise stop("INVALID_INPUT", f"{option} takes the name of a file", advice)
    possible_name(path, option, "a file", advice)
    if os.path.lexists(path):
        message = f"{_shown(path)} is there already; it is not written over"
        raise stop("INVALID_INPUT", message, advice)
    outside_bundles(path, f"{option} FILE")
    return path


def possible_name(path: Path, option: str, what: str, advice: str) -> None:
    """Refuses a name that the file system can give to nothing.

    Raises:
        Refusal: ``INVALID_INPUT``, then.
    """
    problem = name_problem(str(path))
    if problem is not None:
        message = f"{option} takes the name of {what}: {problem}"
        raise stop("INVALID_INPUT", message, advice)


def outside_bundles(path: Path, option: str) -> None:
    """Refuses a place within the folder of a bundle.

    Raises:
        Refusal: ``INVALID_INPUT``, then.
    """
    bundle = bundle_above(path)
    if bundle is not None:
        message = f"{_shown(path)} lies in the bundle {_shown(bundle)}, and would break it"
        raise stop("INVALID_INPUT", message, f"name a place outside of the bundle: {option}")


def _shown(path: Path) -> str:
    return printable(str(path), MAX_ARGUMENT)
