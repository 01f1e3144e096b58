"""Bytes as JSON has them in the skills of files: a text where they are UTF-8, else Base64."""

from __future__ import annotations

import base64
import binascii

from workc.kernel.failure import refuse


def content(data: bytes) -> tuple[str | None, str]:
    """Returns bytes as a text, or None where they are none, and as Base64, empty where they are one."""
    try:
        return data.decode("utf-8"), ""
    except UnicodeDecodeError:
        return None, base64.b64encode(data).decode("ascii")


def given_bytes(text: str | None, in_base64: str | None, what: str) -> bytes:
    """Returns the bytes that a caller gives as one of a text and Base64.

    Raises:
        Refusal: ``INVALID_INPUT`` for both, for neither, and for what is no Base64 or no text.
    """
    if (text is None) == (in_base64 is None):
        raise refuse("INVALID_INPUT", f"{what} takes text or base64, one of them")
    if text is not None:
        return utf8(text, what)
    try:
        return base64.b64decode(in_base64 or "", validate=True)
    except (binascii.Error, ValueError):
        raise refuse("INVALID_INPUT", f"base64 of {what} is not Base64") from None


def utf8(text: str, what: str) -> bytes:
    """Returns the bytes of a text; raises as its sibling does."""
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise refuse("INVALID_INPUT", f"text of {what} has half of a surrogate pair") from None
