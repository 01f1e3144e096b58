"""The rules of conflicts that a child is asked to resolve: what about, by whom, and what came of it.

A fold over what one run says of them (docs/spec/bundle-0.2.md, section 21).
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import UNSET

from workc.kernel.children import ChildJoined
from workc.kernel.kinds import Payload
from workc.kernel.payloads import Backtrack, SkillExecuted, given
from workc.kernel.resolving import LENS_CONFLICT, ConflictFound, ConflictResolved
from workc.verify.v02 import rules_of_lenses as rules
from workc.verify.v02.pair_rules import Difference

_BACK = Backtrack(code=LENS_CONFLICT, to="Orient")


class ConflictRules:
    """Takes conflicts, the steps of the lanes behind them, and the children that joined there."""

    def __init__(self) -> None:
        self._about: list[str] = []
        # The step of the conflict at hand, while lanes may stand behind it.
        self._step: str | None = None
        self._lanes: list[str] = []
        self._joined: ChildJoined | None = None

    def found(
        self, conflict: ConflictFound, contested: list[str], passes: int
    ) -> Iterator[Difference]:
        """Yields what is wrong with a conflict about what is ``contested``, after so many ``passes``."""
        if passes or not contested or conflict.about != contested:
            yield Difference(rules.CONFLICT_IS_FOUND, "about", contested, conflict.about)
        self._about, self._step, self._joined = conflict.about, conflict.step, None

    def named(self, step: str) -> None:
        """Takes the step of a lane."""
        if self._step is not None:
            self._lanes.append(step)

    def joined(self, child: ChildJoined) -> None:
        """Takes how a child ended."""
        self._joined = child

    def close(self) -> Iterator[Difference]:
        """Yields what is wrong with the lanes behind the conflict at hand, if it is not judged."""
        step, self._step = self._step, None
        if step is not None and self._lanes != [step]:
            yield Difference(rules.RESOLVER_HAS_LANE, "step", [step], self._lanes)

    def resolved(self, said: ConflictResolved, last: Payload | None) -> Iterator[Difference]:
        """Yields what does not fit the lane behind the conflict, which ends with ``last``."""
        yield from self.close()
        if said.backtrack != _BACK:
            yield Difference(rules.RESOLUTION_FITS, "backtrack", _BACK, said.backtrack)
        if said.words is UNSET:
            return
        gave = given(last.value) if isinstance(last, SkillExecuted) else None
        if gave is None or said.value is UNSET or gave.digest != said.value.digest:
            yield Difference(rules.RESOLUTION_FITS, "value", None, None)
        yield from self._of_child(said)
        about = [word.about for word in said.words]
        if not about or about != sorted({*about} & {*self._about}):
            yield Difference(rules.RESOLUTION_FITS, "words", self._about, about)

    def _of_child(self, said: ConflictResolved) -> Iterator[Difference]:
        child = self._joined
        for field in ("child_run_id", "proof_digest"):
            expected, actual = getattr(child, field, None), getattr(said, field)
            if expected != actual:
                yield Difference(rules.RESOLUTION_FITS, field, expected, actual)
