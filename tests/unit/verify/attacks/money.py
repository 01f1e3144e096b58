"""Section 7: moves of the ledger."""

from attacks.attack import money, sealed


@money("shrink")
def money_lowered(d):
    d.payload("BudgetSettled")["actual"] -= 1


@money("shrink")
def money_lowered_in_what_stands_after_it(d):
    for number in (0, 1):
        d.payload("BudgetSettled", number)["spent"] -= 1


@money("grow")
def a_bound_raised(d):
    d.payload("BudgetReserved")["bound"] += 1


@money("set")
def a_move_with_another_number(d):
    d.payload("BudgetSettled", 1)["n"] = 9


@sealed("repeat", "BUDGET_INVALID", "money", "paid", project=False)
def a_number_twice(d):
    d.payload("BudgetSettled", 1)["n"] = 0


@money("set")
def a_settlement_of_no_reservation(d):
    d.payload("BudgetSettled")["grant"] = 9


@money("repeat")
def a_settlement_made_twice(d):
    first, last = d.payload("BudgetSettled"), d.payload("BudgetSettled", 1)
    last["grant"] = first["grant"]


@sealed("set", "BUDGET_INVALID", "money", "paid", project=False)
def a_reservation_denied_that_fits(d):
    d.payload("BudgetReserved")["granted"] = False


@money("set", "halted")
def a_reservation_granted_past_the_ceiling(d):
    move = d.payload("BudgetReserved")
    move["granted"], move["reserved"] = True, move["bound"]


@money("shrink")
def a_ceiling_lowered_below_what_was_reserved(d):
    d.payload("RunStarted")["ceiling_micro_cents"] = 1


@money("remove")
def a_reservation_that_nobody_settled(d):
    settled = d.event("BudgetSettled", 1)
    d.events.remove(settled)
    for event in d.events:
        if event["at"][:2] == [4, 1] and event["at"][2] > 2:
            event["at"][2] -= 1


def _settled_by(basis):
    def edit(d):
        d.payload("BudgetSettled")["basis"] = basis

    edit.__name__ = f"a_settlement_by_{basis}_of_another_amount"
    money("set")(edit)


_settled_by("released")
_settled_by("bound")


@money("move")
def settlements_in_the_lanes_of_each_other(d):
    first, second_one = d.event("BudgetSettled"), d.event("BudgetSettled", 1)
    first["payload"], second_one["payload"] = second_one["payload"], first["payload"]
    for event, step in ((first, "a"), (second_one, "b")):
        event["payload"]["step"] = step


@money("add")
def a_reservation_more_that_nobody_settles(d):
    last = d.events.index(d.event("SkillExecuted", 1))
    bound = {"bound": 1, "granted": True, "n": 4, "reserved": 1, "spent": 720, "step": "b"}
    reserved = {"kind": "BudgetReserved", "phase": "Act", "payload": bound, "at": [4, 1, 4]}
    reserved["at_ms"] = d.event("BudgetSettled", 1)["at_ms"]
    d.events[last]["at"][2] = 5
    d.events.insert(last, reserved)


@money("set")
def settlements_of_the_reservations_of_each_other(d):
    assert d.payload("BudgetReserved")["bound"] == d.payload("BudgetReserved", 1)["bound"]
    d.payload("BudgetSettled")["grant"], d.payload("BudgetSettled", 1)["grant"] = 1, 0


def _last_settled(d, basis, actual):
    settled = d.payload("BudgetSettled", 1)
    spent = settled["spent"] - settled["actual"] + actual
    settled.update(basis=basis, actual=actual, spent=spent)


@money("grow")
def a_settlement_by_released_that_costs_1(d):
    _last_settled(d, "released", 1)


@money("shrink")
def a_settlement_by_bound_that_costs_1_less(d):
    _last_settled(d, "bound", d.payload("BudgetReserved", 1)["bound"] - 1)
