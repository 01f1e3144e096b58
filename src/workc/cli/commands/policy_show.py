"""``workc policy show``: prints the file of a policy that ships, to be used or to be changed."""

from __future__ import annotations

import click

from workc.api.policies import SHIPPED, find_policy, shipped_policy
from workc.cli import exits, options
from workc.cli.state import State
from workc.runtime.policy.model import rules_of


@click.command("show", epilog="Example: workc policy show strict > policy.toml")
@click.argument("name", metavar="NAME", type=click.Choice(SHIPPED))
@options.common
@click.pass_obj
def command(state: State, name: str) -> int:
    """Print a policy that ships (`default` or `strict`) as TOML."""
    text = shipped_policy(name).decode("utf-8")
    if state.json:
        policy = find_policy(name)
        state.document(
            {
                "schema": "workc.policy-shown/1",
                "name": policy.name,
                "toml": text,
                "rules": rules_of(policy),
            }
        )
        return exits.OK
    # As it is: it is a file to keep.
    state.console.out(text.rstrip("\n"))
    return exits.OK
