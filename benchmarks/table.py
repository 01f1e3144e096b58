"""The table: one line a figure."""

from __future__ import annotations


def row(name: str, figure: str, against: str, target: str) -> None:
    """Prints one line of the table."""
    print(f"{name:<34} {figure:<34} {against:<52} target {target}", flush=True)
