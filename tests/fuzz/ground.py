"""What the fuzzers stand on: the bundles, the sealer and the second verifier of the other tests."""

import importlib.util
import sys
from pathlib import Path

TESTS = Path(__file__).parents[1]


def load(path):
    """Returns the module in a file below tests/, loaded once."""
    name = "workc_tests_" + path.replace("/", "_").removesuffix(".py")
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, TESTS / path)
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
    return sys.modules[name]


# What stands there takes what it needs from beside itself.
sys.path.insert(0, str(TESTS / "unit/verify"))

bundles = load("unit/verify/bundles.py")
sealing = load("unit/verify/reseal.py")
signing = load("unit/verify/signing.py")
build, second = sealing.build, sealing.second
second_signatures = load("second_verifier/signatures.py")
naive = signing.naive
