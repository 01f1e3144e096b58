"""Measures workc against floors of the same run: ``python -m benchmarks [PART...] [--report FILE]``.

Each part prints its figures, one line each; without any, all parts are measured. A report holds each
figure with the number of its samples, and what the suites of scenarios took (``workc schema
bench-report``). Nothing here fails because it is slow; CI does not time anything.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import platform
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import workc
from benchmarks import oracle, runs, scenarios, stage_search, stages, suites
from benchmarks.measure import PEAK, Bench, Sample, cached_environment, machine
from benchmarks.report import bench_report
from benchmarks.table import row
from benchmarks.workloads import (
    bare_fsyncs,
    bare_hashes,
    blobs,
    chained_lines,
    effects,
    pure_steps,
)
from workc.api.transport import pack
from workc.kernel.version import __version__
from workc.sim.report import report_json

STEPS = 3_000
EFFECTS = 1_000
ROUNDS = 5
BLOBS = 1_000


def main(arguments: Sequence[str] | None = None) -> None:
    """Measures what is asked for, and prints one line each."""
    asked = _asked(arguments)
    today = datetime.now(UTC).date()
    print(f"workc {__version__} · python {platform.python_version()} · {machine()} · {today}")
    print(f"medians of {asked.rounds} interleaved rounds\n", flush=True)
    with tempfile.TemporaryDirectory() as name:
        bench = Bench(Path(name), asked.rounds)
        for part in asked.parts or PARTS:
            PARTS[part](bench)
    if asked.report is not None:
        report = report_json(bench_report(bench))
        asked.report.write_text(json.dumps(report, indent=2) + "\n", "utf-8")


def _asked(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m benchmarks")
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS))
    parser.add_argument("--rounds", type=int, default=ROUNDS, metavar="N", help="default 5")
    parser.add_argument("--report", type=Path, metavar="FILE", help="write a report, too")
    asked = parser.parse_args(arguments)
    for part in asked.parts:
        if part not in PARTS:
            parser.error(f"there is no part {part}; there are {', '.join(PARTS)}")
    if asked.rounds < 1:
        parser.error("--rounds is at least 1")
    # Who has measured for an hour must not learn then that there is no such folder.
    if asked.report is not None and not asked.report.parent.is_dir():
        parser.error(f"there is no folder {asked.report.parent}")
    return asked


def per(sample: Sample, count: int) -> float:
    """Returns CPU µs each."""
    return sample.cpu / count * 1e6


def pure(bench: Bench) -> None:
    """Measures a trivial pure step, journaled with flush, sealed bundle included."""
    runtime = workc.Runtime(store=bench.folder / "pure")
    found = bench.interleaved(
        "pure step",
        {
            "floor": lambda: chained_lines(STEPS),
            "step": lambda: runtime.run(pure_steps, {"count": STEPS}),
        },
    )
    floor, step = per(found["floor"], STEPS), per(found["step"], STEPS)
    row(
        "pure step, flush, sealed",
        f"{step:.0f} µs CPU",
        f"{step / floor:.1f} x floor {floor:.0f} µs",
        "<= 100 µs",
    )


def durable(bench: Bench) -> None:
    """Measures an effect, journaled with fsync before it and after it."""
    runtime = workc.Runtime(store=bench.folder / "fsync", durability="fsync")
    found = bench.interleaved(
        "effect",
        {
            "floor": lambda: bare_fsyncs(EFFECTS, bench.folder),
            "effect": lambda: runtime.run(effects, {"count": EFFECTS}),
        },
    )
    floor, effect = found["floor"], found["effect"]
    row(
        "effect, fsync",
        f"{effect.wall / EFFECTS * 1e6:.0f} µs wall, {per(effect, EFFECTS):.0f} µs CPU",
        f"{effect.wall / floor.wall:.2f} x floor {floor.wall / EFFECTS * 1e6:.0f} µs wall",
        "<= 1.3",
    )


def replay_and_verify(bench: Bench) -> None:
    """Measures a replayed step, and the oracle against a bulk hash of the same bytes."""
    out = bench.folder / "bundle"
    workc.Runtime().run(pure_steps, {"count": STEPS}, out=out)
    lines = (out / "events.jsonl").read_bytes().splitlines()
    found = bench.interleaved(
        "verify and replay",
        {
            "hash": lambda: [hashlib.sha256(line).digest() for line in lines],
            "verify": lambda: workc.verify_bundle(out),
            "replay": lambda: workc.replay(out, workflow=pure_steps),
        },
    )
    events = len(lines)
    row("replay of a step", f"{per(found['replay'], STEPS):.0f} µs CPU", "", "<= 100 µs")
    rate, bulk = events / found["verify"].cpu, events / found["hash"].cpu
    row(
        "verify",
        f"{rate:,.0f} events/s",
        f"{rate / bulk:.2f} of a bulk SHA-256 ({bulk:,.0f}/s)",
        ">= 100,000/s",
    )


def archive(bench: Bench) -> None:
    """Measures the oracle on 100 MB in 1,000 files, as a folder and as an archive in place."""
    loose, packed = bench.folder / "blobs", bench.folder / "blobs.workc"
    workc.Runtime().run(blobs, {"count": BLOBS}, out=loose)
    pack(loose, packed)
    found = bench.interleaved(
        "verify 100 MB",
        {
            "floor": lambda: bare_hashes(loose),
            "folder": lambda: workc.verify_bundle(loose),
            "archive": lambda: workc.verify_bundle(packed),
        },
        times=2,
    )
    floor, whole, one = (found[name].cpu for name in ("floor", "folder", "archive"))
    hashed = f"x bare read and hash {floor * 1e3:.0f} ms"
    row(
        "verify 100 MB, 1,000 files",
        f"{whole * 1e3:.0f} ms CPU",
        f"{whole / floor:.2f} {hashed}",
        "<= 1.1",
    )
    row(
        "the same as an archive, in place",
        f"{one * 1e3:.0f} ms CPU",
        f"{one / floor:.2f} {hashed}, {one / whole:.2f} x folder",
        "<= 1.4 x folder",
    )


def command_line(bench: Bench) -> None:
    """Measures `workc verify-bundle` on a small bundle, over a bare interpreter."""
    out = bench.folder / "small"
    workc.Runtime().run(pure_steps, {"count": 3}, out=out)
    bare = [sys.executable, "-c", "pass"]
    imports = [sys.executable, "-c", "import click, msgspec"]
    verify = [sys.executable, "-m", "workc", "verify-bundle", str(out)]
    cached = cached_environment(bench.folder)
    found = bench.interleaved(
        "verify-bundle",
        {
            "bare": lambda: subprocess.run(bare, check=True, env=cached),
            "imports": lambda: subprocess.run(imports, check=True, env=cached),
            "verify": lambda: subprocess.run(
                verify, check=True, env=cached, stdout=subprocess.DEVNULL
            ),
        },
        times=3,
    )
    over = (found["verify"].cpu - found["bare"].cpu) * 1e3
    imported = (found["imports"].cpu - found["bare"].cpu) * 1e3
    row(
        "workc verify-bundle, small",
        f"{over:.0f} ms CPU over bare Python",
        f"click and msgspec alone {imported:.0f} ms",
        "<= 100 ms",
    )


def memory(bench: Bench) -> None:
    """Measures the peak of a run of 10,000 steps in a process of its own."""
    code = (
        "import tempfile, workc\n"
        "from benchmarks.workloads import pure_steps\n"
        "with tempfile.TemporaryDirectory() as store:\n"
        "    assert workc.Runtime(store=store).run(pure_steps, {'count': 10_000}).ok\n"
        f"{PEAK}print(peak)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    bench.keep("memory of 10,000 steps", "MB", [float(done.stdout)])
    row("memory of 10,000 steps", f"{done.stdout.strip()} MB peak", "", "<= 100 MB")


#: What is measured, by the names of parts.
PARTS: Mapping[str, Callable[[Bench], None]] = {
    "pure": pure,
    "durable": durable,
    "replay": replay_and_verify,
    "archive": archive,
    "command-line": command_line,
    "oracle": oracle.measure,
    "runs": runs.measure,
    "stage-search": stage_search.measure,
    "stages": stages.measure,
    "scenarios": scenarios.measure,
    "suites": suites.measure,
    "memory": memory,
}

if __name__ == "__main__":
    main()
