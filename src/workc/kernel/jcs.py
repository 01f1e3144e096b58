"""RFC 8785 (JSON Canonicalization Scheme) in full, for users' data: any JSON, floats included.

Users' values live in evidence as these bytes, so what live code sees must be what a replay
reads back. That is the *normal form* of a value:

1. Numbers are IEEE 754 doubles. One without a fraction within ±(2^53-1) is an int, any other a
   float: ``1.0`` becomes ``1``, ``-0.0`` becomes ``0``, ``True`` stays ``True``.
2. The keys of an object stand in the order of RFC 8785, section 3.2.3: by UTF-16 code units.
3. Strings are any Unicode without lone surrogates and are never normalised.
4. Containers nest at most :data:`MAX_DEPTH_DATA` deep.

:func:`encode` and :func:`normalise` refuse everything else: NaN and the infinities, ints
outside ±(2^53-1), keys that are not strings, cycles, tuples, subclasses, any other type.
:func:`parse` reads bytes from outside strictly (RFC 8259, and I-JSON, RFC 7493): no duplicate
key, no byte order mark, no number out of range. The one error of all three is
:class:`~workc.kernel.canonical.CanonicalError`, and ``parse(encode(v)) == normalise(v)``.

>>> encode({"b": 1e21, "a": [-0.0, 0.5, 1.0]})
b'{"a":[0,0.5,1],"b":1e+21}'
>>> parse(b' {"b": 1e2, "a": 1.0} ')
{'a': 1, 'b': 100}
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Callable, Iterable
from typing import TypeAlias, TypeVar, cast

import msgspec

from workc.kernel.canonical import (
    CanonicalError,
    Trail,
    describe,
    fault_error,
    find_fault,
    is_text,
    spell,
)
from workc.kernel.values import MAX_SAFE_INTEGER, Json

#: How deep containers may nest in users' data; serde_json has the same limit. Low enough for
#: code that walks such data by recursion under Python's default limit of 1,000 frames.
MAX_DEPTH_DATA = 128

#: The longest integer token whose value may still be spelt without an exponent: a sign and 21
#: digits (ECMA-262, Number::toString).
MAX_INTEGER_LENGTH = 22

#: A message quotes this many characters of what it refuses.
MAX_QUOTE_LENGTH = 40

#: No integer within ±(2^53-1) has a longer token.
_SAFE_INTEGER_LENGTH = len(str(-MAX_SAFE_INTEGER))

#: What a copy puts in place of a finite float.
_Number: TypeAlias = Callable[[float], object]

_Result = TypeVar("_Result")

_IN_GIVEN_ORDER = msgspec.json.Encoder()
_PLAIN_READER = msgspec.json.Decoder()
_SURROGATE_ESCAPE = re.compile(r"\\u[dD][89a-fA-F]")


def encode(value: object) -> bytes:
    """Returns the RFC 8785 bytes of ``value``; raises :class:`CanonicalError` if it has none."""
    return _within_the_stack(_encode, value)


def normalise(value: object) -> Json:
    """Returns ``parse(encode(value))``: a copy in normal form that shares nothing with ``value``.

    Raises :class:`CanonicalError` for what :func:`encode` refuses.
    """
    return _within_the_stack(_normalise, value)


def parse(data: bytes | str) -> Json:
    """Returns the normal form of a JSON text; raises :class:`CanonicalError` on any other input.

    A number with a fraction or an exponent becomes the nearest double, as RFC 8785 has it. One
    without must be held exactly: an integer past 2^53-1 is read only if its double is spelt
    with the same digits, so 2^53+1 is refused and 10^20 is a float.
    """
    known = _read_canonical(data)
    return _read(data) if known is None else known[0]


def _read_canonical(data: bytes | str) -> tuple[Json] | None:
    """Returns the value of a text that is canonical in the 0.2 profile, which is read in C.

    What we wrote ourselves is nearly always so; of any other text this says nothing.
    """
    try:
        value: Json = _PLAIN_READER.decode(data)
        if find_fault(value, MAX_DEPTH_DATA) is not None:
            return None
        spelled = spell(value)
    except (msgspec.MsgspecError, CanonicalError, RecursionError, ValueError):
        return None
    return (value,) if spelled == (data if isinstance(data, bytes) else data.encode()) else None


def _read(data: bytes | str) -> Json:
    """Returns the normal form of any JSON text; see :func:`parse`."""
    text = _text(data)
    try:
        value: Json = _READER.decode(text)
        if _SURROGATE_ESCAPE.search(text):
            _IN_GIVEN_ORDER.encode(value)
    except RecursionError:
        raise _too_deep() from None
    except UnicodeEncodeError:
        raise CanonicalError("a string with a lone surrogate") from None
    except json.JSONDecodeError as error:
        raise CanonicalError(f"not JSON: {error}") from None
    if not _is_shallow(text, value):
        raise _too_deep()
    return value


def es6_number(value: float) -> str:
    """Returns a finite ``value`` as ECMAScript spells it (ECMA-262, Number::toString, radix 10).

    Python's repr already has the digits: the fewest that read back as the same double, the
    nearest of those. Only where the exponent form begins differs: below 1e-6 and from 1e21
    there, below 1e-4 and from 1e16 here.
    """
    mantissa, _, exponent = repr(value).partition("e")
    if not exponent:
        return "0" if value == 0 else mantissa.removesuffix(".0")
    power = int(exponent)
    sign, digits = "-" * (value < 0), mantissa.lstrip("-").replace(".", "")
    if 0 < power < 21:
        return sign + digits.ljust(power + 1, "0")
    if -7 < power < 0:
        return f"{sign}0.{'0' * (-power - 1)}{digits}"
    return f"{mantissa}e{power:+d}"


def in_key_order(keys: Iterable[str]) -> list[str]:
    """Returns ``keys`` sorted by UTF-16 code units (RFC 8785, section 3.2.3).

    Raises UnicodeEncodeError if a key holds a lone surrogate.
    """
    names = list(keys)
    if "".join(names).isascii():
        return sorted(names)
    return sorted(names, key=_utf16)


def _utf16(text: str) -> bytes:
    """Returns ``text`` as big-endian UTF-16, whose bytes sort as its code units do."""
    return text.encode("utf-16-be")


def _within_the_stack(work: Callable[[Json], _Result], value: object) -> _Result:
    """Returns ``work(value)``; a caller who is too deep in calls gets the one error."""
    try:
        return work(cast("Json", value))
    except RecursionError:
        raise CanonicalError("the caller left too little stack to walk this value") from None


def _encode(value: Json) -> bytes:
    """Returns the RFC 8785 bytes of ``value``."""
    # Without floats and with ASCII keys only, the spelling is that of the 0.2 profile, whose
    # encoder runs in C.
    if find_fault(value, MAX_DEPTH_DATA) is None:
        return spell(value)
    return _IN_GIVEN_ORDER.encode(_copy(value, (None, [value]), 0, _raw))


def _normalise(value: Json) -> Json:
    """Returns the normal form of ``value``."""
    if _is_leaf(value):
        return value
    if find_fault(value, MAX_DEPTH_DATA) is None:
        return cast("Json", _PLAIN_READER.decode(spell(value)))
    return cast("Json", _copy(value, (None, [value]), 0, _normal_number))


def _copy(item: Json, trail: Trail, depth: int, number: _Number) -> object:
    """Returns a copy of ``item``, which stands inside ``depth`` containers."""
    if type(item) is float and math.isfinite(item):
        return number(item)
    if _is_leaf(item):
        return item
    if type(item) is list and depth < MAX_DEPTH_DATA:
        inner: Trail = (trail, item)
        return [_copy(entry, inner, depth + 1, number) for entry in item]
    if type(item) is dict and depth < MAX_DEPTH_DATA:
        inner = (trail, item)
        keys = _sorted_keys(item, trail)
        return {key: _copy(item[key], inner, depth + 1, number) for key in keys}
    raise fault_error((trail, item), describe(item, MAX_DEPTH_DATA))


def _is_leaf(item: Json) -> bool:
    """Says whether ``item`` is null, a boolean, text or an integer within ±(2^53-1)."""
    if type(item) is str:
        return item.isascii() or is_text(item)
    if type(item) is int:
        return -MAX_SAFE_INTEGER <= item <= MAX_SAFE_INTEGER
    return item is None or type(item) is bool


def _sorted_keys(box: dict[str, Json], trail: Trail) -> list[str]:
    """Returns the keys of ``box`` in order; refuses one that is not text of type str itself."""
    if not all(type(key) is str and is_text(key) for key in box):
        raise fault_error((trail, box), "an object with a key that is not a string of text")
    return in_key_order(box)


def _raw(value: float) -> msgspec.Raw:
    """Returns the spelling of ``value`` for the encoder to write as it is."""
    return msgspec.Raw(es6_number(value).encode())


def _normal_number(value: float) -> int | float:
    """Returns ``value`` as an int if it is one within ±(2^53-1)."""
    if value.is_integer() and -MAX_SAFE_INTEGER <= value <= MAX_SAFE_INTEGER:
        return int(value)
    return value


def _text(data: bytes | str) -> str:
    """Returns ``data`` as text; refuses what is not UTF-8, and a byte order mark."""
    try:
        text = data if isinstance(data, str) else data.decode()
        if not text.isascii():
            text.encode()
    except UnicodeError as error:
        raise CanonicalError(f"not UTF-8: {error}") from None
    if text.startswith("\ufeff"):
        raise CanonicalError("not JSON: the text begins with a byte order mark")
    return text


def _is_shallow(text: str, value: Json) -> bool:
    """Says whether no more than :data:`MAX_DEPTH_DATA` containers nest in the ``value`` read."""
    if text.count("[") + text.count("{") <= MAX_DEPTH_DATA:
        return True
    level = [value]
    for _ in range(MAX_DEPTH_DATA):
        level = [item for box in level for item in _items(box)]
    return not any(isinstance(item, list | dict) for item in level)


def _items(box: Json) -> Iterable[Json]:
    """Returns what stands directly in ``box``; nothing stands in a scalar."""
    if isinstance(box, dict):
        return box.values()
    return box if isinstance(box, list) else ()


def _too_deep() -> CanonicalError:
    """Returns the error for a text that nests too deep."""
    return CanonicalError(f"containers more than {MAX_DEPTH_DATA} deep")


def _read_object(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    """Returns the object with its keys in order; refuses a key that stands twice."""
    box = dict(pairs)
    if len(box) == len(pairs):
        keys = in_key_order(box)
        return box if keys == list(box) else {key: box[key] for key in keys}
    twice = Counter(key for key, _ in pairs).most_common(1)[0][0]
    raise CanonicalError(f"an object with the key {twice[:MAX_QUOTE_LENGTH]!a} twice")


def _read_integer(token: str) -> int | float:
    """Returns the number of a token without fraction and exponent; see :func:`parse`."""
    if len(token) <= _SAFE_INTEGER_LENGTH and abs(int(token)) <= MAX_SAFE_INTEGER:
        return int(token)
    if len(token) <= MAX_INTEGER_LENGTH and es6_number(float(token)) == token:
        return float(token)
    raise CanonicalError(f"an integer that no double holds: {token[:MAX_QUOTE_LENGTH]}")


def _read_decimal(token: str) -> int | float:
    """Returns the double nearest to a token with a fraction or an exponent, in normal form."""
    value = float(token)
    if math.isinf(value):
        raise CanonicalError(f"a number out of range: {token[:MAX_QUOTE_LENGTH]}")
    return _normal_number(value)


def _read_constant(token: str) -> Json:
    """Refuses NaN and the infinities, which Python's reader would take."""
    raise CanonicalError(f"not JSON: {token}")


_READER = json.JSONDecoder(
    object_pairs_hook=_read_object,
    parse_int=_read_integer,
    parse_float=_read_decimal,
    parse_constant=_read_constant,
)
