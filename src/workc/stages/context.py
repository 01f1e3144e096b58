"""What a skill's code and a workflow function are given: the seam, seen from above.

Everything here is answered by the engine. Nothing reads a clock, draws randomness or opens a
socket by itself, which is why a replay can run the same code again.
"""

from __future__ import annotations

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


class Grant(Protocol):
    """A reservation that stands; settle it once."""

    @property
    def bound_micro_cents(self) -> int:
        """Returns what was reserved."""
        ...


class PriceTable(Protocol):
    """Prices of the run, fixed when it started."""

    def micro_cents(self, provider: str, model: str, tokens: dict[str, int]) -> int:
        """Returns ``ceil(sum of tokens x price / 10**6)``, one rounding.

        ``tokens`` maps a kind (``input``, ``output``, ``cache_read``, ``cache_write``) to a count.

        Raises:
            Refusal: ``PRICE_UNKNOWN`` for a model or a kind that has no price.
        """
        ...


class Context(Protocol):
    """Given to a skill whose first parameter is ``ctx``; such a skill awaits nothing else."""

    @property
    def prices(self) -> PriceTable:
        """Returns the price table of the run."""
        ...

    @property
    def idempotency_key(self) -> str:
        """Returns a key that is the same for every attempt of this step."""
        ...

    def now_ms(self) -> int:
        """Returns the time of the last answer, in ms since 1970; it stands still in between."""
        ...

    def uuid(self) -> str:
        """Returns the next derived UUID of this lane; the same on every replay."""
        ...

    def random(self) -> int:
        """Returns the next derived number of this lane, 0 <= n < 2**53: JSON holds it."""
        ...

    async def http(self, request: HttpRequest) -> HttpResponse:
        """Makes one HTTP exchange.

        Raises:
            Refusal: what the network or the policy said (``TIMEOUT``, ``EXTERNAL_CALL_BLOCKED``).
        """
        ...

    async def model(self, request: ModelRequest) -> ModelResponse:
        """Makes one provider call, for which a reservation must be open.

        Raises:
            Misuse: nothing is reserved.
            Refusal: as for :meth:`http`.
        """
        ...

    async def file(self, request: FileRequest) -> PortResult:
        """Reads or writes one file below a root.

        Raises:
            Refusal: what the system said (``NOT_FOUND``), or ``OPERATION_NOT_ALLOWED``.
        """
        ...

    async def program(self, request: ProgramRun) -> PortResult:
        """Runs one program to its end; its status is in the facts.

        Raises:
            Refusal: as for :meth:`file`; ``TIMEOUT``, ``OUTPUT_TOO_LARGE``.
        """
        ...

    async def publish(self, request: Publication) -> PortResult:
        """Publishes one file; the status of an answer of HTTP is in the facts.

        Raises:
            Refusal: as for :meth:`file` and :meth:`http`.
        """
        ...

    async def sleep_ms(self, delay_ms: int) -> None:
        """Waits; in a replay it does not."""
        ...

    async def reserve(self, bound_micro_cents: int, tokens: int | None = None) -> Grant:
        """Sets the upper bound of a call aside: money, one call and, if given, ``tokens``.

        Raises:
            Refusal: ``STEP_CEILING_EXCEEDED`` when the step may not cost so much;
                ``BUDGET_EXCEEDED``, ``QUOTA_EXCEEDED`` (tokens, calls) or ``TIMEOUT`` when the run
                may not, which halts it.
        """
        ...

    async def settle(
        self, grant: Grant, actual_micro_cents: int, basis: str, tokens: int | None = None
    ) -> None:
        """Commits what the call cost and frees the rest; a call that is released was none.

        ``basis`` says where the figure comes from: ``usage``, ``released`` or ``bound``. ``tokens``
        are those that were used, for ``usage`` of a reservation that was given tokens.

        Raises:
            Refusal: ``BUDGET_BOUND_VIOLATED`` when the cost is above what was reserved.
        """
        ...
