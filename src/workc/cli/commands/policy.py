"""``workc policy``: what runs may do; one file for each command of the group."""

from __future__ import annotations

from workc.cli.lazy import Entry, LazyGroup

_WHERE = "workc.cli.commands."
#: Every command of the group: its module and its line in the help.
COMMANDS = {
    "check": Entry("Policies", _WHERE + "policy_check", "Check a policy file."),
    "show": Entry("Policies", _WHERE + "policy_show", "Print a policy that ships."),
    "explain": Entry(
        "Policies", _WHERE + "policy_explain", "Say which rule decided what in a run."
    ),
}

command = LazyGroup(
    "policy",
    COMMANDS,
    help="Check, print and explain policies: what runs may do, spend and reach.",
    epilog="Example: workc policy show strict > policy.toml",
)
