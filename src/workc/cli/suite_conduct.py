"""How ``workc suite run`` and ``workc scenario run`` go about it: progress, report, exit code."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from workc.adapters.clock import SystemClock, SystemEntropy
from workc.adapters.identity import run_id
from workc.api.report_facts import git_info, platform_info
from workc.cli import exits
from workc.cli.live_line import Told
from workc.cli.state import State
from workc.cli.suite_reports import Reports, replay_lines
from workc.cli.suite_text import suite_lines, total_line
from workc.cli.targets import free_folder
from workc.cli.text import count, printable
from workc.kernel.rfc3339 import spell
from workc.sim.report import ScenarioResult, report_json
from workc.testkit.suite_runner import Facts, How, SuiteEnd, report_of, run_suites
from workc.testkit.suites import Suite

#: How often progress is told where lines stay.
_LINE_EVERY = 25


@dataclass(frozen=True)
class Wanted:
    """What the options say: how to run, and what to tell."""

    how: How
    reports: Reports
    quiet: bool
    verbose: bool


def conduct(state: State, suites: Iterable[Suite], wanted: Wanted) -> int:
    """Runs suites, tells what became of them, and returns the exit code: 0 if all passed."""
    told = Told(state, quiet=wanted.quiet, every=_LINE_EVERY)

    def watch(done: int, size: int, result: ScenarioResult) -> None:
        told.tell(
            done, f"{done:,} of {count(size, 'test')} done", printable(result.scenario_id, 40)
        )

    with told.shown:
        ends = run_suites(suites, wanted.how, watch)
    report = wanted.reports.of(report_of(ends, _facts(state)))
    if state.json:
        state.document(report_json(report))
    else:
        for end in ends:
            for line in suite_lines(end, verbose=wanted.verbose, seed=wanted.how.seed):
                state.out(line)
        state.out(total_line(ends))
    # Last: what was found is told even if a disk is full.
    wanted.reports.write(state, report, replay_lines(ends, wanted.how.seed))
    return exits.OK if _passed(ends) else exits.FAILED


def keep_place(state: State, keep: Path | None) -> Path | None:
    """Returns where bundles are kept, in which nothing may be yet."""
    return None if keep is None else state.absolute(free_folder(keep, "--keep"))


def _passed(ends: Sequence[SuiteEnd]) -> bool:
    return bool(ends) and all(end.suite.total and not end.suite.failed for end in ends)


def _facts(state: State) -> Facts:
    now_ms = SystemClock(0).now_ms()
    return Facts(
        run_id=run_id(now_ms, SystemEntropy().draw(10)),
        time_utc=spell(now_ms),
        platform=platform_info(),
        git=git_info(state.home, state.environment),
    )
