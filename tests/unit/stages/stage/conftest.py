"""Types and values of them, drawn at random."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
