r"""Base64 with one spelling for each content (RFC 4648, section 4).

>>> from_base64("/w==") == b"\xff", from_base64("/x=="), from_base64("_w==")
(True, None, None)
"""

from __future__ import annotations

import base64


def from_base64(text: str) -> bytes | None:
    """Returns what ``text`` is the one spelling of: standard alphabet, padded, loose bits zero.

    None means that it is no such spelling.
    """
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError:
        return None
    return data if to_base64(data) == text else None


def to_base64(data: bytes) -> str:
    """Returns the one spelling of ``data``."""
    return base64.b64encode(data).decode("ascii")
