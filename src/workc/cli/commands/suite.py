"""``workc suite``: suites of scenarios and golden bundles; one file for each command of the group."""

from __future__ import annotations

from workc.cli.lazy import Entry, LazyGroup

_WHERE = "workc.cli.commands."
#: Every command of the group: its module and its line in the help.
COMMANDS = {
    "list": Entry("Suites", _WHERE + "suite_list", "List the suites of a folder."),
    "run": Entry("Suites", _WHERE + "suite_run", "Run suites and report on them."),
}

command = LazyGroup(
    "suite",
    COMMANDS,
    help="List and run suites: scenarios, and golden bundles of every version.",
    epilog="Example: workc suite run all -j 2",
)
