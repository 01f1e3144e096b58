"""Makes the small bundles of the verifier's tests importable by name here too."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "verify"))
