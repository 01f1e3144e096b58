"""The loopback servers of the testkit, asked without our client."""

import contextlib
import socket
from http.client import HTTPConnection

from workc.testkit.servers import LoopbackServer, RawServer, Reply


def test_a_server_answers_its_script_and_remembers_what_it_was_asked() -> None:
    with LoopbackServer({"/a": Reply(status=201, headers=(("X", "1"),), body=b"hi")}) as server:
        connection = HTTPConnection(server.host, server.port)
        connection.request("PUT", "/a?b=c&d=", body=b"in", headers={"A": "1"})
        response = connection.getresponse()
        assert (response.status, response.getheader("x"), response.read()) == (201, "1", b"hi")
        connection.request("GET", "/unknown")
        assert connection.getresponse().status == 404
        connection.close()
        first, second = server.requests
    assert (first.method, first.path, first.body) == ("PUT", "/a", b"in")
    assert first.query == (("b", "c"), ("d", ""))
    assert first.header("a") == "1"
    assert second.header("a") is None


def test_a_server_that_ended_accepts_nothing_more() -> None:
    with LoopbackServer({"/": Reply(raw=b"", then="hang")}) as server:
        hanging = socket.create_connection((server.host, server.port))
        hanging.sendall(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
    with RawServer(None) as raw:
        silent = socket.create_connection(("127.0.0.1", raw.port))
    for connection in (hanging, silent):
        with connection, contextlib.suppress(ConnectionResetError):
            assert connection.recv(10) == b""
    with socket.socket() as again:
        assert again.connect_ex(("127.0.0.1", server.port)) != 0


def test_what_is_no_request_is_answered_and_not_remembered() -> None:
    with (
        LoopbackServer({}) as server,
        socket.create_connection((server.host, server.port)) as connection,
    ):
        connection.sendall(b"garbage\r\n\r\n")
        assert b"400" in connection.recv(1000)
    assert server.requests == []
