"""Trust files: reads one from wherever the caller has it, and makes one of public keys."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TypeAlias

from workc.adapters.place import path_of
from workc.kernel.arguments import whole
from workc.kernel.failure import Misuse, refuse
from workc.kernel.values import Json, JsonObject
from workc.verify.signatures.encoding import to_base64
from workc.verify.signatures.judging import TrustJudge
from workc.verify.signatures.timestamps import LAST_MS
from workc.verify.signatures.trust import (
    MAX_TRUST_BYTES,
    SCHEMA,
    VERSIONS,
    Demands,
    Trust,
    TrustError,
    read_trust,
)

#: A trust file by its path, its bytes, or what was read of it.
TrustSource: TypeAlias = str | os.PathLike[str] | bytes | Trust


def load_trust(source: TrustSource) -> Trust:
    """Returns the trust of a file (by its path), of the bytes of one, or as it is.

    Raises:
        Refusal: ``INVALID_INPUT`` if it is no trust file; the message says where and why.
        OSError: the file cannot be read.
    """
    if isinstance(source, Trust):
        return source
    data = source if isinstance(source, bytes) else _read(path_of("trust", source))
    try:
        return read_trust(data)
    except TrustError as error:
        name = "the trust file" if isinstance(source, bytes) else os.fspath(source)
        raise refuse("INVALID_INPUT", f"{name} is no trust file: {error}") from None


def judge_of(
    bundle: Path | None, trust: TrustSource, *, required: bool, at_ms: int | None
) -> TrustJudge:
    """Returns who judges signatures by a trust file; ``bundle`` is the bundle's folder, if it has one.

    Raises:
        Misuse: the time is none of a calendar with four digits of a year; or the trust file stands
            inside the bundle, which then vouches for itself.
        Refusal: see :func:`load_trust`. OSError too.
    """
    if at_ms is not None:
        whole("at_ms", at_ms, most=LAST_MS)
    if not isinstance(trust, bytes | Trust):
        trust = path_of("trust", trust)
    if _vouches_for_itself(bundle, trust):
        raise Misuse("the trust file stands inside the bundle; take one from whom you trust")
    return TrustJudge(Demands(trust=load_trust(trust), required=required, at_ms=at_ms))


def trust_entry(name: str, public_key: bytes) -> JsonObject:
    """Returns what a trust file says of a key."""
    return {"name": name, "public_key": to_base64(public_key)}


def trust_document(
    entries: Iterable[JsonObject], threshold: int = 1, min_version: str = VERSIONS[-1]
) -> JsonObject:
    """Returns a trust file as JSON, schema ``workc.trust/1``.

    Bundles of an older format than ``min_version`` are refused by it.
    """
    keys: list[Json] = [*entries]
    return {
        "schema": SCHEMA,
        "threshold": threshold,
        "min_version": min_version,
        "keys": keys,
    }


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MAX_TRUST_BYTES + 1)
    except ValueError:
        raise refuse("INVALID_INPUT", "the name of a trust file holds no zero byte") from None


def _vouches_for_itself(bundle: Path | None, trust: TrustSource) -> bool:
    if bundle is None or isinstance(trust, bytes | Trust):
        return False
    return stands_inside(trust, bundle)


def stands_inside(path: str | os.PathLike[str], bundle: str | os.PathLike[str]) -> bool:
    """Returns whether a file stands below a bundle's folder, links being followed."""
    try:
        return Path(path).resolve().is_relative_to(Path(bundle).resolve())
    except (OSError, ValueError, RuntimeError):
        return False
