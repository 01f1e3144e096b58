"""The gates of a run, as the receipt lists them, and the root over what was said of them."""

from __future__ import annotations

from workc.bundle.documents import Gate
from workc.kernel import events
from workc.kernel.gates import OF_STEP, ApprovalAnswered, GateEvaluated
from workc.kernel.merkle import Accumulator, leaf_hash


class Gates:
    """Takes evaluations and answers in order."""

    def __init__(self) -> None:
        self.tree = Accumulator()
        self.listed: list[Gate] = []
        self._earlier = 0

    def turn_back(self) -> None:
        """Begins another pass of the run: what failed before has not failed in this one."""
        self._earlier = len(self.listed)

    def take(self, line: bytes, payload: GateEvaluated | ApprovalAnswered) -> None:
        """Takes the next one with its line; a human's is of kind ``human``."""
        self.tree.append(leaf_hash(events.payload_bytes(line)))
        self.listed.append(_listed(payload))

    @property
    def barred(self) -> bool:
        """Returns whether a gate kept all steps of this pass from beginning."""
        here = self.listed[self._earlier :]
        return any(gate.when == "pre_run" and not gate.passed for gate in here)

    def failed_last(self) -> list[Gate]:
        """Returns the evaluated gates that did not pass the last time in this pass; a human's are none."""
        here = self.listed[self._earlier :]
        last = {(gate.gate, gate.step): gate for gate in here if gate.kind != "human"}
        return [gate for gate in last.values() if not gate.passed]

    def failed_of_run(self) -> list[Gate]:
        """Returns those of the run."""
        return [gate for gate in self.failed_last() if gate.when not in OF_STEP]


def _listed(payload: GateEvaluated | ApprovalAnswered) -> Gate:
    if isinstance(payload, GateEvaluated):
        kind, when, passed = payload.kind, payload.when, payload.passed
        return Gate(gate=payload.gate, kind=kind, passed=passed, step=payload.step, when=when)
    is_approved = payload.decision == "approved"
    return Gate(
        gate=payload.gate, kind="human", passed=is_approved, step=payload.step, when="pre_step"
    )
