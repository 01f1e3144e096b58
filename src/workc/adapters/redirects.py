"""Says where a redirect leads and what goes along (RFC 9110, section 15.4)."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from workc.adapters.exchange import Header
from workc.stages.network import AddressClass
from workc.stages.url import Target, join_url

#: 300 and 304 are answers; 305 and 306 are unused.
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
#: Describe a body, so they go when the body goes (RFC 9110, section 15.4, item 2).
_CONTENT_HEADERS = frozenset(
    {
        "content-encoding",
        "content-language",
        "content-location",
        "content-type",
        "digest",
        "last-modified",
    }
)


class Hop(msgspec.Struct, frozen=True, kw_only=True):
    """Is one request of an exchange; ``came_from`` is the class of the address that sent us."""

    target: Target
    method: str
    headers: tuple[Header, ...]
    body: bytes | None
    came_from: AddressClass | None = None


def next_hop(
    hop: Hop, status: int, headers: Sequence[tuple[bytes, bytes]], address_class: AddressClass
) -> Hop | None:
    """Returns the request that a redirect asks for, or None when the answer is none.

    Raises:
        Refusal: ``INVALID_INPUT`` when the Location is no URL that can be followed.
    """
    locations = [value for name, value in headers if name.lower() == b"location"]
    if status not in _REDIRECTS or not locations:
        return None
    target = join_url(hop.target, locations[0].decode("utf-8", "replace"))
    method = _method_after(status, hop.method)
    kept = hop.headers if target.origin == hop.target.origin else _without_credentials(hop.headers)
    if method == hop.method:
        return Hop(
            target=target, method=method, headers=kept, body=hop.body, came_from=address_class
        )
    bare = tuple(header for header in kept if header.name not in _CONTENT_HEADERS)
    return Hop(target=target, method=method, headers=bare, body=None, came_from=address_class)


def _method_after(status: int, method: str) -> str:
    if status == 303 and method != "HEAD":
        return "GET"
    return "GET" if status in (301, 302) and method == "POST" else method


def _without_credentials(headers: tuple[Header, ...]) -> tuple[Header, ...]:
    return tuple(header for header in headers if not header.credential)
