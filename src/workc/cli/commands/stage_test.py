"""``workc stage test``: runs stages against their examples and says which are what they declare."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

import click

from workc.adapters.stage_trials.pool import Pool
from workc.api.stage_tests.cache import Cache
from workc.api.stage_tests.capturing import record_examples
from workc.api.stage_tests.report import StageResult, StageTests
from workc.api.stage_tests.subject import Subject
from workc.api.stage_tests.subjects import Finder
from workc.api.stage_tests.testing import Plan, pool_of, probe_of, run_stages
from workc.cli import exits, options
from workc.cli.live_line import Told
from workc.cli.registries import registry_at, registry_option
from workc.cli.signals import Interruption
from workc.cli.stage_junit import stage_junit_text
from workc.cli.stage_text import detail_lines, stage_line, summary_line
from workc.cli.state import State
from workc.cli.targets import report_place
from workc.cli.text import count, printable
from workc.kernel.values import JsonObject

#: More processes at once than any machine serves.
MAX_JOBS = 256
_MIB = 1_048_576
_LINE_EVERY = 100
_CACHE = "stage-tests"


@click.command("test", epilog="Example: workc stage test builtin --mutate")
@click.argument("targets", nargs=-1, metavar="[PATH|ID]...")
@click.option("--mutate", is_flag=True, help="Change the code too: do examples notice it?")
@click.option(
    "--generate",
    type=click.IntRange(0, 100_000),
    default=50,
    metavar="N",
    help="Inputs to make for properties (default 50).",
)
@click.option("--record", is_flag=True, help="Record answers of the world anew.")
@click.option("--allow-private", is_flag=True, help="Let --record ask private addresses.")
@click.option(
    "--budget-cents",
    type=options.CENTS,
    default=0,
    metavar="N",
    help="What --record may spend an example (default 0).",
)
@click.option("--strict", is_flag=True, help="Fail on stages that are skipped or unverifiable.")
@click.option(
    "--min-tested",
    type=click.IntRange(0),
    default=0,
    metavar="N",
    help="Fail if fewer stages were tested.",
)
@click.option("--fresh", is_flag=True, help="Run again what did not change.")
@click.option(
    "--jobs",
    type=click.IntRange(1, MAX_JOBS),
    metavar="N",
    help="How many stages at once (default: one a processor).",
)
@click.option(
    "--timeout",
    type=click.FloatRange(0.05, 86_400),
    default=10.0,
    metavar="SECONDS",
    help="How long a stage's examples may take (default 10).",
)
@click.option(
    "--memory",
    type=click.IntRange(256, 1_048_576),
    default=1024,
    metavar="MIB",
    help="How much memory a stage may use (default 1024).",
)
@click.option(
    "--junit", type=click.Path(path_type=Path), metavar="FILE", help="Also write JUnit XML there."
)
@click.option("-q", "--quiet", is_flag=True, help="Say nothing of what is verified.")
@options.store
@registry_option
@options.common
@click.pass_obj
def command(
    state: State,
    *,
    targets: tuple[str, ...],
    mutate: bool,
    generate: int,
    record: bool,
    allow_private: bool,
    budget_cents: int,
    strict: bool,
    min_tested: int,
    fresh: bool,
    jobs: int | None,
    timeout: float,
    memory: int,
    junit: Path | None,
    quiet: bool,
    registry: Path,
) -> int:
    """Run stages against their examples: exit 0 if all are verified, 1 if one is not.

    PATH is a JSON file with stages, a Python file with decorated functions, a folder of
    those, or `builtin`; ID is the name of a stage there, or of the registry, or how its
    id begins.
    """
    report = None if junit is None else state.absolute(report_place(junit, "--junit"))
    place = registry_at(state, registry)
    state.tries = ("workc stage test --help", *state.tries)
    plan = Plan(generate=generate, mutate=mutate, limit_s=timeout, jobs=jobs or os.cpu_count() or 1)
    pool = pool_of(state.environment, memory * _MIB)
    try:
        finder = Finder(place, probe_of(pool, timeout), timeout)

        def prepared() -> list[Subject]:
            found = finder.subjects(targets)
            if record:
                _record(state, found, allow_private=allow_private, budget_cents=budget_cents)
            return found

        subjects = _prepared(state, pool, prepared)
        if isinstance(subjects, int):
            return subjects
        cache = Cache(state.absolute(state.store) / _CACHE, fresh=fresh)
        found = _tested(state, subjects, plan, pool, cache, quiet=quiet)
    finally:
        pool.close()
    if isinstance(found, int):
        return found
    if report is not None:
        report.write_text(stage_junit_text(found), "utf-8")
    return _told(state, found, quiet=quiet, strict=strict, min_tested=min_tested)


def _prepared(
    state: State, pool: Pool, prepare: Callable[[], list[Subject]]
) -> list[Subject] | int:
    """Returns the stages, or what to exit with if a signal came: files are imported, skills are run here."""
    with Interruption(_leave, lambda _: pool.stop()) as interruption:
        try:
            with state.streams.aside():
                return prepare()
        except KeyboardInterrupt:
            if interruption.received is None:
                raise
    state.err("interrupted")
    return exits.exit_of_signal(interruption.received)


def _leave() -> None:
    raise KeyboardInterrupt


def _tested(
    state: State,
    subjects: Sequence[Subject],
    plan: Plan,
    pool: Pool,
    cache: Cache,
    *,
    quiet: bool,
) -> StageTests | int:
    """Returns what was found, or what to exit with if a signal came."""
    told = Told(state, quiet=quiet, every=_LINE_EVERY)

    def watch(done: int, size: int, result: StageResult) -> None:
        text = f"{done:,} of {count(size, 'stage')} done"
        told.tell(done, text, printable(result.name, 40), last=done == size)

    with Interruption(lambda: _stopping(state, pool), lambda _: pool.stop()) as interruption:
        with told.shown:
            found = run_stages(subjects, plan, pool, cache, watch)
        if interruption.received is not None:
            state.err("interrupted")
            return exits.exit_of_signal(interruption.received)
    return found


def _stopping(state: State, pool: Pool) -> None:
    state.err("stopping")
    pool.stop()


def _record(
    state: State, subjects: Sequence[Subject], *, allow_private: bool, budget_cents: int
) -> None:
    for each in subjects:
        if each.stage is None or each.skill is None or each.captures is None or each.findings:
            continue
        recorded = record_examples(
            each.stage,
            each.skill,
            each.captures,
            allow_private=allow_private,
            budget_cents=budget_cents,
        )
        for index, outcome in recorded:
            state.err(f"recorded {printable(each.name)}, example {index}: {outcome.code}")


def _told(state: State, found: StageTests, *, quiet: bool, strict: bool, min_tested: int) -> int:
    complaints = _complaints(found, strict=strict, min_tested=min_tested)
    code = _exit_of(found, failed=bool(complaints))
    if state.json:
        said: JsonObject = {"schema": "workc.stage-tests/1", "ok": code == exits.OK}
        state.document({**said, **found.to_json(), "exit": code})
        return code
    for result in found.results:
        if not (quiet and result.verdict == "verified" and not result.weak):
            state.out(stage_line(result, state.console.paint))
    for result in found.results:
        for line in detail_lines(result):
            state.out(line)
    state.out()
    state.out(summary_line(found))
    if any(each.declared_wrong for each in found.results):
        state.advise("try", "workc schema stage-file")
    for complaint in complaints:
        state.err(f"{state.console.paint('✗', 'bad', err=True)} {complaint}")
    return code


def _complaints(found: StageTests, *, strict: bool, min_tested: int) -> list[str]:
    untested = found.counts["skipped"] + found.counts["unverifiable"]
    said: list[str] = []
    if strict and untested:
        said.append(f"--strict: {count(untested, 'stage')} not tested")
    if found.tested < min_tested:
        said.append(f"--min-tested {min_tested}: {count(found.tested, 'stage')} tested")
    return said


def _exit_of(found: StageTests, *, failed: bool) -> int:
    """Returns what to exit with: that something failed is said before that a file is wrong."""
    if failed or any(each.broken for each in found.results):
        return exits.FAILED
    if any(each.declared_wrong for each in found.results):
        return exits.USAGE
    # Nothing was tested, so nothing is known.
    return exits.OK if found.tested else exits.UNDECIDED
