"""``workc stage``: units of work with examples; one file for each command of the group."""

from __future__ import annotations

from workc.cli.lazy import Entry, LazyGroup

_WHERE = "workc.cli.commands."
#: Every command of the group: its module and its line in the help.
COMMANDS = {
    "test": Entry("Stages", _WHERE + "stage_test", "Verify stages by their examples."),
}

command = LazyGroup(
    "stage",
    COMMANDS,
    help="Verify stages: functions with types, effects, examples and properties.",
    epilog="Example: workc stage test builtin",
)
