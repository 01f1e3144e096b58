"""Says which code of the catalog an exception of the network is: by type, never by its words.

The table is read from the root cause outward and, for each exception, from the first line down.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator

from workc.adapters.content_coding import CodingError
from workc.adapters.http_library import httpx2
from workc.kernel.failure import Failure

#: (type, code, what happened). The first line that fits wins, so subtypes stand first.
TABLE: tuple[tuple[type[BaseException], str, str], ...] = (
    (CodingError, "CONNECTION_RESET", "the encoded body is damaged, cut short or not asked for"),
    (socket.gaierror, "DNS_FAILURE", "the name does not resolve"),
    (UnicodeError, "DNS_FAILURE", "the name cannot be looked up"),
    (ssl.SSLEOFError, "CONNECTION_RESET", "the connection broke during the TLS handshake"),
    (ssl.SSLSyscallError, "CONNECTION_RESET", "the connection broke during the TLS handshake"),
    (
        ssl.SSLZeroReturnError,
        "CONNECTION_RESET",
        "the connection was closed during the TLS handshake",
    ),
    (ssl.SSLCertVerificationError, "TLS_ERROR", "the certificate is not trusted for this host"),
    (ssl.SSLError, "TLS_ERROR", "the TLS handshake failed"),
    (ConnectionRefusedError, "CONNECTION_REFUSED", "nothing accepts connections there"),
    (ConnectionError, "CONNECTION_RESET", "the connection broke"),
    (TimeoutError, "TIMEOUT", "the connection timed out"),
    (httpx2.TimeoutException, "TIMEOUT", "the connection timed out"),
    (httpx2.InvalidURL, "INVALID_INPUT", "the URL cannot be sent"),
    (httpx2.UnsupportedProtocol, "INVALID_INPUT", "the URL cannot be sent"),
    (httpx2.LocalProtocolError, "INVALID_INPUT", "the request cannot be sent as HTTP/1.1"),
    (httpx2.ConnectError, "CONNECTION_REFUSED", "the address cannot be reached"),
    (httpx2.TransportError, "CONNECTION_RESET", "the connection broke before the answer was whole"),
    (OSError, "CONNECTION_RESET", "the connection broke"),
)

#: What a lookup and an exchange may raise; anything else is a bug of ours and is not caught.
LOOKUP_ERRORS = (OSError, UnicodeError)
NETWORK_ERRORS = (OSError, httpx2.TransportError, httpx2.InvalidURL, CodingError)


def failure_of(error: BaseException, host: str, port: int) -> Failure:
    """Returns the failure that an exception of the network stands for.

    The message holds host and port and no word of the exception, which could hold a secret.
    """
    code, words = _look_up(error)
    return Failure(
        code=code,
        message=f"{host}:{port}: {words}",
        details={"host": host, "port": port, "error": type(error).__name__},
    )


def _look_up(error: BaseException) -> tuple[str, str]:
    for cause in _from_the_root(error):
        for kind, code, words in TABLE[:-1]:
            if isinstance(cause, kind):
                return code, words
    return TABLE[-1][1:]


def _from_the_root(error: BaseException) -> Iterator[BaseException]:
    chain: list[BaseException] = []
    step: BaseException | None = error
    while step is not None and step not in chain:
        chain.append(step)
        step = step.__cause__ or step.__context__
    return reversed(chain)
