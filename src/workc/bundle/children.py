"""The children of a run, as the receipt lists them, and the root over what was said of them."""

from __future__ import annotations

import msgspec
from msgspec import UNSET

from workc.bundle.documents import Child
from workc.kernel import events
from workc.kernel.children import ChildJoined, ChildSpawned
from workc.kernel.merkle import Accumulator, leaf_hash
from workc.kernel.phases import Outcome
from workc.kernel.rollup import rollup


class Children:
    """Takes what is said of children, in order of the events."""

    def __init__(self) -> None:
        self._found: list[Child] = []
        self._leaves: list[tuple[int, bytes]] = []
        self._earlier = 0

    def turn_back(self) -> None:
        """Begins another pass of the run: the children so far do not count for its outcome."""
        self._earlier = len(self._found)

    def take(self, line: bytes, payload: ChildSpawned | ChildJoined) -> None:
        """Takes the next child, or how the one before ended: in a lane it stands right after."""
        self._leaves.append((payload.spawn_index, leaf_hash(events.payload_bytes(line))))
        if isinstance(payload, ChildSpawned):
            self._found.append(Child(**msgspec.structs.asdict(payload)))
        elif self._found:
            self._found[-1] = msgspec.structs.replace(
                self._found[-1],
                outcome=payload.outcome,
                proof_digest=payload.proof_digest,
                spent_micro_cents=payload.spent_micro_cents,
                value=payload.value,
            )

    def listed(self) -> list[Child]:
        """Returns all by their numbers."""
        return sorted(self._found, key=lambda child: child.spawn_index)

    def tree(self) -> Accumulator:
        """Returns the tree over what was said, by number of the child, of each as it was said."""
        tree = Accumulator()
        for _, leaf in sorted(self._leaves, key=lambda each: each[0]):
            tree.append(leaf)
        return tree

    def inherited(self) -> Outcome:
        """Returns what they make of a success: of each step the last that joined counts."""
        here = self._found[self._earlier :]
        last = {child.step: child for child in here if child.outcome is not UNSET}
        return rollup("success", [(c.outcome or "failed", c.critical) for c in last.values()])
