"""Applies one of the seven operations on bytes: says which files of a bundle become what.

It reads what it needs and writes nothing, so the same code serves folders and memory. It knows no
version of the format: the names of the three documents, ``files`` and ``path`` in the manifest are the
same in all. Resealing, which knows them, is in :mod:`workc.sim.tamper.applying`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from workc.bundle.layout import EVENTS, MANIFEST, RECEIPT
from workc.kernel.values import Json
from workc.sim.json_text import JsonTextError, read_json, spell_json
from workc.sim.tamper.operation import (
    CorruptManifestHash,
    DeleteFile,
    FlipByte,
    ModifyReceiptField,
    ReorderEvents,
    ReplaceBytes,
    TamperError,
    TamperOp,
    TruncateFile,
)
from workc.sim.tamper.parts import Files
from workc.sim.tamper.pointer import NoSuchPlaceError, find, put
from workc.stages.problem import tokens_of

#: So many characters of a value are shown.
MAX_SHOWN = 60


class Changes(msgspec.Struct, frozen=True):
    """Which files get which bytes (None takes a file away), and what was done, in a sentence."""

    files: Mapping[str, bytes | None]
    text: str


def change(op: TamperOp, files: Files) -> Changes:
    """Returns what an operation does to a bundle.

    Raises:
        TamperError: it does not apply, or would change nothing.
    """
    return _HOW[type(op)](op, files)


def check_path(path: str) -> None:
    """Refuses a path that could lead out of a bundle, whatever stands there.

    Raises:
        TamperError: it is absolute, climbs, or has an empty segment or a zero byte.
    """
    segments = path.split("/")
    if "\0" in path or any(segment in {"", ".", ".."} for segment in segments):
        raise TamperError("unsafe_path", f"{path!a} is no path within a bundle")


def _read(files: Files, path: str) -> bytes:
    check_path(path)
    try:
        return files[path]
    except KeyError:
        raise TamperError("no_such_file", f"the bundle has no file {path!a}") from None


def _flip(op: FlipByte, files: Files) -> Changes:
    data = bytearray(_within(files, op.rel_path, op.offset, 1))
    before = data[op.offset]
    if not op.xor:
        raise TamperError("no_change", "an xor of 0 changes nothing")
    data[op.offset] = before ^ op.xor
    text = f"byte {op.offset} of {op.rel_path}: 0x{before:02x} is now 0x{data[op.offset]:02x}"
    return Changes({op.rel_path: bytes(data)}, text)


def _within(files: Files, path: str, offset: int, length: int) -> bytes:
    """Returns the bytes of a file that reaches so far."""
    data = _read(files, path)
    if offset + length > len(data):
        message = f"{path} has {len(data)} bytes; the change would end at {offset + length}"
        raise TamperError("past_the_end", message)
    return data


def _delete(op: DeleteFile, files: Files) -> Changes:
    size = len(_read(files, op.rel_path))
    return Changes({op.rel_path: None}, f"{op.rel_path} ({size} bytes) is gone")


def _truncate(op: TruncateFile, files: Files) -> Changes:
    data = _read(files, op.rel_path)
    if op.new_len > len(data):
        raise TamperError("past_the_end", f"{op.rel_path} has {len(data)} bytes only")
    if op.new_len == len(data):
        raise TamperError("no_change", f"{op.rel_path} has {len(data)} bytes already")
    text = f"{op.rel_path} has {op.new_len} of its {len(data)} bytes left"
    return Changes({op.rel_path: data[: op.new_len]}, text)


def _replace(op: ReplaceBytes, files: Files) -> Changes:
    new = bytes.fromhex(op.bytes_hex)
    data = _within(files, op.rel_path, op.offset, len(new))
    end = op.offset + len(new)
    changed = data[: op.offset] + new + data[end:]
    if changed == data:
        raise TamperError("no_change", "these bytes stand there already")
    text = f"bytes {op.offset} to {end - 1} of {op.rel_path} are others now"
    return Changes({op.rel_path: changed}, text)


def _reorder(op: ReorderEvents, files: Files) -> Changes:
    *lines, rest = _read(files, EVENTS).split(b"\n")
    i, j = op.swap_i, op.swap_j
    if max(i, j) >= len(lines):
        raise TamperError("past_the_end", f"there are {len(lines)} events, counted from 0")
    if lines[i] == lines[j]:
        raise TamperError("no_change", "a line changes places with itself, or with its equal")
    lines[i], lines[j] = lines[j], lines[i]
    text = f"lines {i + 1} and {j + 1} of {EVENTS} have changed places"
    return Changes({EVENTS: b"\n".join([*lines, rest])}, text)


def _modify(op: ModifyReceiptField, files: Files) -> Changes:
    receipt = _document(files, RECEIPT)
    tokens = tokens_of(op.json_pointer)
    try:
        before = spell_json(find(receipt, tokens))
    except NoSuchPlaceError:
        message = f"the receipt has nothing at {op.json_pointer!a}"
        raise TamperError("no_such_place", message) from None
    after = spell_json(op.new_json)
    if before == after:
        raise TamperError("no_change", f"{op.json_pointer} has this value already")
    text = f"{op.json_pointer} of {RECEIPT}: {_cut(before)} is now {_cut(after)}"
    return Changes({RECEIPT: spell_json(put(receipt, tokens, op.new_json))}, text)


def _corrupt(op: CorruptManifestHash, files: Files) -> Changes:
    manifest = _document(files, MANIFEST)
    entry = _entry(manifest, op.entry_path)
    before = entry["sha256"]
    if before == op.new_sha256:
        raise TamperError("no_change", f"the manifest says this SHA-256 of {op.entry_path} already")
    entry["sha256"] = op.new_sha256
    text = f"{MANIFEST} says of {op.entry_path}: {op.new_sha256!a}, it said {before!a}"
    return Changes({MANIFEST: spell_json(manifest)}, text)


def _entry(manifest: Json, path: str) -> dict[str, Json]:
    entries = manifest.get("files") if isinstance(manifest, dict) else None
    for entry in entries if isinstance(entries, list) else ():
        if isinstance(entry, dict) and entry.get("path") == path and "sha256" in entry:
            return entry
    raise TamperError("no_such_place", f"the manifest has no entry for {path!a}")


def _document(files: Files, path: str) -> Json:
    try:
        return read_json(_read(files, path))
    except JsonTextError as error:
        raise TamperError("not_a_document", f"{path} cannot be edited: {error}") from None


def _cut(spelled: bytes) -> str:
    text = ascii(spelled.decode())[1:-1]
    return text if len(text) <= MAX_SHOWN else text[: MAX_SHOWN - 3] + "..."


_HOW: Mapping[type[TamperOp], Callable[[Any, Files], Changes]] = {
    FlipByte: _flip,
    DeleteFile: _delete,
    TruncateFile: _truncate,
    ReplaceBytes: _replace,
    ReorderEvents: _reorder,
    ModifyReceiptField: _modify,
    CorruptManifestHash: _corrupt,
}
