"""``workc stage``: contracts of units of work; one file for each command of the group."""

from __future__ import annotations

from workc.cli.lazy import Entry, LazyGroup

_WHERE = "workc.cli.commands."
#: Every command of the group: its module and its line in the help.
COMMANDS = {
    "test": Entry("Stages", _WHERE + "stage_test", "Verify stages by their examples."),
    "add": Entry("Stages", _WHERE + "stage_add", "Add stages to a registry."),
    "list": Entry("Stages", _WHERE + "stage_list", "List the stages of a registry."),
    "get": Entry("Stages", _WHERE + "stage_get", "Print a stage."),
    "search": Entry("Stages", _WHERE + "stage_search", "Find stages by words and by types."),
    "diff": Entry("Stages", _WHERE + "stage_diff", "Say what changed, and which version to bump."),
    "docs": Entry("Stages", _WHERE + "stage_docs", "Write a page for each stage."),
    "activate": Entry("Lifecycle", _WHERE + "stage_activate", "Make a stage the active one."),
    "deprecate": Entry("Lifecycle", _WHERE + "stage_deprecate", "Replace a stage by another."),
    "tombstone": Entry("Lifecycle", _WHERE + "stage_tombstone", "Withdraw a stage for good."),
    "sign": Entry("Evidence", _WHERE + "stage_sign", "Sign the evidence of a stage."),
    "verify": Entry("Evidence", _WHERE + "stage_verify", "Judge the signature of a stage."),
}

command = LazyGroup(
    "stage",
    COMMANDS,
    help="Keep, find, compare and test stages: contracts of units of work.",
    epilog="Example: workc stage test builtin",
)
