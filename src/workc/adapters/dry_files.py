"""The port of files in a dry run: reads as ever, and answers writes as if they were made.

What would have been written is read back within the run. Each write is answered with a unified diff
of it, so that the record says what would have changed.
"""

from __future__ import annotations

import difflib

from workc.adapters.redaction import Redactor
from workc.adapters.root_files import (
    MAX_BEFORE_BYTES,
    GrantedFiles,
    check_before,
    read_result,
    written_result,
)
from workc.adapters.root_folders import RootFolders, parent_of, read_dated
from workc.kernel.failure import Refusal, refuse
from workc.runtime.ports import Entropy
from workc.stages.effects import FileRead, PortResult
from workc.stages.grants import Grants
from workc.stages.root_path import RootPath

#: Lines longer than this in all are not compared: the time for it grows with their number squared.
MAX_DIFF_BYTES = 1_048_576
MAX_DIFF_LINES = 20_000
_NO_NEWLINE = "\\ No newline at end of file"


class DryFiles(GrantedFiles):
    """Reads below the folders of roots, and changes nothing: what would be written is remembered."""

    def __init__(
        self, grants: Grants, folders: RootFolders, redactor: Redactor, entropy: Entropy
    ) -> None:
        super().__init__(grants, folders, redactor, entropy)
        self._written: dict[str, bytes] = {}

    def put(self, path: RootPath, data: bytes, if_sha256: str | None = None) -> PortResult:
        """Returns the answer to a write, with its diff, and remembers what it would write."""
        with self._writing:
            before = self._before(path)
            check_before(path, before, data, if_sha256)
            self._written[str(path)] = data
        result = written_result(data, before)
        cleaning = self._redactor.start()
        diff = cleaning.text(unified_diff(str(path), before, data))
        return PortResult(
            facts={**result.facts, "diff": diff, "dry_run": True},
            data=data,
            is_output=True,
            redactions=cleaning.redactions(self._entropy.draw),
        )

    def _read(self, path: RootPath, request: FileRead) -> PortResult:
        data, dated_ms = self._written.get(str(path)), None
        if data is None:
            data, dated_ms = self._on_disk(path, request.max_bytes)
        elif len(data) > request.max_bytes:
            message = f"{path} has more than {request.max_bytes} bytes"
            raise refuse("OUTPUT_TOO_LARGE", message, path=str(path), max_bytes=request.max_bytes)
        return read_result(data, self._redactor, self._entropy, dated_ms)

    def _before(self, path: RootPath) -> bytes | None:
        written = self._written.get(str(path))
        if written is not None:
            return written
        try:
            return self._on_disk(path, MAX_BEFORE_BYTES)[0]
        except Refusal as refusal:
            if refusal.failure.code == "NOT_FOUND":
                return None
            raise

    def _on_disk(self, path: RootPath, max_bytes: int) -> tuple[bytes, int]:
        folder, name = parent_of(path)
        with self._folders.opened(folder) as descriptor:
            return read_dated(descriptor, name, path, max_bytes)


def unified_diff(path: str, before: bytes | None, after: bytes) -> str:
    """Returns what changes in a file, as ``diff -u`` writes it; one line where it is no text."""
    old, new = before or b"", after
    if old == new and before is not None:
        return ""
    if len(old) + len(new) > MAX_DIFF_BYTES or not (_is_text(old) and _is_text(new)):
        return f"{path}: {len(old)} bytes become {len(new)}, which are not shown\n"
    lines = _lines(old), _lines(new)
    if sum(map(len, lines)) > MAX_DIFF_LINES:
        return f"{path}: {len(lines[0])} lines become {len(lines[1])}, which are not shown\n"
    names = ("/dev/null" if before is None else f"a/{path}", f"b/{path}")
    found = difflib.unified_diff(*lines, *names, lineterm="")
    head = [] if new or old else [f"--- {names[0]}", f"+++ {names[1]}"]
    return "".join(f"{line}\n" for line in [*head, *found])


def _lines(data: bytes) -> list[str]:
    text = data.decode()
    lines = text.split("\n")
    last = lines.pop()
    return [*lines, f"{last}\n{_NO_NEWLINE}"] if last else lines


def _is_text(data: bytes) -> bool:
    try:
        return "\0" not in data.decode()
    except UnicodeDecodeError:
        return False
