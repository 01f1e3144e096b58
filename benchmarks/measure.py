"""Interleaved measurement: floor and subject take turns, so that both see the same machine."""

from __future__ import annotations

import os
import platform
import resource
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

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


def interleaved(works: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, Sample]:
    """Returns the median round of each work, one round of each in turn, the first not counted."""
    taken: dict[str, list[Sample]] = {name: [] for name in works}
    for number in range(rounds + 1):
        for name, work in works.items():
            sample = once(work)
            if number:
                taken[name].append(sample)
    return {
        name: Sample(
            statistics.median(sample.cpu for sample in samples),
            statistics.median(sample.wall for sample in samples),
        )
        for name, samples in taken.items()
    }


def machine() -> str:
    """Returns what the figures were measured on: processor, where the system names it, and cores."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{names[0] if names else platform.machine()}, {os.cpu_count()} cores"
