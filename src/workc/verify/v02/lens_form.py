"""What an item of a lens and the lens itself must be beyond their fields, each looked at alone.

(docs/spec/bundle-0.2.md, section 6.)
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import get_args

import msgspec
from msgspec import UNSET

from workc.kernel.digest import is_hex_digest
from workc.kernel.lens import (
    MAX_WEIGHT,
    PROVEN,
    TOUCHING,
    How,
    ItemObserved,
    LensAssembled,
    Thresholds,
)
from workc.kernel.payloads import ScriptedQuality
from workc.kernel.permille import WHOLE
from workc.kernel.phases import LockLevel
from workc.kernel.resolving import ConflictResolved
from workc.kernel.selectors import EffectOp
from workc.verify.rules import Rule
from workc.verify.v02 import rules_of_lenses as rules
from workc.verify.v02.item_source import is_read_from_source

RUN_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_ITEM = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,63}")
#: What an item does to be had.
_OPS: Mapping[How, EffectOp] = {
    **dict.fromkeys(TOUCHING, "ReadFS"),
    "url": "Network",
}


def item_problems(item: ItemObserved) -> Iterator[tuple[Rule, str]]:
    """Yields what is wrong with an item, its effect's spelling and its redactions left out."""
    if not _ITEM.fullmatch(item.item):
        yield rules.ITEM_FORM, "/item"
    if (item.dated_ms is UNSET) != (item.value is UNSET):
        yield rules.ITEM_FORM, "/dated_ms"
    if not _effect_fits(item):
        yield rules.ITEM_FORM, "/effect"
    elif item.effect is not UNSET and not is_read_from_source(item, item.effect.selector):
        yield rules.ITEM_SOURCE, "/source"
    yield from _origin_problems(item)
    if item.part is not UNSET and item.how != "file":
        yield rules.ITEM_FORM, "/part"
    if item.weight > MAX_WEIGHT:
        yield rules.ITEM_FORM, "/weight"


def _origin_problems(item: ItemObserved) -> Iterator[tuple[Rule, str]]:
    """Yields what is wrong with the evidence that an item was read from, if it names any."""
    if item.run_id is UNSET and item.proof_digest is UNSET:
        return
    if item.how not in PROVEN or item.value is UNSET:
        yield rules.ITEM_ORIGIN, "/how"
    if item.run_id is UNSET or not RUN_ID.fullmatch(item.run_id):
        yield rules.ITEM_ORIGIN, "/run_id"
    if item.proof_digest is UNSET or not is_hex_digest(item.proof_digest):
        yield rules.ITEM_ORIGIN, "/proof_digest"


def _effect_fits(item: ItemObserved) -> bool:
    """Returns whether an item has the effect of how it was got; what was not had may have none."""
    if item.effect is UNSET:
        return item.how not in TOUCHING or item.value is UNSET
    return item.effect.op == _OPS.get(item.how)


def lens_problems(lens: LensAssembled) -> Iterator[tuple[Rule, str]]:
    """Yields what is wrong with a lens, how it fits its items left out."""
    if not _ascends(lens.at_least or Thresholds()):
        yield rules.LENS_FORM, "/at_least"
    requires = lens.requires or []
    if len(set(requires)) < len(requires):
        yield rules.LENS_FORM, "/requires"
    if any(claim.says.form != "json" for claim in lens.claims or ()):
        yield rules.LENS_FORM, "/claims"
    judging = (lens.at_least, lens.claims, lens.requires)
    if lens.quality is UNSET and any(part is not UNSET for part in judging):
        yield rules.LENS_FORM, "/quality"


def script_problems(script: list[ScriptedQuality]) -> Iterator[tuple[Rule, str]]:
    """Yields what is wrong with what a script says of lenses."""
    numbers = [number for said in script for number in msgspec.structs.astuple(said)]
    if not numbers or max(numbers) > WHOLE:
        yield rules.LENS_SCRIPT_FORM, "/lens_script"


def resolution_problems(found: ConflictResolved) -> Iterator[tuple[Rule, str]]:
    """Yields what is wrong with what came of a conflict, how it fits its child left out."""
    if not _ITEM.fullmatch(found.item):
        yield rules.RESOLUTION_FORM, "/item"
    if any(word.says.form != "json" for word in found.words or ()):
        yield rules.RESOLUTION_FORM, "/words"


def _ascends(at_least: Thresholds) -> bool:
    values: list[object] = [getattr(at_least, level) for level in get_args(LockLevel)]
    said = [value for value in values if isinstance(value, int)]
    return said == sorted(said) and max(said, default=0) <= WHOLE
