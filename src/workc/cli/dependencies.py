"""What ``--dependency`` of ``workc stage sign`` and ``verify`` names: files that a stage's code runs with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import click

from workc.api.named_file import read_file
from workc.cli.errors import stop
from workc.cli.text import printable
from workc.kernel.digest import sha256_hex

F = TypeVar("F", bound=Callable[..., object])


def dependency_option(function: F) -> F:
    """Adds ``--dependency``."""
    return click.option(
        "--dependency",
        "dependencies",
        multiple=True,
        metavar="NAME=FILE",
        help="A file that its code is run with, such as a lock file; repeat it.",
    )(function)


def dependency_digests(texts: Sequence[str]) -> dict[str, str]:
    """Returns the digests of the files by name.

    Raises:
        Refusal: ``INVALID_INPUT`` if a text is no such pair, a name stands twice or there is no file.
    """
    found: dict[str, str] = {}
    for text in texts:
        name, equals, file = text.partition("=")
        if not name or not equals or name in found:
            message = f"--dependency takes NAME=FILE, each name once, not {printable(text, 200)!r}"
            raise stop("INVALID_INPUT", message, "--dependency requirements=requirements.txt")
        found[name] = sha256_hex(read_file(Path(file)))
    return found
