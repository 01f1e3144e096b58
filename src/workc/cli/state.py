"""What the common options say: one state a call, shared by a command and by who reports errors."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from workc.cli.console import Choice, Console
from workc.cli.streams import Streams
from workc.cli.text import json_text
from workc.kernel.values import JsonObject

DEFAULT_STORE = ".workc"


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
        return "" if self.store == Path(DEFAULT_STORE) else f" --store {self.store}"

    def absolute(self, path: Path) -> Path:
        """Returns where a path leads, whatever the current folder becomes."""
        return self.home / path

    def shown(self, path: str) -> str:
        """Returns a path below the store as the store itself was named."""
        store = self.absolute(self.store)
        if self.store.is_absolute() or not Path(path).is_relative_to(store):
            return path
        return str(self.store / Path(path).relative_to(store))

    @property
    def console(self) -> Console:
        """Returns the streams."""
        return Console(self.color, self.environment, self.streams)

    def out(self, text: str = "") -> None:
        """Writes a line of the result."""
        self.console.out(text)

    def err(self, text: str = "") -> None:
        """Writes a line about the work."""
        self.console.err(text)

    def document(self, value: JsonObject) -> None:
        """Writes the one JSON document of a command."""
        self.out(json_text(value))
