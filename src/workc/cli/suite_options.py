"""Options that the commands of suites and scenarios share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import click

from workc.cli.options import Folder, Number

F = TypeVar("F", bound=Callable[..., object])
#: More processes at once than any machine serves.
MAX_JOBS = 1024


def folder(function: F) -> F:
    """Adds ``--scenarios``."""
    return click.option(
        "--scenarios",
        type=Folder(),
        default=Path("scenarios"),
        metavar="DIR",
        help="The folder of the suites (default scenarios).",
    )(function)


def running(function: F) -> F:
    """Adds ``--jobs``, ``-k``, ``--seed``, ``--keep`` and ``--quiet``."""
    return _all(
        function,
        click.option(
            "-j",
            "--jobs",
            type=Number(1, MAX_JOBS),
            metavar="N",
            help="How many processes run tests (default: one a processor).",
        ),
        click.option("-k", "only", metavar="TEXT", help="Only tests with this in their names."),
        click.option(
            "--seed",
            type=Number(0, 2**64 - 1),
            metavar="N",
            help="Run every scenario with this seed.",
        ),
        click.option(
            "--keep", type=Folder(), metavar="DIR", help="Leave the bundles of scenarios there."
        ),
        click.option("-q", "--quiet", is_flag=True, help="Say nothing of the progress."),
    )


def _all(function: F, *added: Callable[[F], F]) -> F:
    for option in reversed(added):
        function = option(function)
    return function
