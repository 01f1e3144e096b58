"""``workc golden``: bundles that must verify for ever; one file for each command of the group."""

from __future__ import annotations

from workc.cli.lazy import Entry, LazyGroup

_WHERE = "workc.cli.commands."
#: Every command of the group: its module and its line in the help.
COMMANDS = {
    "check": Entry("Goldens", _WHERE + "golden_check", "Verify goldens, and compare their files."),
    "update": Entry("Goldens", _WHERE + "golden_update", "List goldens that are new."),
}

command = LazyGroup(
    "golden",
    COMMANDS,
    help="Keep bundles that must verify for ever: none is changed, and none goes.",
    epilog="Example: workc golden check tests/golden",
)
