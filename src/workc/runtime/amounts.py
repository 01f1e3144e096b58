"""Amounts of money as text."""

from __future__ import annotations


def money(micro_cents: int) -> str:
    """Returns an amount as text in dollars, exact: ``$0.0046``."""
    sign = "-" if micro_cents < 0 else ""
    digits = f"{abs(micro_cents):09d}"
    fraction = digits[-8:].rstrip("0")
    return f"{sign}${digits[:-8]}.{fraction.ljust(2, '0')}"
