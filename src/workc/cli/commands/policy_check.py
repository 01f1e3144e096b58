"""``workc policy check``: everything that is wrong with a policy file, and what it says."""

from __future__ import annotations

from pathlib import Path

import click

from workc.api.policies import find_policy, policy_path
from workc.cli import exits, options
from workc.cli.problems_text import problems_json, show_problems
from workc.cli.state import State
from workc.cli.text import json_text, printable
from workc.kernel.values import JsonObject
from workc.runtime.policy.loader import InvalidPolicy
from workc.runtime.policy.model import PolicyFile, rules_of


@click.command("check", epilog="Example: workc policy check policy.toml")
@click.argument("file", metavar="FILE")
@options.common
@click.pass_obj
def command(state: State, file: str) -> int:
    """Check a policy file (or `default`, `strict`) and say what it adds; exit 2 invalid."""
    state.tries = ("workc policy show strict",)
    try:
        policy = find_policy(file)
    except InvalidPolicy as invalid:
        return _invalid(state, Path(file), invalid)
    if state.json:
        state.document(_document(file, policy))
        return exits.OK
    state.out(f"policy   {printable(policy.name)}")
    rules = rules_of(policy)
    for name in (name for name in rules if name != "policy"):
        state.out(f"{name:<8} {printable(' '.join(json_text(rules[name]).split()), 2000)}")
    if not rules:
        state.out("rules    none beside those of the network")
    return exits.OK


def _document(file: str, policy: PolicyFile) -> JsonObject:
    return {
        "schema": "workc.policy-check/1",
        "ok": True,
        "file": file,
        "name": policy.name,
        "rules": rules_of(policy),
        "problems": [],
        "exit": exits.OK,
    }


def _invalid(state: State, path: Path, invalid: InvalidPolicy) -> int:
    if state.json:
        state.document(
            {
                "schema": "workc.policy-check/1",
                "ok": False,
                "file": str(path),
                "problems": problems_json(invalid),
                "exit": exits.USAGE,
            }
        )
    show_problems(state, policy_path(str(path)) or path, invalid)
    return exits.USAGE
