"""Reads a URL into the host that is really meant: one reading, used for policy, DNS, TLS and Host.

Most ways around a network policy are two readers that disagree about one URL, so here is one:

1. only ``http`` and ``https``; no user information; no control characters, blanks or backslashes
   in the authority; ports 1 to 65535 (RFC 3986, section 3; RFC 9110, section 4.2);
2. host names become lower case, lose one trailing dot, and become ASCII by IDNA 2003; the four
   letters that IDNA 2008 reads otherwise are refused (RFC 3490; RFC 5894, section 7.2);
3. what looks like an IPv4 address is one, in every form that ``inet_aton`` reads: ``127.1``,
   ``0x7f.1``, ``0177.0.0.1`` and ``2130706433`` are all ``127.0.0.1``; a malformed one is refused;
4. IPv6 addresses stand in brackets and have no zone id; IPv4-mapped ones become their IPv4 address.

>>> parse_url("HTTP://0x7f.1:8080/a?b=c#d").text
'http://127.0.0.1:8080/a?b=c'
"""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv6Address
from urllib.parse import quote, urljoin

import msgspec

from workc.kernel.failure import Refusal, refuse

#: Far above the 8000 octets that RFC 9110, section 4.1 asks every peer to take.
MAX_URL_CHARS = 32_768
#: RFC 1035, section 2.3.4, as text and without the root's dot.
MAX_NAME_CHARS = 253

DEFAULT_PORTS = {"http": 80, "https": 443}

