"""Whether lenses were held to what the policy demands of them, where its rules speak of lenses.

Rules that speak of lenses in another form than thresholds demand all of every level.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import get_args

import msgspec

from workc.bundle.layout import EVENTS
from workc.kernel.lens import Thresholds
from workc.kernel.permille import WHOLE
from workc.kernel.phases import LockLevel
from workc.kernel.values import JsonObject
from workc.verify.case import Case
from workc.verify.v02 import rules_of_lenses as rules

_LEVELS: tuple[LockLevel, ...] = get_args(LockLevel)
_ALL = Thresholds(**dict.fromkeys(_LEVELS, WHOLE))


def check_lens_policy(found: JsonObject, held: Iterable[Thresholds], case: Case) -> None:
    """Compares the thresholds to which lenses were ``held`` with the rules."""
    if "lens" not in found:
        return
    try:
        wanted = msgspec.convert(found["lens"], Thresholds)
    except msgspec.ValidationError:
        wanted = _ALL
    for thresholds in held:
        for level in _LEVELS:
            expected, actual = wanted.least(level), thresholds.least(level)
            if actual < expected:
                message = f"a lens was held to less than the policy demands for {level}"
                case.fail(rules.LENS_OF_POLICY, EVENTS, message, expected=expected, actual=actual)
