"""The bytes of a file that a command or a caller names, with the name that may have been meant."""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path

from workc.kernel.failure import refuse

#: A workflow file larger than this was not written by a person.
MAX_FILE_BYTES = 16_777_216
#: So many names of a folder are compared with a misspelt one.
MAX_NEIGHBOURS = 2000


def read_file(path: Path) -> bytes:
    """Returns the bytes of a file that a command names.

    Raises:
        Refusal: ``INVALID_INPUT``, with the name that may have been meant.
    """
    if "\0" in str(path) or not path.exists():
        raise refuse("INVALID_INPUT", f"there is no file {path}{_meant(path)}")
    if not path.is_file():
        raise refuse("INVALID_INPUT", f"{path} is no file")
    if path.stat().st_size > MAX_FILE_BYTES:
        raise refuse("INVALID_INPUT", f"{path} is larger than {MAX_FILE_BYTES} bytes")
    return path.read_bytes()


def _meant(path: Path) -> str:
    if "\0" in str(path) or not path.parent.is_dir():
        return ""
    names = sorted(found.name for found in path.parent.iterdir())[:MAX_NEIGHBOURS]
    near = get_close_matches(path.name[:100], names, n=1)
    return f"; did you mean {path.parent / near[0]}?" if near else ""
