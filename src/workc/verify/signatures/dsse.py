"""DSSE envelopes (version 1): reads one, writes one, gives the bytes that are signed.

A profile of DSSE: what the envelope may hold besides, and other spellings of base64, are refused,
because nobody signed those bytes and a bundle has no place for them.

>>> pae("application/x", b"hi")
b'DSSEv1 13 application/x 2 hi'
"""

from __future__ import annotations

from typing import Final

import msgspec

from workc.kernel import jcs
from workc.kernel.canonical import CanonicalError
from workc.verify.signatures.encoding import from_base64, to_base64
from workc.verify.signatures.rules import (
    BASE64_IS_CANONICAL,
    ENVELOPE_FORM,
    MAX_SIGNATURES,
    PAYLOAD_TYPE_IS_IN_TOTO,
    SIGNATURES_ARE_FEW,
    BrokenRuleError,
)

PAYLOAD_TYPE: Final = "application/vnd.in-toto+json"


class Signature(msgspec.Struct, frozen=True, kw_only=True):
    """One signature: its bytes, and the key that it names, which is a hint and no more."""

    keyid: str
    data: bytes


class Envelope(msgspec.Struct, frozen=True, kw_only=True):
    """What was signed, and the signatures over it."""

    payload: bytes
    signatures: tuple[Signature, ...]

    def signed_bytes(self) -> bytes:
        """Returns the bytes that every signature of the envelope is over."""
        return pae(PAYLOAD_TYPE, self.payload)


class _Named(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    keyid: str = ""
    sig: str


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    payload: str
    payload_type: str
    signatures: list[_Named]


def pae(payload_type: str, payload: bytes) -> bytes:
    """Returns the pre-authentication encoding: type and payload, each with its length in bytes."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def read_envelope(data: bytes) -> Envelope:
    """Returns the envelope in a file of signatures.

    Raises:
        BrokenRuleError: it is none that a bundle may hold, whatever the bytes are.
    """
    file = _parse(data)
    if file.payload_type != PAYLOAD_TYPE:
        raise BrokenRuleError(
            PAYLOAD_TYPE_IS_IN_TOTO,
            "the payload is of another type",
            pointer="/payloadType",
            expected=PAYLOAD_TYPE,
            actual=file.payload_type,
        )
    if not 1 <= len(file.signatures) <= MAX_SIGNATURES:
        raise BrokenRuleError(
            SIGNATURES_ARE_FEW,
            f"an envelope has 1 to {MAX_SIGNATURES} signatures, this one {len(file.signatures)}",
            pointer="/signatures",
        )
    return Envelope(
        payload=_decoded(file.payload, "/payload"),
        signatures=tuple(
            Signature(keyid=each.keyid, data=_decoded(each.sig, f"/signatures/{index}/sig"))
            for index, each in enumerate(file.signatures)
        ),
    )


def write_envelope(envelope: Envelope) -> bytes:
    """Returns the bytes of a file of signatures: canonical JSON without a newline."""
    return jcs.encode(
        {
            "payload": to_base64(envelope.payload),
            "payloadType": PAYLOAD_TYPE,
            "signatures": [
                {"keyid": each.keyid, "sig": to_base64(each.data)} for each in envelope.signatures
            ],
        }
    )


def _parse(data: bytes) -> _File:
    try:
        return msgspec.convert(jcs.parse(data), _File)
    except (CanonicalError, msgspec.ValidationError) as error:
        raise BrokenRuleError(ENVELOPE_FORM, f"it is no envelope: {error}") from None


def _decoded(text: str, pointer: str) -> bytes:
    data = from_base64(text)
    if data is None:
        raise BrokenRuleError(BASE64_IS_CANONICAL, "it is not canonical base64", pointer=pointer)
    return data
