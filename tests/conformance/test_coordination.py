"""Resources in a store and in memory pass the public suite."""

from itertools import count

import pytest

from workc.adapters.lock_folder import LockFolder
from workc.adapters.memory_locks import LockTable, MemoryLocks
from workc.testkit.conformance.coordination import COORDINATION_CASES


class Folder:
    """A folder of a store; a killed run's files are closed as they are."""

    def __init__(self, path):
        self.path = path

    def port(self):
        return LockFolder(self.path)

    def kill(self, port):
        port.drop()


class Table:
    """A table in memory."""

    def __init__(self):
        self.table = LockTable()

    def port(self):
        return MemoryLocks(self.table)

    def kill(self, port):
        port.drop()


@pytest.mark.parametrize("sentence", COORDINATION_CASES)
def test_a_folder_conforms(sentence, tmp_path):
    numbers = count()
    COORDINATION_CASES[sentence](lambda: Folder(tmp_path / str(next(numbers)) / "locks"))


@pytest.mark.parametrize("sentence", COORDINATION_CASES)
def test_a_table_conforms(sentence):
    COORDINATION_CASES[sentence](Table)
