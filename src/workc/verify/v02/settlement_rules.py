"""Settlements against their reservations: amounts by their basis, tokens where tokens were reserved."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import UNSET

from workc.kernel.payloads import Basis, BudgetReserved, BudgetSettled
from workc.verify.rules import Rule
from workc.verify.v02 import rules


def settlement_problems(
    reserved: BudgetReserved, settled: BudgetSettled
) -> Iterator[tuple[Rule, str, str]]:
    """Yields rule, message and pointer of what does not fit what was reserved."""
    yield from _amount("actual", settled.basis, reserved.bound, settled.actual)
    if (settled.tokens is UNSET) != (reserved.tokens is UNSET):
        message = "a settlement has tokens if and only if its reservation has"
        yield rules.TOKENS_ARE_SETTLED, message, "/payload/tokens"
        return
    yield from _amount("tokens", settled.basis, reserved.tokens or 0, settled.tokens or 0)


def is_above(reserved: BudgetReserved, settled: BudgetSettled, *, limits_tokens: bool) -> bool:
    """Returns whether more was used than was reserved; of tokens it counts where they are limited."""
    if settled.actual > reserved.bound:
        return True
    both = UNSET not in (settled.tokens, reserved.tokens)
    return limits_tokens and both and (settled.tokens or 0) > (reserved.tokens or 0)


def _amount(field: str, basis: Basis, bound: int, actual: int) -> Iterator[tuple[Rule, str, str]]:
    expected = {"released": 0, "bound": bound}.get(basis, actual)
    if actual != expected:
        message = f"{field} of a settlement by {basis} is {expected}"
        yield rules.SETTLED_BY_BASIS, message, f"/payload/{field}"
