"""Policies from where people keep them, and what a run under one is set to.

What ships is named ``default`` and ``strict``; anything else is the path of a policy file.
"""

from __future__ import annotations

import os
from dataclasses import replace
from importlib import resources
from pathlib import Path

import msgspec

from workc.adapters.place import path_of
from workc.api.effect_rules import limits_of_effects, ruling_of_child
from workc.api.named_file import read_file
from workc.api.settings import Settings
from workc.kernel.failure import Failure, Misuse, Refusal, refuse
from workc.kernel.ledger import MICRO_CENTS_PER_CENT
from workc.kernel.payloads import Level, given
from workc.kernel.required_checks import ORDER, VerifyRules
from workc.kernel.values import Json
from workc.runtime.child_step import children_in
from workc.runtime.continuing import Budget
from workc.runtime.policy.loader import load_policy
from workc.runtime.policy.model import BudgetRules, PolicyFile, required_of
from workc.runtime.program import Program
from workc.stages.grant_rules import beyond
from workc.stages.grants import Grants

#: The policies that ship, by the name of their file.
SHIPPED = ("default", "strict")


def shipped_policy(name: str) -> bytes:
    """Returns the file of a policy that ships; ``name`` is one of :data:`SHIPPED`."""
    folder = resources.files("workc.runtime.policy").joinpath("shipped")
    return folder.joinpath(f"{name}.toml").read_bytes()


def find_policy(given: str | os.PathLike[str] | PolicyFile) -> PolicyFile:
    """Returns the policy that is given: a value, the name of one that ships, or a path.

    Raises:
        InvalidPolicy: the file has problems; it says all of them.
        Refusal: ``INVALID_INPUT``: there is no such file.
        Misuse: it is of another type.
    """
    if isinstance(given, PolicyFile):
        return given
    if given in SHIPPED:
        return load_policy(shipped_policy(str(given)), f"{given}.toml")
    path = path_of("policy", given)
    return load_policy(read_file(path), path.name)


def under_policy(
    settings: Settings, policy: str | os.PathLike[str] | PolicyFile | None
) -> Settings:
    """Returns the settings of runs under a policy; raises what :func:`find_policy` does.

    Raises:
        Refusal: ``POLICY_VIOLATION`` if private addresses are asked for and it denies them.
    """
    if policy is None:
        return settings
    ruling = find_policy(policy)
    network = ruling.network or settings.policy
    if settings.policy.allow_private and not network.allow_private:
        message = f"the policy {ruling.name} does not allow private addresses"
        raise refuse("POLICY_VIOLATION", f"{message}; set allow_private in its [network]")
    if settings.policy.offline:
        network = msgspec.structs.replace(network, offline=True)
    return replace(settings, ruling=ruling, policy=network)


def lock_refusal(program: Program, ruling: PolicyFile | None) -> Failure | None:
    """Returns why no run of a program, or of its children, may lock as its checks say, or None."""
    if ruling is None or ruling.verify is None:
        return None
    children = children_in(program.skills)
    others = (
        lock_refusal(child.program, ruling_of_child(program, step, ruling))
        for name, child in children.items()
        for step in [each.id for each in program.named_uses if each.skill == name] or [""]
    )
    required = required_of(ruling, limits_of_effects(program, ruling))
    found = [_lock_refusal(program, required, ruling.verify), *others]
    return next((each for each in found if each is not None), None)


def _lock_refusal(program: Program, rules: VerifyRules, said: VerifyRules) -> Failure | None:
    """Returns why a program may not lock by ``rules``; ``said`` are those of a run of low risk."""
    there: set[Level] = {check.level for check in program.checks}
    level = rules.lock_level("Committed" if program.checks else "Staged", there)
    if rules.allow(level, there):
        return None
    missing, highest = rules.lacking(level, there), rules.max_lock_level
    message = f"the run would lock as {level}, and the policy allows {highest} at most"
    details: dict[str, Json] = {"lock_level": level}
    if ORDER.index(level) <= ORDER.index(highest):
        why = "" if said.lacking(level, there) else " of a run of high risk"
        message = (
            f"the policy takes a check of level {missing[0]} for {level}{why}; add one to verify"
        )
        details = {**details, "missing": list[Json](missing)}
    return Failure(code="POLICY_VIOLATION", message=message, details=details)


def refuse_unlockable(program: Program, ruling: PolicyFile | None) -> None:
    """Refuses a program whose runs a policy does not let lock: nothing is done before that is found.

    Raises:
        Refusal: ``POLICY_VIOLATION``.
    """
    failure = lock_refusal(program, ruling)
    if failure is not None:
        raise Refusal(failure)


def refuse_grants(ruling: PolicyFile | None, grants: Grants) -> None:
    """Refuses a run that is granted more of this machine than its policy allows.

    Raises:
        Refusal: ``POLICY_VIOLATION``, naming the option and the line.
    """
    failure = (
        None if ruling is None or ruling.may_grant is None else beyond(ruling.may_grant, grants)
    )
    if failure is not None:
        raise Refusal(failure)


def refuse_beyond(ruling: PolicyFile | None, asked: Budget) -> None:
    """Refuses a budget above what the policy of a run allows.

    Raises:
        Refusal: ``POLICY_VIOLATION``, naming what is too high.
    """
    budget = None if ruling is None else ruling.budget
    for name, most, wanted in () if budget is None else _compared(budget, asked):
        if most is not None and wanted is not None and wanted > most:
            message = f"the policy of the run allows a {name} of {most} at most, not {wanted}"
            raise refuse("POLICY_VIOLATION", message)


def _compared(budget: BudgetRules, asked: Budget) -> list[tuple[str, int | None, int | None]]:
    ceiling, limits = asked.ceiling_micro_cents, asked.limits
    cents = None if ceiling is None else -(-ceiling // MICRO_CENTS_PER_CENT)
    return [
        ("ceiling_cents", budget.ceiling_cents, cents),
        ("calls", budget.calls, given(limits.calls)),
        ("tokens", budget.tokens, given(limits.tokens)),
        ("wall_ms", budget.wall_ms, given(limits.wall_ms)),
    ]


def policy_path(text: str) -> Path | None:
    """Returns the file that a policy is read from, None for one that ships."""
    return None if text in SHIPPED else Path(text)


def expect_policy(policy: object) -> None:
    """Refuses what can be no policy.

    Raises:
        Misuse: it is neither a path, nor a name, nor a policy that was read.
    """
    if policy is not None and not isinstance(policy, str | os.PathLike | PolicyFile):
        raise Misuse("policy is a path, default, strict, or a policy file that was read")
