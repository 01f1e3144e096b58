"""``workc check``: everything about a workflow that can be known before it costs anything."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from workc.api.audit import Audit, Planned, Use, audit, audit_json
from workc.api.budgets import limits_of
from workc.api.cost_remarks import Remark
from workc.api.named_file import read_file
from workc.api.needs import GateNote
from workc.api.preparing import load, typed_inputs
from workc.api.runtime import Runtime
from workc.api.settings import Settings
from workc.cli import exits, options
from workc.cli.budget_text import budget_text
from workc.cli.commands.run import (
    find_modules_in,
    input_texts,
    input_values,
    named_file,
)
from workc.cli.lines import table_rows
from workc.cli.problems_text import problems_json, show_invalid, show_problems
from workc.cli.state import State
from workc.cli.step_types import show_types, types_json, types_of
from workc.cli.text import count, money, printable, short
from workc.kernel.ledger import MICRO_CENTS_PER_CENT
from workc.kernel.payloads import Limits
from workc.runtime.policy.loader import InvalidPolicy
from workc.runtime.workflow.problems import InvalidWorkflow
from workc.skills.prices import builtin_price_file


@click.command(
    "check", epilog="Example: workc check digest.yaml --input base=http://127.0.0.1:8000"
)
@click.argument("file", metavar="FILE")
@options.inputs
@options.budget
@options.policy
@click.option("--prices", metavar="FILE", help="A price file in place of the built-in one.")
@click.option(
    "--strict", is_flag=True, help="Exit 1 if code reaches around ctx, as to the clock or a socket."
)
@click.option(
    "--types", "with_types", is_flag=True, help="Show what each step gives, as far as it is known."
)
@options.common
@click.pass_obj
def command(
    state: State,
    *,
    file: str,
    inputs: Sequence[str],
    inputs_file: str | None,
    budget_cents: int | None,
    budget_calls: int | None,
    budget_tokens: int | None,
    budget_wall_ms: int | None,
    policy: str | None,
    prices: str | None,
    strict: bool,
    with_types: bool,
) -> int:
    """Audit a workflow: problems, plan, cost, secrets, code; exit 2 invalid, 3 cannot be paid."""
    state.tries = ("workc check --help",)
    named_file(file)
    settings = Settings(
        ceiling_micro_cents=None if budget_cents is None else budget_cents * MICRO_CENTS_PER_CENT,
        limits=limits_of(budget_calls, budget_tokens, budget_wall_ms),
        prices=builtin_price_file() if prices is None else read_file(Path(prices)),
        environment=state.environment,
    )
    find_modules_in(Path.cwd())
    try:
        runtime = Runtime(settings=settings, policy=policy)
        with state.streams.aside():
            found = load(file, runtime)
    except InvalidPolicy as invalid:
        return show_invalid(state, Path(str(policy)), invalid)
    except InvalidWorkflow as invalid:
        return _invalid(state, Path(file), invalid)
    given = typed_inputs(found, input_texts(inputs), input_values(inputs_file))
    result = audit(found, given, runtime.settings, strict=strict)
    code = _exit_of(result)
    types = types_of(found) if with_types else None
    if state.json:
        members = {"ok": result.ok, "file": file, **audit_json(result), **types_json(types)}
        state.document({"schema": "workc.check/1", **members, "problems": [], "exit": code})
    else:
        show_types(state, types)
        _show(state, result, code)
    return code


#: What problems of a kind exit with; of several kinds the first counts, any other is of usage.
_EXITS = (
    (
        frozenset({"BUDGET_EXCEEDED", "PRICE_UNKNOWN", "QUOTA_EXCEEDED", "STEP_CEILING_EXCEEDED"}),
        exits.BUDGET,
    ),
    (frozenset({"NONDETERMINISTIC"}), exits.FAILED),
)


def _exit_of(found: Audit) -> int:
    codes = {remark.code for remark in found.remarks if remark.level == "problem"}
    if not codes:
        return exits.OK
    return next((code for kinds, code in _EXITS if codes & kinds), exits.USAGE)


def _invalid(state: State, path: Path, invalid: InvalidWorkflow) -> int:
    if state.json:
        state.document(
            {
                "schema": "workc.check/1",
                "ok": False,
                "file": str(path),
                "problems": problems_json(invalid),
                "exit": exits.USAGE,
            }
        )
    show_problems(state, path, invalid)
    return exits.USAGE


def _show(state: State, found: Audit, code: int) -> None:
    state.out(f"plan     {_plan_text(found)}")
    rows = table_rows([_row(step) for step in found.plan], state.width("out") - 2)
    for step, lines in zip(found.plan, rows, strict=True):
        for line in lines:
            state.out(f"  {line}")
        if step.on_failure != "fail":
            state.out(f"    on failure: {printable(step.on_failure, 60)}")
    budget = budget_text(found.ceiling_micro_cents, found.limits)
    state.out(f"cost     {_total(found)} · budget {budget}")
    if found.limits != Limits():
        state.out(f"use      {_use(found)}")
    for step in found.plan:
        for use in (use for use in step.uses if use.cost is not None):
            state.out(f"  {_cost_line(step.step, use, is_instead=use is not step)}")
    state.out(f"prices   {found.prices_date} · sha256:{short(found.prices_sha256)}")
    for line in _facts(found):
        state.out(line)
    for remark in found.remarks:
        _show_remark(state, remark)
    warnings = sum(remark.level == "warning" for remark in found.remarks)
    problems = len(found.remarks) - warnings
    state.out(f"{count(problems, 'problem')} · {count(warnings, 'warning')} · exit {code}")


def _effects(found: Audit) -> list[str]:
    if found.declared == ():
        return ["none may happen: effects is empty"]
    return [printable(effect, 1000) for effect in found.declared or ()]


def _facts(found: Audit) -> list[str]:
    """Returns what may happen, what must be granted, which gates and which secrets there are."""
    secrets = (
        f"{printable(each.name)} {'set' if each.is_set else 'not set'}" for each in found.secrets
    )
    return [
        *(f"effect   {effect}" for effect in _effects(found)),
        *_needs(found),
        *(f"gate     {_gate(gate)}" for gate in found.gates),
        *(f"secret   {secret}" for secret in secrets),
    ]


def _needs(found: Audit) -> list[str]:
    """Returns what a run must be granted, as options to copy, and the hosts that it asks."""
    lines = [f"grant    {printable(option, 1000)}" for option in found.needs.options]
    lines += [f"host     {printable(host, 100)}" for host in found.needs.hosts]
    steps = ", ".join(found.needs.unknown)
    more = f"grant    what {printable(steps, 200)} needs is known when it runs"
    return [*lines, more] if steps and found.kind == "file" else lines


def _gate(gate: GateNote) -> str:
    step = f" {printable(gate.step, 60)}" if gate.step else ""
    return f"{printable(gate.gate)}  {gate.when}{step}  {gate.kind}  {printable(gate.that, 1000)}"


def _plan_text(found: Audit) -> str:
    if found.kind == "function":
        return "a function plans as it goes: its steps are known when it calls them"
    waves = max((step.wave for step in found.plan), default=0)
    return f"{count(len(found.plan), 'step')} in {count(waves, 'wave')}"


def _show_remark(state: State, remark: Remark) -> None:
    paint = state.console.paint
    head = paint("✗ problem", "bad") if remark.level == "problem" else paint("! warning", "warn")
    name = f"{remark.code}  " if remark.code else ""
    if remark.file is None:
        where = f"{printable(remark.step)}: " if remark.step else ""
        state.out(f"{head}  {name}{where}{printable(remark.message, 1000)}")
        return
    state.out(f"{head}  {name}{printable(f'{remark.skill} ({remark.file}:{remark.line})')}")
    state.out(f"    {printable(remark.message)}")
    state.out(f"    instead: {remark.instead}")


def _row(step: Planned) -> tuple[str, ...]:
    return (
        f"wave {step.wave}",
        printable(step.step, 60),
        printable(step.skill, 40),
        f"needs {printable(', '.join(step.needs), 100)}" if step.needs else "",
        ", ".join(step.effects) or "pure",
        printable(step.target, 100),
    )


def _total(found: Audit) -> str:
    if found.total_micro_cents is None:
        return "not known before the run"
    return f"at most {money(found.total_micro_cents)}"


def _use(found: Audit) -> str:
    tokens = found.total_tokens
    known = "" if tokens is None else f", {count(tokens, 'token')}"
    calls = found.total_calls
    return "not known before the run" if calls is None else f"at most {count(calls, 'call')}{known}"


def _cost_line(step: str, use: Use, *, is_instead: bool) -> str:
    name = printable(step, 60) + (" on failure" if is_instead else "")
    cost = use.cost
    if cost is None or cost.failure is not None:
        return f"{name}  —"
    tries = count(cost.attempts, "attempt")
    if cost.bound_micro_cents is not None:
        return (
            f"{name}  ≤ {money(cost.bound_micro_cents)} x {tries} = {money(cost.worst_micro_cents)}"
        )
    least = cost.known_part_micro_cents
    known = "" if least is None else f"; {money(least)} without it"
    return f"{name}  depends on {printable(', '.join(cost.depends_on))}{known}, {tries}"
