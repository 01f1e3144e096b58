"""The policies that a bundle of format 0.1 may name, each with its hash."""

from __future__ import annotations

from collections.abc import Mapping

from workc.kernel.digest import sha256_hex

POLICIES: Mapping[str, str] = {"POLICY-DEFAULT": sha256_hex(b"policy-default")}
