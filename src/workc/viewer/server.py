"""The server of `workc serve`: metrics and health over HTTP, answers to GET alone, writes nothing."""

from __future__ import annotations

import socket
from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from socketserver import TCPServer
from threading import Thread
from types import TracebackType
from typing import Any, ClassVar, NamedTuple, Self

from workc.runtime.metrics.exposition import CONTENT_TYPE

#: A client that says nothing for so long is hung up on.
_PATIENCE_S = 10.0
_TEXT = "text/plain; charset=utf-8"


class _Page(NamedTuple):
    content_type: str
    text: Callable[[], str]


class ViewerServer:
    """Serves ``/metrics``, as ``metrics`` gives them, and ``/healthz``, in a thread of its own.

    ``port`` 0 lets the system choose one.

    Raises:
        OSError: nothing can listen at this address.
    """

    def __init__(self, host: str, port: int, metrics: Callable[[], str]) -> None:
        pages = {
            "/metrics": _Page(CONTENT_TYPE, metrics),
            "/healthz": _Page(_TEXT, lambda: "ok\n"),
        }
        kind = _ServerIPv6 if ":" in host else _Server
        self._server = kind((host, port), partial(_Handler, pages))
        self._thread = Thread(target=self._server.serve_forever, args=(0.05,))

    @property
    def base_url(self) -> str:
        """Returns the address that it listens at, without a slash at the end."""
        host, port = self._server.server_address[:2]
        shown = f"[{host!s}]" if ":" in str(host) else str(host)
        return f"http://{shown}:{port}"

    @property
    def is_local(self) -> bool:
        """Returns whether only this machine can reach it."""
        return ip_address(str(self._server.server_address[0])).is_loopback

    def __enter__(self) -> Self:
        """Begins to answer."""
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Ends the server's thread and frees the port; an answer under way is not waited for."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    # Connections that hang would hold up the end.
    block_on_close = False

    def server_bind(self) -> None:
        """Binds, and asks nobody for the name of this machine."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = "workc", int(self.server_address[1])

    def handle_error(self, request: object, client_address: object) -> None:
        """Says nothing of a client that went away."""


class _ServerIPv6(_Server):
    address_family = int(socket.AF_INET6)


class _Handler(BaseHTTPRequestHandler):
    server_version = "workc"
    sys_version = ""
    timeout: ClassVar[float | None] = _PATIENCE_S

    # The base class answers within its constructor and types its parameters itself.
    def __init__(self, pages: dict[str, _Page], request: Any, address: Any, server: Any) -> None:  # noqa: ANN401
        self._pages = pages
        super().__init__(request, address, server)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        """Says nothing: a scrape every few seconds is no news."""

    def do_GET(self) -> None:
        """Answers with a page, or with 404."""
        page = self._pages.get(self.path.partition("?")[0])
        if page is None:
            known = " and ".join(self._pages)
            self._send(HTTPStatus.NOT_FOUND, _TEXT, f"there are {known}\n")
            return
        self._send(HTTPStatus.OK, page.content_type, page.text())

    do_HEAD = do_GET

    def _send(self, status: HTTPStatus, content_type: str, text: str) -> None:
        data = text.encode("utf-8")
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(data)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)
