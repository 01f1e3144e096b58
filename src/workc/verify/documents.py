"""The two documents of a bundle, read once, before its version is known.

What could not be had is not judged here: each version says by which of its rules it is missed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple, TypeAlias

from workc.bundle.layout import MANIFEST, RECEIPT, Limits
from workc.verify.case import Case
from workc.verify.reader import Item, Reader, ReadError
from workc.verify.rules import Rule

#: Why a document could not be had.
Lack: TypeAlias = Literal["absent", "too large", "unreadable"]


class Document(NamedTuple):
    """The bytes of a document, or why there are none: ``lack``, and ``message`` in words."""

    path: str
    data: bytes | None = None
    lack: Lack | None = None
    message: str = ""


class Documents(NamedTuple):
    """The documents of a bundle."""

    receipt: Document
    manifest: Document


def read_documents(reader: Reader, found: Mapping[str, Item], limits: Limits) -> Documents:
    """Returns both documents; each is read once."""
    return Documents(_read(reader, found, RECEIPT, limits), _read(reader, found, MANIFEST, limits))


def data_of(document: Document, rules: Mapping[Lack, Rule], case: Case) -> bytes | None:
    """Returns the bytes, or None after saying by which of the rules they are missed."""
    if document.lack is not None and document.lack in rules:
        case.fail(rules[document.lack], document.path, document.message)
    return document.data


def _read(reader: Reader, found: Mapping[str, Item], path: str, limits: Limits) -> Document:
    item = found.get(path)
    if item is None:
        return Document(path, lack="absent", message="the bundle has no such file")
    if item.size > limits.document_bytes:
        message = f"larger than {limits.document_bytes} bytes"
        return Document(path, lack="too large", message=message)
    try:
        data = b"".join(reader.chunks(path, item.size))
    except ReadError as error:
        return Document(path, lack="unreadable", message=str(error))
    if len(data) != item.size:
        message = "its size changed while it was read"
        return Document(path, lack="unreadable", message=message)
    return Document(path, data)
