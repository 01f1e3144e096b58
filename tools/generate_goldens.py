"""Writes golden bundles that are not there yet, and their hashes; never changes one that is.

``tests/golden/README.md`` says what goldens are for. With ``--check`` nothing is written: what
is missing, and what the writer would write otherwise today, is named.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from goldens import (
    basic_success,
    effect_compression,
    human_approval,
    parallel_children_coordination,
    strategies,
    tiered_recovery,
    unexercised,
    verify_fail_backtrack,
)
from workc.bundle.v01.run import Run
from workc.bundle.v01.writer import Bundle, write
from workc.testkit.goldens import update_goldens

GOLDEN = Path(__file__).resolve().parent.parent / "tests/golden"
VERSION = "v0.1"

_SINGLE: Mapping[str, Callable[[], Run]] = {
    "basic_success": basic_success.run,
    "effect_compression": effect_compression.run,
    "human_approval": human_approval.run,
    "strategies": strategies.run,
    "tiered_recovery": tiered_recovery.run,
    "unexercised": unexercised.run,
    "verify_fail_backtrack": verify_fail_backtrack.run,
}


def bundles() -> dict[str, dict[str, Bundle]]:
    """Returns the bundles of each golden, by their folders within it."""
    found = {name: {"bundle": write(run())} for name, run in _SINGLE.items()}
    found["parallel_children_coordination"] = parallel_children_coordination.bundles()
    return found


def files() -> dict[str, bytes]:
    """Returns every file of every golden by its path below ``tests/golden``."""
    return {
        f"{VERSION}/{name}/{folder}/{path}": data
        for name, parts in sorted(bundles().items())
        for folder, bundle in sorted(parts.items())
        for path, data in bundle.files.items()
    }


def main(arguments: list[str]) -> int:
    """Writes and lists what is missing, or only looks; exits with 1 if anything is not as it must be."""
    wanted = files()
    there = {path for path in wanted if (GOLDEN / path).exists()}
    changed = [path for path in sorted(there) if (GOLDEN / path).read_bytes() != wanted[path]]
    missing = sorted(wanted.keys() - there)
    for path in changed:
        print(f"differs from what is kept, which stays: {path}")
    for path in missing:
        print(f"{'missing' if '--check' in arguments else 'written'}: {path}")
    if "--check" in arguments:
        return 1 if changed or missing else 0
    for path in missing:
        (GOLDEN / path).parent.mkdir(parents=True, exist_ok=True)
        (GOLDEN / path).write_bytes(wanted[path])
    report = update_goldens(GOLDEN)
    bad = (("does not verify", each.bundle) for each in report.bundles if not each.verdict.ok)
    for word, path in (*report.troubles(), *bad):
        if path not in changed:
            print(f"{word}: {path}")
    return 0 if report.judgement == "good" and not changed else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
