"""Samples as the figures of a report: percentiles by the nearest rank, so that each was really measured."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from math import ceil

from workc.sim.report import MicroBenchResult


def percentile(values: Sequence[float], percent: int) -> float:
    """Returns the least of the values that so many percent of them do not exceed."""
    ranked = sorted(values)
    return ranked[max(0, ceil(len(ranked) * percent / 100) - 1)]


def micro_of(name: str, unit: str, values: Sequence[float]) -> MicroBenchResult:
    """Returns the figure of some samples, at least one."""
    return MicroBenchResult(
        name=name,
        unit=unit,
        samples=len(values),
        p50=percentile(values, 50),
        p95=percentile(values, 95),
        p99=percentile(values, 99),
        mean=statistics.fmean(values),
        stddev=statistics.pstdev(values),
    )
