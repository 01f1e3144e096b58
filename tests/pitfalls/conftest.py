"""The skills of the integration tests serve here too."""

import importlib.util
import sys
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def flows():
    """Returns the module with workflows of every kind."""
    path = Path(__file__).parents[1] / "integration" / "skills_for_runs.py"
    spec = importlib.util.spec_from_file_location("skills_for_runs", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules["skills_for_runs"] = module
    spec.loader.exec_module(module)
    return module
