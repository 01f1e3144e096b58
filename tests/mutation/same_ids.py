"""A pytest plugin: a test that is collected again in one process has the name that it had before.

mutmut collects the tests, and then runs them by name in children of the same process. pytest keeps
the names of ``parametrize(ids=...)`` and escapes them once more, so a name with a backslash would
not be found.
"""

import pytest


@pytest.hookimpl(tryfirst=True)
def pytest_generate_tests(metafunc):
    for mark in metafunc.definition.iter_markers("parametrize"):
        if mark._param_ids_from is not None:
            object.__setattr__(mark._param_ids_from, "_param_ids_generated", None)
