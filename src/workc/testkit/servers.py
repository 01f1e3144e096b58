"""Small real servers on the loopback interface, for tests: scripted answers, recorded requests.

    with LoopbackServer({"/hello": Reply(body=b"hi")}) as server:
        ...  # ask server.base_url + "/hello"
    assert server.requests[0].path == "/hello"

They listen on a free port of 127.0.0.1 (or another loopback address), answer in threads and are
gone when the ``with`` block ends. An unknown path gets status 404.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Literal, Self
from urllib.parse import parse_qsl, urlsplit

import msgspec


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """Is what the server does when a path is asked for.

    ``chunks`` sends the body with chunked coding instead of ``body``. ``raw`` sends these bytes
    as they are, status line and all, and closes. ``then`` says what follows: ``end`` (the answer is
    whole), ``reset`` the connection, or ``hang`` (say nothing more until the server ends).
    ``length`` overrides the Content-Length, to promise more than comes.
    """

    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    chunks: tuple[bytes, ...] | None = None
    raw: bytes | None = None
    length: int | None = None
    then: Literal["end", "reset", "hang"] = "end"


class SeenRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Is a request as the server got it; header names in lower case, in order, repeats kept."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    body: bytes

    @property
    def path(self) -> str:
        """Returns the path without the query."""
        return urlsplit(self.target).path

    @property
    def query(self) -> tuple[tuple[str, str], ...]:
        """Returns the decoded pairs of the query."""
        return tuple(parse_qsl(urlsplit(self.target).query, keep_blank_values=True))

    def header(self, name: str) -> str | None:
        """Returns the first value of a header, or None."""
        return next((value for seen, value in self.headers if seen == name), None)


class LoopbackServer:
    """Serves a table from path to reply; see the module."""

    def __init__(
        self,
        replies: Mapping[str, Reply],
        *,
        host: str = "127.0.0.1",
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """Takes the script; a sequence of replies for one path is not needed, so there is none."""
        self.replies: dict[str, Reply] = dict(replies)
        self.requests: list[SeenRequest] = []
        self.released = threading.Event()
        self._tls = tls
        self._server = _listen(self, host, tls)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))

    @property
    def port(self) -> int:
        """Returns the port, which the system chose."""
        return int(self._server.server_address[1])

    @property
    def host(self) -> str:
        """Returns the address it listens on."""
        return str(self._server.server_address[0])

    @property
    def base_url(self) -> str:
        """Returns the URL of the server, without a slash at the end."""
        scheme = "http" if self._tls is None else "https"
        shown = f"[{self.host}]" if ":" in self.host else self.host
        return f"{scheme}://{shown}:{self.port}"

    def __enter__(self) -> Self:
        """Starts to answer."""
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Ends every connection and waits for the server's thread."""
        self.released.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Says nothing: a client that goes away is what many tests are about."""


class _ServerIPv6(_Server):
    address_family = int(socket.AF_INET6)


def _listen(owner: LoopbackServer, host: str, tls: ssl.SSLContext | None) -> _Server:
    """Returns a bound server; bound by hand, since HTTPServer would look up this machine's name."""
    kind = _ServerIPv6 if ":" in host else _Server
    server = kind((host, 0), partial(_Handler, owner), bind_and_activate=False)
    server.socket.bind((host, 0))
    server.server_address = server.socket.getsockname()
    server.server_activate()
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    return server


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    # The base class answers within its constructor and types its parameters itself.
    def __init__(self, owner: LoopbackServer, request: Any, address: Any, server: Any) -> None:  # noqa: ANN401
        self._owner = owner
        super().__init__(request, address, server)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        """Says nothing."""

    def __getattr__(self, name: str) -> Callable[[], None]:
        """Answers every method alike."""
        if name.startswith("do_"):
            return self._answer
        raise AttributeError(name)

    def _answer(self) -> None:
        seen = SeenRequest(
            method=self.command,
            target=self.path,
            headers=tuple((name.lower(), value) for name, value in self.headers.items()),
            body=self.rfile.read(int(self.headers.get("content-length") or 0)),
        )
        self._owner.requests.append(seen)
        reply = self._owner.replies.get(seen.path, Reply(status=404))
        odd = reply.then != "end" or reply.raw is not None or reply.length is not None
        self.close_connection = self.close_connection or odd
        with contextlib.suppress(ConnectionError):
            self._send(reply)
            self._afterwards(reply.then)

    def _send(self, reply: Reply) -> None:
        if reply.raw is not None:
            self.wfile.write(reply.raw)
            return
        self.send_response_only(reply.status)
        for name, value in (*reply.headers, *_framing(reply)):
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self._send_body(reply)

    def _send_body(self, reply: Reply) -> None:
        if reply.chunks is None:
            self.wfile.write(reply.body)
            return
        for chunk in reply.chunks:
            self.wfile.write(b"%x\r\n%b\r\n" % (len(chunk), chunk))
        if reply.then == "end":
            self.wfile.write(b"0\r\n\r\n")

    def _afterwards(self, then: str) -> None:
        self.wfile.flush()
        if then == "hang":
            self._owner.released.wait()
        if then == "reset":
            # A linger time of 0 makes close send RST instead of FIN (socket(7)).
            linger = struct.pack("ii", 1, 0)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            self.connection.close()


def _framing(reply: Reply) -> Sequence[tuple[str, str]]:
    if reply.chunks is not None:
        return (("transfer-encoding", "chunked"),)
    length = len(reply.body) if reply.length is None else reply.length
    return (("content-length", str(length)),)


class RawServer:
    """Accepts connections, says ``script`` at once whatever comes, and closes.

    Good for peers that speak no HTTP or no TLS, and for a port that accepts and stays silent
    (``script`` None).
    """

    def __init__(self, script: bytes | None) -> None:
        """Takes the bytes to say."""
        self._script = script
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._held: list[socket.socket] = []
        self._thread = threading.Thread(target=self._serve)

    @property
    def port(self) -> int:
        """Returns the port, which the system chose."""
        return int(self._listener.getsockname()[1])

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self._held.append(connection)
                self._say(connection)

    def _say(self, connection: socket.socket) -> None:
        if self._script is None:
            return
        with contextlib.suppress(OSError):
            connection.recv(65_536)
            connection.sendall(self._script)
            connection.shutdown(socket.SHUT_WR)

    def __enter__(self) -> Self:
        """Starts to accept."""
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Closes everything."""
        # On Linux, close alone does not wake a thread that waits in accept; shutdown does.
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()
        for connection in self._held:
            connection.close()
