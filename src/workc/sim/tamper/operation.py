"""Operations on a bundle, as values and as JSON: what to change, nothing about how.

A :class:`TamperOp` is one of the variants below. Its JSON is an object with one member, whose name
says which (as serde writes an externally tagged enum):

>>> TamperOp.parse('{"FlipByte":{"rel_path":"receipt.json","offset":3,"xor":1}}')
FlipByte(rel_path='receipt.json', offset=3, xor=1)

A value that exists is sound: constructing and parsing refuse with :class:`TamperError`, and with
nothing else, what no operation can be. Whether it applies to a bundle is seen when it is applied.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import ClassVar, Literal, TypeAlias

import msgspec

from workc.kernel.values import Json, JsonObject
from workc.sim.json_text import JsonTextError, check_json, read_json

#: Why an operation is none, or does not apply to a bundle.
Problem: TypeAlias = Literal[
    "not_json",
    "unknown_op",
    "missing_field",
    "unknown_field",
    "wrong_type",
    "out_of_range",
    "bad_hex",
    "bad_pointer",
    "unsafe_path",
    "no_such_file",
    "no_such_place",
    "past_the_end",
    "no_change",
    "not_a_document",
    "unknown_edit",
    "does_not_apply",
    "not_writable",
]

MAX_BYTE = 0xFF
#: The largest ``usize`` of a machine of 64 bits.
MAX_SIZE = 2**64 - 1

_HEX = re.compile(r"(?:[0-9A-Fa-f]{2})*")
#: RFC 6901, section 3.
_POINTER = re.compile(r"(?:/(?:[^~/]|~[01])*)*")


class TamperError(ValueError):
    """Says in one sentence why something is no operation, or why it does not apply."""

    def __init__(self, problem: Problem, message: str) -> None:
        super().__init__(message)
        self.problem: Problem = problem


class TamperOp(msgspec.Struct, frozen=True):
    """An operation: one of the variants, which also stand here by their names.

    >>> TamperOp.DeleteFile(rel_path="receipt.json").to_json()
    {'DeleteFile': {'rel_path': 'receipt.json'}}
    """

    FlipByte: ClassVar[type[_FlipByte]]
    DeleteFile: ClassVar[type[_DeleteFile]]
    TruncateFile: ClassVar[type[_TruncateFile]]
    ReplaceBytes: ClassVar[type[_ReplaceBytes]]
    ReorderEvents: ClassVar[type[_ReorderEvents]]
    ModifyReceiptField: ClassVar[type[_ModifyReceiptField]]
    CorruptManifestHash: ClassVar[type[_CorruptManifestHash]]
    Reseal: ClassVar[type[_Reseal]]

    def __post_init__(self) -> None:
        """Refuses values that the fields cannot have.

        Raises:
            TamperError: a field is of the wrong type, out of range, or misspelt.
        """
        for name in self.__struct_fields__:
            _CHECKS[name](name, getattr(self, name))

    def to_json(self) -> JsonObject:
        """Returns the operation as JSON: one member, named after the variant."""
        fields: JsonObject = {name: getattr(self, name) for name in self.__struct_fields__}
        return {type(self).__name__: fields}

    @staticmethod
    def from_json(value: Json) -> TamperOp:
        """Returns the operation that a JSON value says.

        Raises:
            TamperError: it says none.
        """
        if not isinstance(value, dict) or len(value) != 1:
            raise TamperError("unknown_op", f"an operation is an object with one of {_NAMES}")
        ((name, fields),) = value.items()
        variant = VARIANTS.get(name)
        if variant is None:
            raise TamperError("unknown_op", f"there is no operation {name!a}; there is {_NAMES}")
        if not isinstance(fields, dict):
            raise TamperError("wrong_type", f"{name} takes an object of its fields")
        _check_names(name, variant, fields)
        return variant(**fields)

    @staticmethod
    def parse(text: str | bytes) -> TamperOp:
        """Returns the operation that a JSON text says.

        Raises:
            TamperError: it says none, or is no JSON.
        """
        return TamperOp.from_json(_read(text))


class FlipByte(TamperOp, frozen=True):
    """One byte is combined with ``xor`` (1 to 255) by exclusive or."""

    rel_path: str
    offset: int
    xor: int


class DeleteFile(TamperOp, frozen=True):
    """A file is taken away."""

    rel_path: str


class TruncateFile(TamperOp, frozen=True):
    """A file keeps its first ``new_len`` bytes, fewer than it has."""

    rel_path: str
    new_len: int


class ReplaceBytes(TamperOp, frozen=True):
    """Bytes are written over others within a file; its length stays."""

    rel_path: str
    offset: int
    bytes_hex: str


class ReorderEvents(TamperOp, frozen=True):
    """Two lines of the events, counted from 0, change places; nothing else follows."""

    swap_i: int
    swap_j: int


class ModifyReceiptField(TamperOp, frozen=True):
    """A place of the receipt (RFC 6901) that is there gets another value, any JSON."""

    json_pointer: str
    new_json: Json


class CorruptManifestHash(TamperOp, frozen=True):
    """The manifest says another SHA-256 of a file, or what is none."""

    entry_path: str
    new_sha256: str


class Reseal(TamperOp, frozen=True):
    """An edit by name, after which everything that follows is computed anew."""

    edit: str


_FlipByte: TypeAlias = FlipByte
_DeleteFile: TypeAlias = DeleteFile
_TruncateFile: TypeAlias = TruncateFile
_ReplaceBytes: TypeAlias = ReplaceBytes
_ReorderEvents: TypeAlias = ReorderEvents
_ModifyReceiptField: TypeAlias = ModifyReceiptField
_CorruptManifestHash: TypeAlias = CorruptManifestHash
_Reseal: TypeAlias = Reseal

TamperOp.FlipByte = FlipByte
TamperOp.DeleteFile = DeleteFile
TamperOp.TruncateFile = TruncateFile
TamperOp.ReplaceBytes = ReplaceBytes
TamperOp.ReorderEvents = ReorderEvents
TamperOp.ModifyReceiptField = ModifyReceiptField
TamperOp.CorruptManifestHash = CorruptManifestHash
TamperOp.Reseal = Reseal

#: Every variant by its name.
VARIANTS: Mapping[str, type[TamperOp]] = {
    variant.__name__: variant
    for variant in (
        FlipByte,
        DeleteFile,
        TruncateFile,
        ReplaceBytes,
        ReorderEvents,
        ModifyReceiptField,
        CorruptManifestHash,
        Reseal,
    )
}
_NAMES = ", ".join(VARIANTS)


def parse_operations(text: str | bytes) -> list[TamperOp]:
    """Returns the operations of a JSON text: one, or a list of them.

    Raises:
        TamperError: it says none.
    """
    value = _read(text)
    if not isinstance(value, list):
        return [TamperOp.from_json(value)]
    if not value:
        raise TamperError("missing_field", "the list of operations is empty")
    return [TamperOp.from_json(item) for item in value]


def _read(text: str | bytes) -> Json:
    try:
        return read_json(text)
    except JsonTextError as error:
        raise TamperError("not_json", f"an operation is JSON: {error}") from None


def _check_names(name: str, variant: type[TamperOp], fields: JsonObject) -> None:
    known = variant.__struct_fields__
    missing = [field for field in known if field not in fields]
    if missing:
        raise TamperError("missing_field", f"{name} lacks {', '.join(missing)}")
    unknown = sorted(fields.keys() - set(known))
    if unknown:
        wanted = ", ".join(known)
        raise TamperError("unknown_field", f"{name} has no {unknown[0]!a}; it has {wanted}")


def _text(name: str, value: object) -> None:
    if not isinstance(value, str):
        raise TamperError("wrong_type", f"{name} is a text")


def _whole(name: str, value: object, most: int) -> None:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TamperError("wrong_type", f"{name} is a whole number")
    if not 0 <= value <= most:
        raise TamperError("out_of_range", f"{name} is from 0 to {most}")


def _size(name: str, value: object) -> None:
    _whole(name, value, MAX_SIZE)


def _byte(name: str, value: object) -> None:
    _whole(name, value, MAX_BYTE)


def _hex(name: str, value: object) -> None:
    _text(name, value)
    if not _HEX.fullmatch(str(value)):
        raise TamperError("bad_hex", f"{name} is hex digits, two for each byte")


def _pointer(name: str, value: object) -> None:
    _text(name, value)
    if not _POINTER.fullmatch(str(value)):
        raise TamperError(
            "bad_pointer", f"{name} is a JSON pointer, such as /outcome or /roots/lens"
        )


def _json(name: str, value: object) -> None:
    try:
        check_json(value)
    except JsonTextError as error:
        raise TamperError("wrong_type", f"{name} is JSON: {error}") from None


_CHECKS: Mapping[str, Callable[[str, object], None]] = {
    "rel_path": _text,
    "offset": _size,
    "xor": _byte,
    "new_len": _size,
    "bytes_hex": _hex,
    "swap_i": _size,
    "swap_j": _size,
    "json_pointer": _pointer,
    "new_json": _json,
    "entry_path": _text,
    "new_sha256": _text,
    "edit": _text,
}
