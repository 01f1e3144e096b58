"""``workc scenario``: simulated runs that say what must come of them."""

from __future__ import annotations

from workc.cli.lazy import Entry, LazyGroup

#: Every command of the group: its module and its line in the help.
COMMANDS = {
    "run": Entry("Scenarios", "workc.cli.commands.scenario_run", "Run scenario files and compare."),
}

command = LazyGroup(
    "scenario",
    COMMANDS,
    help="Run scenarios: simulated runs that say what must come of them.",
    epilog="Example: workc scenario run scenarios/smoke/write.yaml",
)
