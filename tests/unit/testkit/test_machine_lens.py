"""The machine in memory lists files as the real one does."""

import asyncio

import pytest

from workc.adapters.lens import LensLooks
from workc.adapters.redaction import Redactor
from workc.adapters.root_folders import RootFolders
from workc.kernel.failure import Refusal
from workc.stages.grants import Grants
from workc.stages.observation import FileList, Variable
from workc.testkit.machine import FakeMachine

GRANTS = Grants(roots={"src": "ro"})
FILES = ["a.py", "b.txt", "x/a.py", "x/y/b.py", ".hidden.py", "é.py", "B.py", "[a].py"]


@pytest.fixture
def both(tmp_path):
    for name in FILES:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
    real = LensLooks(GRANTS, RootFolders({"src": tmp_path}), Redactor({}), None, {}, None)
    fake = FakeMachine(GRANTS, files={f"src/{name}": b"x" for name in FILES}).lens()
    return real, fake


def told(port, request):
    try:
        return asyncio.run(port.look(request))
    except Refusal as refusal:
        return refusal.failure.code


@pytest.mark.parametrize("at_most", [2, 100])
@pytest.mark.parametrize(
    "pattern",
    ["src/*.py", "src/**/*.py", "src/**", "src/x/*", "src/*/*", "src/.*", "other/*", "src/a.py"],
)
def test_both_list_the_same_files_or_refuse_by_the_same_code(both, pattern, at_most):
    real, fake = (told(port, FileList(pattern=pattern, at_most=at_most)) for port in both)
    assert real == fake


def test_the_machine_in_memory_has_files_alone(both):
    assert told(both[1], Variable("HOME")) == "NOT_FOUND"
