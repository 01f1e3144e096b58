"""Options that commands share. Each also has an environment variable, ``WORKC_`` and its name."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import click

from workc.cli.state import DEFAULT_STORE, State
from workc.cli.text import printable
from workc.kernel.ledger import MAX_CENTS
from workc.kernel.values import MAX_SAFE_INTEGER

#: More threads than any machine serves.
MAX_PARALLEL = 4096


class Folder(click.Path):
    """The name of a folder, there or not; an empty one is refused."""

    def __init__(self) -> None:
        super().__init__(path_type=Path)

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> Path:
        """Returns the path."""
        if value == "":
            self.fail("the name of the folder is empty", param, ctx)
        return Path(os.fspath(value)) if isinstance(value, str | os.PathLike) else Path(str(value))


class Number(click.ParamType[int]):
    """A whole number from ``least`` on, to ``most`` if that is given; told in words."""

    name = "number"

    def __init__(self, least: int, most: int | None = None) -> None:
        self.least = least
        self.most = most

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> int:
        """Returns the number; one that is out of its bounds is refused."""
        wanted = (
            f"from {self.least:,} on"
            if self.most is None
            else f"from {self.least:,} to {self.most:,}"
        )
        try:
            number = int(str(value))
        except ValueError:
            number = None
        if number is None or number < self.least or (self.most is not None and number > self.most):
            given = printable(str(value), 60)
            self.fail(f"it takes a number {wanted}, not {given!r}", param, ctx)
        return number


CENTS = Number(0, MAX_CENTS)
#: What a limit may be: any number that a record holds.
LIMIT = Number(0, MAX_SAFE_INTEGER)
F = TypeVar("F", bound=Callable[..., object])
Keep = Callable[[State, object], None]


def common(function: F) -> F:
    """Adds ``--json``, ``--color`` and ``--debug``."""
    wrapped = _option("--json", "One JSON document on stdout.", _keep_json, is_flag=True)(function)
    choice = click.Choice(["auto", "always", "never"])
    wrapped = _option("--color", "Whether to use colours.", _keep_color, kind=choice)(wrapped)
    return _option("--debug", "Show the traceback of a bug.", _keep_debug, is_flag=True)(wrapped)


def store(function: F) -> F:
    """Adds ``--store``."""
    text = f"The folder of the runs (default {DEFAULT_STORE})."
    return _option("--store", text, _keep_store, kind=Folder(), metavar="DIR")(function)


def inputs(function: F) -> F:
    """Adds ``--input`` and ``--inputs``."""
    text = "A JSON object with inputs."
    wrapped = click.option("--inputs", "inputs_file", metavar="FILE", help=text)(function)
    return click.option(
        "--input", "inputs", multiple=True, metavar="NAME=VALUE", help="One input; repeat it."
    )(wrapped)


def budget(function: F) -> F:
    """Adds every limit of a run, each an option of its own."""
    for option in reversed(
        (
            click.option(
                "--budget-cents", type=CENTS, metavar="N", help="The most it may cost, in cents."
            ),
            click.option(
                "--budget-calls", type=LIMIT, metavar="N", help="The most billable calls."
            ),
            click.option(
                "--budget-tokens", type=LIMIT, metavar="N", help="The most tokens, of all calls."
            ),
            click.option(
                "--budget-wall-ms",
                type=LIMIT,
                metavar="N",
                help="The most time it may take, in ms.",
            ),
        )
    ):
        function = option(function)
    return function


def policy(function: F) -> F:
    """Adds ``--policy``."""
    text = "A policy file, `default` or `strict`: what the run may do, spend and reach."
    return click.option("--policy", metavar="FILE", help=text)(function)


def running(function: F) -> F:
    """Adds what every command that does work takes."""
    for option in (
        click.option("-q", "--quiet", is_flag=True, help="Say nothing but what went wrong."),
        click.option(
            "--max-parallel",
            type=Number(1, MAX_PARALLEL),
            default=16,
            metavar="N",
            help=f"How many steps may work at once, 1 to {MAX_PARALLEL} (default 16).",
        ),
        click.option(
            "--durability",
            type=click.Choice(["none", "flush", "fsync"]),
            default="flush",
            help="What a crash may lose: of the machine nothing with fsync (default flush).",
        ),
        click.option(
            "--out",
            type=Folder(),
            metavar="DIR",
            help="Where a copy of the bundle goes; there must be nothing yet.",
        ),
    ):
        function = option(function)
    return function


def metrics_file(function: F) -> F:
    """Adds ``--metrics-file``."""
    return click.option(
        "--metrics-file",
        metavar="FILE",
        help="Where metrics of this command go, for Prometheus; replaces FILE.",
    )(function)


def _option(
    name: str,
    text: str,
    keep: Keep,
    *,
    kind: click.Choice[str] | click.Path | None = None,
    is_flag: bool = False,
    metavar: str | None = None,
) -> Callable[[F], F]:
    def take(context: click.Context, _parameter: click.Parameter, value: object) -> None:
        if value is not None and value is not False:
            keep(context.ensure_object(State), value)

    return click.option(
        name,
        type=kind,
        is_flag=is_flag,
        metavar=metavar,
        help=text,
        envvar=f"WORKC_{name.removeprefix('--').upper()}",
        expose_value=False,
        is_eager=True,
        callback=take,
    )


def _keep_json(state: State, _value: object) -> None:
    state.json = True


def _keep_debug(state: State, _value: object) -> None:
    state.debug = True


def _keep_color(state: State, value: object) -> None:
    state.color = "always" if value == "always" else "never" if value == "never" else "auto"


def _keep_store(state: State, value: object) -> None:
    if isinstance(value, Path):
        state.store = value
