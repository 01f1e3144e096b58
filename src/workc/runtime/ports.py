"""The ports through which the engine meets the world: four protocols, each with its units.

An adapter answers them for a live run and the simulator for a scenario; both pass the same public
suite (``workc.testkit.conformance``).
"""

from __future__ import annotations

from typing import Protocol

from workc.stages.effects import HttpRequest, HttpResponse, ModelRequest, ModelResponse


class HttpPort(Protocol):
    """Makes HTTP exchanges."""

    async def send(self, request: HttpRequest) -> HttpResponse:
        """Returns the answer, whatever its status, whole, decoded and redacted.

        ``timeout_ms`` bounds the whole exchange with its redirects; 0 refuses at once.

        Raises:
            Refusal: what gave no status: ``TIMEOUT``, ``DNS_FAILURE``, ``CONNECTION_REFUSED``,
                ``CONNECTION_RESET``, ``TLS_ERROR``, ``OUTPUT_TOO_LARGE``,
                ``EXTERNAL_CALL_BLOCKED``, ``INVALID_INPUT``, ``UNAUTHORIZED`` (a secret is not
                set), ``HTTP_4XX`` (too many redirects). No message holds a secret.
        """
        ...


class ModelPort(Protocol):
    """Makes calls of model providers."""

    async def send(self, request: ModelRequest) -> ModelResponse:
        """Returns the provider's answer, whatever its status; joined, the chunks are the body.

        A stream gives one chunk for each server-sent event, with its blank line, and one for what
        follows the last; any other answer gives one chunk, or none when the body is empty.

        Raises:
            Refusal: as for :meth:`HttpPort.send`.
        """
        ...


class Clock(Protocol):
    """Tells the time and waits."""

    def now_ms(self) -> int:
        """Returns the wall clock in whole ms since 1970-01-01T00:00:00Z; it may step back."""
        ...

    async def sleep_ms(self, delay_ms: int) -> None:
        """Returns after at least ``delay_ms`` ms; 0 or less returns at once."""
        ...


class Pool(Protocol):
    """One run's share in a ceiling that it shares with others; amounts are micro-cents."""

    def reserve(self, n: int, bound: int) -> int:
        """Sets ``bound`` aside for the run's move ``n`` if it fits; returns what was left before.

        It fits if and only if it is at most what is returned. What was set aside for ``n`` once is
        not taken twice.
        """
        ...

    def settle(self, n: int, actual: int) -> None:
        """Commits ``actual`` for what was set aside for the move ``n``, once, and frees the rest."""
        ...


class Entropy(Protocol):
    """Draws random bytes that nobody can foretell."""

    def draw(self, count: int) -> bytes:
        """Returns ``count`` fresh bytes, 0 <= count."""
        ...


class Ports(Protocol):
    """Gives the ports of a run, each made when it is first asked for."""

    def http(self) -> HttpPort:
        """Returns the HTTP port."""
        ...

    def model(self) -> ModelPort:
        """Returns the model port."""
        ...
