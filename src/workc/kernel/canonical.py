r"""Canonical JSON of format 0.2: one value, one spelling, as bytes.

The profile is a subset of RFC 8785 (JSON Canonicalization Scheme) on which every
implementation agrees:

1. Values are null, booleans, integers within ±(2^53-1), strings, arrays and objects of exactly
   the types None, bool, int, str, list and dict: no float, no tuple, no subclass.
2. Object keys are ASCII and sorted by their bytes. No key appears twice.
3. Strings are any Unicode without lone surrogates and are never normalised (NFC and NFD differ).
4. Containers nest at most :data:`MAX_DEPTH` deep: a lone ``[]`` is one deep.
5. No white space; RFC 8785, section 3.2.2.2 has the escapes.

:func:`decode` accepts bytes only if they are what :func:`encode` writes for their value. Any
other bytes, and any other value, give :class:`CanonicalError` and nothing else.

>>> encode({"b": [1, True, None], "a": "é"})
b'{"a":"\xc3\xa9","b":[1,true,null]}'
>>> decode(b'{"b":1,"a":2}')
Traceback (most recent call last):
workc.kernel.canonical.CanonicalError: not canonical: byte 2 is not as it must be
"""

from __future__ import annotations

from typing import TypeAlias, TypeGuard

import msgspec

from workc.kernel.values import MAX_SAFE_INTEGER, Json

#: How deep containers may nest in a record of the format; ours need fewer than ten levels.
MAX_DEPTH = 64

#: A pointer in a message is cut after this many characters: keys may be of any length.
MAX_POINTER_LENGTH = 200

Box: TypeAlias = "list[Json] | dict[str, Json]"

#: The containers around a value, innermost last: (the trail to the container, the container).
#: The outermost is a list made to hold the document, so that a scalar has a container too.
Trail: TypeAlias = "tuple[Trail | None, Box]"

#: A value with no place in the profile, and its trail.
Fault: TypeAlias = "tuple[Trail, Json]"

_CONSTANTS = frozenset({bool, type(None)})
_ENCODER = msgspec.json.Encoder(order="deterministic")
_DECODER = msgspec.json.Decoder()


class CanonicalError(ValueError):
    """Says in one sentence why a value or some bytes have no canonical form."""


def encode(value: Json) -> bytes:
    """Returns the canonical bytes of ``value``; refuses what is outside the profile.

    Raises :class:`CanonicalError` with the JSON pointer of the first value that has no place
    in the profile. A cycle is refused as a depth past :data:`MAX_DEPTH`.
    """
    fault = find_fault(value, MAX_DEPTH)
    if fault is not None:
        raise fault_error(fault, _reason(fault[1]))
    return spell(value)


def decode(data: bytes) -> Json:
    """Returns the value that ``data`` is the canonical spelling of; refuses other bytes.

    Accepts exactly the bytes that :func:`encode` can return; raises :class:`CanonicalError`
    on all others, whatever they are.
    """
    value = _read(data)
    spelling = encode(value)
    if spelling != data:
        raise CanonicalError(f"not canonical: {first_difference(data, spelling)}")
    return value


def find_fault(value: Json, max_depth: int) -> Fault | None:
    """Returns the first thing in ``value`` outside the profile; ``max_depth`` is in containers."""
    # The walk keeps its own stack, so its answer does not depend on how deep its caller is.
    # It goes depth first: a cycle then ends at max_depth however often it branches.
    pending: list[tuple[Trail, int]] = [((None, [value]), 0)]
    while pending:
        trail, depth = pending.pop()
        box = trail[1]
        for item in box.values() if type(box) is dict else box:
            if type(item) is str and (item.isascii() or is_text(item)):
                continue
            if type(item) is int and -MAX_SAFE_INTEGER <= item <= MAX_SAFE_INTEGER:
                continue
            if type(item) in _CONSTANTS:
                continue
            if depth == max_depth or not _is_sound_box(item):
                return (trail, item)
            pending.append(((trail, item), depth + 1))
    return None


def spell(value: Json) -> bytes:
    """Returns the canonical bytes of a ``value`` in which :func:`find_fault` found nothing."""
    try:
        return _ENCODER.encode(value)
    except RecursionError:
        raise CanonicalError("the caller left too little stack to write this value") from None


def is_text(value: str) -> bool:
    """Says whether ``value`` is Unicode text: a string without lone surrogates."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def fault_error(fault: Fault, reason: str) -> CanonicalError:
    """Returns the error for ``reason`` with the place of ``fault`` as a JSON pointer (RFC 6901)."""
    trail: Trail | None = fault[0]
    item = fault[1]
    tokens: list[str] = []
    while trail is not None:
        tokens.append(_token(trail[1], item))
        trail, item = trail
    pointer = "".join(f"/{token}" for token in reversed(tokens[:-1]))
    # Written in ASCII: a key may hold a lone surrogate, which no log could print.
    return CanonicalError(f"{reason}, at {pointer[:MAX_POINTER_LENGTH]!a}")


def _token(box: Box, item: Json) -> str:
    """Returns the pointer token of the first place in ``box`` where ``item`` itself stands."""
    pairs = box.items() if isinstance(box, dict) else enumerate(box)
    key = next(key for key, value in pairs if value is item)
    return str(key).replace("~", "~0").replace("/", "~1")


def _is_sound_box(item: Json) -> TypeGuard[Box]:
    """Says whether ``item`` is a list, or a dict with keys of type str itself, all ASCII."""
    if type(item) is not dict:
        return type(item) is list
    # A plain loop: a generator in all() takes half as long again, once for every object.
    for key in item:  # noqa: SIM110 - measured, see above
        if type(key) is not str or not key.isascii():
            return False
    return True


def describe(item: Json, max_depth: int) -> str:
    """Returns in words why no spelling exists for ``item``, which is no sound leaf."""
    if type(item) is str:
        return "a string with a lone surrogate"
    if type(item) is int:
        return "an integer outside ±(2^53-1)"
    if type(item) is dict or type(item) is list:
        return f"containers more than {max_depth} deep, or in a cycle"
    return f"a value of type {type(item).__name__}"


def _reason(item: Json) -> str:
    """Returns in words why ``item`` is outside the profile."""
    if type(item) is dict and not _is_sound_box(item):
        return "an object with a key that is not an ASCII string"
    return describe(item, MAX_DEPTH)


def _read(data: bytes) -> Json:
    """Returns what a lenient JSON reader makes of ``data``: duplicate keys, white space and all."""
    try:
        value: Json = _DECODER.decode(data)
    except RecursionError:
        raise CanonicalError(f"containers more than {MAX_DEPTH} deep") from None
    except (msgspec.MsgspecError, ValueError) as error:
        raise CanonicalError(f"not JSON in UTF-8: {error}") from None
    return value


def first_difference(data: bytes, spelling: bytes) -> str:
    """Returns where ``data`` leaves the canonical ``spelling`` of its value, in words."""
    pairs = enumerate(zip(data, spelling, strict=False))
    shorter = min(len(data), len(spelling))
    return f"byte {next((i for i, (a, b) in pairs if a != b), shorter)} is not as it must be"
