"""The real adapters pass the public suites, over real loopback sockets."""

import asyncio
from collections.abc import Iterator, Mapping

import pytest

from workc.adapters.guarded_client import GuardedClient
from workc.adapters.http import HttpAdapter
from workc.adapters.model_http import ModelAdapter
from workc.runtime.ports import HttpPort, ModelPort
from workc.stages.effects import HttpResponse
from workc.stages.network import NetworkPolicy
from workc.testkit.conformance.expect import (
    NotConforming,
    expect_equal,
    expect_in,
    expect_refusal,
)
from workc.testkit.conformance.http import HTTP_CASES, HTTP_SCRIPT
from workc.testkit.conformance.model import MODEL_CASES, MODEL_SCRIPT
from workc.testkit.servers import LoopbackServer


class CountingEntropy:
    """Gives bytes that differ from call to call."""

    def __init__(self) -> None:
        self.calls = 0

    def draw(self, count: int) -> bytes:
        self.calls += 1
        return self.calls.to_bytes(count, "big")


def client(policy: NetworkPolicy, secrets: Mapping[str, str]) -> GuardedClient:
    return GuardedClient(policy=policy, secrets=secrets, entropy=CountingEntropy())


def http_port(*, policy: NetworkPolicy, secrets: Mapping[str, str]) -> HttpPort:
    return HttpAdapter(client(policy, secrets))


def model_port(*, policy: NetworkPolicy, secrets: Mapping[str, str]) -> ModelPort:
    return ModelAdapter(client(policy, secrets), settings={})


@pytest.fixture(scope="module")
def http_server() -> Iterator[LoopbackServer]:
    with LoopbackServer(HTTP_SCRIPT) as server:
        yield server


@pytest.fixture(scope="module")
def model_server() -> Iterator[LoopbackServer]:
    with LoopbackServer(MODEL_SCRIPT) as server:
        yield server


@pytest.mark.parametrize("sentence", HTTP_CASES)
def test_the_http_adapter_conforms(sentence: str, http_server: LoopbackServer) -> None:
    asyncio.run(HTTP_CASES[sentence](http_port, http_server.base_url))


@pytest.mark.parametrize("sentence", MODEL_CASES)
def test_the_model_adapter_conforms(sentence: str, model_server: LoopbackServer) -> None:
    asyncio.run(MODEL_CASES[sentence](model_port, model_server.base_url))


class Echo:
    """A port that answers everything alike, as a fake that was never checked would."""

    async def send(self, request: object) -> object:
        return HttpResponse(status=200, body=b"ok")


@pytest.mark.parametrize("sentence", HTTP_CASES)
def test_a_port_that_makes_answers_up_fails_every_case(sentence: str) -> None:
    def make(**_: object) -> Echo:
        return Echo()

    with pytest.raises((NotConforming, KeyError)):
        asyncio.run(HTTP_CASES[sentence](make, "http://127.0.0.1:9"))


def test_the_checks_tell_what_was_expected_and_what_came() -> None:
    with pytest.raises(NotConforming, match="the size: expected 2, got 1"):
        expect_equal(1, 2, "the size")

    with pytest.raises(NotConforming, match="expected 'a' in 'bc'"):
        expect_in("a", "bc")

    async def answer() -> str:
        return "fine"

    with pytest.raises(NotConforming, match="expected a refusal with TIMEOUT, got 'fine'"):
        asyncio.run(expect_refusal(answer(), "TIMEOUT"))
