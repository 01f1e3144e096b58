"""What ``--trust`` and ``--at`` of ``workc verify-bundle`` say; imported only if they are given."""

from __future__ import annotations

import time
from collections.abc import Sequence

from workc.api.trust import load_trust, stands_inside
from workc.cli.errors import stop
from workc.cli.text import printable
from workc.verify.signatures.timestamps import to_ms
from workc.verify.signatures.trust import Trust


def read_trust_file(name: str, bundles: Sequence[str]) -> Trust:
    """Returns the trust of a file that stands in none of the bundles.

    Raises:
        Refusal: ``INVALID_INPUT`` if it does, or is no trust file; OSError if it cannot be read.
    """
    found = load_trust(name)
    if any(stands_inside(name, bundle) for bundle in bundles):
        message = f"{printable(name)} stands in the bundle, which cannot vouch for itself"
        raise stop("INVALID_INPUT", message, "get the trust file from whom you trust")
    return found


def read_time(text: str | None) -> int:
    """Returns the ms since 1970 that ``--at`` names, or those of now.

    Raises:
        Refusal: ``INVALID_INPUT`` if it names no time.
    """
    at_ms = time.time_ns() // 1_000_000 if text is None else to_ms(text)
    if at_ms is None:
        message = "--at takes a time in UTC, such as 2026-12-31T23:59:59Z"
        raise stop("INVALID_INPUT", message, "workc verify-bundle --help")
    return at_ms
