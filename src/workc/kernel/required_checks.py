"""What a policy requires of a run to lock at a level: how high it may lock, and what it must check.

Engine, audit and verifier ask the same few lines (``docs/spec/bundle-0.2.md``, section 6).

>>> rules = VerifyRules(levels={"Committed": ("Acceptance",)}, unmet="lower")
>>> rules.lacking("Committed", {"Semantic"}), rules.lock_level("Committed", {"Semantic"})
(('Acceptance',), 'Staged')
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Literal

import msgspec
from msgspec import UNSET, UnsetType

from workc.kernel.payloads import Level
from workc.kernel.phases import LockLevel

#: Every lock level, the least binding first.
ORDER: tuple[LockLevel, ...] = ("Draft", "Staged", "Committed", "Published", "Immutable")


class VerifyRules(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The highest lock level that a run may reach, and the levels of checks that each one takes.

    With ``unmet`` a run that has not what Committed takes locks as Staged, if it may; else such a run
    does not begin. ``high_risk`` is what a level takes besides, of a run of high risk.
    """

    high_risk: Mapping[LockLevel, tuple[Level, ...]] | UnsetType = UNSET
    max_lock_level: LockLevel = "Immutable"
    levels: Mapping[LockLevel, tuple[Level, ...]] = {}
    unmet: Literal["lower"] | UnsetType = UNSET

    def at_risk(self, high: Collection[LockLevel]) -> VerifyRules:
        """Returns the rules of a run that is of high risk at these levels; of no other risk they speak."""
        more: Mapping[LockLevel, tuple[Level, ...]] = self.high_risk or {}
        levels: dict[LockLevel, tuple[Level, ...]] = {
            level: (*self.levels.get(level, ()), *(more.get(level, ()) if level in high else ()))
            for level in ORDER
        }
        return msgspec.structs.replace(self, high_risk=UNSET, levels=levels)

    def lacking(self, level: LockLevel, there: Collection[Level]) -> tuple[Level, ...]:
        """Returns the levels of which a check is missing; ``there`` are those of which there is one."""
        return tuple(each for each in self.levels.get(level, ()) if each not in there)

    def allow(self, level: LockLevel, there: Collection[Level]) -> bool:
        """Returns whether a run with such checks may lock at the level; at Draft every run may."""
        if level == "Draft":
            return True
        is_low = ORDER.index(level) <= ORDER.index(self.max_lock_level)
        return is_low and not self.lacking(level, there)

    def lowered(self, earned: LockLevel, reached: LockLevel, there: Collection[Level]) -> LockLevel:
        """Returns where a run locks whose lens is good enough for ``reached``, and that earned a level."""
        return reached if reached == earned or self.allow(reached, there) else "Draft"

    def lock_level(self, level: LockLevel, there: Collection[Level]) -> LockLevel:
        """Returns where a run locks that has earned a level: there, or lower if the rules say so."""
        if self.unmet is UNSET or level != "Committed" or self.allow(level, there):
            return level
        return "Staged" if self.allow("Staged", there) else level
