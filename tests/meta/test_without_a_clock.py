"""No test is judged by how long an example takes: that depends on what else the machine does."""

import re
from pathlib import Path

from hypothesis import HealthCheck, settings

TESTS = Path(__file__).parents[1]


def test_examples_have_no_deadline():
    assert settings().deadline is None
    assert HealthCheck.too_slow in settings().suppress_health_check


def test_no_test_sets_a_deadline_of_its_own():
    found = [
        path.name
        for path in sorted(TESTS.rglob("*.py"))
        if re.search(r"deadline=(?!None|\(\?)", path.read_text())
    ]
    assert found == []
