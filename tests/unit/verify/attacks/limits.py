"""Section 7: dimensions beside the money of the run: steps, tokens, calls, time, a shared ceiling."""

from attacks.attack import malformed, money, receipt, sealed, unproven

LIMITS = ("calls", "tokens", "wall_ms")


@money("remove", "out_of_calls")
def calls_limited_no_more_though_one_was_refused(d):
    del d.payload("RunStarted")["limits"]["calls"]


@money("shrink", "limited")
def a_limit_of_calls_below_those_that_were_granted(d):
    d.payload("RunStarted")["limits"]["calls"] = 1


@money("shrink", "limited")
def a_limit_of_tokens_below_those_that_were_reserved(d):
    d.payload("RunStarted")["limits"]["tokens"] = 2438


@money("grow", "limited")
def tokens_reserved_past_the_limit(d):
    d.payload("BudgetReserved", 2)["tokens"] = 5000


@money("set", "limited")
def a_reservation_after_the_time_was_over(d):
    d.payload("RunStarted")["limits"]["wall_ms"] = 0


@money("add", "paid")
def time_that_had_been_over(d):
    d.payload("RunStarted")["limits"] = {"wall_ms": 0}


@money("add", "paid")
def a_step_ceiling_below_what_was_granted(d):
    d.payload("BudgetReserved")["step_ceiling"] = 1


@money("grow", "step_refused")
def a_step_ceiling_that_would_have_held_what_it_refused(d):
    move = d.payload("BudgetReserved")
    move["step_ceiling"] = move["bound"]


@money("set", "out_of_calls")
def a_refusal_by_another_dimension(d):
    d.payload("BudgetReserved", 1)["refused_by"] = "tokens"


@money("remove", "out_of_tokens")
def a_refusal_put_on_the_money(d):
    del d.payload("BudgetReserved", 1)["refused_by"]


@money("add", "paid")
def a_grant_that_says_it_was_refused(d):
    d.payload("BudgetReserved")["refused_by"] = "step"


@money("shrink", "shared")
def less_left_of_a_shared_ceiling_than_was_granted(d):
    d.payload("BudgetReserved")["shared_left"] = d.payload("BudgetReserved")["bound"] - 1


@money("set", "halted")
def a_refusal_put_on_a_shared_ceiling(d):
    d.payload("BudgetReserved").update(refused_by="shared", shared_left=0)


@money("grow", "limited")
def another_step_ceiling_for_the_second_attempt(d):
    d.payload("BudgetReserved", 1)["step_ceiling"] += 1


@money("remove", "limited")
def no_step_ceiling_for_the_second_attempt(d):
    del d.payload("BudgetReserved", 1)["step_ceiling"]


@money("remove")
def a_settlement_that_keeps_its_tokens_to_itself(d):
    del d.payload("BudgetSettled")["tokens"]


@money("add")
def a_settlement_with_tokens_of_a_reservation_without(d):
    del d.payload("BudgetReserved")["tokens"]


@money("grow", "limited")
def tokens_of_a_call_that_was_released(d):
    d.payload("BudgetSettled")["tokens"] = 1


@money("shrink")
def tokens_at_the_bound_that_are_one_less(d):
    settled, reserved = d.payload("BudgetSettled", 1), d.payload("BudgetReserved", 1)
    spent = settled["spent"] - settled["actual"] + reserved["bound"]
    settled.update(basis="bound", actual=reserved["bound"], spent=spent)
    settled["tokens"] = reserved["tokens"] - 1


@unproven("grow", "limited")
def limited_tokens_above_their_bound_that_stop_nothing(d):
    d.payload("BudgetSettled", 1)["tokens"] = 4000


@unproven("remove", "out_of_tokens")
def a_run_without_tokens_left_that_goes_on(d):
    del d.payload("WorkEnded")["halt"]


def _limit(name):
    def edit(d):
        d.payload("RunStarted")["limits"][name] = -1

    edit.__name__ = f"a_limit_below_nothing_of_{name}"
    malformed("foreign", "limited")(edit)


for _name in LIMITS:
    _limit(_name)


@malformed("add", "limited")
def a_limit_of_an_unknown_dimension(d):
    d.payload("RunStarted")["limits"]["heat"] = 1


@malformed("foreign", "out_of_calls")
def a_refusal_by_the_run_spelt_out(d):
    d.payload("BudgetReserved", 1)["refused_by"] = "run"


@receipt("set", "limited")
def fewer_calls_in_the_receipt(d):
    d.receipt["money"]["calls"] = 1


@receipt("remove", "limited")
def no_tokens_in_the_receipt(d):
    del d.receipt["money"]["tokens"]


@receipt("set", "limited")
def other_limits_in_the_receipt(d):
    d.receipt["money"]["limits"]["wall_ms"] += 1


@sealed("add", "RECEIPT_EVENT_MISMATCH", "projection", "success", project=False)
def calls_in_the_receipt_of_a_run_that_counts_none(d):
    d.receipt["money"] |= {"calls": 0, "tokens": 0}
