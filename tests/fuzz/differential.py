"""Two verifiers that share no code, asked about many changed bundles: they must always agree.

    python tests/fuzz/differential.py --count 200000 --seed 1
    python tests/fuzz/differential.py --count 200000 --seed 1 --format 0.1

Every change follows from its number and the seed, so a disagreement is shown again by
``--seed S --first N --count 1``. Prints figures; exits 1 if there was one.
"""

import argparse
import sys
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from random import Random
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).parent))

import mutations
import mutations_v01
from ground import second

from workc.verify.reader import MemoryReader
from workc.verify.verifier import verify

#: What draws the bundles of a format.
FORMATS = {"0.2": mutations, "0.1": mutations_v01}


class Case(NamedTuple):
    """One changed bundle and what both said of it."""

    number: int
    name: str
    sort: str
    files: Mapping[str, bytes]
    codes: tuple[str, ...]
    second: tuple[str, ...]
    passed: bool

    @property
    def agrees(self) -> bool:
        """Returns whether both passed it or both did not."""
        return self.passed == (not self.second)


def case(seed: int, number: int, version: str = "0.2") -> Case:
    """Returns the case of a number: what was drawn, and both verdicts."""
    random, drawn = Random(f"{seed} {number}"), FORMATS[version]
    name = random.choice(drawn.NAMES)
    sort, files = drawn.mutated(name, random)
    verdict = verify(MemoryReader(files))
    return Case(
        number=number,
        name=name,
        sort=sort,
        files=files,
        codes=verdict.codes(),
        second=tuple(second.verify(dict(files))),
        passed=verdict.ok,
    )


def main(arguments: list[str]) -> int:
    """Asks both verifiers and prints what was found."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=3000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--format", choices=FORMATS, default="0.2")
    given = parser.parse_args(arguments)
    files_of = FORMATS[given.format].files_of
    begun, sorts, passes, same, bad = time.monotonic(), Counter(), Counter(), 0, 0
    for number in range(given.first, given.first + given.count):
        found = case(given.seed, number, given.format)
        sorts[found.sort] += 1
        if found.passed and found.files != files_of(found.name):
            passes[found.sort] += 1
        same += found.files == files_of(found.name)
        if not found.agrees:
            bad += 1
            print(f"seed {given.seed} number {number} {found.name}, {found.sort}:", flush=True)
            print(f"  first {found.codes[:3] or 'PASS'}, second {found.second[:3] or 'PASS'}")
    for sort, count in sorts.most_common():
        print(f"{count:8,}  {passes[sort]:7,} still pass  {sort}")
    took = time.monotonic() - begun
    print(f"{given.count:,} bundles, {same:,} of them unchanged, {bad} disagreements, {took:.0f} s")
    return 1 if bad else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
