"""The port of lenses over the machine, in memory, and by a script: all of them pass the public suite."""

import asyncio
import os
from types import SimpleNamespace

import pytest

from workc import Runtime
from workc.api.live_ports import LivePorts
from workc.api.network import NetworkPorts
from workc.kernel import jcs
from workc.kernel.failure import Failure
from workc.sim.ports import Scripted, ScriptedWorld
from workc.stages.grants import Grants
from workc.stages.network import NetworkPolicy
from workc.stages.observation import Origin
from workc.testkit.conformance.lens import FILES, LIST_CASES, OUTPUT, PROOF_CASES, LensWorld
from workc.testkit.machine import FakeMachine

GRANTS = Grants(roots={"repo": "ro"})
FLOW = """\
workc: 1
name: seven
steps: {s: {skill: json_transform, with: {data: {n: 7}, expression: "@"}}}
output: "${steps.s.result}"
"""


def fake():
    return LensWorld(FakeMachine(GRANTS, files=FILES).lens())


@pytest.fixture
def real(tmp_path):
    for path, data in FILES.items():
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
    (tmp_path / "flow.yaml").write_text(FLOW)
    entropy = SimpleNamespace(draw=bytes)

    def make():
        store, proof = tmp_path / "store", tmp_path / "repo/proof"
        ran = Runtime(store=store).run(tmp_path / "flow.yaml", out=proof)
        assert ran.output == OUTPUT
        network = NetworkPorts(NetworkPolicy(), {}, {**os.environ, "LANG": "de"}, entropy)
        network.environment.pop("GONE", None)
        ports = LivePorts(network, GRANTS, {"repo": tmp_path / "repo"}, store)
        origin = Origin(run_id=ran.run_id, proof_digest=ran.proof_digest)
        return LensWorld(ports.lens(), origin, ran.timings.ended_ms)

    return make


def bare(tmp_path):
    network = NetworkPorts(NetworkPolicy(), {}, {}, SimpleNamespace(draw=bytes))
    return LensWorld(LivePorts(network, GRANTS, {"repo": tmp_path / "repo"}, None).lens())


def failing(code):
    return [Scripted(failure=Failure(code=code, message="scripted"))]


def scripted():
    origin = Origin(run_id="0a1b", proof_digest="ab" * 32)
    facts = {"run_id": origin.run_id, "proof_digest": origin.proof_digest}
    proven = [Scripted(chunks=(jcs.encode(OUTPUT),), facts=facts, dated_ms=5)]
    script = {
        "environment LANG": [Scripted(chunks=(b"d", b"e"))],
        "environment GONE": failing("NOT_FOUND"),
        "run 0a1b": proven,
        "run last": proven,
        "run zzz": failing("NOT_FOUND"),
        "bundle repo/proof": proven,
        "bundle repo/b": failing("BUNDLE_INVALID"),
        "bundle repo/none": failing("NOT_FOUND"),
    }
    return LensWorld(ScriptedWorld(script).lens(), origin, 5)


@pytest.mark.parametrize("sentence", LIST_CASES)
def test_the_machine_in_memory_lists_as_the_real_one(sentence):
    asyncio.run(LIST_CASES[sentence](fake))


@pytest.mark.parametrize("sentence", LIST_CASES)
def test_the_real_one_lists(sentence, real, tmp_path):
    asyncio.run(LIST_CASES[sentence](lambda: bare(tmp_path)))


@pytest.mark.parametrize("sentence", PROOF_CASES)
def test_the_scripted_one_conforms(sentence):
    asyncio.run(PROOF_CASES[sentence](scripted))


@pytest.mark.parametrize("sentence", PROOF_CASES)
def test_the_real_one_conforms(sentence, real):
    asyncio.run(PROOF_CASES[sentence](real))
