"""The oracle against its floors: a long log, and a signed bundle by the command line."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import workc
from benchmarks.measure import PEAK, Bench, cached_environment
from benchmarks.table import row
from benchmarks.workloads import long_log, pure_steps

LONG = 1_000_000


def measure(bench: Bench) -> None:
    """Prints one line each."""
    long_events(bench.folder)
    signed(bench)


def long_events(folder: Path) -> None:
    """Measures a million events in a process of its own: rate and peak of memory."""
    out = folder / "long"
    long_log(out, LONG)
    code = (
        "import hashlib, json, sys, time, workc\n"
        "start = time.process_time()\n"
        "verdict = workc.verify_bundle(sys.argv[1])\n"
        "spent = time.process_time() - start\n"
        f"{PEAK}"
        "assert verdict.ok, verdict\n"
        "start, count = time.process_time(), 0\n"
        "for line in open(sys.argv[1] + '/events.jsonl', 'rb'):\n"
        "    hashlib.sha256(line).digest()\n"
        "    count += 1\n"
        "bulk = time.process_time() - start\n"
        "print(json.dumps([count / spent, count / bulk, peak]))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(out)], check=True, capture_output=True, text=True
    )
    rate, bulk, peak = json.loads(done.stdout)
    row(
        "verify a million events",
        f"{rate:,.0f} events/s, {peak} MB peak",
        f"{rate / bulk:.3f} of reading and hashing the lines ({bulk:,.0f}/s)",
        ">= 180,000/s, < 40 MB",
    )


def signed(bench: Bench) -> None:
    """Measures `workc verify-bundle` on a small signed bundle, over a bare interpreter."""
    folder = bench.folder
    out, keys = folder / "signed", folder / "keys"
    workc.Runtime().run(pure_steps, {"count": 3}, out=out)
    trust = folder / "trust.json"
    for arguments in (
        ["keys", "new", "bench", "--out", str(keys)],
        ["sign", str(out), "--key", str(keys / "bench.key.pem")],
        ["keys", "trust", "bench", "--dir", str(keys), "--out", str(trust)],
    ):
        subprocess.run(
            [sys.executable, "-m", "workc", *arguments], check=True, stdout=subprocess.DEVNULL
        )
    cached = cached_environment(folder)
    judged = ["verify-bundle", str(out), "--trust", str(trust), "--require-signature"]
    found = bench.interleaved(
        "verify-bundle, signed",
        {
            "bare": lambda: subprocess.run([sys.executable, "-c", "pass"], check=True, env=cached),
            "signed": lambda: subprocess.run(
                [sys.executable, "-m", "workc", *judged],
                check=True,
                env=cached,
                stdout=subprocess.DEVNULL,
            ),
        },
        times=3,
    )
    over = (found["signed"].cpu - found["bare"].cpu) * 1e3
    row("workc verify-bundle, signed", f"{over:.0f} ms CPU over bare Python", "", "<= 140 ms")
