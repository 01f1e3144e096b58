"""Keys, points and signatures on which implementations of Ed25519 differ, made without any of them.

LOW_ORDER              the 14 spellings of the points whose order divides 8
MixedKey(1)            a key that is the sum of a good one and a point of order 8
SIGNATURES             changes of a signature: (its 64 bytes, message, key, chance) -> other bytes
"""

from collections.abc import Callable
from functools import cache
from random import Random

from ground import naive, signing

P, ORDER = naive.P, naive.ORDER
_Y_OF_ORDER_8 = 0x05FC536D880238B13933C6D305ACDFD5F098EFF289F4C345B027B2C28F95E826
TORSION = naive.decode(_Y_OF_ORDER_8.to_bytes(32, "little"))
_LOW_Y = (0, 1, P - 1, _Y_OF_ORDER_8, P - _Y_OF_ORDER_8, P, P + 1)


def encoded(y: int, sign: int) -> bytes:
    """Returns the 32 bytes of a y and a sign, whether there is such a point or not."""
    return (y | sign << 255).to_bytes(32, "little")


LOW_ORDER = tuple(encoded(y, sign) for y in _LOW_Y for sign in (0, 1))
#: Past the prime, and no point of the curve.
NO_POINTS = (encoded(P + 3, 0), encoded(2**255 - 1, 1), encoded(2, 0), encoded(7, 1), bytes(31))


@cache
def base_times(number: int) -> bytes:
    """Returns the encoding of a multiple of the base point."""
    return naive.encode(naive.times(number, naive.BASE))


class MixedKey(signing.Key):
    """A key of mixed order: that of a plain key, and a point of order 8 added.

    By it a signature holds where k, reduced by the order of the base point, is a multiple of 8.
    """

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self._take(naive.encode(naive.add(naive.decode(self.public), TORSION)))
        self.name = f"mixed-{number}"

    def sign(self, payload: bytes, payload_type: str = signing.PAYLOAD_TYPE) -> bytes:
        """Returns a signature that holds."""
        message = signing.pae(payload_type, payload)
        tries = (with_nonce(self, message, nonce) for nonce in range(2, 2000))
        return next(each for each in tries if _reduced(each[:32], self, message) % 8 == 0)


def _reduced(r: bytes, key: signing.Key, message: bytes) -> int:
    return naive.number_of(r, key.public, message) % ORDER


def with_nonce(key: signing.Key, message: bytes, nonce: int, more: bytes = b"") -> bytes:
    """Returns a signature with this nonce, and with an R of these bytes if some are given."""
    r = more or base_times(nonce)
    scalar, _ = naive.secret_of(key.seed)
    return r + ((nonce + _reduced(r, key, message) * scalar) % ORDER).to_bytes(32, "little")


# ----------------------------------------------------------------------------------- signatures


def _flipped(sig: bytes, message: bytes, key: signing.Key, random: Random) -> bytes:
    changed = bytearray(sig or bytes(64))
    changed[random.randrange(len(changed))] ^= 1 << random.randrange(8)
    return bytes(changed)


def _of_another_length(sig: bytes, message: bytes, key: signing.Key, random: Random) -> bytes:
    return random.choice((b"", sig[:63], sig[:32], sig + b"\0", sig * 2))


def _with_odd_r(sig: bytes, message: bytes, key: signing.Key, random: Random) -> bytes:
    return random.choice((*LOW_ORDER, *NO_POINTS)) + sig[32:]


def _fitting_low_r(sig: bytes, message: bytes, key: signing.Key, random: Random) -> bytes:
    """With the nonce 0 the equation is true for the neutral point."""
    return with_nonce(key, message, 0, random.choice(LOW_ORDER))


def _past_the_order(sig: bytes, message: bytes, key: signing.Key, random: Random) -> bytes:
    s = int.from_bytes(sig[32:], "little") % ORDER
    others = (s + ORDER * random.randrange(1, 15), ORDER, ORDER - 1, 0, 2**256 - 1)
    return sig[:32] + random.choice(others).to_bytes(32, "little")


def _another_nonce(sig: bytes, message: bytes, key: signing.Key, random: Random) -> bytes:
    return with_nonce(key, message, random.randrange(2, 40))


def _torsion_in_r(sig: bytes, message: bytes, key: signing.Key, random: Random) -> bytes:
    """True where the equation is multiplied by the cofactor, and not else."""
    nonce = random.randrange(2, 10)
    point = naive.add(naive.decode(base_times(nonce)), naive.times(random.randrange(8), TORSION))
    return with_nonce(key, message, nonce, naive.encode(point))


def _of_other_bytes(sig: bytes, message: bytes, key: signing.Key, random: Random) -> bytes:
    return naive.sign(key.seed, random.choice((message + b" ", message.partition(b"{")[2], b"")))


Change = Callable[[bytes, bytes, signing.Key, Random], bytes]
SIGNATURES: tuple[Change, ...] = (
    _flipped,
    _of_another_length,
    _with_odd_r,
    _fitting_low_r,
    _past_the_order,
    _another_nonce,
    _torsion_in_r,
    _of_other_bytes,
)
