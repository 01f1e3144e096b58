"""The versions of the format that can be tampered with: of each how it is taken apart, and the edits.

A version is a value in a table; whatever asks for one asks here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from workc.bundle.documents import read_version
from workc.bundle.layout import BUNDLE_VERSION, RECEIPT
from workc.sim.tamper.attack import Attacks
from workc.sim.tamper.attacks_files import FILE_ATTACKS
from workc.sim.tamper.attacks_log import LOG_ATTACKS
from workc.sim.tamper.attacks_money import MONEY_ATTACKS
from workc.sim.tamper.attacks_outcome import OUTCOME_ATTACKS
from workc.sim.tamper.attacks_words import WORD_ATTACKS
from workc.sim.tamper.draft import Draft
from workc.sim.tamper.operation import TamperError
from workc.sim.tamper.parts import Files


class Format(NamedTuple):
    """One version: its draft and its resealed edits by name."""

    version: str
    draft: Callable[[Files], Draft]
    attacks: Attacks


_FORMAT_02 = Format(
    version=BUNDLE_VERSION,
    draft=Draft,
    attacks={**OUTCOME_ATTACKS, **LOG_ATTACKS, **MONEY_ATTACKS, **WORD_ATTACKS, **FILE_ATTACKS},
)
FORMATS: Mapping[str, Format] = {_FORMAT_02.version: _FORMAT_02}


def format_of(files: Files) -> Format:
    """Returns the version that a bundle's receipt names.

    Raises:
        TamperError: it names none that is in the table.
    """
    named = read_version(files[RECEIPT]) if RECEIPT in files else None
    found = None if named is None else FORMATS.get(named.version or "")
    if found is None:
        known = ", ".join(sorted(FORMATS))
        message = f"the receipt names no version that can be resealed: {known}"
        raise TamperError("does_not_apply", message)
    return found


def reseal(name: str, files: Files) -> dict[str, bytes]:
    """Returns a bundle with a resealed edit.

    Raises:
        TamperError: there is no such edit, or the bundle has nothing that it could edit.
    """
    form = format_of(files)
    attack = form.attacks.get(name)
    if attack is None:
        known = ", ".join(sorted(form.attacks))
        raise TamperError("unknown_edit", f"there is no edit {name!a} of {form.version}: {known}")
    draft = form.draft(files)
    attack.edit(draft)
    return draft.seal(attack.rung)
