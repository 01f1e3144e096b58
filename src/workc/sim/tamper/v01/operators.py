"""All operators on bundles of format 0.1: their classes, and the mutants of one bundle."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from workc.sim.tamper import byte_operators, reseal_operators, splice_operators
from workc.sim.tamper import file_operators as bare_files
from workc.sim.tamper.mutant import Cell, Group
from workc.sim.tamper.parts import Files
from workc.sim.tamper.place import HASH
from workc.sim.tamper.rungs import DIGESTED
from workc.sim.tamper.subject import Opened
from workc.sim.tamper.v01 import event_operators, field_operators, file_operators
from workc.sim.tamper.v01.attacks import ATTACKS
from workc.sim.tamper.v01.draft import Draft
from workc.sim.tamper.v01.subject import Subject

GROUPS: list[Group] = [
    *byte_operators.all_groups(Subject),
    *field_operators.GROUPS,
    *event_operators.GROUPS,
    *bare_files.all_groups(Subject),
    *file_operators.GROUPS,
    *splice_operators.GROUPS,
    *reseal_operators.all_groups(ATTACKS),
]


def opened(files: Files) -> Opened:
    """Returns a bundle and how its mutants are made."""
    subject = Subject(files)
    return Opened(subject, partial(_cells, subject))


def _cells(subject: Subject, lines: list[int]) -> Iterator[Cell]:
    yield from field_operators.cells(subject, lines)
    yield from event_operators.cells(subject)
    yield from bare_files.cells(subject)
    yield from file_operators.cells(subject)
    # The manifest lists everything else: no mixture gets past it.
    yield from splice_operators.cells(subject.files, partial(_other, subject.files), HASH)
    yield from reseal_operators.cells(subject.files, Draft, ATTACKS)


def _other(files: Files) -> Files:
    """Returns another bundle of the same work: another event, another file of evidence."""
    draft = Draft(files)
    draft.events[0]["event_id"] = "zz-other"
    draft.files = {path: data + b"\n" for path, data in draft.files.items()}
    return draft.seal(DIGESTED)
