"""Sockets that lead nowhere: while a test replays, nothing in its process reaches the network."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any, Literal, cast, get_args

from workc.kernel.arguments import choice

Sockets = Literal["closed", "loopback", "open"]
_HINT = (
    "this test runs from recordings, so its sockets are closed; record with --workc=record-missing, "
    "or mark it @pytest.mark.workc(sockets='loopback')"
)


class SocketsAreClosed(Exception):
    """Is raised where code connects while sockets are closed."""


@contextmanager
def closed(sockets: Sockets) -> Generator[None, None, None]:
    """Refuses connections of this process over IP while it lasts, as far as ``sockets`` says.

    What is inherited or connected already, and sockets of other families, stay as they are.
    """
    choice("sockets", sockets, get_args(Sockets))
    if sockets == "open":
        yield
        return
    kept = {name: getattr(socket.socket, name) for name in ("connect", "connect_ex")}
    for name, method in kept.items():
        setattr(socket.socket, name, _guarded(method, sockets))
    try:
        yield
    finally:
        for name, method in kept.items():
            setattr(socket.socket, name, method)


def _guarded(method: Callable[..., Any], sockets: Sockets) -> Callable[..., Any]:
    def guarded(self: socket.socket, address: object) -> object:
        if self.family in (socket.AF_INET, socket.AF_INET6) and not (
            sockets == "loopback" and _is_loopback(address)
        ):
            raise SocketsAreClosed(f"connecting to {address!r:.200}: {_HINT}")
        return method(self, address)

    return guarded


def _is_loopback(address: object) -> bool:
    host = cast("tuple[object, ...]", address)[0] if isinstance(address, tuple) else ""
    try:
        return ipaddress.ip_address(str(host)).is_loopback
    except ValueError:
        return host == "localhost"
