"""What the process exits with: one meaning per number, the same for every command."""

from __future__ import annotations

from workc.kernel.catalog import CATALOG

OK = 0
#: The work, or what was looked at, failed.
FAILED = 1
#: The command, a file or an input is wrong; nothing was run.
USAGE = 2
#: Refused because of money, before anything was spent beyond the budget.
BUDGET = 3
#: A replay or a comparison found a difference.
DIFFERS = 4
#: The evidence is proven bad.
PROVEN_BAD = 5
#: The evidence cannot be judged: not read, not of a known version.
UNDECIDED = 6
#: Waits for a human.
WAITING = 7
#: Something else was not available, after all retries.
UNAVAILABLE = 8
#: Our bug (EX_SOFTWARE of sysexits.h).
BUG = 70
#: 128 and the number of the signal, as shells say it (POSIX, Shell Command Language, 2.8.2).
SIGHUP = 129
SIGINT = 130
SIGTERM = 143


def exit_of_code(code: str) -> int:
    """Returns what a command exits with that was refused with this code."""
    return CATALOG[code].exit if code in CATALOG else FAILED


def exit_of_signal(number: int | None) -> int:
    """Returns what a command exits with that a signal stopped; None stands for SIGINT."""
    return SIGINT if number is None else 128 + number
