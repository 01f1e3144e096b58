"""``workc swarm``: random scenarios with faults, many of them, and what must hold of every run."""

from __future__ import annotations

import math
import os
from pathlib import Path

import click

from workc.api.named_file import read_file
from workc.cli import exits, options
from workc.cli.errors import stop
from workc.cli.live_line import Told
from workc.cli.options import Folder, Number
from workc.cli.problems_text import show_problems
from workc.cli.state import State
from workc.cli.suite_options import MAX_JOBS
from workc.cli.swarm_text import again, coverage_lines, found_lines, tally_lines
from workc.cli.text import count
from workc.kernel.digest import sha256_hex
from workc.kernel.values import Json, JsonObject
from workc.sim.scenario.scenario import Scenario
from workc.sim.scenario.scenario_file import InvalidScenario, read_scenario
from workc.sim.scenario.spelling import yaml_text
from workc.sim.swarm.choices import TraceError, read
from workc.testkit.scenario_runner import ScenarioRunner
from workc.testkit.suites import find_suites, suite_named
from workc.testkit.swarm import Batch, Found, Swarm, replayed, run_swarm

_HELP = "workc swarm --help"
#: So many seeds are run if it is not said otherwise.
SEEDS = 1_000
#: The shortest time that a swarm may take.
_LEAST_MINUTES = 0.001
#: How often progress is told where lines stay.
_LINE_EVERY = 1_000


@click.command("swarm", epilog="Example: workc swarm --seeds 10000 -j 2")
@click.option("--seeds", type=Number(1), metavar="N", help=f"How many seeds (default {SEEDS:,}).")
@click.option("--minutes", type=float, metavar="M", help="Go on for so long instead.")
@click.option("--first", type=Number(1), default=1, metavar="N", help="The first seed (default 1).")
@click.option("--scenario", "file", metavar="FILE", help="Faults for this scenario only.")
@click.option("--suite", metavar="NAME", help="Faults for the scenarios of a suite.")
@click.option(
    "--scenarios",
    type=Folder(),
    default=Path("scenarios"),
    metavar="DIR",
    help="The folder of the suites (default scenarios).",
)
@click.option("--trace", metavar="TEXT", help="Run again what a failure printed.")
@click.option(
    "--failures",
    type=Folder(),
    default=Path("failures"),
    metavar="DIR",
    help="Where what broke is kept as scenarios (default failures).",
)
@click.option(
    "-j",
    "--jobs",
    type=Number(1, MAX_JOBS),
    metavar="N",
    help="How many processes run seeds (default: one a processor).",
)
@click.option("-q", "--quiet", is_flag=True, help="Say nothing of the progress.")
@options.common
@click.pass_obj
def command(
    state: State,
    *,
    seeds: int | None,
    minutes: float | None,
    first: int,
    file: str | None,
    suite: str | None,
    scenarios: Path,
    trace: str | None,
    failures: Path,
    jobs: int | None,
    quiet: bool,
) -> int:
    """Run random scenarios with faults: exit 0 if nothing breaks, 1 if something does."""
    state.tries = (_HELP,)
    if minutes is not None and not _LEAST_MINUTES <= minutes < math.inf:
        raise stop("INVALID_INPUT", f"--minutes is a number from {_LEAST_MINUTES} on", _HELP)
    if file is not None and suite is not None:
        raise stop("INVALID_INPUT", "give --scenario or --suite, not both", _HELP)
    try:
        given = _given(state, file, suite, scenarios)
    except InvalidScenario as invalid:
        show_problems(state, Path(invalid.problems[0].file), invalid)
        return exits.USAGE
    if trace is not None:
        return _again(state, trace, given, file)
    for scenario in given:
        _refuse_if_it_does_not_begin(scenario)
    swarm = Swarm(
        first=first,
        seeds=seeds or (None if minutes is not None else SEEDS),
        seconds=None if minutes is None else minutes * 60,
        jobs=jobs or os.cpu_count() or 1,
        scenarios=given,
    )
    told = Told(state, quiet=quiet, every=_LINE_EVERY)
    of = "" if swarm.seeds is None else f" of {swarm.seeds:,}"

    def watch(batch: Batch) -> None:
        broke = f"{len(batch.found):,} broke something"
        told.tell(batch.seeds, f"{batch.seeds:,}{of} seeds · {broke}")

    with told.shown:
        batch = run_swarm(swarm, watch)
    places = [_kept(state, failures, found) for found in batch.found if found.small is not None]
    if state.json:
        state.document(_document(batch, places, file))
    else:
        _tell(state, batch, places, file, is_random=not given)
    return exits.FAILED if batch.found else exits.OK