_URL = re.compile(r"([^:/?#]+)://([^/?#]*)([^?#]*)(\?[^#]*)?(?:#.*)?", re.DOTALL)
_THROUGH_AUTHORITY = re.compile(r"(?:[^:/?#]*://)?[^/?#]*")
_AUTHORITY = re.compile(r"(\[[^\[\]]*\]|[^:\[\]]*)(?::([0-9]{0,5}))?")
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_NUMBER = re.compile(r"0x[0-9a-f]*|[0-9]+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_NOT_IN_AUTHORITY = re.compile(r"[\s\\%<>^`{|}\"]")
#: IDNA 2008 and IDNA 2003 send these to different hosts (RFC 5894, section 7.2).
_AMBIGUOUS_LETTERS = re.compile("[\u00df\u03c2\u200c\u200d]")
#: RFC 3986, section 3.3 and 3.4; ``%`` stays because the text may be encoded already.
_KEPT_IN_TARGET = "/?:@!$&'()*+,;=%-._~"


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """Is where a request goes. ``host`` is normal: an ASCII name or an IP address, no brackets.

    ``path`` starts with ``/`` and holds the query too; it is percent-encoded ASCII.
    """

    scheme: str
    host: str
    port: int
    path: str

    @property
    def origin(self) -> tuple[str, str, int]:
        """Returns scheme, host and port: what must be equal for credentials to go along."""
        return (self.scheme, self.host, self.port)

    @property
    def authority(self) -> str:
        """Returns the value of the Host header: no port when it is the scheme's own."""
        return authority_of(self.scheme, self.host, self.port)

    @property
    def text(self) -> str:
        """Returns the URL, without a fragment."""
        return f"{self.scheme}://{self.authority}{self.path}"


def authority_of(scheme: str, host: str, port: int) -> str:
    """Returns ``host`` or ``host:port``, with brackets around an IPv6 address."""
    shown = f"[{host}]" if ":" in host else host
    return shown if port == DEFAULT_PORTS[scheme] else f"{shown}:{port}"


def parse_url(url: str) -> Target:
    """Returns the target of an absolute URL.

    Raises:
        Refusal: ``INVALID_INPUT``; the message holds no part of the URL but scheme and host.
    """
    _check_text(url)
    match = _URL.fullmatch(url)
    if match is None:
        raise _bad("the URL is not of the form scheme://host/path")
    scheme, authority, path, query = match.groups()
    scheme = scheme.lower()
    if scheme not in DEFAULT_PORTS:
        raise _bad("the scheme of the URL must be http or https")
    host, port = _parse_authority(authority, DEFAULT_PORTS[scheme])
    return Target(scheme=scheme, host=host, port=port, path=_encode(path or "/", query or ""))


def end_of_authority(url: str) -> int:
    """Returns how many characters scheme and authority have, also where the URL is not valid."""
    match = _THROUGH_AUTHORITY.match(url)
    return match.end() if match else 0


def join_url(base: Target, reference: str) -> Target:
    """Returns the target that a ``Location`` header leads to (RFC 3986, section 5).

    Raises:
        Refusal: ``INVALID_INPUT``, as for :func:`parse_url`.
    """
    _check_text(reference)
    try:
        joined = urljoin(base.text, reference)
    except ValueError:
        joined = ""
    return parse_url(joined)


def normal_host(host: str) -> str:
    """Returns the host in its one form: an ASCII name in lower case, or an IP address.

    Raises:
        Refusal: ``INVALID_INPUT`` for what is neither.
    """
    if host.startswith("["):
        return _read_ipv6(host[1:-1])
    name = _to_ascii(host)
    labels = name.removesuffix(".").split(".")
    if _NUMBER.fullmatch(labels[-1]):
        return _read_ipv4(labels)
    if len(name) > MAX_NAME_CHARS or not all(_LABEL.fullmatch(label) for label in labels):
        raise _bad("the host is not a valid name")
    return ".".join(labels)


def _check_text(url: str) -> None:
    if len(url) > MAX_URL_CHARS:
        raise _bad(f"the URL is longer than {MAX_URL_CHARS} characters")
    if _CONTROL.search(url) or url != url.strip():
        raise _bad("the URL holds a control character, or a blank at an end")


def _parse_authority(authority: str, default_port: int) -> tuple[str, int]:
    if "@" in authority:
        raise _bad("the URL holds user information; use a header with a secret")
    match = _AUTHORITY.fullmatch(authority)
    if match is None or _NOT_IN_AUTHORITY.search(authority):
        raise _bad("the URL has no valid host and port")
    port = int(match[2] or default_port)
    if not 1 <= port <= 65_535:
        raise _bad("the port must be 1 to 65535")
    return normal_host(match[1]), port


def _to_ascii(host: str) -> str:
    if _AMBIGUOUS_LETTERS.search(host):
        raise _bad("the host has a letter that is read in two ways; write it in its xn-- form")
    try:
        return host.encode("idna").decode("ascii").lower()
    except UnicodeError:
        failed = _bad("the host is not a valid name")
    raise failed


def _read_ipv4(parts: list[str]) -> str:
    """Returns the address as ``inet_aton`` reads it: the last part fills what is left."""
    if len(parts) > 4 or not all(_NUMBER.fullmatch(part) for part in parts):
        raise _bad("the host looks like an IPv4 address and is none")
    *heads, last = [_read_number(part) for part in parts]
    room = 8 * (4 - len(heads))
    if any(head > 255 for head in heads) or last >= 1 << room:
        raise _bad("the host looks like an IPv4 address and is none")
    high = int.from_bytes(bytes(heads), "big") << room
    return str(IPv4Address(high | last))


def _read_number(part: str) -> int:
    base = 16 if part.startswith("0x") else 8 if part.startswith("0") else 10
    digits = part.removeprefix("0x").lstrip("0") if base != 10 else part
    if len(part) > 32 or part == "0x" or (base == 8 and re.search("[89]", digits)):
        raise _bad("the host looks like an IPv4 address and is none")
    return int(digits or "0", base)


def _read_ipv6(text: str) -> str:
    if "%" in text:
        raise _bad("the host is an IPv6 address with a zone id")
    try:
        address = IPv6Address(text)
    except ValueError:
        failed = _bad("the host is not a valid IPv6 address")
    else:
        return str(address.ipv4_mapped or address)
    raise failed


def _encode(path: str, query: str) -> str:
    try:
        return quote(path + query, safe=_KEPT_IN_TARGET)
    except UnicodeError:
        failed = _bad("the URL holds a lone surrogate")
    raise failed


def _bad(message: str) -> Refusal:
    return refuse("INVALID_INPUT", message, field="url")
