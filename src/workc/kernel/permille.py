"""Permille: the framework's scores and chances are integers from 0 to 1000, never floats.

>>> clamped(1200), clamped(-1)
(1000, 0)
"""

from __future__ import annotations

from workc.kernel.failure import Misuse

WHOLE = 1000


def clamped(value: int) -> int:
    """Returns the nearest permille to ``value``."""
    return min(max(value, 0), WHOLE)


def checked(name: str, value: int) -> int:
    """Returns ``value`` if it is a permille.

    Raises:
        Misuse: it is below 0 or above 1000; ``name`` says in the message what it is.
    """
    if not 0 <= value <= WHOLE:
        raise Misuse(f"{name} is a permille, 0 to {WHOLE}, not {value}")
    return value
