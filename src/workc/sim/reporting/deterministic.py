"""What of a report is the same on every machine and in every run: for reports that are compared."""

from __future__ import annotations

from msgspec.structs import replace

from workc.sim.report import (
    NO_TIME,
    BundlePaths,
    GitInfo,
    PlatformInfo,
    ScenarioResult,
    SuiteResult,
    TestReport,
)

_NOWHERE = PlatformInfo(os="", arch="", python="", workc="", cpus=0)


def deterministic(report: TestReport) -> TestReport:
    """Returns a report without what differs between machines and runs; two runs give the same bytes.

    Run id, times, durations, commit and platform are empty, and of a path the last name is left.
    The ``wall_ms`` of a scenario stays: in a simulation time is virtual. So do digests, which are
    the same where the code of workc is, and what failures say.
    """
    return replace(
        report,
        run_id="",
        time_utc=NO_TIME,
        duration_ms=0,
        git=GitInfo(),
        platform=_NOWHERE,
        suites=tuple(map(_suite, report.suites)),
        scenarios=tuple(map(_scenario, report.scenarios)),
    )


def _suite(suite: SuiteResult) -> SuiteResult:
    return replace(suite, duration_ms=0)


def _scenario(scenario: ScenarioResult) -> ScenarioResult:
    paths = scenario.bundle
    bundle = BundlePaths(
        bundle_dir=_last(paths.bundle_dir),
        receipt=_last(paths.receipt),
        events=_last(paths.events),
        manifest=_last(paths.manifest),
    )
    return replace(scenario, bundle=bundle)


def _last(path: str | None) -> str | None:
    return None if path is None else path.rstrip("/").rpartition("/")[2]
