"""``workc tamper``: changes a copy of a bundle, or makes every mutant of it, and asks the oracle."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import click

from workc.adapters.bundle_folder import write_bundle
from workc.api.unfit import Unfit
from workc.api.verification import verify_bundle
from workc.cli import exits, options
from workc.cli.errors import Stopped, stop
from workc.cli.live_line import Told
from workc.cli.named import named_bundle
from workc.cli.state import State
from workc.cli.tamper_text import show_report
from workc.cli.targets import free_folder
from workc.cli.text import argument, printable
from workc.cli.verdict_text import show_verdict
from workc.kernel.failure import Failure, Misuse
from workc.kernel.values import Json, JsonObject
from workc.sim.tamper.applying import apply_to, change
from workc.sim.tamper.operation import TamperError, TamperOp, parse_operations
from workc.testkit.tamper_folder import read_bundle
from workc.testkit.tamper_suite import run_suite
from workc.verify.verdict import Verdict

#: A file of operations is not read past this.
MAX_OPERATIONS_BYTES = 16_777_216
#: How often progress is told: on a terminal, and where lines stay.
_LIVE_EVERY, _LINE_EVERY = 50, 2_000
_HELP = "workc tamper --help"


class _Wanted(NamedTuple):
    """What the options ask for."""

    ops: tuple[str, ...]
    out: Path | None
    budget: int | None
    full: bool
    is_all: bool
    quiet: bool


@click.command("tamper", epilog="Example: workc tamper last --all")
@click.argument("bundle", metavar="BUNDLE|RUN")
@click.option(
    "--op",
    "ops",
    multiple=True,
    metavar="JSON|@FILE",
    envvar="WORKC_TAMPER_OP",
    help="An operation, or a list of them; repeat it for more.",
)
@click.option(
    "--out",
    type=options.Folder(),
    metavar="DIR",
    help="Where the changed copy goes; there must be nothing yet.",
)
@click.option(
    "--all",
    "is_all",
    is_flag=True,
    envvar="WORKC_TAMPER_ALL",
    help="Judge mutants of every class; exit 0 only if each is found as it must be.",
)
@click.option("--full", is_flag=True, help="With --all: every mutant there is.")
@click.option(
    "--budget",
    type=options.Number(1),
    metavar="N",
    help="With --all: about so many mutants, at least one of each class (default 8000 or fewer).",
)
@click.option("-q", "--quiet", is_flag=True, help="Say nothing of the progress.")
@options.store
@options.common
@click.pass_obj
def command(
    state: State,
    *,
    bundle: str,
    ops: tuple[str, ...],
    out: Path | None,
    is_all: bool,
    full: bool,
    budget: int | None,
    quiet: bool,
) -> int:
    """Change a copy of a bundle, or prove that every change of it is found."""
    wanted = _Wanted(ops=ops, out=out, budget=budget, full=full, is_all=is_all, quiet=quiet)
    _check(wanted)
    path = state.absolute(named_bundle(state, bundle, "tamper"))
    state.tries = (_HELP,)
    try:
        if is_all:
            return _judge_all(state, bundle, path, wanted)
        return _change(state, bundle, path, wanted)
    except TamperError as error:
        details: JsonObject = {"problem": error.problem}
        failure = Failure(code="INVALID_INPUT", message=str(error), details=details)
        raise Stopped(failure, state.tries) from None


def _check(wanted: _Wanted) -> None:
    """Refuses options that do not go together."""
    if bool(wanted.ops) == wanted.is_all:
        raise stop("INVALID_INPUT", "give either --op and --out, or --all", _HELP)
    if bool(wanted.ops) != (wanted.out is not None):
        raise stop("INVALID_INPUT", "--op and --out go together", _HELP)
    if (wanted.full or wanted.budget is not None) and not wanted.is_all:
        raise stop("INVALID_INPUT", "--full and --budget go with --all", _HELP)
    if wanted.full and wanted.budget is not None:
        raise stop("INVALID_INPUT", "--full has no budget: give --full or --budget", _HELP)


def _change(state: State, bundle: str, path: Path, wanted: _Wanted) -> int:
    operations = [op for text in wanted.ops for op in _operations(text)]
    target = state.absolute(free_folder(wanted.out or Path()))
    files = read_bundle(path)
    texts: list[str] = []
    for op in operations:
        texts.append(change(op, files).text)
        files = apply_to(op, files)
    try:
        write_bundle(target, files)
    except Misuse as error:
        raise stop("INVALID_INPUT", str(error)) from None
    verdict = verify_bundle(target)
    if state.json:
        found: list[Json] = [
            {"op": op.to_json(), "text": text} for op, text in zip(operations, texts, strict=True)
        ]
        state.document(
            {
                "schema": "workc.tampered/1",
                "bundle": bundle,
                "out": str(wanted.out),
                "operations": found,
                "verdict": verdict.to_json(),
            }
        )
        return exits.OK
    for text in texts:
        state.out(f"changed  {printable(text)}")
    show_verdict(state, str(wanted.out), verdict)
    return exits.OK


def _operations(text: str) -> list[TamperOp]:
    if not text.startswith("@"):
        return parse_operations(text)
    path = Path(text.removeprefix("@"))
    with path.open("rb") as file:
        data = file.read(MAX_OPERATIONS_BYTES + 1)
    if len(data) > MAX_OPERATIONS_BYTES:
        raise stop("INVALID_INPUT", f"{path} is larger than {MAX_OPERATIONS_BYTES:,} bytes")
    return parse_operations(data)


def _judge_all(state: State, bundle: str, path: Path, wanted: _Wanted) -> int:
    good = verify_bundle(path)
    if not good.ok:
        raise _not_good(bundle, good)
    told = Told(state, quiet=wanted.quiet, every=_LINE_EVERY)

    def watch(done: int, size: int) -> None:
        if done % _LIVE_EVERY == 0:
            told.tell(done, f"judged {done:,} of {size:,} mutants")

    with told.shown:
        report = run_suite(path, budget=wanted.budget, full=wanted.full, watch=watch)
    if state.json:
        state.document(report.to_json())
    else:
        show_report(state, report, printable(bundle))
    return exits.OK if report.ok else exits.FAILED


def _not_good(bundle: str, verdict: Verdict) -> Stopped:
    why = next(iter(verdict.codes()), "not every step could be taken")
    message = f"mutants are made of a bundle that verifies; {printable(bundle)} does not: {why}"
    unfit = Unfit(verdict.failures, message)
    return Stopped(unfit.failure, (f"workc verify-bundle {argument(bundle)}",))
