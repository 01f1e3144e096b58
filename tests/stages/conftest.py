"""Planted stages: wrong ones, each with the word that it must be found with, and good ones."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
