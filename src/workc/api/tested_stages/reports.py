"""Reads reports of tests of stages: files that ``workc stage test --json`` wrote, and kept results."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Literal

import msgspec

from workc.api.named_file import MAX_FILE_BYTES, read_file
from workc.kernel.events import UNREADABLE
from workc.kernel.failure import refuse
from workc.stages.stage.examples import StageVerdict

#: The folder of kept results within a store.
KEPT = "stage-tests"
#: Of one folder no more results than these are read.
MAX_KEPT = 100_000


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """What a report says of one stage.

    ``implementation_hash`` is the digest of its code; ``built_in`` the one by which bundles name it
    instead, if it comes with workc. Reports that were written before those were told have neither.
    """

    name: str
    verdict: StageVerdict
    where: str = ""
    stage_id: str = ""
    evidence_id: str = ""
    implementation_hash: str = ""
    built_in: str = ""


class _Report(msgspec.Struct, frozen=True, kw_only=True):
    schema: Literal["workc.stage-tests/1"]
    stages: tuple[Row, ...]


_REPORTS = msgspec.json.Decoder(_Report)
_ROWS = msgspec.json.Decoder(Row)


def rows_of(places: Iterable[Path]) -> list[Row]:
    """Returns what the reports at these places say: files, stores, or folders of kept results.

    Raises:
        Refusal: ``INVALID_INPUT`` if one is not there, is no report, or holds none.
        OSError: one cannot be read.
    """
    return [row for place in places for row in _rows_at(place)]


def _rows_at(place: Path) -> list[Row]:
    if not place.is_dir():
        return _of_report(place)
    folder = place / KEPT if (place / KEPT).is_dir() else place
    found = list(_kept_in(folder))
    if not found:
        raise refuse("INVALID_INPUT", f"{place} holds no results of `workc stage test`")
    return found


def _of_report(place: Path) -> list[Row]:
    try:
        return list(_REPORTS.decode(read_file(place)).stages)
    except UNREADABLE as error:
        message = f"{place} is no report that `workc stage test --json` wrote: {error}"
        raise refuse("INVALID_INPUT", f"{message:.300}") from None


def _kept_in(folder: Path) -> Iterator[Row]:
    """Yields the kept results; what is none is passed over, as a test of stages does."""
    for path in islice(sorted(folder.iterdir()), MAX_KEPT):
        # A folder that somebody names may hold anything, of any size.
        if path.is_symlink() or not path.is_file() or path.stat().st_size > MAX_FILE_BYTES:
            continue
        try:
            yield _ROWS.decode(path.read_bytes())
        except UNREADABLE:
            continue
