"""Going on under a higher budget: what stands of a run that was refused, and what it takes.

What was answered stands, at its place and with its time. What was refused, what the halt answered, and
in each lane whatever follows one of these, does not: it is asked for again. What was broken off
meanwhile, because a step then stopped the run, is in doubt. The moves of the ledger that stand are
numbered anew; nothing that was spent is lost, and nothing is spent again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec
from msgspec import UNSET, UnsetType

from workc.kernel.events import Entry, Path
from workc.kernel.failure import Refusal, refuse
from workc.kernel.gates import ApprovalAsked, GateEvaluated
from workc.kernel.kinds import Payload, is_answer
from workc.kernel.ledger import MICRO_CENTS_PER_CENT, Dimension, Ledger, Terms
from workc.kernel.payloads import (
    BudgetReserved,
    BudgetSettled,
    CallHalted,
    EffectAnswered,
    EffectAsked,
    Limits,
    RunStarted,
    SkillAsked,
    SkillExecuted,
    given,
)
from workc.kernel.resources import ResourcesClaimed
from workc.runtime.amounts import money
from workc.runtime.claims import claim_number
from workc.runtime.governor import ledger_of
from workc.runtime.probes import is_broken_off
from workc.runtime.refusals import halt_of

#: Asks that are written ahead of what they ask for.
AHEAD = (ApprovalAsked, EffectAsked, ResourcesClaimed, SkillAsked)


class Budget(msgspec.Struct, frozen=True, kw_only=True):
    """What a run may use: a ceiling in micro-cents, and limits; what is not given is as it was."""

    ceiling_micro_cents: int | None = None
    limits: Limits = Limits()

    @property
    def is_given(self) -> bool:
        """Returns whether any of it is given."""
        return self.ceiling_micro_cents is not None or self.limits != Limits()


def has(started: RunStarted, asked: Budget) -> bool:
    """Returns whether a run has the budget that is asked for already."""
    mine = msgspec.structs.astuple(started.limits or Limits())
    limits = zip(msgspec.structs.astuple(asked.limits), mine, strict=True)
    ceilings = {None, started.ceiling_micro_cents}
    return asked.ceiling_micro_cents in ceilings and all(new in {UNSET, old} for new, old in limits)


def raised(started: RunStarted, asked: Budget) -> RunStarted:
    """Returns the start of a run under the budget that is asked for.

    Raises:
        Refusal: ``INVALID_INPUT`` if part of it is lower than it was, or limits what was not limited.
    """
    old, new = started.limits or Limits(), asked.limits
    ceiling = asked.ceiling_micro_cents
    if ceiling is not None and ceiling < started.ceiling_micro_cents:
        have = money(started.ceiling_micro_cents)
        raise refuse("INVALID_INPUT", f"the budget of the run is {have}; it can be raised only")
    limits = Limits(
        calls=_raised("calls", old.calls, new.calls),
        tokens=_raised("tokens", old.tokens, new.tokens),
        wall_ms=_raised("ms", old.wall_ms, new.wall_ms),
    )
    return msgspec.structs.replace(
        started,
        ceiling_micro_cents=started.ceiling_micro_cents if ceiling is None else ceiling,
        limits=UNSET if limits == Limits() else limits,
    )


def _raised(unit: str, old: int | UnsetType, new: int | UnsetType) -> int | UnsetType:
    if new is UNSET:
        return old
    if old is UNSET:
        raise refuse("INVALID_INPUT", f"the run has no limit of {unit} that could be raised")
    if new < old:
        raise refuse(
            "INVALID_INPUT", f"the limit of the run is {old} {unit}; it can be raised only"
        )
    return new


def refused_in(entries: Iterable[Entry]) -> BudgetReserved | None:
    """Returns the reservation that halted a run; there is one at most."""
    return next((e.payload for e in entries if _halts(e.payload)), None)  # type: ignore[return-value]


def standing(entries: Sequence[Entry], ledger: Ledger) -> list[Entry]:
    """Returns what stands of a run, its start left out; ``ledger`` makes its moves again."""
    ends: dict[Path, int] = {}
    for entry in entries:
        if _is_halted(entry.payload) or _halts(entry.payload) or _is_broken_off(entry):
            lane, count = entry.at[:-1], entry.at[-1]
            ends[lane] = min(count, ends.get(lane, count))
    answers = {
        entry.at: entry
        for entry in entries
        if is_answer(entry.payload)
        and not isinstance(entry.payload, RunStarted)
        and not (entry.at[:-1] in ends and entry.at[-1] >= ends[entry.at[:-1]])
    }
    moves = sorted((e for e in answers.values() if isinstance(e.payload, _MOVES)), key=_number)
    for move in moves:
        answers[move.at] = msgspec.structs.replace(move, payload=_moved(move.payload, ledger))
    answers.update({entry.at: entry for entry in _claims(answers.values())})
    asked_for = {*map(_ask_of, answers.values()), *doubtful(entries)}
    asks = [e for e in entries if isinstance(e.payload, AHEAD) and e.at in asked_for]
    return [*asks, *answers.values()]


def doubtful(entries: Iterable[Entry]) -> set[Path]:
    """Returns the places of asks whose answer was broken off: whether they happened is not known."""
    return {_ask_of(entry) for entry in entries if _is_broken_off(entry)}


def _is_halted(payload: Payload) -> bool:
    """Returns whether a halt gave this answer."""
    if isinstance(payload, GateEvaluated):
        return is_broken_off(payload)
    return isinstance(payload, CallHalted)


def _ask_of(answer: Entry) -> Path:
    return (*answer.at[:-1], answer.at[-1] - 1)


def _is_broken_off(entry: Entry) -> bool:
    payload = entry.payload
    if not isinstance(payload, EffectAnswered | SkillExecuted) or not is_answer(payload):
        return False
    return payload.failure is not UNSET and payload.failure.code == "ABORTED"


def _claims(answers: Iterable[Entry]) -> Iterator[Entry]:
    """Yields the moves of resources that stand, numbered anew; what was let go of later is held still."""
    numbered = [(claim_number(entry.payload), entry) for entry in answers]
    moves = sorted(
        ((number, entry) for number, entry in numbered if number is not None), key=lambda m: m[0]
    )
    for number, (_, entry) in enumerate(moves):
        payload: Payload = msgspec.structs.replace(entry.payload, n=number)
        yield msgspec.structs.replace(entry, payload=payload)


_MOVES = (BudgetReserved, BudgetSettled)


def _halts(payload: Payload) -> bool:
    return isinstance(payload, BudgetReserved) and halt_of(payload) is not None


def _number(entry: Entry) -> int:
    payload = entry.payload
    return payload.n if isinstance(payload, _MOVES) else 0


def _moved(payload: Payload, ledger: Ledger) -> Payload:
    """Returns a move as it is made again. What was granted under less is granted under more."""
    if isinstance(payload, BudgetReserved):
        terms = Terms(
            tokens=payload.tokens or 0, step=payload.step, step_ceiling=given(payload.step_ceiling)
        )
        move = ledger.reserve(payload.bound, terms)
    elif isinstance(payload, BudgetSettled):
        released = payload.basis == "released"
        move = ledger.settle(
            payload.grant, payload.actual, tokens=payload.tokens or 0, released=released
        )
    else:
        return payload
    return msgspec.structs.replace(payload, n=move.n, reserved=move.reserved, spent=move.spent)


def lacking(
    started: RunStarted, entries: Sequence[Entry], *, elapsed_ms: int
) -> dict[Dimension, int]:
    """Returns the least that each part of a budget must be for a run to go on, where it is less.

    ``started`` says the budget that it would go on under. ``elapsed_ms`` is how long ago it began. A
    ceiling is in micro-cents, and in whole cents.
    """
    ledger = ledger_of(started)
    standing(entries, ledger)
    refused = refused_in(entries)
    least = {} if refused is None else _least(refused, ledger)
    wall_ms = given(started.limits.wall_ms) if started.limits else None
    if wall_ms is not None and elapsed_ms >= wall_ms:
        least["wall"] = elapsed_ms + 1
    return least


def _least(refused: BudgetReserved, ledger: Ledger) -> dict[Dimension, int]:
    """Returns what a reservation that was refused lacks after the moves that stand."""
    least: dict[Dimension, int] = {}
    cost = ledger.spent + ledger.reserved + refused.bound
    tokens, calls = ledger.tokens_taken + (refused.tokens or 0), ledger.calls_taken + 1
    if cost > ledger.ceiling:
        least["run"] = -(-cost // MICRO_CENTS_PER_CENT) * MICRO_CENTS_PER_CENT
    if ledger.tokens is not None and tokens > ledger.tokens:
        least["tokens"] = tokens
    if ledger.calls is not None and calls > ledger.calls:
        least["calls"] = calls
    return least


#: What is said of the least that a part of a budget must be.
_WORDS: Mapping[Dimension, str] = {
    "calls": "{} calls",
    "tokens": "{} tokens",
    "wall": "{} ms or more since it began",
}


def too_low(least: Mapping[Dimension, int]) -> Refusal:
    """Returns the refusal of a budget under which a run would stop where it stopped."""
    texts = [
        f"a budget of {money(n)}" if part == "run" else _WORDS[part].format(n)
        for part, n in least.items()
    ]
    message = f"the run would stop where it stopped; to go on it takes {' and '.join(texts)}"
    return refuse("INVALID_INPUT", message, **{f"least_{part}": n for part, n in least.items()})
