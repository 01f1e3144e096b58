"""``workc keys``: the keys that bundles are signed with; one file for each command of the group."""

from __future__ import annotations

from workc.cli.lazy import Entry, LazyGroup

_WHERE = "workc.cli.commands."
#: Every command of the group: its module and its line in the help.
COMMANDS = {
    "new": Entry("Keys", _WHERE + "keys_new", "Make a key pair and print its trust-file entry."),
    "list": Entry("Keys", _WHERE + "keys_list", "List the keys of a folder; no secret is read."),
    "trust": Entry("Keys", _WHERE + "keys_trust", "Make a trust file of public keys."),
}

command = LazyGroup(
    "keys",
    COMMANDS,
    help="Make and list the Ed25519 keys that bundles are signed with.",
    epilog="Example: workc keys new release",
)
