"""``workc run``: runs a workflow, watched on stderr, and prints its output or its outcome."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from workc.adapters.guard import GuardMode
from workc.adapters.run_folder import Durability
from workc.api.budgets import limits_of
from workc.api.bundles import holds_bundle
from workc.api.named_file import read_file
from workc.api.preparing import make_job, parse_inputs
from workc.api.runtime import Runtime
from workc.api.settings import Settings
from workc.cli import access_options, options
from workc.cli.conduct import conduct
from workc.cli.diff_text import show_diffs
from workc.cli.errors import stop
from workc.cli.metrics_file import keep_metrics, metrics_target
from workc.cli.problems_text import show_invalid
from workc.cli.progress import Progress
from workc.cli.state import State
from workc.cli.stores import open_store
from workc.cli.targets import free_folder, outside_bundles
from workc.cli.text import argument, printable
from workc.kernel.ledger import MICRO_CENTS_PER_CENT
from workc.kernel.values import JsonObject
from workc.runtime.injection import by_attempt, parse_injection
from workc.runtime.policy.loader import InvalidPolicy
from workc.runtime.workflow.problems import InvalidWorkflow
from workc.skills.prices import builtin_price_file
from workc.stages.network import NetworkPolicy

_SEED = options.Number(0, 2**64 - 1)


@click.command(
    "run",
    epilog="Example: workc run digest.yaml --input base=http://127.0.0.1:8000 --budget-cents 5",
)
@click.argument("file", metavar="FILE")
@options.inputs
@options.budget
@options.policy
@click.option("--seed", type=_SEED, metavar="N", help="The seed of all derived chance.")
@click.option("--offline", is_flag=True, help="Deny every address.")
@click.option("--allow-private", is_flag=True, help="Allow private addresses.")
@click.option("--prices", metavar="FILE", help="A price file in place of the built-in one.")
@click.option(
    "--guard",
    type=click.Choice(["off", "warn", "refuse"]),
    default="off",
    help="What becomes of code that reaches around ctx to clock, chance, environment or a socket "
    "(default off).",
)
@click.option(
    "--inject",
    multiple=True,
    metavar="STEP:N:CODE",
    help="Let the N-th attempt of a step fail with a code, to see what follows; repeat it.",
)
@access_options.access
@options.metrics_file
@options.running
@options.store
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
    seed: int | None,
    offline: bool,
    allow_private: bool,
    prices: str | None,
    guard: GuardMode,
    inject: Sequence[str],
    roots: Sequence[str],
    programs: Sequence[str],
    publish: Sequence[str],
    dry_run: bool,
    metrics_file: str | None,
    out: Path | None,
    durability: Durability,
    max_parallel: int,
    quiet: bool,
) -> int:
    """Run a workflow: a file, `file.py:function` or `module:function`; its output goes to stdout."""
    state.tries = ("workc run --help",)
    named_file(file)
    settings = Settings(
        store=state.absolute(state.store),
        policy=NetworkPolicy(offline=offline, allow_private=allow_private),
        ceiling_micro_cents=None if budget_cents is None else budget_cents * MICRO_CENTS_PER_CENT,
        limits=limits_of(budget_calls, budget_tokens, budget_wall_ms),
        seed=seed,
        durability=durability,
        max_parallel=max_parallel,
        prices=builtin_price_file() if prices is None else read_file(Path(prices)),
        environment=state.environment,
        access=access_options.read_access(state, roots, programs, publish, dry_run=dry_run),
        guard=guard,
        inject=tuple(by_attempt(map(parse_injection, inject)).values()),
    )
    try:
        runtime = Runtime(settings=settings, policy=policy)
    except InvalidPolicy as invalid:
        return show_invalid(state, Path(str(policy)), invalid)
    texts, values = input_texts(inputs), input_values(inputs_file)
    open_store(state)
    outside_bundles(state.store / "runs", "--store DIR")
    target = None if out is None else state.absolute(free_folder(out))
    kept = metrics_target(state, metrics_file)
    find_modules_in(Path.cwd())
    try:
        with state.streams.aside():
            job = make_job(file, runtime, texts, values)
    except InvalidWorkflow as invalid:
        return show_invalid(state, Path(file), invalid)
    progress = Progress(state, quiet=quiet)
    code = conduct(
        state,
        lambda watch, on_driver: runtime.start(
            job, out=target, watch=watch, watch_child=progress.child, on_driver=on_driver
        ),
        progress,
        quiet=quiet,
        out=out,
        offline=offline,
        before_result=lambda outcome: show_diffs(state, outcome) if dry_run else None,
    )
    return keep_metrics(state, kept, runtime.metrics(), code)


def named_file(name: str) -> None:
    """Refuses what can name no workflow: nothing at all, a link that leads nowhere, a bundle.

    Raises:
        Refusal: ``INVALID_INPUT``, then.
    """
    if not name:
        raise stop("INVALID_INPUT", "FILE is empty; name a workflow", "workc run FILE")
    if "\0" not in name and os.path.islink(name) and not os.path.exists(name):
        target = printable(os.readlink(name))
        raise stop("INVALID_INPUT", f"{printable(name)} is a link to {target}, which is not there")
    if holds_bundle(name):
        where = argument(name)
        message = f"{printable(name)} is a bundle, and no workflow"
        next_ones = f"workc verify-bundle {where}", f"workc replay {where}"
        raise stop("INVALID_INPUT", message, *next_ones)


def find_modules_in(folder: Path) -> None:
    """Lets modules be found by name in a folder, as ``python -m`` does where it is typed."""
    here = str(folder.absolute())
    if here not in sys.path:
        sys.path.insert(0, here)


def input_texts(pairs: Sequence[str]) -> dict[str, str]:
    """Returns the texts of ``NAME=VALUE``.

    Raises:
        Refusal: ``INVALID_INPUT`` for one without a name or a sign, or a name that is given twice.
    """
    found: dict[str, str] = {}
    for pair in pairs:
        name, sign, text = pair.partition("=")
        if not sign or not name:
            message = f"--input takes NAME=VALUE, not {printable(pair, 60)!r}"
            raise stop("INVALID_INPUT", message, "workc run --help")
        if name in found:
            message = f"--input gives {printable(name, 60)!r} twice; give it once"
            raise stop("INVALID_INPUT", message, "workc run --help")
        found[name] = text
    return found


def input_values(name: str | None) -> JsonObject:
    """Returns the inputs of a JSON file, or none."""
    return {} if name is None else parse_inputs(read_file(Path(name)), name)
