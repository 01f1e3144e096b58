"""Makes the helper beside the tests, and the bundles of the oracle's tests, importable by name."""

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parents[1] / "unit" / "verify")]
