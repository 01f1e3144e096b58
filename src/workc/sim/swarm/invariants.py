"""What holds of every run, told from its events alone and in the plainest way.

It is asked beside the oracle, which knows rules that this does not: whoever breaks the engine breaks
one of the two.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from workc.bundle.layout import EVENTS, RECEIPT
from workc.kernel import events
from workc.kernel.children import ChildJoined, ChildSpawned
from workc.kernel.kinds import Payload
from workc.kernel.payloads import (
    BudgetReserved,
    BudgetSettled,
    EffectAsked,
    Locked,
    RunStarted,
    VerificationRun,
    WorkEnded,
)
from workc.kernel.resources import ResourceAnswered, ResourceReleased


def broken(bundle: Mapping[str, bytes]) -> list[str]:
    """Returns what does not hold of a run, in sentences; an empty list if all does."""
    told = [event.payload for event in events.decode_lines(bundle.get(EVENTS, b""))]
    return [text for check in _CHECKS for text in check(told, bundle)]


def _ends(told: Sequence[Payload], bundle: Mapping[str, bytes]) -> Iterator[str]:
    del bundle
    locks = [n for n, payload in enumerate(told) if isinstance(payload, Locked)]
    if locks != [len(told) - 1]:
        yield "the run does not end with its lock"


def _goes_back(told: Sequence[Payload], bundle: Mapping[str, bytes]) -> Iterator[str]:
    del bundle
    most = next((p.max_backtracks or 0 for p in told if isinstance(p, RunStarted)), 0)
    went = sum(bool(p.backtrack) for p in told if isinstance(p, WorkEnded | VerificationRun))
    if went > most:
        yield f"the run went back {went} times, and might {most} times"


def _pays(told: Sequence[Payload], bundle: Mapping[str, bytes]) -> Iterator[str]:
    del bundle
    ceiling = next((p.ceiling_micro_cents for p in told if isinstance(p, RunStarted)), 0)
    grants = {p.n: p.bound for p in told if isinstance(p, BudgetReserved) and p.granted}
    settled = [p for p in told if isinstance(p, BudgetSettled)]
    spent = sum(p.actual for p in settled)
    if Counter(p.grant for p in settled) != Counter(list(grants)):
        yield "not every reservation was settled once"
    if any(p.actual > grants.get(p.grant, 0) for p in settled):
        return
    if spent > ceiling:
        yield f"{spent} micro-cents were spent under a ceiling of {ceiling}"
    moves = sorted((p for p in told if isinstance(p, BudgetReserved | BudgetSettled)), key=_number)
    yield from _moves(moves, grants)


def _moves(
    moves: Sequence[BudgetReserved | BudgetSettled], grants: Mapping[int, int]
) -> Iterator[str]:
    held, spent = 0, 0
    for move in moves:
        if isinstance(move, BudgetSettled):
            held, spent = held - grants.get(move.grant, 0), spent + move.actual
        elif move.granted:
            held += move.bound
        if (move.reserved, move.spent) != (held, spent):
            yield f"move {move.n} of the budget says {move.reserved} held, {move.spent} spent"
            return


def _number(move: BudgetReserved | BudgetSettled) -> int:
    return move.n


def _reserves(told: Sequence[Payload], bundle: Mapping[str, bytes]) -> Iterator[str]:
    """Each question to a model needs a reservation of its own before it."""
    del bundle
    left: Counter[str] = Counter()
    for payload in told:
        if isinstance(payload, BudgetReserved) and payload.granted:
            left[payload.step] += 1
        if isinstance(payload, EffectAsked) and payload.port == "model":
            left[payload.step] -= 1
            if left[payload.step] < 0:
                yield f"{payload.step} asked a model without a reservation"


def _children(told: Sequence[Payload], bundle: Mapping[str, bytes]) -> Iterator[str]:
    spawned = [p.spawn_index for p in told if isinstance(p, ChildSpawned)]
    if sorted(spawned) != list(range(len(spawned))):
        yield "children are not numbered one by one"
    joined = {p.child_run_id for p in told if isinstance(p, ChildJoined)}
    listed = msgspec.json.decode(bundle[RECEIPT]).get("children", ())
    if [each["spawn_index"] for each in listed] != sorted(each["spawn_index"] for each in listed):
        yield "the receipt does not list children in the order in which they were spawned"
    if not joined <= {each["child_run_id"] for each in listed}:
        yield "the receipt does not list every child"


def _holds(told: Sequence[Payload], bundle: Mapping[str, bytes]) -> Iterator[str]:
    """Nobody holds what another holds, and at the end nobody holds anything."""
    del bundle
    moves = [
        (p.n, p)
        for p in told
        if isinstance(p, ResourceReleased) or (isinstance(p, ResourceAnswered) and not p.failure)
    ]
    held: dict[str, str] = {}
    for _, move in sorted(moves, key=lambda each: (each[0] or 0, each[1].step)):
        if isinstance(move, ResourceReleased):
            if held.pop(move.resource, None) != move.step:
                yield f"{move.step} lets go of {move.resource}, which it did not hold"
        elif move.resource in held:
            yield f"{move.resource} is held by {held[move.resource]} and by {move.step}"
        else:
            held[move.resource] = move.step
    for resource, step in held.items():
        yield f"{step} holds {resource} when the run is over"


_CHECKS = (_ends, _goes_back, _pays, _reserves, _children, _holds)
