"""The policies that ship, by name, with the SHA-256 of their rules (bundle-0.2, section 6).

A policy of somebody's own is named by the digest of its rules, so that no name can stand for other
rules than those that it was given for. Names and digests are only ever added.
"""

from __future__ import annotations

from collections.abc import Mapping

DEFAULT = "workc-default"
OFFLINE = "workc-offline"
STRICT = "workc-strict"

SHIPPED: Mapping[str, str] = {
    DEFAULT: "5a7d192083e42f1a7e3c188dbc31ceb37ce33df234eca1e3bd5bf741dd88fd5d",
    OFFLINE: "7aee4d380d9da2a68673a17c19eef903bce682e46b48b0eec8660d47db3215cf",
    STRICT: "1b9995be43e811b3330c0e7fafdcdf763cd4197bb4ffd9fc38dbd93be2f4aa4f",
}
_NAMES: Mapping[str, str] = {digest: name for name, digest in SHIPPED.items()}
_DIGITS = 12


def policy_name(rules_sha256: str) -> str:
    """Returns the name of the policy whose rules have this digest."""
    return _NAMES.get(rules_sha256, f"custom-{rules_sha256[:_DIGITS]}")
