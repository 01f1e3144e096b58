"""The HTTP port over real sockets.

It refuses what the policy does not allow, keeps secrets out of everything it returns, and gives
every status back as a value. Importing it needs the package httpx2.

    adapter = HttpAdapter(GuardedClient(policy=NetworkPolicy(), secrets={}, entropy=entropy))
    response = await adapter.send(HttpRequest(method="GET", url="https://example.org/"))
"""

from __future__ import annotations

from collections.abc import Sequence

from workc.adapters.exchange import exchange_of
from workc.adapters.guarded_client import GuardedClient
from workc.stages.effects import HttpRequest, HttpResponse


class HttpAdapter:
    """Answers :class:`workc.runtime.ports.HttpPort`."""

    def __init__(self, client: GuardedClient) -> None:
        """Takes the client, which may be shared with the model port."""
        self._client = client

    async def send(self, request: HttpRequest) -> HttpResponse:
        """Returns the answer, redacted.

        Raises:
            Refusal: see :meth:`workc.runtime.ports.HttpPort.send`.
        """
        secrets = self._client.secrets
        answer = await self._client.perform(lambda: exchange_of(request, secrets), _whole)
        return HttpResponse(
            status=answer.status,
            headers=answer.headers,
            body=b"".join(answer.chunks),
            url=answer.url,
            redactions=answer.redactions,
        )


def _whole(body: bytes) -> Sequence[bytes]:
    return (body,)
