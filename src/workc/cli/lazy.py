"""A group whose commands are imported when they are used, and suggested when they are misspelt."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib import import_module
from typing import NamedTuple

import click

from workc.cli.text import printable


class Entry(NamedTuple):
    """A command of the group: where it is, and its line in the list of commands."""

    section: str
    module: str
    help: str


class LazyGroup(click.Group):
    """Looks commands up in a table; listing them imports none."""

    def __init__(
        self,
        name: str,
        table: Mapping[str, Entry],
        *,
        help: str,  # noqa: A002 - click's name
        epilog: str | None = None,
    ) -> None:
        super().__init__(name=name, help=help, epilog=epilog, no_args_is_help=True)
        self._table = dict(table)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Returns the names in the order of the table."""
        return list(self._table)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Returns a command, imported now."""
        entry = self._table.get(cmd_name)
        if entry is None:
            return None
        command = import_module(entry.module).command
        return command if isinstance(command, click.Command) else None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Returns the command that is meant, or says which one may have been."""
        try:
            return super().resolve_command(ctx, args)
        except click.exceptions.NoSuchCommand as error:
            near = _near(error.command_name, self._table)
            meant = f" Did you mean {' or '.join(near)}?" if near else ""
            name = printable(error.command_name, 60)
            raise click.UsageError(f"no command {name!r}.{meant}", ctx) from None

    def invoke(self, ctx: click.Context) -> object:
        """Returns what the command gives; an error in its arguments names the command."""
        try:
            return super().invoke(ctx)
        except click.UsageError as error:
            name = ctx.invoked_subcommand
            command = None if name is None else self.get_command(ctx, name)
            if error.ctx is None and command is not None:
                error.ctx = click.Context(command, parent=ctx, info_name=name)
            raise

    def every_command(self, ctx: click.Context) -> Iterator[tuple[str, click.Command]]:
        """Yields every command by its full name, those of its groups too; all are imported."""
        for name in self._table:
            command = self.get_command(ctx, name)
            if command is not None:
                yield name, command
            if isinstance(command, LazyGroup):
                for inner, found in command.every_command(ctx):
                    yield f"{name} {inner}", found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Writes the commands by section."""
        sections: dict[str, list[tuple[str, str]]] = {}
        for name, entry in self._table.items():
            sections.setdefault(entry.section, []).append((name, entry.help))
        for section, rows in sections.items():
            with formatter.section(section):
                formatter.write_dl(_aligned(rows, max(map(len, self._table))))


def _near(name: str, names: Iterable[str]) -> list[str]:
    """Returns the commands that may have been meant; of a name of several words one is enough."""
    from difflib import get_close_matches  # noqa: PLC0415 - most names are right

    words: dict[str, set[str]] = {}
    for whole in names:
        for word in (whole.partition("-")[0], whole):
            words.setdefault(word, set()).add(whole)
    near = get_close_matches(name[:60], words, n=3)
    return sorted({whole for word in near for whole in words[word]})


def _aligned(rows: Sequence[tuple[str, str]], width: int) -> list[tuple[str, str]]:
    return [(name.ljust(width), text) for name, text in rows]
