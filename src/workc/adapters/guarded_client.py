"""Sends exchanges so that no secret comes back: neither in an answer nor in a refusal.

It is what the HTTP port and the model port share. Whoever builds it must put into ``secrets`` only
the variables that the run may use as secrets: each of their values is redacted wherever it shows.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Mapping, Sequence

import msgspec

from workc.adapters.client import HttpClient
from workc.adapters.exchange import Answer, Exchange
from workc.adapters.redaction import RedactionPass, Redactor
from workc.adapters.resolver import Resolver, resolve_name
from workc.kernel.failure import Failure, Refusal
from workc.runtime.ports import Entropy
from workc.stages.effects import Redaction
from workc.stages.network import NetworkPolicy


class CleanAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Is an answer without secrets; ``headers`` in order, names in lower case, as ISO-8859-1."""

    status: int
    headers: tuple[tuple[str, str], ...]
    chunks: tuple[bytes, ...]
    url: str
    redactions: tuple[Redaction, ...]


class GuardedClient:
    """Joins the client, the secrets and the redactor of a run."""

    def __init__(
        self,
        *,
        policy: NetworkPolicy,
        secrets: Mapping[str, str],
        entropy: Entropy,
        resolver: Resolver = resolve_name,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """Takes a copy of ``secrets`` (variable -> value); ``tls`` None trusts as the system does.

        Raises:
            Misuse: when a secret's name is not that of an environment variable.
        """
        self.secrets: Mapping[str, str] = dict(secrets)
        self._client = HttpClient(policy, resolver=resolver, tls=tls)
        self._redactor = Redactor(self.secrets)
        self._entropy = entropy

    async def perform(
        self, make: Callable[[], Exchange], split: Callable[[bytes], Sequence[bytes]]
    ) -> CleanAnswer:
        """Returns the redacted answer to the exchange that ``make`` builds, split by ``split``.

        Raises:
            Refusal: redacted, and without the exception behind it, whose text may hold a secret.
        """
        outcome = await self._try(make)
        if isinstance(outcome, Failure):
            raise Refusal(self._clean_failure(outcome))
        return self._clean_answer(outcome, split)

    async def _try(self, make: Callable[[], Exchange]) -> Answer | Failure:
        try:
            return await self._client.perform(make())
        except Refusal as refusal:
            return refusal.failure

    def _clean_answer(
        self, answer: Answer, split: Callable[[bytes], Sequence[bytes]]
    ) -> CleanAnswer:
        cleaning = self._redactor.start()
        return CleanAnswer(
            status=answer.status,
            headers=tuple(_clean_header(cleaning, *pair) for pair in answer.headers),
            chunks=cleaning.chunks(split(answer.body)),
            url=cleaning.address(answer.url),
            redactions=cleaning.redactions(self._entropy.draw),
        )

    def _clean_failure(self, failure: Failure) -> Failure:
        cleaning = self._redactor.start_in_addresses()
        details = cleaning.value(failure.details)
        return msgspec.structs.replace(
            failure,
            message=cleaning.text(failure.message),
            details=details if isinstance(details, dict) else {},
        )


def _clean_header(cleaning: RedactionPass, name: bytes, value: bytes) -> tuple[str, str]:
    return (
        cleaning.data(name).decode("latin-1").lower(),
        cleaning.data(value).decode("latin-1"),
    )
