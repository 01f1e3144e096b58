"""Decides which addresses a run may connect to. Pure: names are resolved by somebody else.

1. An address belongs to one class, by the tables below, the same on every Python version.
2. ``public`` and ``loopback`` are allowed by default; every other class needs ``allow_private``.
3. A name is allowed only if *every* address it resolves to is allowed.
4. ``allow_hosts`` adds hosts in spite of their class; ``deny_hosts`` wins over everything.
5. A redirect never leads from a public address inward, unless ``allow_hosts`` names the host.
6. ``offline`` refuses all. What cannot be read is refused.

>>> classify("::ffff:10.0.0.1")
'private'
"""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Literal, TypeAlias

import msgspec

from workc.kernel.arguments import instance, switch, texts
from workc.kernel.failure import Failure, refuse
from workc.stages.url import normal_host

AddressClass: TypeAlias = Literal[
    "public", "loopback", "private", "link_local", "metadata", "reserved"
]
Address: TypeAlias = IPv4Address | IPv6Address

#: Where cloud machines fetch credentials: AWS, GCP and Azure; AWS containers and pods; Alibaba;
#: Azure's wire server; Oracle. From each provider's documentation.
METADATA_ADDRESSES = frozenset(
    {
        "169.254.169.254",
        "169.254.170.2",
        "169.254.170.23",
        "100.100.100.200",
        "168.63.129.16",
        "192.0.0.192",
        "fd00:ec2::254",
        "fd00:ec2::23",
        "fd20:ce::254",
    }
)
METADATA_NAMES = frozenset({"metadata.google.internal"})

#: IANA IPv4 Special-Purpose Address Registry, RFC 5771 (multicast), RFC 919 (broadcast).
_IPV4: tuple[tuple[IPv4Network, AddressClass], ...] = (
    (IPv4Network("127.0.0.0/8"), "loopback"),
    (IPv4Network("10.0.0.0/8"), "private"),
    (IPv4Network("172.16.0.0/12"), "private"),
    (IPv4Network("192.168.0.0/16"), "private"),
    (IPv4Network("100.64.0.0/10"), "private"),
    (IPv4Network("169.254.0.0/16"), "link_local"),
    (IPv4Network("0.0.0.0/8"), "reserved"),
    (IPv4Network("192.0.0.0/24"), "reserved"),
    (IPv4Network("192.0.2.0/24"), "reserved"),
    (IPv4Network("192.88.99.0/24"), "reserved"),
    (IPv4Network("198.18.0.0/15"), "reserved"),
    (IPv4Network("198.51.100.0/24"), "reserved"),
    (IPv4Network("203.0.113.0/24"), "reserved"),
    (IPv4Network("224.0.0.0/4"), "reserved"),
    (IPv4Network("240.0.0.0/4"), "reserved"),
)

#: IANA IPv6 Special-Purpose Address Registry; what no line names is reserved, since only
#: 2000::/3 is global unicast (RFC 4291, section 2.4).
_IPV6: tuple[tuple[IPv6Network, AddressClass], ...] = (
    (IPv6Network("::1/128"), "loopback"),
    (IPv6Network("fc00::/7"), "private"),
    (IPv6Network("fec0::/10"), "private"),
    (IPv6Network("64:ff9b:1::/48"), "private"),
    (IPv6Network("fe80::/10"), "link_local"),
    (IPv6Network("2001::/23"), "reserved"),
    (IPv6Network("2001:db8::/32"), "reserved"),
    (IPv6Network("3fff::/20"), "reserved"),
    (IPv6Network("2000::/3"), "public"),
)
_NAT64 = IPv6Network("64:ff9b::/96")
_SIX_TO_FOUR = IPv6Network("2002::/16")

_HOW_TO_ALLOW: dict[AddressClass, str] = {"public": "allow_public", "loopback": "allow_loopback"}


