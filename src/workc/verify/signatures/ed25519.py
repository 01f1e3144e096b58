"""Ed25519 (RFC 8032, section 5.1): refuses what libraries let through, then asks one.

A signature ``R || S`` over a message by a key ``A`` holds if and only if

1. ``A`` and ``R`` are canonical: their y is below 2^255 - 19;
2. neither is of low order: 8A and 8R are not the neutral point. A key of low order has signatures
   over every message at once;
3. ``S`` is below the order of the base point, so that a signature has no second spelling;
4. the encoding of ``[S]B - [k]A`` is the very bytes of ``R`` (the equation without the cofactor),
   with ``k`` reduced modulo the order of the base point: a key of mixed order tells the difference.

1 to 3 are decided here, 4 by the library, which is loaded when the first signature is verified:
whoever verifies an unsigned bundle does not wait for it.
"""

from __future__ import annotations

from typing import Final

from workc.kernel.digest import sha256_hex

KEY_BYTES: Final = 32
SIGNATURE_BYTES: Final = 64
#: The prime of the field, the order of the base point, d of the curve (RFC 8032, section 5.1).
PRIME: Final = 2**255 - 19
ORDER: Final = 2**252 + 27742317777372353535851937790883648493
_D: Final = -121665 * pow(121666, -1, PRIME) % PRIME
#: The y of one of the four points of order 8; its negative is that of two others.
_Y_OF_ORDER_8: Final = 0x05FC536D880238B13933C6D305ACDFD5F098EFF289F4C345B027B2C28F95E826
#: Every y of a point whose order divides 8; the order does not depend on the sign of x.
LOW_ORDER_Y: Final = frozenset({0, 1, PRIME - 1, _Y_OF_ORDER_8, PRIME - _Y_OF_ORDER_8})
#: What stands before the 32 bytes of a key in its DER SubjectPublicKeyInfo (RFC 8410, section 4).
_SPKI_HEAD: Final = bytes.fromhex("302a300506032b6570032100")


def keyid_of(key: bytes) -> str:
    """Returns what a key is called: the SHA-256 of its DER SubjectPublicKeyInfo, in hex."""
    return sha256_hex(_SPKI_HEAD + key)


def point_problem(encoded: bytes) -> str | None:
    """Returns why 32 bytes may not stand for a point, or None; whether it is on the curve is open."""
    y = _y_of(encoded)
    if y >= PRIME:
        return "it is not canonical: its y is not below 2^255 - 19"
    return "it is a point of low order" if y in LOW_ORDER_Y else None


def key_problem(encoded: bytes) -> str | None:
    """Returns why some bytes are no public key to trust, or None if they may be."""
    if len(encoded) != KEY_BYTES:
        return f"it has {len(encoded)} bytes and not {KEY_BYTES}"
    problem = point_problem(encoded)
    if problem is None and not _is_on_curve(_y_of(encoded)):
        return "it is no point of the curve"
    return problem


def signature_problem(signature: bytes) -> str | None:
    """Returns why some bytes are no signature by any key, or None if they may be one."""
    if len(signature) != SIGNATURE_BYTES:
        return f"it has {len(signature)} bytes and not {SIGNATURE_BYTES}"
    problem = point_problem(signature[:KEY_BYTES])
    if problem is not None:
        return f"its R: {problem}"
    if int.from_bytes(signature[KEY_BYTES:], "little") >= ORDER:
        return "its S is not below the order of the base point"
    return None


def verifies(key: bytes, signature: bytes, message: bytes) -> bool:
    """Returns whether ``signature`` is one by ``key`` over ``message``, whatever the bytes are.

    By a key that is no point of the curve there is none; the library finds that out.
    """
    if len(key) != KEY_BYTES or point_problem(key) is not None:
        return False
    if signature_problem(signature) is not None:
        return False
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415 - see above
    from cryptography.hazmat.primitives.asymmetric.ed25519 import (  # noqa: PLC0415 - see above
        Ed25519PublicKey,
    )

    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except InvalidSignature:
        return False
    return True


def _y_of(encoded: bytes) -> int:
    """Returns the y of an encoded point: all bits but the highest, which is the sign of x."""
    return int.from_bytes(encoded, "little") & (2**255 - 1)


def _is_on_curve(y: int) -> bool:
    """Returns whether there is an x: whether (y^2 - 1) / (d y^2 + 1) is a square (Euler)."""
    numerator, denominator = y * y - 1, _D * y * y + 1
    return pow(numerator * denominator, (PRIME - 1) // 2, PRIME) != PRIME - 1
