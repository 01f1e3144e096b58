"""How ``workc suite run`` and ``workc scenario run`` go about it: progress, report, exit code."""

from __future__ import annotations

import platform
from collections.abc import Iterable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

from workc.adapters.clock import SystemClock, SystemEntropy
from workc.adapters.identity import run_id
from workc.adapters.place import new_place
from workc.cli import exits
from workc.cli.live_line import live_line
from workc.cli.state import State
from workc.cli.suite_text import suite_lines, total_line
from workc.cli.text import count, printable
from workc.kernel.rfc3339 import spell
from workc.kernel.version import __version__
from workc.sim.report import PlatformInfo, ScenarioResult, report_json
from workc.testkit.suite_runner import Facts, How, SuiteEnd, report_of, run_suites
from workc.testkit.suites import Suite


@dataclass(frozen=True)
class Wanted:
    """What the options say: how to run, and what to tell."""

    how: How
    quiet: bool
    verbose: bool


def conduct(state: State, suites: Iterable[Suite], wanted: Wanted) -> int:
    """Runs suites, tells what became of them, and returns the exit code: 0 if all passed."""
    progress = _Progress(state, quiet=wanted.quiet)
    with progress.shown:
        ends = run_suites(suites, wanted.how, progress)
    if state.json:
        state.document(report_json(report_of(ends, _facts())))
    else:
        for end in ends:
            for line in suite_lines(end, verbose=wanted.verbose):
                state.out(line)
        state.out(total_line(ends))
    return exits.OK if _passed(ends) else exits.FAILED


def keep_place(state: State, keep: Path | None) -> Path | None:
    """Returns where bundles are kept, in which nothing may be yet."""
    return None if keep is None else state.absolute(new_place("--keep", keep))


def _passed(ends: Sequence[SuiteEnd]) -> bool:
    return bool(ends) and all(end.suite.total and not end.suite.failed for end in ends)


def _facts() -> Facts:
    now_ms = SystemClock(0).now_ms()
    return Facts(
        run_id=run_id(now_ms, SystemEntropy().draw(10)),
        time_utc=spell(now_ms),
        platform=PlatformInfo(
            os=platform.system(),
            arch=platform.machine(),
            python=platform.python_version(),
            workc=__version__,
            cpus=1,
        ),
    )


class _Progress:
    """Tells on stderr how many tests have ended, and each that failed."""

    def __init__(self, state: State, *, quiet: bool) -> None:
        self._state = state
        self._quiet = quiet
        self._live = live_line(state, quiet=quiet)
        self.shown = self._live if self._live is not None else nullcontext()

    def __call__(self, done: int, size: int, result: ScenarioResult) -> None:
        """Takes a test that has ended."""
        if self._live is not None:
            self._live.show(
                f"{done:,} of {count(size, 'test')} · {printable(result.scenario_id, 40)}"
            )
        elif not self._quiet and (done % 25 == 0 or done == size):
            self._state.err(f"{done:,} of {count(size, 'test')} done")
