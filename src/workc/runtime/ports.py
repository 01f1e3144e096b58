"""The ports through which the engine meets the world: protocols, each with its units.

An adapter answers them for a live run and the simulator for a scenario; both pass the same public
suite (``workc.testkit.conformance``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from workc.stages.effects import (
    FileRequest,
    HttpRequest,
    HttpResponse,
    ModelRequest,
    ModelResponse,
    PortResult,
    ProgramRun,
    Publication,
)
from workc.stages.observation import LensRequest, Observed


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


class FilePort(Protocol):
    """Reads and writes files below roots."""

    async def send(self, request: FileRequest) -> PortResult:
        """Returns what was read, or what was written; facts are ``sha256`` and ``size``.

        Of a write they also hold ``before_sha256``: the digest of what was there, or null. What is
        written is there whole or not at all.

        Raises:
            Refusal: ``OPERATION_NOT_ALLOWED`` for what is no regular file below a root that was
                given, a link included; ``INVALID_INPUT`` for a path of no form, ``NOT_FOUND``,
                ``OUTPUT_TOO_LARGE``, ``CONFLICT`` (``if_sha256``), ``FILE_FAILED``, ``TIMEOUT``.
        """
        ...


class ProgramPort(Protocol):
    """Runs programs."""

    async def send(self, request: ProgramRun) -> PortResult:
        """Returns what the program wrote; facts are ``exit`` and ``signal``, one of which is null.

        When it ends, and when this is cancelled, all that it started in its group is killed.

        Raises:
            Refusal: ``OPERATION_NOT_ALLOWED``, ``INVALID_INPUT``, ``NOT_FOUND`` (the folder),
                ``OUTPUT_TOO_LARGE``, ``FILE_FAILED`` (it cannot be started), ``TIMEOUT``.
        """
        ...


class PublishPort(Protocol):
    """Publishes files."""

    async def send(self, request: Publication) -> PortResult:
        """Returns what was published; facts are ``sha256``, ``size``, and of HTTP ``status``.

        Raises:
            Refusal: as for :meth:`FilePort.send` or :meth:`HttpPort.send`.
        """
        ...


class LensPort(Protocol):
    """Looks at what a lens names and no skill asks for."""

    async def look(self, request: LensRequest) -> Observed:
        """Returns what was seen: of a list of files their paths as JSON, in the order of their bytes.

        Raises:
            Refusal: as for :meth:`FilePort.send`; ``OUTPUT_TOO_LARGE`` for more files than asked
                for, ``NOT_FOUND`` for a variable or a run that is not there, ``BUNDLE_INVALID`` for
                a bundle that does not verify.
        """
        ...


@dataclass(frozen=True, slots=True)
class Granted:
    """A resource is held now; ``token`` is greater than each that was given of it before.

    ``forced`` is the token of a holder that had not let go, from whom it was taken.
    """

    resource: str
    token: int
    forced: int | None = None


@dataclass(frozen=True, slots=True)
class Held:
    """A resource is held ``by`` another; ``for_ms`` is for how long from now, where that is known."""

    by: str
    for_ms: int | None = None


class CoordinationPort(Protocol):
    """Claims resources for one run against all others that claim in the same place."""

    def claim(self, resource: str, owner: str) -> Granted | Held:
        """Returns that ``owner`` holds the resource from now on, or who does; it never waits.

        A holder that is dead holds nothing.

        Raises:
            Refusal: it cannot be claimed at all, such as ``STORE_UNAVAILABLE``.
        """
        ...

    def release(self, resource: str, token: int) -> None:
        """Lets go of what was granted with this token; does nothing if that is not held."""
        ...

    def let_go(self) -> None:
        """Lets go of everything that was granted here."""
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

    def files(self) -> FilePort:
        """Returns the port of files."""
        ...

    def programs(self) -> ProgramPort:
        """Returns the port of programs."""
        ...

    def publications(self) -> PublishPort:
        """Returns the port of publications."""
        ...

    def lens(self) -> LensPort:
        """Returns the port of lenses."""
        ...

    def coordination(self) -> CoordinationPort:
        """Returns a port of resources of its own for a run."""
        ...
