"""What a provider says, as the loopback server sends it."""

from __future__ import annotations

import msgspec

from workc.sim.provider import wire
from workc.sim.provider.values import Asked, Fault, ProviderName, Said
from workc.testkit.servers import Reply


def reply(asked: Asked, said: Said) -> Reply:
    """Returns the bytes that say it: one object or a stream, as the request wants it."""
    return _sent(wire.reply(asked, said))


def fault_reply(provider: ProviderName, fault: Fault, digest: str) -> Reply:
    """Returns an error with its status, body and ``Retry-After``."""
    return _sent(wire.fault_reply(provider, fault, digest))


def _sent(made: wire.Wire) -> Reply:
    return Reply(**msgspec.structs.asdict(made))
