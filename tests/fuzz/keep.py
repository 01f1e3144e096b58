"""Keeps of a fuzzer's inputs the shortest one for each answer: the rules that are broken, or PASS.

    python tests/fuzz/keep.py .fuzz

Files of ``corpus`` have the name of their hash, and stay; ``test_fuzz.py`` replays them.
"""

import hashlib
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from decoding import decoded

from workc.verify.reader import MemoryReader
from workc.verify.verifier import verify

CORPUS = Path(__file__).with_name("corpus")


def answer(data: bytes) -> frozenset[str]:
    """Returns the numbers of the rules that the bundle breaks; none is PASS."""
    return frozenset(f.rule for f in verify(MemoryReader(decoded(data))).failures)


def main(folder: str) -> int:
    """Copies what gives a new answer and says how many."""
    CORPUS.mkdir(exist_ok=True)
    known = {answer(path.read_bytes()) for path in CORPUS.iterdir()}
    inputs = sorted(
        (path.read_bytes() for path in Path(folder).iterdir()), key=lambda d: (len(d), d)
    )
    new = 0
    for data in inputs:
        found = answer(data)
        if found not in known:
            known.add(found)
            (CORPUS / hashlib.sha256(data).hexdigest()[:16]).write_bytes(data)
            new += 1
    print(f"{new} new answers, {len(known)} in all")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
