"""The table from exceptions to codes."""

import errno
import socket
import ssl

import pytest

from workc.adapters.content_coding import CodingError
from workc.adapters.http_library import httpx2
from workc.adapters.transport_errors import LOOKUP_ERRORS, NETWORK_ERRORS, TABLE, failure_of
from workc.kernel.catalog import CATALOG


def caused(outer: BaseException, *causes: BaseException) -> BaseException:
    """Returns ``outer``, raised from the first cause, raised from the next, and so on."""
    step = outer
    for cause in causes:
        step.__cause__ = cause
        step = cause
    return outer


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (httpx2.ConnectError("timeout rate limit"), "CONNECTION_REFUSED"),
        (httpx2.ReadError("connection refused"), "CONNECTION_RESET"),
        (httpx2.WriteError(""), "CONNECTION_RESET"),
        (httpx2.RemoteProtocolError(""), "CONNECTION_RESET"),
        (httpx2.LocalProtocolError(""), "INVALID_INPUT"),
        (httpx2.UnsupportedProtocol(""), "INVALID_INPUT"),
        (httpx2.InvalidURL(""), "INVALID_INPUT"),
        (httpx2.ReadTimeout(""), "TIMEOUT"),
        (httpx2.PoolTimeout(""), "TIMEOUT"),
        (CodingError(""), "CONNECTION_RESET"),
        (socket.gaierror(-2, ""), "DNS_FAILURE"),
        (UnicodeError(""), "DNS_FAILURE"),
        (OSError(errno.EIO, ""), "CONNECTION_RESET"),
        (
            caused(httpx2.ConnectError(""), OSError(), ConnectionRefusedError()),
            "CONNECTION_REFUSED",
        ),
        (caused(httpx2.ConnectError(""), OSError(), ConnectionResetError()), "CONNECTION_RESET"),
        (caused(httpx2.ConnectError(""), OSError(errno.EHOSTUNREACH, "")), "CONNECTION_REFUSED"),
        (caused(httpx2.ConnectError(""), OSError(), TimeoutError()), "TIMEOUT"),
        (caused(httpx2.ConnectError(""), ssl.SSLError()), "TLS_ERROR"),
        (caused(httpx2.ConnectError(""), ssl.SSLCertVerificationError()), "TLS_ERROR"),
        (caused(httpx2.ConnectError(""), ssl.SSLEOFError()), "CONNECTION_RESET"),
        (caused(httpx2.ConnectError(""), ssl.SSLSyscallError()), "CONNECTION_RESET"),
        (caused(httpx2.ConnectError(""), ssl.SSLZeroReturnError()), "CONNECTION_RESET"),
        (caused(httpx2.ReadError(""), BrokenPipeError()), "CONNECTION_RESET"),
    ],
)
def test_pitfall_28_the_code_follows_from_types_and_not_from_words(error, code) -> None:
    failure = failure_of(error, "h", 1)
    assert failure.code == code
    assert failure.message.startswith("h:1: ")
    assert failure.details == {"host": "h", "port": 1, "error": type(error).__name__}


def test_the_context_counts_where_there_is_no_cause_and_circles_end() -> None:
    outer, inner = httpx2.ConnectError(""), ConnectionRefusedError()
    outer.__context__, inner.__context__ = inner, outer
    assert failure_of(outer, "h", 1).code == "CONNECTION_REFUSED"


def test_every_code_of_the_table_is_in_the_catalog() -> None:
    assert {code for _, code, _ in TABLE} <= set(CATALOG)


def test_every_line_of_the_table_can_be_reached_and_is_caught() -> None:
    for index, (kind, _, _) in enumerate(TABLE):
        assert not any(issubclass(kind, earlier) for earlier, _, _ in TABLE[:index])
        assert issubclass(kind, NETWORK_ERRORS + LOOKUP_ERRORS)


def test_bugs_of_ours_are_not_network_errors() -> None:
    for bug in (TypeError, KeyError, AttributeError, AssertionError, RuntimeError):
        assert not issubclass(bug, NETWORK_ERRORS + LOOKUP_ERRORS)
