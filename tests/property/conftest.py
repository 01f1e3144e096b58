"""Makes what several properties draw importable by name, and the second verifier with its sealer."""

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "unit" / "verify")]
