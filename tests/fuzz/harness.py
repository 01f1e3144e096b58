"""The oracle under a coverage-guided fuzzer: any bytes give a verdict, the same as the second one's.

    python tests/fuzz/harness.py -max_total_time=300 NEW_INPUTS tests/fuzz/corpus

The arguments are those of libFuzzer. Needs atheris, which ``make fuzz`` installs where there is a
build of it; what it found is kept in ``corpus`` and replayed by ``test_fuzz.py`` without it.
"""

import sys
from pathlib import Path

import atheris

sys.path.insert(0, str(Path(__file__).parent))

# Only what is judged is measured: the sealer and the second verifier are not.
with atheris.instrument_imports(include=["workc.verify", "workc.bundle", "workc.kernel"]):
    from workc.verify.reader import MemoryReader
    from workc.verify.verifier import verify

from decoding import decoded
from ground import second


def target(data: bytes) -> None:
    """Asks both verifiers about the bundle that the bytes stand for."""
    files = decoded(data)
    verdict, other = verify(MemoryReader(files)), second.verify(dict(files))
    if verdict.ok != (not other):
        raise AssertionError(f"first {verdict.codes()[:3]}, second {other[:3]}")


if __name__ == "__main__":
    atheris.Setup(sys.argv, target)
    atheris.Fuzz()
