"""The versions of the format that can be tampered with: a version is a value in a table.

Of each: its resealed edits, its classes of mutants, and how the mutants of a bundle are made.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import NamedTuple

from workc.bundle.documents import Named, read_version
from workc.bundle.layout import BUNDLE_VERSION, RECEIPT
from workc.sim.tamper.attack import Attacks, D
from workc.sim.tamper.mutant import Group
from workc.sim.tamper.operation import TamperError
from workc.sim.tamper.parts import Component, Files
from workc.sim.tamper.place import Place
from workc.sim.tamper.subject import Opened
from workc.sim.tamper.v01 import operators as operators_01
from workc.sim.tamper.v01.attacks import ATTACKS as ATTACKS_01
from workc.sim.tamper.v01.draft import Draft as Draft_01
from workc.sim.tamper.v01.subject import Subject as Subject_01
from workc.sim.tamper.v02 import operators as operators_02
from workc.sim.tamper.v02.attacks import ATTACKS as ATTACKS_02
from workc.sim.tamper.v02.draft import Draft as Draft_02
from workc.sim.tamper.v02.subject import Subject as Subject_02


class Edit(NamedTuple):
    """What a resealed edit is for, and where it must be found first."""

    text: str
    expected: Place


class Format(NamedTuple):
    """One version: its name, components, resealed edits and classes of mutants."""

    version: str
    components: tuple[Component, ...]
    edits: Mapping[str, Edit]
    reseal: Callable[[Files, str], dict[str, bytes]]
    groups: tuple[Group, ...]
    open: Callable[[Files], Opened]


def _resealed(
    take: Callable[[Files], D], attacks: Attacks[D], files: Files, name: str
) -> dict[str, bytes]:
    attack, draft = attacks[name], take(files)
    attack.edit(draft)
    return draft.seal(attack.rung)


def _edits(attacks: Attacks[D]) -> Mapping[str, Edit]:
    return {name: Edit(attack.text, attack.expected) for name, attack in attacks.items()}


def _distinct(groups: Iterable[Group]) -> tuple[Group, ...]:
    return tuple(dict.fromkeys(groups))


#: By the field and the text with which a receipt names its version.
FORMATS: Mapping[Named, Format] = {
    Named("receipt_version", "0.1.0"): Format(
        version="0.1",
        components=Subject_01.components,
        edits=_edits(ATTACKS_01),
        reseal=partial(_resealed, Draft_01, ATTACKS_01),
        groups=_distinct(operators_01.GROUPS),
        open=operators_01.opened,
    ),
    Named("bundle_version", BUNDLE_VERSION): Format(
        version=BUNDLE_VERSION,
        components=Subject_02.components,
        edits=_edits(ATTACKS_02),
        reseal=partial(_resealed, Draft_02, ATTACKS_02),
        groups=_distinct(operators_02.GROUPS),
        open=operators_02.opened,
    ),
}


def format_of(files: Files) -> Format:
    """Returns the version that a bundle's receipt names.

    Raises:
        TamperError: it names none that is in the table.
    """
    named = read_version(files[RECEIPT]) if RECEIPT in files else None
    found = None if named is None else FORMATS.get(named)
    if found is None:
        known = ", ".join(sorted(form.version for form in FORMATS.values()))
        message = f"the receipt names no version that can be resealed: {known}"
        raise TamperError("does_not_apply", message)
    return found


def reseal(name: str, files: Files) -> dict[str, bytes]:
    """Returns a bundle with a resealed edit.

    Raises:
        TamperError: there is no such edit, or the bundle has nothing that it could edit.
    """
    form = format_of(files)
    if name not in form.edits:
        known = ", ".join(sorted(form.edits))
        raise TamperError("unknown_edit", f"there is no edit {name!a} of {form.version}: {known}")
    return form.reseal(files, name)
