"""The real adapters of files, programs and publications pass the public suite, and so does the fake."""

import asyncio
import os
from itertools import count

import pytest

from workc.api.live_ports import LivePorts
from workc.api.network import NetworkPorts
from workc.stages.effects import ProgramRun, Publication
from workc.stages.grants import Grants
from workc.stages.network import NetworkPolicy
from workc.testkit.conformance.machine import FILES, MACHINE_CASES, Machine
from workc.testkit.machine import FakeEnd, FakeMachine


class Entropy:
    """Gives zeros."""

    def draw(self, count: int) -> bytes:
        return bytes(count)


def fake(grants: Grants) -> Machine:
    programs = {
        "cat": lambda request: FakeEnd(output=request.stdin),
        "false": lambda _: FakeEnd(exit=1),
    }
    return FakeMachine(grants, files=FILES, programs=programs)


@pytest.fixture
def real(tmp_path):
    numbers = count()

    def make(grants: Grants) -> Machine:
        home = tmp_path / str(next(numbers))
        for path, data in FILES.items():
            file = home / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data)
        folders = {name: home / name for name in ("repo", "docs")}
        network = NetworkPorts(NetworkPolicy(), {}, dict(os.environ), Entropy())
        return LivePorts(network, grants, folders, None)

    return make


@pytest.mark.parametrize("sentence", MACHINE_CASES)
def test_the_fake_conforms(sentence):
    asyncio.run(MACHINE_CASES[sentence](fake))


@pytest.mark.parametrize("sentence", MACHINE_CASES)
def test_the_real_one_conforms(sentence, real):
    asyncio.run(MACHINE_CASES[sentence](real))


def test_the_fake_tells_what_was_done():
    grants = Grants(programs=("cat",), targets=("https://files.example/up",))
    machine = FakeMachine(grants, programs={"cat": lambda _: FakeEnd()})
    asyncio.run(machine.programs().send(ProgramRun(argv=("cat", "a"))))
    there = Publication(to="https://files.example/up", name="x", data=b"1")
    told = asyncio.run(machine.publications().send(there))
    assert told.facts["status"] == 201
    assert machine.ran == [("cat", "a")]
    assert machine.published == {"https://files.example/up/x": b"1"}
