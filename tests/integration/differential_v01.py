"""Two verifiers that share no code, asked about many changed bundles of format 0.1: they must agree.

    python tests/integration/differential_v01.py --count 100000 --seed 1

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

from changes_v01 import NAMES, changed, files_of, load

import workc

second = load("second_verifier/verifier.py")


class Case(NamedTuple):
    """One changed bundle and what both said of it."""

    number: int
    name: str
    sort: str
    files: Mapping[str, bytes]
    first: tuple[str, ...]
    second: tuple[str, ...]

    @property
    def agrees(self) -> bool:
        """Returns whether both passed it, or both found it bad, or neither could judge it."""
        return _answer(self.first, self.files) == _answer(self.second, self.files)


NOT_JUDGED = {"VERSION_UNSUPPORTED", "LIMIT_EXCEEDED", "FILE_UNREADABLE"}


def _answer(codes: tuple[str, ...], files: Mapping[str, bytes]) -> str:
    if not codes:
        return "pass"
    of_01 = second.v01.is_of_this_format(second.v01.folders.in_memory(dict(files)))
    return "not judged" if of_01 and NOT_JUDGED.issuperset(codes) else "bad"


def case(seed: int, number: int) -> Case:
    """Returns the case of a number: what was drawn, and both verdicts."""
    random = Random(f"{seed} {number}")
    name = random.choice(NAMES)
    sort, files = changed(name, random)
    verdict = workc.verify_bundle(files)
    codes = verdict.codes() if verdict.failures or verdict.ok else ("NOT_CHECKED",)
    return Case(number, name, sort, files, codes, tuple(second.verify(dict(files))))


def main(arguments: list[str]) -> int:
    """Asks both verifiers and prints what was found."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=3000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args(arguments)
    begun, sorts, passes, same, bad, codes = time.monotonic(), Counter(), Counter(), 0, 0, 0
    for number in range(given.first, given.first + given.count):
        found = case(given.seed, number)
        unchanged = found.files == files_of(found.name)
        sorts[found.sort] += 1
        passes[found.sort] += not found.first and not unchanged
        same += unchanged
        codes += set(found.first) == set(found.second)
        if not found.agrees:
            bad += 1
            print(f"seed {given.seed} number {number} {found.name}, {found.sort}:", flush=True)
            print(f"  first {found.first[:3] or 'PASS'}, second {found.second[:3] or 'PASS'}")
    for sort, count in sorts.most_common():
        print(f"{count:8,}  {passes[sort]:7,} still pass  {sort}")
    print(f"{codes:,} with the same codes, {same:,} unchanged")
    print(f"{given.count:,} bundles, {bad} disagreements, {time.monotonic() - begun:.0f} s")
    return 1 if bad else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