class NetworkPolicy(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Says where requests may go. A host is an exact name or address, or ``*.suffix``.

    Raises:
        Refusal: ``INVALID_INPUT`` when a host is neither, since it would never match.
        Misuse: a member is not of its kind.
    """

    allow_public: bool = True
    allow_loopback: bool = True
    allow_private: bool = False
    allow_hosts: tuple[str, ...] = ()
    deny_hosts: tuple[str, ...] = ()
    offline: bool = False

    def __post_init__(self) -> None:
        """Checks every member once: annotations alone check nothing."""
        for name in ("allow_public", "allow_loopback", "allow_private", "offline"):
            switch(name, getattr(self, name))
        for name in ("allow_hosts", "deny_hosts"):
            instance(name, getattr(self, name), (list, tuple), "a tuple of texts")
            for pattern in texts(name, getattr(self, name)):
                _normal_pattern(pattern)


def classify(address: str) -> AddressClass:
    """Returns the class of an IP address in text; IPv4 inside IPv6 counts as the IPv4 address.

    Raises:
        Refusal: ``INVALID_INPUT`` for what is no address.
    """
    parsed = _read_address(address)
    inner = parsed if isinstance(parsed, IPv4Address) else _inside(parsed)
    if isinstance(inner, IPv4Address):
        found = _classify_ipv4(inner)
        # Through a gateway, 127.0.0.1 would be the gateway's own loopback, not ours.
        through_gateway = isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is None
        return "reserved" if through_gateway and found == "loopback" else found
    if str(inner) in METADATA_ADDRESSES:
        return "metadata"
    return _first_match([name for network, name in _IPV6 if inner in network], "reserved")


def decide(
    policy: NetworkPolicy,
    host: str,
    addresses: Sequence[str],
    *,
    redirected_from: AddressClass | None = None,
) -> Failure | None:
    """Returns why the host must not be connected to, or None when it may.

    ``host`` is normal (:func:`workc.stages.url.normal_host`). Without ``addresses`` only what the
    name itself tells is decided; ask before the name is resolved, and again with the addresses.
    """
    if policy.offline:
        return _blocked(host, host, "offline", "the run is offline")
    plain = [_plain(address) for address in addresses]
    if denied := [it for it in (host, *plain) if _matches(policy.deny_hosts, it)]:
        return _blocked(host, denied[0], "denied", f"deny_hosts holds {denied[0]}")
    if _matches(policy.allow_hosts, host):
        return None
    if host in METADATA_NAMES and not policy.allow_private:
        return _not_allowed(host, host, "metadata")
    if not plain:
        return _decide_unresolved(policy, host)
    faults = (_decide_address(policy, host, address, redirected_from) for address in plain)
    return next((fault for fault in faults if fault is not None), None)


def _decide_address(
    policy: NetworkPolicy, host: str, address: str, redirected_from: AddressClass | None
) -> Failure | None:
    found = classify(address)
    if _matches(policy.allow_hosts, address):
        return None
    if not _class_allowed(policy, found):
        return _not_allowed(host, address, found)
    if redirected_from == "public" and found != "public":
        reason = f"a redirect from a public address leads to {address} ({found})"
        return _blocked(host, address, found, f"{reason}; allow it with allow_hosts")
    return None


def _decide_unresolved(policy: NetworkPolicy, host: str) -> Failure | None:
    """Refuses a name early where no class but loopback is open: even the lookup tells a name."""
    local = host == "localhost" or host.endswith(".localhost") or is_address(host)
    if policy.allow_public or policy.allow_private or local:
        return None
    reason = "the policy allows no public address, so the name was not looked up"
    return _blocked(host, host, "public", f"{reason}; allow it with allow_hosts or allow_public")


def _class_allowed(policy: NetworkPolicy, found: AddressClass) -> bool:
    allowed = {"public": policy.allow_public, "loopback": policy.allow_loopback}
    return allowed.get(found, policy.allow_private)


def _not_allowed(host: str, address: str, found: AddressClass) -> Failure:
    how = _HOW_TO_ALLOW.get(found, "allow_private")
    where = "" if address == host else f" at {address}"
    message = f"{found} address{where}; allow it with allow_hosts or {how}"
    return _blocked(host, address, found, message)


def _blocked(host: str, address: str, found: str, message: str) -> Failure:
    return Failure(
        code="EXTERNAL_CALL_BLOCKED",
        message=f"{host}: {message}",
        details={"host": host, "address": address, "class": found},
    )


def _matches(patterns: tuple[str, ...], host: str) -> bool:
    return any(_matches_one(_normal_pattern(pattern), host) for pattern in patterns)


def _matches_one(pattern: str, host: str) -> bool:
    if pattern.startswith("*."):
        return host.endswith(pattern[1:]) and len(host) > len(pattern) - 1
    return pattern == host


def _normal_pattern(pattern: str) -> str:
    stars, suffix = ("*.", pattern[2:]) if pattern.startswith("*.") else ("", pattern)
    bracketed = f"[{suffix}]" if suffix.count(":") > 1 and "[" not in suffix else suffix
    normal = normal_host(bracketed)
    if stars and is_address(normal):
        raise refuse("INVALID_INPUT", "a host pattern cannot be *. and an address", field="hosts")
    return stars + normal


def is_address(host: str) -> bool:
    """Returns whether a normal host is an IP address and not a name."""
    return ":" in host or host.replace(".", "").isdigit()


def _read_address(address: str) -> Address:
    bare = address.partition("%")[0]
    try:
        return IPv6Address(bare) if ":" in bare else IPv4Address(bare)
    except ValueError:
        failed = refuse("INVALID_INPUT", "the resolver gave no IP address", address=address)
    raise failed


def _plain(address: str) -> str:
    """Returns the address in its one form, so that a pattern cannot miss a mapped spelling."""
    parsed = _read_address(address)
    mapped = parsed.ipv4_mapped if isinstance(parsed, IPv6Address) else None
    return str(mapped or parsed)


def _inside(address: IPv6Address) -> Address:
    """Returns the IPv4 address that an IPv6 address stands for, or itself (RFC 6052, 3056)."""
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    if address in _SIX_TO_FOUR:
        return IPv4Address(int(address) >> 80 & 0xFFFF_FFFF)
    return address


def _classify_ipv4(address: IPv4Address) -> AddressClass:
    if str(address) in METADATA_ADDRESSES:
        return "metadata"
    return _first_match([name for network, name in _IPV4 if address in network], "public")


def _first_match(found: list[AddressClass], otherwise: AddressClass) -> AddressClass:
    return found[0] if found else otherwise
