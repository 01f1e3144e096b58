"""Ed25519 a second time, from RFC 8032 (section 5.1) and section 12 of the bundle format's page.

Standard library only, no code of workc, no care for speed or for secrets: for tests. ``holds`` is as
strict as the page demands: canonical encodings, no point of low order, S below the order, and the
equation without the cofactor, compared as bytes.
"""

import hashlib
from functools import lru_cache

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
ROOT_OF_MINUS_ONE = pow(2, (P - 1) // 4, P)
NEUTRAL = (0, 1, 1)  # Points are (X, Y, Z) with x = X/Z and y = Y/Z.


def add(a, b):
    """The complete addition of twisted Edwards curves with a = -1, without divisions."""
    z = a[2] * b[2] % P
    xx, yy = a[0] * b[0] % P, a[1] * b[1] % P
    e = D * xx * yy % P
    f, g = z * z - e, z * z + e
    x = z * f * ((a[0] + a[1]) * (b[0] + b[1]) - xx - yy) % P
    return x, z * g * (yy + xx) % P, f * g % P


def times(n, point):
    total = NEUTRAL
    for bit in bin(n)[2:]:
        total = add(total, total)
        if bit == "1":
            total = add(total, point)
    return total


def minus(point):
    return -point[0] % P, point[1], point[2]


def encode(point):
    inverse = pow(point[2], -1, P)
    x, y = point[0] * inverse % P, point[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def decode(data):
    """The point of an encoding that is canonical, or None."""
    number = int.from_bytes(data, "little")
    sign, y = number >> 255, number & (2**255 - 1)
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if x * x % P != square:
        x = x * ROOT_OF_MINUS_ONE % P
    if x * x % P != square or (x == 0 and sign):
        return None
    return (P - x if x & 1 != sign else x), y, 1


BASE = decode((4 * pow(5, -1, P) % P).to_bytes(32, "little"))


def is_low(point):
    return encode(times(8, point)) == encode(NEUTRAL)


def number_of(*parts):
    return int.from_bytes(hashlib.sha512(b"".join(parts)).digest(), "little")


def secret_of(seed):
    digest = hashlib.sha512(seed).digest()
    scalar = int.from_bytes(digest[:32], "little") & (2**254 - 8) | 2**254
    return scalar, digest[32:]


def public_of(seed):
    return encode(times(secret_of(seed)[0], BASE))


def sign(seed, message):
    scalar, prefix = secret_of(seed)
    public = encode(times(scalar, BASE))
    r = number_of(prefix, message) % ORDER
    point = encode(times(r, BASE))
    s = (r + number_of(point, public, message) * scalar) % ORDER
    return point + s.to_bytes(32, "little")


@lru_cache(4096)
def holds(public, signature, message):
    """Whether a signature is one by this key over this message; fuzzers ask the same often."""
    if len(public) != 32 or len(signature) != 64:
        return False
    key, r, s = decode(public), decode(signature[:32]), int.from_bytes(signature[32:], "little")
    if key is None or r is None or is_low(key) or is_low(r) or s >= ORDER:
        return False
    k = number_of(signature[:32], public, message) % ORDER
    return encode(add(times(s, BASE), minus(times(k, key)))) == signature[:32]
