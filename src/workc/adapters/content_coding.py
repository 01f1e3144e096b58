"""Undoes Content-Encoding (RFC 9110, section 8.4) in small pieces, so that a bomb stays small.

``gzip``, ``x-gzip``, ``deflate`` (with or without the zlib header) and ``identity``, at most
:data:`MAX_CODINGS` of them. Anything else is refused: text that cannot be read cannot be redacted.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from typing import Protocol

#: The most bytes that one step of decoding gives.
MAX_PIECE_BYTES = 65_536
#: Layers of encoding; more than one is rare, more than two only seen in attacks.
MAX_CODINGS = 2

_GZIP_WBITS = zlib.MAX_WBITS | 16
_RAW_WBITS = -zlib.MAX_WBITS


class Inflater(Protocol):
    """Is zlib's decompression object, which has no public type."""

    @property
    def eof(self) -> bool:
        """Returns whether the end mark was read."""
        ...

    @property
    def unused_data(self) -> bytes:
        """Returns what follows the end mark."""
        ...

    @property
    def unconsumed_tail(self) -> bytes:
        """Returns the input that the last call left for the next."""
        ...

    def decompress(self, data: bytes, max_length: int, /) -> bytes:
        """Returns at most ``max_length`` bytes of output."""
        ...


class CodingError(Exception):
    """The body is not in the coding that its header names, or it is cut short."""


class Decoder:
    """Decodes one body; feed it the pieces in order, then call :meth:`finish`."""

    def __init__(self, codings: Sequence[str]) -> None:
        """Takes the values of the Content-Encoding headers, in order.

        Raises:
            CodingError: for a coding that is not known, and for too many.
        """
        listed = (it.strip().lower() for value in codings for it in value.split(","))
        names = [name for name in listed if name not in ("", "identity")]
        if len(names) > MAX_CODINGS:
            raise CodingError("too many content codings")
        self._layers = [_layer(name) for name in reversed(names)]
        self._empty = True

    def decode(self, data: bytes) -> Iterator[bytes]:
        """Gives the decoded bytes, each piece at most :data:`MAX_PIECE_BYTES` long."""
        self._empty = self._empty and not data
        pieces: Iterator[bytes] = iter((data,))
        for layer in self._layers:
            pieces = _pipe(layer, pieces)
        return pieces

    def finish(self) -> None:
        """Checks that the body is complete; a body of no bytes is (RFC 9110, section 8.4).

        Raises:
            CodingError: when it is cut short.
        """
        if not self._empty and not all(layer.complete for layer in self._layers):
            raise CodingError("the encoded body is cut short")


class _Inflate:
    """One layer: zlib's inflate with a known wrapping."""

    def __init__(self, wbits: int | None) -> None:
        self._wbits = wbits
        self._head = b""
        self._inflate: Inflater | None = None if wbits is None else zlib.decompressobj(wbits)

    @property
    def complete(self) -> bool:
        return self._inflate is not None and self._inflate.eof

    def decode(self, data: bytes) -> Iterator[bytes]:
        if self._inflate is None:
            self._head += data
            if len(self._head) < 2:
                return
            data, self._wbits = self._head, _deflate_wbits(self._head)
            self._inflate = zlib.decompressobj(self._wbits)
        yield from self._inflate_all(self._inflate, data)

    def _inflate_all(self, inflate: Inflater, data: bytes) -> Iterator[bytes]:
        full = False
        while data or full:
            inflate = self._next_member(inflate)
            piece = _inflate_once(inflate, data)
            data = inflate.unused_data if inflate.eof else inflate.unconsumed_tail
            # A full piece may leave output inside zlib although its input is used up.
            full = len(piece) == MAX_PIECE_BYTES and not inflate.eof
            if piece:
                yield piece

    def _next_member(self, inflate: Inflater) -> Inflater:
        """Returns where to go on: a gzip file may have several members (RFC 1952, section 2.2)."""
        if not inflate.eof:
            return inflate
        if self._wbits != _GZIP_WBITS:
            raise CodingError("bytes follow the end of the encoded body")
        self._inflate = zlib.decompressobj(_GZIP_WBITS)
        return self._inflate


def _layer(name: str) -> _Inflate:
    known = {"gzip": _GZIP_WBITS, "x-gzip": _GZIP_WBITS, "deflate": None}
    if name not in known:
        raise CodingError("the content coding was not asked for")
    return _Inflate(known[name])


def _deflate_wbits(head: bytes) -> int:
    """Tells zlib's header from raw deflate (RFC 1950, section 2.2: method 8, check modulo 31)."""
    has_header = head[0] & 0x0F == 8 and int.from_bytes(head[:2], "big") % 31 == 0
    return zlib.MAX_WBITS if has_header else _RAW_WBITS


def _inflate_once(inflate: Inflater, data: bytes) -> bytes:
    try:
        return inflate.decompress(data, MAX_PIECE_BYTES)
    except zlib.error:
        failed = CodingError("the body is not in the coding that its header names")
    raise failed


def _pipe(layer: _Inflate, pieces: Iterator[bytes]) -> Iterator[bytes]:
    for piece in pieces:
        yield from layer.decode(piece)
