"""Results that are kept, so that what did not change is not run again.

A result is kept with a digest of all that it depends on: the evidence id of the stage, the bytes of the
file that its code is in, its captures, what was asked, and the versions of Python and workc. What the file
imports is not seen. Its name is of the evidence id and of what was asked alone, so that a younger result takes
the place of an older one, and no stage stands there as what it is no more.
"""

from __future__ import annotations

import hashlib
import sys
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import msgspec

from workc.adapters.new_file import write_over
from workc.api.stage_tests.report import StageResult
from workc.api.stage_tests.subject import Subject
from workc.kernel.events import UNREADABLE
from workc.kernel.version import __version__
from workc.stages.stage.identity import evidence_id
from workc.stages.stage.value import Stage

#: Changed whenever the same stage may be judged in another way.
_JUDGES = "2"


class Key(NamedTuple):
    """Where the result of a stage is kept, and what it depends on."""

    place: str
    digest: str


class _Kept(StageResult, frozen=True, kw_only=True):
    """A result with the digest of what it depends on."""

    key: str


_READ = msgspec.json.Decoder(_Kept)


class Cache:
    """Results in a folder; without one nothing is kept. A ``fresh`` one gives none, but keeps new ones.

    So what was found out anew takes the place of what was found before.
    """

    def __init__(self, folder: Path | None, *, fresh: bool = False) -> None:
        self._folder = folder
        self._fresh = fresh

    def get(self, key: Key) -> StageResult | None:
        """Returns what is kept under a key, if it can be read and depends on nothing else."""
        if self._folder is None or self._fresh:
            return None
        try:
            kept = _READ.decode((self._folder / key.place).read_bytes())
        except (OSError, *UNREADABLE):
            return None
        if kept.key != key.digest:
            return None
        return StageResult(**{name: getattr(kept, name) for name in StageResult.__struct_fields__})

    def put(self, key: Key, result: StageResult) -> None:
        """Keeps a result, if it says something of the stage and not of this machine just now."""
        if self._folder is None or result.verdict not in ("verified", "failed"):
            return
        # A cache that cannot be written costs time, and nothing else.
        with suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True)
            kept = {**msgspec.structs.asdict(result), "key": key.digest}
            write_over(self._folder / key.place, msgspec.json.encode(kept))


def key_of(subject: Subject, stage: Stage, asked: str) -> Key:
    """Returns the key of a stage's result; ``asked`` says what is done with it."""
    partners = subject.partners.items()
    named = {name: _depends(each, each.stage) for name, each in partners if each.stage}
    parts = {
        "asked": asked,
        "code": subject.code_digest,
        "judges": _JUDGES,
        "python": ".".join(map(str, sys.version_info[:3])),
        "workc": __version__,
        **{f"captures {name}": digest for name, digest in _captures(subject).items()},
        **{f"stage {name}": digest for name, digest in named.items()},
    }
    return Key(evidence_id(stage, {"asked": asked}), evidence_id(stage, parts))


def _depends(subject: Subject, stage: Stage) -> str:
    return evidence_id(stage, {"code": subject.code_digest})


def _captures(subject: Subject) -> dict[str, str]:
    folder = subject.captures
    if folder is None or not folder.is_dir():
        return {}
    files = sorted(path for path in folder.iterdir() if path.is_file())
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
