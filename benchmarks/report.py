"""What was measured as a report, ``workc-bench-report-0.1``."""

from __future__ import annotations

import os
from pathlib import Path

from benchmarks.measure import Bench
from workc.adapters.clock import SystemClock, SystemEntropy
from workc.adapters.identity import run_id
from workc.api.report_facts import git_info, platform_info
from workc.kernel.rfc3339 import spell
from workc.sim.report import BenchReport

ROOT = Path(__file__).resolve().parents[1]


def bench_report(bench: Bench) -> BenchReport:
    """Returns the report of what was measured until now, on this machine."""
    now_ms = SystemClock(0).now_ms()
    return BenchReport(
        schema_version="workc-bench-report-0.1",
        run_id=run_id(now_ms, SystemEntropy().draw(10)),
        time_utc=spell(now_ms),
        git=git_info(ROOT, os.environ),
        platform=platform_info(),
        micro=tuple(bench.micro),
        macro_suites=tuple(bench.macro),
    )
