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


bundles = load("unit/verify/bundles.py")
sealing = load("unit/verify/reseal.py")
build, second = sealing.build, sealing.second
