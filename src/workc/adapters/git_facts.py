"""Which commit a folder is at, asked of ``git`` without running anything that the repository brings.

A repository may name programs in its own settings: monitors of files, hooks, filters, ways to
fetch. None is run: all but filters are switched off, and where the repository has filters it is not
asked what was changed. Variables ``GIT_*`` of the caller do not lead elsewhere, nothing is fetched, no
index is written, and a repository of another owner is refused by ``git`` itself.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from workc.adapters.children import Children

TIMEOUT_S = 10
_SAFE = {
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_NO_LAZY_FETCH": "1",
    # No protocol is on the list, so that not even a missing object is asked for.
    "GIT_ALLOW_PROTOCOL": "",
    "LC_ALL": "C",
}
_SETTINGS = (
    "core.fsmonitor=false",
    f"core.hooksPath={os.devnull}",
    "safe.bareRepository=explicit",
    "status.showUntrackedFiles=no",
)
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_BRANCHES = "refs/heads/"
_FILTERS = r"^filter\..*\.(clean|process)$"
#: What ``git config`` ends with where no setting has such a name.
_NONE = 1


class GitFacts(NamedTuple):
    """Commit and branch of a folder; None where it is not known. ``dirty``: tracked files were changed."""

    commit: str | None = None
    branch: str | None = None
    dirty: bool | None = None


def git_facts(folder: Path, environment: Mapping[str, str]) -> GitFacts:
    """Returns what is known of the repository that a folder is in: nothing if there is none, or no git."""
    try:
        return _Git(folder, environment).facts()
    except (OSError, ValueError):
        # A name that holds a NUL is no folder; the other is a git that is not there.
        return GitFacts()


class _Git:
    """Asks ``git`` about one folder."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        options = (option for each in _SETTINGS for option in ("-c", each))
        self._command = ("git", "-C", str(folder), "--no-pager", *options)
        kept = {name: text for name, text in environment.items() if not name.startswith("GIT_")}
        self._environment = {**kept, **_SAFE}

    def facts(self) -> GitFacts:
        """Returns what is known; what cannot be asked raises OSError or ValueError."""
        commit = (self._asked("rev-parse", "--verify", "HEAD") or "").strip()
        if not _COMMIT.fullmatch(commit):
            return GitFacts()
        head = (self._asked("symbolic-ref", "--quiet", "HEAD") or "").strip()
        branch = head.removeprefix(_BRANCHES) if head.startswith(_BRANCHES) else None
        return GitFacts(commit, branch, self._dirty())

    def _dirty(self) -> bool | None:
        if self._has_filters():
            return None
        options = ("--porcelain", "--untracked-files=no", "--ignore-submodules=all")
        changed = self._asked("status", *options)
        return None if changed is None else bool(changed)

    def _has_filters(self) -> bool:
        """Returns whether the repository's own settings name a filter, or cannot be read."""
        scoped = ("config", "--show-scope", "--name-only", "--get-regexp", _FILTERS)
        ended = self._run(scoped)
        if ended is None:
            return True
        code, said = ended
        own = (line.partition("\t")[0] in {"local", "worktree"} for line in said.splitlines())
        return code not in {0, _NONE} or any(own)

    def _asked(self, *arguments: str) -> str | None:
        ended = self._run(arguments)
        return ended[1] if ended is not None and ended[0] == 0 else None

    def _run(self, arguments: tuple[str, ...]) -> tuple[int, str] | None:
        ended = Children().run([*self._command, *arguments], self._environment, TIMEOUT_S)
        if ended.code is None:
            return None
        return ended.code, ended.stdout.decode("utf-8", "replace")
