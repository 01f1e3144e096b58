"""The oracle against tools that others wrote, on the same 1,000 files of 100 kB: ``make bench-peers``.

Each is a process of its own over files that it listed or signed itself before; its CPU time is
compared with that of a process that only reads and hashes them. What they check differs: see
docs/related.md.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

import workc
from benchmarks.measure import cached_environment, interleaved
from benchmarks.table import row
from benchmarks.workloads import blobs

FILES = 1_000
ROUNDS = 7
LOOP = (
    "import hashlib, os, sys\n"
    "for folder, _, names in os.walk(sys.argv[1]):\n"
    "    for name in names:\n"
    "        with open(os.path.join(folder, name), 'rb') as file:\n"
    "            hashlib.sha256(file.read()).digest()\n"
)
PREPARE = Path(__file__).with_name("prepare_peers.py")


def main() -> None:
    """Prepares the files for everybody, then measures all in turn."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        out = folder / "bundle"
        workc.Runtime().run(blobs, {"count": FILES}, out=out)
        peers = Path(os.environ.get("PEERS_BIN", ".venv-peers/bin")).absolute()
        subprocess.run([peers / "python", PREPARE, str(out), str(folder)], check=True)
        measure(commands(out, folder, peers), cached_environment(folder))


def commands(out: Path, folder: Path, peers: Path) -> Mapping[str, tuple[list[str], Path]]:
    """Returns for each tool its command and the folder that it runs in."""
    us = [sys.executable, "-m", "workc", "verify-bundle", str(out)]
    in_toto = [
        "--layout",
        str(folder / "root.layout"),
        "--verification-keys",
        str(folder / "key.pub"),
    ]
    models = ["--signature", str(folder / "model.sig"), "--public_key", str(folder / "ec.pub")]
    return {
        "read and hash": ([sys.executable, "-c", LOOP, str(out)], folder),
        "workc verify-bundle": (us, folder),
        "sha256sum -c": (["sha256sum", "--check", "--quiet", str(folder / "SUMS")], out),
        "bagit --validate": (
            [str(peers / "bagit.py"), "--quiet", "--validate", str(folder / "bag")],
            folder,
        ),
        "in-toto-verify": (
            [str(peers / "in-toto-verify"), *in_toto, "--link-dir", str(folder)],
            folder / "product",
        ),
        "model_signing verify key": (
            [str(peers / "model_signing"), "verify", "key", str(out), *models],
            folder,
        ),
    }


def measure(found: Mapping[str, tuple[list[str], Path]], environment: dict[str, str]) -> None:
    """Runs all in turn and prints one line each."""

    def work(command: list[str], where: Path) -> object:
        return subprocess.run(
            command,
            check=True,
            cwd=where,
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    samples = interleaved(
        {name: lambda each=each: work(*each) for name, each in found.items()}, ROUNDS
    )
    floor = samples["read and hash"]
    print(f"{FILES} files of 100 kB, medians of {ROUNDS} interleaved rounds, whole processes\n")
    for name, sample in samples.items():
        figure = f"{sample.cpu * 1e3:.0f} ms CPU, {sample.wall * 1e3:.0f} ms wall"
        row(name, figure, f"{sample.cpu / floor.cpu:.2f} x read and hash", "")


if __name__ == "__main__":
    main()
