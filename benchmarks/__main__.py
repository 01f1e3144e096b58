"""Prints the table: ``make bench``. Nothing here fails; CI does not time anything."""

from __future__ import annotations

import hashlib
import platform
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import workc
from benchmarks import oracle, runs, stage_search, stages
from benchmarks.measure import PEAK, Sample, cached_environment, interleaved, machine
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

STEPS = 3_000
EFFECTS = 1_000
ROUNDS = 5
BLOBS = 1_000


def main() -> None:
    """Measures everything and prints one line each."""
    today = datetime.now(UTC).date()
    print(f"workc {__version__} · python {platform.python_version()} · {machine()} · {today}")
    print(f"medians of {ROUNDS} interleaved rounds\n", flush=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        pure(folder)
        durable(folder)
        replay_and_verify(folder)
        archive(folder)
        command_line(folder)
        oracle.measure(folder, ROUNDS)
        runs.measure(folder, ROUNDS)
        stage_search.measure(folder, ROUNDS)
    stages.measure(ROUNDS)
    memory()


def per(sample: Sample, count: int) -> float:
    """Returns CPU µs each."""
    return sample.cpu / count * 1e6


def pure(folder: Path) -> None:
    """Measures a trivial pure step, journaled with flush, sealed bundle included."""
    runtime = workc.Runtime(store=folder / "pure")
    found = interleaved(
        {
            "floor": lambda: chained_lines(STEPS),
            "step": lambda: runtime.run(pure_steps, {"count": STEPS}),
        },
        ROUNDS,
    )
    floor, step = per(found["floor"], STEPS), per(found["step"], STEPS)
    row(
        "pure step, flush, sealed",
        f"{step:.0f} µs CPU",
        f"{step / floor:.1f} x floor {floor:.0f} µs",
        "<= 100 µs",
    )


def durable(folder: Path) -> None:
    """Measures an effect, journaled with fsync before it and after it."""
    runtime = workc.Runtime(store=folder / "fsync", durability="fsync")
    found = interleaved(
        {
            "floor": lambda: bare_fsyncs(EFFECTS, folder),
            "effect": lambda: runtime.run(effects, {"count": EFFECTS}),
        },
        ROUNDS,
    )
    floor, effect = found["floor"], found["effect"]
    row(
        "effect, fsync",
        f"{effect.wall / EFFECTS * 1e6:.0f} µs wall, {per(effect, EFFECTS):.0f} µs CPU",
        f"{effect.wall / floor.wall:.2f} x floor {floor.wall / EFFECTS * 1e6:.0f} µs wall",
        "<= 1.3",
    )


def replay_and_verify(folder: Path) -> None:
    """Measures a replayed step, and the oracle against a bulk hash of the same bytes."""
    out = folder / "bundle"
    workc.Runtime().run(pure_steps, {"count": STEPS}, out=out)
    lines = (out / "events.jsonl").read_bytes().splitlines()
    found = interleaved(
        {
            "hash": lambda: [hashlib.sha256(line).digest() for line in lines],
            "verify": lambda: workc.verify_bundle(out),
            "replay": lambda: workc.replay(out, workflow=pure_steps),
        },
        ROUNDS,
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


def archive(folder: Path) -> None:
    """Measures the oracle on 100 MB in 1,000 files, as a folder and as an archive in place."""
    loose, packed = folder / "blobs", folder / "blobs.workc"
    workc.Runtime().run(blobs, {"count": BLOBS}, out=loose)
    pack(loose, packed)
    found = interleaved(
        {
            "floor": lambda: bare_hashes(loose),
            "folder": lambda: workc.verify_bundle(loose),
            "archive": lambda: workc.verify_bundle(packed),
        },
        ROUNDS * 2 + 1,
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


def command_line(folder: Path) -> None:
    """Measures `workc verify-bundle` on a small bundle, over a bare interpreter."""
    out = folder / "small"
    workc.Runtime().run(pure_steps, {"count": 3}, out=out)
    bare = [sys.executable, "-c", "pass"]
    imports = [sys.executable, "-c", "import click, msgspec"]
    verify = [sys.executable, "-m", "workc", "verify-bundle", str(out)]
    cached = cached_environment(folder)
    found = interleaved(
        {
            "bare": lambda: subprocess.run(bare, check=True, env=cached),
            "imports": lambda: subprocess.run(imports, check=True, env=cached),
            "verify": lambda: subprocess.run(
                verify, check=True, env=cached, stdout=subprocess.DEVNULL
            ),
        },
        ROUNDS * 3,
    )
    over = (found["verify"].cpu - found["bare"].cpu) * 1e3
    imported = (found["imports"].cpu - found["bare"].cpu) * 1e3
    row(
        "workc verify-bundle, small",
        f"{over:.0f} ms CPU over bare Python",
        f"click and msgspec alone {imported:.0f} ms",
        "<= 100 ms",
    )


def memory() -> None:
    """Measures the peak of a run of 10,000 steps in a process of its own."""
    code = (
        "import tempfile, workc\n"
        "from benchmarks.workloads import pure_steps\n"
        "with tempfile.TemporaryDirectory() as store:\n"
        "    assert workc.Runtime(store=store).run(pure_steps, {'count': 10_000}).ok\n"
        f"{PEAK}print(peak)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    row("memory of 10,000 steps", f"{done.stdout.strip()} MB peak", "", "<= 100 MB")


if __name__ == "__main__":
    main()
