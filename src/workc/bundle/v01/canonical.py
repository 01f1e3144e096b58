r"""CJ-0.1, the canonical JSON of format 0.1: one value, one spelling, as bytes.

1. Values are null, booleans, integers, strings, arrays and objects of exactly the types None,
   bool, int, str, list and dict: no float, no tuple, no subclass.
2. Integers are those that 64 bits hold, signed or not: -2^63 to 2^64-1, in reading and in
   writing. The format itself names no bound; what is past this one is refused here.
3. The keys of an object are any text, sorted by their UTF-8 bytes, none twice. RFC 8785 sorts
   by UTF-16 code units, which differs for U+E000 to U+FFFF against keys past U+FFFF.
4. Strings are any Unicode without lone surrogates and are never normalised.
5. Containers nest at most :data:`MAX_DEPTH` deep: a lone ``[]`` is one deep.
6. No white space; escapes as in RFC 8785, section 3.2.2.2.

:func:`decode` accepts bytes only if they are what :func:`encode` writes for their value. Any
other bytes, and any other value, give :class:`~workc.kernel.canonical.CanonicalError` and nothing
else.

>>> encode({"\U0001f600": -1, "\ue000": [True, None]})
b'{"\xee\x80\x80":[true,null],"\xf0\x9f\x98\x80":-1}'
>>> decode(b'{"a":1.0}')
Traceback (most recent call last):
workc.kernel.canonical.CanonicalError: a value of type float, at '/a'
"""

from __future__ import annotations

from typing import TypeGuard

import msgspec

from workc.kernel.canonical import (
    Box,
    CanonicalError,
    Fault,
    Trail,
    fault_error,
    first_difference,
    is_text,
    spell,
)
from workc.kernel.values import Json

#: How deep containers may nest. Payload keys are open in this format, so a producer's own data
#: may stand there; the common JSON readers of producers stop at this depth too.
MAX_DEPTH = 128

#: The integers that 64 bits hold, signed or not.
MIN_INTEGER = -(2**63)
MAX_INTEGER = 2**64 - 1

_CONSTANTS = frozenset({bool, type(None)})
_DECODER = msgspec.json.Decoder()


def encode(value: Json) -> bytes:
    """Returns the CJ-0.1 bytes of ``value``; refuses what is outside the profile.

    Raises :class:`CanonicalError` with the JSON pointer of the first value that has no place
    in the profile. A cycle is refused as a depth past :data:`MAX_DEPTH`.
    """
    fault = _find_fault(value)
    if fault is not None:
        raise fault_error(fault, _reason(fault[1]))
    return spell(value)


def decode(data: bytes) -> Json:
    """Returns the value that ``data`` is the CJ-0.1 spelling of; refuses other bytes.

    Accepts exactly the bytes that :func:`encode` can return; raises :class:`CanonicalError`
    on all others, whatever they are.
    """
    value = _read(data)
    spelling = encode(value)
    if spelling != data:
        raise CanonicalError(f"not canonical: {first_difference(data, spelling)}")
    return value


def _find_fault(value: Json) -> Fault | None:
    """Returns the first thing in ``value`` outside the profile, or None."""
    # The walk keeps its own stack, so its answer does not depend on how deep its caller is.
    pending: list[tuple[Trail, int]] = [((None, [value]), 0)]
    while pending:
        trail, depth = pending.pop()
        box = trail[1]
        for item in box.values() if type(box) is dict else box:
            if _is_leaf(item):
                continue
            if depth == MAX_DEPTH or not _is_sound_box(item):
                return (trail, item)
            pending.append(((trail, item), depth + 1))
    return None


def _is_leaf(item: Json) -> bool:
    """Says whether ``item`` is null, a boolean, text or an integer of 64 bits."""
    if type(item) is str:
        return item.isascii() or is_text(item)
    if type(item) is int:
        return MIN_INTEGER <= item <= MAX_INTEGER
    return type(item) in _CONSTANTS


def _is_sound_box(item: Json) -> TypeGuard[Box]:
    """Says whether ``item`` is a list, or a dict whose keys are text of type str itself."""
    if type(item) is not dict:
        return type(item) is list
    return all(type(key) is str and is_text(key) for key in item)


def _reason(item: Json) -> str:
    """Returns in words why ``item`` is outside the profile."""
    if type(item) is str:
        return "a string with a lone surrogate"
    if type(item) is int:
        return "an integer that 64 bits do not hold"
    if type(item) is dict and not _is_sound_box(item):
        return "an object with a key that is not a string of text"
    if type(item) is dict or type(item) is list:
        return f"containers more than {MAX_DEPTH} deep, or in a cycle"
    return f"a value of type {type(item).__name__}"


def _read(data: bytes) -> Json:
    """Returns what a lenient JSON reader makes of ``data``: duplicate keys, white space and all."""
    try:
        value: Json = _DECODER.decode(data)
    except RecursionError:
        raise CanonicalError(f"containers more than {MAX_DEPTH} deep") from None
    except (msgspec.MsgspecError, ValueError) as error:
        raise CanonicalError(f"not JSON in UTF-8: {error}") from None
    return value
