"""Asks the machine's resolver for the addresses of a name.

It is a port, so that a test can say what a name resolves to. The lookup runs in a thread of the
event loop; one that is abandoned by a timeout ends with the resolver's own.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeAlias

#: Takes a host name and a port; gives its addresses as text, best first. Raises OSError.
Resolver: TypeAlias = Callable[[str, int], Awaitable[Sequence[str]]]


async def resolve_name(host: str, port: int) -> tuple[str, ...]:
    """Returns the addresses of the name in the system's order, each once.

    Raises:
        socket.gaierror: when the name has none or nobody answers.
    """
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(address[4][0]) for address in found))