def _given(
    state: State, file: str | None, suite: str | None, scenarios: Path
) -> tuple[Scenario, ...]:
    if file is not None:
        return (read_scenario(read_file(state.absolute(Path(file))), file),)
    if suite is None:
        return ()
    cases = suite_named(find_suites(scenarios), suite).cases()
    found = tuple(case.scenario for case in cases if case.scenario is not None)
    if not found:
        raise stop("INVALID_INPUT", f"the suite {suite} has no scenarios", "workc suite list")
    return found


def _refuse_if_it_does_not_begin(scenario: Scenario) -> None:
    """Refuses a scenario that no seed can say anything of, such as one whose function is not there."""
    run = ScenarioRunner().run(scenario).run
    if run.bundle is None:
        message = f"the scenario {scenario.id} does not begin: {run.outcome.message}"
        raise stop("INVALID_INPUT", message, "workc scenario run FILE")


def _again(state: State, trace: str, given: tuple[Scenario, ...], file: str | None) -> int:
    if len(given) > 1:
        raise stop("INVALID_INPUT", "--trace goes with --scenario, not with --suite", _HELP)
    try:
        found = replayed(read("" if trace == "-" else trace), next(iter(given), None))
    except TraceError as error:
        raise stop("INVALID_INPUT", f"--trace: {error}", _HELP) from None
    if state.json:
        batch = Batch(seeds=1, found=[found] if found.failures else [])
        state.document(_document(batch, [], file))
    elif found.failures:
        for line in found_lines(found, None, file):
            state.out(line)
    else:
        state.out("✓ nothing is wrong with what these choices give")
    return exits.FAILED if found.failures else exits.OK


def _kept(state: State, folder: Path, found: Found) -> str:
    """Writes the smallest scenario of a failure, and returns where."""
    scenario = found.small or found.scenario
    text = yaml_text(scenario)
    path = folder / f"{sha256_hex(text.encode())[:12]}.yaml"
    place = state.absolute(path)
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(text, "utf-8")
    return str(path)


def _document(batch: Batch, places: list[str], base: str | None) -> JsonObject:
    kept = dict(enumerate(places))
    found: list[Json] = [
        {
            "seed": each.seed,
            "again": again(each, base),
            "failures": [
                {"code": failure.code, "message": failure.message} for failure in each.failures
            ],
            "scenario": kept.get(number),
        }
        for number, each in enumerate(batch.found)
    ]
    return {
        "schema": "workc.swarm/1",
        "ok": not batch.found,
        "seeds": batch.seeds,
        "found": found,
        "outcomes": dict(sorted(batch.outcomes.items())),
        "codes": dict(sorted(batch.codes.items())),
        "unreached": [{"move": move, "fault": fault} for move, fault in batch.unreached],
    }


def _tell(
    state: State, batch: Batch, places: list[str], base: str | None, *, is_random: bool
) -> None:
    for number, found in enumerate(batch.found):
        for line in found_lines(found, places[number] if number < len(places) else None, base):
            state.out(line)
    # What a given scenario can reach at all, nobody knows.
    for line in (*tally_lines(batch), *(coverage_lines(batch) if is_random else ())):
        state.out(line)
    mark = "✗" if batch.found else "✓"
    state.out(f"{mark} {count(batch.seeds, 'seed')}, {len(batch.found):,} broke something")
