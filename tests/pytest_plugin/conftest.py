"""Runs tests of tests: each writes a test file into a folder and runs pytest there."""

import sys
import textwrap

import pytest

from workc.testkit.servers import LoopbackServer, Reply


@pytest.fixture
def server():
    with LoopbackServer({"/a": Reply(body=b"a"), "/b": Reply(body=b"b")}) as running:
        yield running


@pytest.fixture
def session(pytester):
    """Returns what runs a test file with arguments, in a process of its own."""

    def run(text, *arguments):
        pytester.makepyfile(test_it=textwrap.dedent(text))
        return pytester.run(
            sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q", *arguments, "test_it.py"
        )

    return run
