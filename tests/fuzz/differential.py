"""Two verifiers that share no code, asked about many changed bundles: they must always agree.

    python tests/fuzz/differential.py --count 200000 --seed 1
    python tests/fuzz/differential.py --count 200000 --seed 1 --of 0.1
    python tests/fuzz/differential.py --count 50000 --seed 1 --of signatures

Every change follows from its number and the seed, so a disagreement is shown again by
``--seed S --first N --count 1``. Prints figures; exits 1 if there was one.
"""

import argparse
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from random import Random
from types import ModuleType
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).parent))

import answers
import mutations
import mutations_signatures
import mutations_v01
from answers import Answer


class Target(NamedTuple):
    """What draws what is asked, and what asks both verifiers about it."""

    drawn: ModuleType
    ask: Callable[[Any], Answer]


TARGETS = {
    "0.2": Target(mutations, answers.of_bundle),
    "0.1": Target(mutations_v01, answers.of_bundle),
    "signatures": Target(mutations_signatures, answers.of_signed),
}


class Case(NamedTuple):
    """One changed bundle and what both said of it."""

    number: int
    name: str
    sort: str
    files: Mapping[str, bytes]
    codes: tuple[str, ...]
    second: tuple[str, ...]
    passed: bool
    agrees: bool


def case(seed: int, number: int, of: str = "0.2") -> Case:
    """Returns the case of a number: what was drawn, and both verdicts."""
    random, target = Random(f"{seed} {number}"), TARGETS[of]
    name = random.choice(target.drawn.NAMES)
    try:
        sort, asked = target.drawn.mutated(name, random)
        return Case(number, name, sort, *target.ask(asked))
    except Exception as error:
        error.add_note(f"of {of} seed {seed} number {number} {name}")
        raise


def main(arguments: list[str]) -> int:
    """Asks both verifiers and prints what was found."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=3000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--of", choices=TARGETS, default="0.2")
    given = parser.parse_args(arguments)
    files_of = TARGETS[given.of].drawn.files_of
    begun, sorts, passes, same, bad = time.monotonic(), Counter(), Counter(), 0, 0
    slowest = 0.0
    for number in range(given.first, given.first + given.count):
        asked = time.monotonic()
        found = case(given.seed, number, given.of)
        slowest = max(slowest, time.monotonic() - asked)
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
    print(
        f"{given.count:,} bundles, {same:,} of them unchanged, {bad} disagreements, "
        f"{took:.0f} s, the slowest {slowest:.1f} s"
    )
    return 1 if bad else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
