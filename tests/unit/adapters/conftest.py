"""What the tests of the adapters share: a way to send, and servers that end with the test."""

import asyncio
import ssl
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest

from workc.adapters.guarded_client import GuardedClient
from workc.adapters.http import HttpAdapter
from workc.adapters.model_http import ModelAdapter
from workc.kernel.failure import Failure, Refusal
from workc.stages.effects import HttpRequest, HttpResponse, ModelRequest, ModelResponse
from workc.stages.network import NetworkPolicy
from workc.testkit.servers import LoopbackServer, RawServer, Reply

TLS = Path(__file__).parents[2] / "vectors" / "tls"


class Sender:
    """Sends over a new client under the given policy, secrets and resolver."""

    def __init__(self) -> None:
        self.policy = NetworkPolicy()
        self.secrets: dict[str, str] = {}
        self.settings: dict[str, str] = {}
        self.names: dict[str, Sequence[str]] = {}
        self.lookups: list[str] = []
        self.tls: ssl.SSLContext | None = None
        self.draws = 0

    def draw(self, count: int) -> bytes:
        self.draws += 1
        return bytes([self.draws]) * count

    async def resolve(self, host: str, port: int) -> Sequence[str]:
        self.lookups.append(host)
        return self.names[host]

    def client(self) -> GuardedClient:
        extra = {"resolver": self.resolve} if self.names else {}
        return GuardedClient(
            policy=self.policy, secrets=self.secrets, entropy=self, tls=self.tls, **extra
        )

    def http(self, url: object, method: str = "GET", **fields: object) -> HttpResponse:
        request = HttpRequest(method=method, url=url, **fields)
        return asyncio.run(HttpAdapter(self.client()).send(request))

    def model(self, **fields: object) -> ModelResponse:
        adapter = ModelAdapter(self.client(), self.settings)
        return asyncio.run(adapter.send(ModelRequest(**fields)))

    def refused(self, url: object, method: str = "GET", **fields: object) -> Failure:
        with pytest.raises(Refusal) as caught:
            self.http(url, method, **fields)
        assert caught.value.__cause__ is None
        assert caught.value.__context__ is None
        return caught.value.failure


@pytest.fixture
def sender() -> Sender:
    return Sender()


@pytest.fixture
def serve() -> Iterator[Callable[..., LoopbackServer]]:
    with ExitStack() as stack:

        def start(replies: dict[str, Reply], **options: object) -> LoopbackServer:
            return stack.enter_context(LoopbackServer(replies, **options))

        yield start


@pytest.fixture
def serve_raw() -> Iterator[Callable[[bytes | None], RawServer]]:
    with ExitStack() as stack:
        yield lambda script: stack.enter_context(RawServer(script))


@pytest.fixture
def server_tls() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(TLS / "cert.pem", TLS / "key.pem")
    return context


@pytest.fixture
def trusting_tls() -> ssl.SSLContext:
    return ssl.create_default_context(cafile=TLS / "cert.pem")
