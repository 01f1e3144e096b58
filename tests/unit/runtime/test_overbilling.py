"""A bill beyond all bounds: the truth as far as a record holds it, and the run is stopped."""

import pytest

from workc.kernel.ledger import Ledger
from workc.kernel.values import MAX_SAFE_INTEGER
from workc.runtime.asks import Ask, Reserve, Settle
from workc.runtime.governor import Governor


@pytest.mark.parametrize(
    "bills", [[MAX_SAFE_INTEGER], [MAX_SAFE_INTEGER, MAX_SAFE_INTEGER], [2**80, 1]]
)
def test_spent_never_passes_what_a_record_holds_and_the_run_halts(bills):
    governor = Governor(Ledger(100), lambda: 0)
    for n, _ in enumerate(bills):
        assert governor.answer(Ask((1, 0, n), Reserve(10, "a"))).payload.granted
    settled = [
        governor.answer(Ask((1, 1, n), Settle(n, bill, "usage", "a"))).payload
        for n, bill in enumerate(bills)
    ]
    assert all(move.spent <= MAX_SAFE_INTEGER for move in settled)
    assert settled[0].spent == min(bills[0], MAX_SAFE_INTEGER)
    assert governor.halt == "BUDGET_BOUND_VIOLATED"


def test_tokens_never_pass_what_a_record_holds_though_nobody_limits_them():
    governor = Governor(Ledger(100), lambda: 0)
    used = []
    for n in range(2):
        governor.answer(Ask((1, 0, n), Reserve(1, "a", tokens=5)))
        settle = Settle(2 * n, 1, "usage", "a", tokens=MAX_SAFE_INTEGER)
        used.append(governor.answer(Ask((1, 1, n), settle)).payload.tokens)
    assert used == [MAX_SAFE_INTEGER, 0]
    assert governor.halt is None
