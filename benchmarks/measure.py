"""Interleaved measurement: floor and subject take turns, so that both see the same machine."""

from __future__ import annotations

import os
import platform
import resource
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.figures import micro_of
from workc.sim.report import MacroSuiteResult, MicroBenchResult

#: A program's line that prints the peak of its own memory in MB; getrusage's is its parent's too.
PEAK = "peak = int(open('/proc/self/status').read().split('VmHWM:')[1].split()[0]) // 1024\n"


def cached_environment(folder: Path) -> dict[str, str]:
    """Returns the environment of a process that has its bytecode, as installed packages do."""
    found = {**os.environ, "PYTHONPYCACHEPREFIX": str(folder / "bytecode")}
    found.pop("PYTHONDONTWRITEBYTECODE", None)
    return found


@dataclass(frozen=True)
class Sample:
    """CPU and wall seconds of one round, children included."""

    cpu: float
    wall: float


def once(work: Callable[[], object]) -> Sample:
    """Returns what one call costs."""
    cpu, wall = _cpu(), time.perf_counter()
    work()
    return Sample(_cpu() - cpu, time.perf_counter() - wall)


def _cpu() -> float:
    own, children = (
        resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


@dataclass
class Bench:
    """Where is measured, how often, and what was found: each sample of each figure, and of each suite."""

    folder: Path
    rounds: int
    micro: list[MicroBenchResult] = field(default_factory=list[MicroBenchResult])
    macro: list[MacroSuiteResult] = field(default_factory=list[MacroSuiteResult])

    def interleaved(
        self, name: str, works: Mapping[str, Callable[[], object]], *, times: int = 1
    ) -> dict[str, Sample]:
        """Returns the median round of each work; it takes ``times`` as many rounds as others."""
        taken = rounds_of(works, self.rounds * times)
        for work, samples in taken.items():
            self.keep(f"{name}: {work}", "ms CPU", [sample.cpu * 1e3 for sample in samples])
        return {work: median(samples) for work, samples in taken.items()}

    def keep(self, name: str, unit: str, values: Sequence[float]) -> None:
        """Keeps the samples of a figure for the report."""
        self.micro.append(micro_of(name, unit, values))


def interleaved(works: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, Sample]:
    """Returns the median round of each work."""
    return {name: median(samples) for name, samples in rounds_of(works, rounds).items()}


def rounds_of(works: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, list[Sample]]:
    """Returns what each work cost: one round of each in turn, the first not counted."""
    taken: dict[str, list[Sample]] = {name: [] for name in works}
    for number in range(rounds + 1):
        for name, work in works.items():
            sample = once(work)
            if number:
                taken[name].append(sample)
    return taken


def median(samples: Sequence[Sample]) -> Sample:
    """Returns the median of CPU and of wall time."""
    return Sample(
        statistics.median(sample.cpu for sample in samples),
        statistics.median(sample.wall for sample in samples),
    )


def machine() -> str:
    """Returns what the figures were measured on: processor, where the system names it, and cores."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{names[0] if names else platform.machine()}, {os.cpu_count()} cores"
