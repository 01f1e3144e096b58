"""The trust file: whose signatures count, how many of them, and since which format.

It is JSON that the verifier keeps outside any bundle::

    {"schema": "workc.trust/1", "threshold": 1, "min_version": "0.2",
     "keys": [{"name": "release", "public_key": "...", "not_after": "2027-01-01T00:00:00Z"}]}

1. ``schema``, ``keys``, ``threshold`` and ``min_version`` must stand there, and nothing else may: a
   typo is an error, never a demand that is silently dropped. No key stands twice in an object.
2. A key has ``name`` and ``public_key`` (its 32 bytes as hex or canonical base64) and may have
   ``keyid``, ``not_before`` and ``not_after``. Both bounds belong to the time in which it is valid.
3. A ``keyid`` says which key to try first. It is never what makes a key trusted.
4. A key that is listed twice is one key; it is valid when one of its entries is.
5. No keys at all: nobody is trusted. A threshold that the keys cannot reach is an error.
"""

from __future__ import annotations

import re
from typing import Final

import msgspec
from msgspec import UNSET, UnsetType

from workc.kernel import jcs
from workc.kernel.canonical import CanonicalError
from workc.verify.signatures import timestamps
from workc.verify.signatures.ed25519 import key_problem, keyid_of
from workc.verify.signatures.encoding import from_base64

SCHEMA: Final = "workc.trust/1"
MAX_TRUST_BYTES: Final = 1_048_576
MAX_KEYS: Final = 256
MAX_NAME: Final = 128
#: The versions of the bundle format, the oldest first.
VERSIONS: Final = ("0.1", "0.2")
_HEX_KEY = re.compile(r"[0-9a-f]{64}")


class TrustError(ValueError):
    """Says in one sentence why some bytes are no trust file."""


class TrustedKey(msgspec.Struct, frozen=True, kw_only=True):
    """One entry: a key, what it is called, and when it is valid (ms since 1970, both included)."""

    public_key: bytes
    name: str
    keyid: str
    not_before_ms: int | None = None
    not_after_ms: int | None = None

    def is_valid_at(self, at_ms: int) -> bool:
        """Returns whether the key is valid at a time, ms since 1970."""
        return (self.not_before_ms is None or self.not_before_ms <= at_ms) and (
            self.not_after_ms is None or at_ms <= self.not_after_ms
        )


class Trust(msgspec.Struct, frozen=True, kw_only=True):
    """Who is trusted: entries in the order of the file, how many keys must sign, since which format."""

    keys: tuple[TrustedKey, ...]
    threshold: int
    min_version: str

    def by_key(self) -> dict[bytes, tuple[TrustedKey, ...]]:
        """Returns the entries of each key."""
        found: dict[bytes, tuple[TrustedKey, ...]] = {}
        for entry in self.keys:
            found[entry.public_key] = (*found.get(entry.public_key, ()), entry)
        return found

    def accepts_version(self, version: str) -> bool:
        """Returns whether a bundle format is known and not older than what is demanded."""
        return version in VERSIONS[VERSIONS.index(self.min_version) :]


class Demands(msgspec.Struct, frozen=True, kw_only=True):
    """What the caller demands of signatures.

    ``required`` refuses an unsigned bundle; ``at_ms`` is the time at which keys must be valid, ms
    since 1970: without one their validity is not judged.
    """

    trust: Trust
    required: bool = False
    at_ms: int | None = None


class _Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    public_key: str
    keyid: str | UnsetType = UNSET
    not_before: str | UnsetType = UNSET
    not_after: str | UnsetType = UNSET


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    schema: str
    keys: list[_Entry]
    threshold: int
    min_version: str


def read_trust(data: bytes) -> Trust:
    """Returns what a trust file says.

    Raises:
        TrustError: it is none, whatever the bytes are.
    """
    file = _parse(data)
    if file.schema != SCHEMA:
        raise TrustError(f"schema is not {SCHEMA!a}")
    if file.min_version not in VERSIONS:
        raise TrustError(f"min_version is none of {', '.join(VERSIONS)}")
    if len(file.keys) > MAX_KEYS:
        raise TrustError(f"there are more than {MAX_KEYS} keys")
    keys = tuple(_key(entry, f"keys[{index}]") for index, entry in enumerate(file.keys))
    _check_threshold(file.threshold, len({key.public_key for key in keys}))
    return Trust(keys=keys, threshold=file.threshold, min_version=file.min_version)


def _parse(data: bytes) -> _File:
    if len(data) > MAX_TRUST_BYTES:
        raise TrustError(f"it is larger than {MAX_TRUST_BYTES:,} bytes")
    try:
        return msgspec.convert(jcs.parse(data), _File)
    except (CanonicalError, msgspec.ValidationError) as error:
        raise TrustError(f"it is not of the form: {ascii(str(error))[1:-1]}") from None


def _check_threshold(threshold: int, keys: int) -> None:
    if not 1 <= threshold <= MAX_KEYS:
        raise TrustError(f"threshold is not from 1 to {MAX_KEYS}")
    if 0 < keys < threshold:
        raise TrustError(f"threshold is {threshold}, and {keys} different keys cannot reach it")


def _key(entry: _Entry, where: str) -> TrustedKey:
    public_key = _public_key(entry.public_key, where)
    keyid = keyid_of(public_key) if entry.keyid is UNSET else entry.keyid
    for field, text in (("name", entry.name), ("keyid", keyid)):
        if not 1 <= len(text) <= MAX_NAME or not text.isprintable():
            raise TrustError(f"{where}.{field} is not 1 to {MAX_NAME} printable characters")
    since, until = _time(entry.not_before, where), _time(entry.not_after, where)
    if since is not None and until is not None and until < since:
        raise TrustError(f"{where}: not_after is before not_before")
    return TrustedKey(
        public_key=public_key,
        name=entry.name,
        keyid=keyid,
        not_before_ms=since,
        not_after_ms=until,
    )


def _public_key(text: str, where: str) -> bytes:
    data = bytes.fromhex(text) if _HEX_KEY.fullmatch(text) else from_base64(text)
    if data is None:
        raise TrustError(f"{where}.public_key is neither 64 lower-case hex digits nor base64")
    problem = key_problem(data)
    if problem is not None:
        raise TrustError(f"{where}.public_key is no key to trust: {problem}")
    return data


def _time(text: str | UnsetType, where: str) -> int | None:
    if text is UNSET:
        return None
    ms = timestamps.to_ms(text)
    if ms is None:
        raise TrustError(f"{where}: a time is written in UTC, as 2026-12-31T23:59:59Z")
    return ms
