"""What the common options say: one state a call, shared by a command and by who reports errors."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from workc.cli.console import Choice, Console
from workc.cli.lines import MIN_WIDTH, WIDTH, fold, fold_advice, table_rows
from workc.cli.streams import Name, Streams
from workc.cli.text import MAX_ARGUMENT, argument, json_text, printable
from workc.kernel.values import Json

DEFAULT_STORE = ".workc"
_COLUMNS = re.compile(r"[0-9]{1,6}")


@dataclass(slots=True)
class State:
    """Is filled by the options ``--json --color --debug --store`` before a command begins.

    ``tries`` are commands that a refusal without its own advice points to. ``home`` is the folder
    the command was typed in, wherever the code that is run may go.
    """

    environment: dict[str, str] = field(default_factory=lambda: dict(os.environ))
    json: bool = False
    debug: bool = False
    color: Choice = "auto"
    store: Path = Path(DEFAULT_STORE)
    tries: tuple[str, ...] = ()
    streams: Streams = field(default_factory=Streams)
    home: Path = field(default_factory=Path.cwd)

    @property
    def store_option(self) -> str:
        """Returns what a command must add to look into the same store."""
        return "" if self.store == Path(DEFAULT_STORE) else f" --store {argument(str(self.store))}"

    def absolute(self, path: Path) -> Path:
        """Returns where a path leads, whatever the current folder becomes."""
        return self.home / path

    def shown(self, path: str, given: Path | None = None) -> str:
        """Returns a path as it was given, or one below the store as the store itself was named."""
        if given is not None and path == str(self.absolute(given)):
            return str(given)
        store = self.absolute(self.store)
        if self.store.is_absolute() or not Path(path).is_relative_to(store):
            return path
        return str(self.store / Path(path).relative_to(store))

    @property
    def console(self) -> Console:
        """Returns the streams."""
        return Console(self.color, self.environment, self.streams)

    def width(self, name: Name) -> int:
        """Returns how wide a line of a stream may be: COLUMNS, else its terminal, else 80 columns."""
        wanted = self.environment.get("COLUMNS", "")
        columns = int(wanted) if _COLUMNS.fullmatch(wanted) else self.streams.columns(name)
        return WIDTH if not columns else max(columns, MIN_WIDTH)

    def out(self, text: str = "") -> None:
        """Writes a line of the result, broken where it is too wide."""
        for line in fold(text, self.width("out")):
            self.console.out(line)

    def err(self, text: str = "") -> None:
        """Writes a line about the work, broken where it is too wide."""
        for line in fold(text, self.width("err")):
            self.console.err(line)

    def advise(self, label: Literal["next", "try"], text: str) -> None:
        """Writes what to type or to do next; a command that is broken can be copied as it is."""
        for line in fold_advice(label, printable(text, MAX_ARGUMENT), self.width("err")):
            self.console.err(line)

    def table(self, rows: list[tuple[str, ...]]) -> None:
        """Writes rows below each other, the first one as their heads."""
        for number, lines in enumerate(table_rows(rows, self.width("out"))):
            for line in lines:
                self.console.out(self.console.paint(line, "weak") if number == 0 else line)

    def document(self, value: Json) -> None:
        """Writes JSON as it is: the one document of a command, or what the work made."""
        self.console.out(json_text(value))
