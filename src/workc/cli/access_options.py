"""Options that give a run what it may do to this machine: roots, programs, targets; and a dry run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import click

from workc.adapters.programs import find_program
from workc.api.access import Access, Root, access_of
from workc.cli.errors import stop
from workc.cli.state import State
from workc.cli.text import printable
from workc.kernel.failure import Misuse

F = TypeVar("F", bound=Callable[..., object])
_MODES = (":ro", ":rw")


def access(function: F) -> F:
    """Adds ``--root``, ``--allow-program``, ``--allow-publish`` and ``--dry-run``."""
    for option in reversed(
        (
            click.option(
                "--root",
                "roots",
                multiple=True,
                metavar="NAME=DIR[:ro]",
                help="A folder that files are read from and, without :ro, written to; repeat it.",
            ),
            click.option(
                "--allow-program",
                "programs",
                multiple=True,
                metavar="NAME",
                help="A program that may be run, as PATH finds it; repeat it.",
            ),
            click.option(
                "--allow-publish",
                "publish",
                multiple=True,
                metavar="TARGET",
                help="Where files may be published: ROOT/FOLDER or an address; repeat it.",
            ),
            click.option(
                "--dry-run",
                is_flag=True,
                help="Write no file, start no program, publish and send nothing; show what would "
                "be written.",
            ),
        )
    ):
        function = option(function)
    return function


def read_access(
    state: State,
    roots: Sequence[str],
    programs: Sequence[str],
    publish: Sequence[str],
    *,
    dry_run: bool,
) -> Access:
    """Returns what the options give.

    Raises:
        Refusal: ``INVALID_INPUT`` for what is no root, program or target, or is not there.
    """
    given: dict[str, Root] = {}
    for text in roots:
        name, root = _root(text)
        if name in given:
            raise _stop(f"--root gives {printable(name, 60)!r} twice; give it once")
        given[name] = root
    try:
        found = access_of(given, programs, publish, dry_run=dry_run)
    except Misuse as misuse:
        raise _stop(printable(str(misuse))) from None
    for program in found.grants.programs:
        if find_program(program, state.environment.get("PATH", "")) is None:
            raise _stop(f"--allow-program {program}: there is no such program in PATH")
    return found


def _root(text: str) -> tuple[str, Root]:
    name, sign, folder = text.partition("=")
    if not sign or not folder:
        raise _stop(f"--root takes NAME=DIR or NAME=DIR:ro, not {printable(text, 60)!r}")
    if folder.endswith(_MODES):
        return name, (Path(folder[:-3]), "ro" if folder.endswith(":ro") else "rw")
    return name, Path(folder)


def _stop(message: str) -> Exception:
    return stop("INVALID_INPUT", message, "workc run --help")
