"""Resealed edits of the money: reservations, settlements, the ceiling (section 7)."""

from __future__ import annotations

from workc.sim.tamper.attack import Attack, Attacks, Doc, does_not_apply
from workc.sim.tamper.place import MONEY, UNPROVABLE
from workc.sim.tamper.v02.draft import Draft


def _of_calls(draft: Draft, kind: str) -> list[Doc]:
    """Returns the moves of a kind that pay for no child: a child says what it cost itself."""
    lanes = [child["at"][:-1] for child in draft.all("ChildSpawned")]
    return [event for event in draft.all(kind) if event["at"][:-1] not in lanes]


def _paid(draft: Draft) -> Doc:
    for event in _of_calls(draft, "BudgetSettled"):
        if event["payload"]["actual"]:
            payload: Doc = event["payload"]
            return payload
    raise does_not_apply("nothing that was paid for")


def _reserved(draft: Draft, *, granted: bool) -> Doc:
    for event in _of_calls(draft, "BudgetReserved"):
        if event["payload"]["granted"] is granted and event["payload"]["bound"]:
            payload: Doc = event["payload"]
            return payload
    raise does_not_apply("no reservation that was " + ("granted" if granted else "refused"))


def _lower(draft: Draft) -> None:
    _paid(draft)["actual"] -= 1


def _lower_throughout(draft: Draft) -> None:
    moves = [*draft.all("BudgetReserved"), *draft.all("BudgetSettled")]
    if not all(move["payload"].get("granted", True) for move in moves):
        raise does_not_apply("a reservation that was refused")
    paid = _paid(draft)
    if paid["actual"] - 1 <= _bound_of(draft, paid) < paid["actual"]:
        raise does_not_apply("a bill that is above its bound by the least amount")
    paid |= {"actual": paid["actual"] - 1, "basis": "usage"}
    for move in moves:
        if move["payload"]["n"] >= paid["n"]:
            move["payload"]["spent"] -= 1


def _bound_of(draft: Draft, settled: Doc) -> int:
    reserved = (event["payload"] for event in draft.all("BudgetReserved"))
    bound: int = next(move["bound"] for move in reserved if move["n"] == settled["grant"])
    return bound


def _grant(draft: Draft) -> None:
    refused = _reserved(draft, granted=False)
    refused |= {"granted": True, "reserved": refused["reserved"] + refused["bound"]}


def _refuse(draft: Draft) -> None:
    _reserved(draft, granted=True)["granted"] = False


def _forget_settlement(draft: Draft) -> None:
    draft.remove(max(_settlements(draft, 1), key=lambda event: int(event["payload"]["n"])))


def _settlements(draft: Draft, least: int) -> list[Doc]:
    found = _of_calls(draft, "BudgetSettled")
    if len(found) < least:
        raise does_not_apply("too few settlements")
    return found


def _exchange(draft: Draft) -> None:
    first, second = _settlements(draft, 2)[:2]
    if first["at"][:-1] == second["at"][:-1]:
        raise does_not_apply("no settlements of two steps")
    steps = first["payload"]["step"], second["payload"]["step"]
    first["payload"], second["payload"] = second["payload"], first["payload"]
    first["payload"]["step"], second["payload"]["step"] = steps


def _release(draft: Draft) -> None:
    _paid(draft)["basis"] = "released"


def _lower_ceiling(draft: Draft) -> None:
    _reserved(draft, granted=True)
    draft.payload("RunStarted")["ceiling_micro_cents"] = 0


MONEY_ATTACKS: Attacks[Draft] = {
    "MoneyLowered": Attack(_lower, MONEY, "A bill says less than was spent."),
    "MoneyLoweredThroughout": Attack(
        _lower_throughout, UNPROVABLE, "A bill says less, and so does all that follows it."
    ),
    "RefusalGranted": Attack(_grant, MONEY, "A reservation past the ceiling was granted."),
    "GrantRefused": Attack(_refuse, MONEY, "A reservation that fits was refused."),
    "SettlementForgotten": Attack(_forget_settlement, MONEY, "A reservation was never settled."),
    "SettlementsExchanged": Attack(_exchange, MONEY, "One step settles what another reserved."),
    "ReleasedButPaid": Attack(_release, MONEY, "What was paid for is said to be released."),
    "CeilingLowered": Attack(_lower_ceiling, MONEY, "The budget could not pay for it."),
}
