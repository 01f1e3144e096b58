r"""Replaces every secret in what comes in, before anything is recorded or delivered.

What is found, for each secret of at least :data:`MIN_SECRET_CHARS` characters:

1. the value as UTF-8, with any of its characters percent-encoded (once or more often, ``+`` for a
   blank) or JSON-escaped (``\n``, ``\u0041``, also inside JSON inside JSON);
2. base64 of any bytes that hold the value, at each of the three alignments, in both alphabets;
   so the ``user:password`` of Basic authentication is found too;
3. over the boundaries of chunks: they are joined first.

Each becomes ``[redacted:NAME]``. Where secrets overlap, all of their bytes go; a secret inside a
longer one counts as the longer one. Not found: a value that was hashed, encrypted, compressed,
reversed, broken by line ends, or sent in several events of a stream. Shorter values are left
(:func:`too_short` names them): they would be found in every text, and hide nothing.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import accumulate

import msgspec

from workc.adapters.encoded_forms import base64_patterns, escaped_pattern
from workc.kernel.digest import TAG_REDACTION, tagged
from workc.kernel.failure import Misuse, refuse
from workc.kernel.values import Json
from workc.stages.effects import Redaction

#: Three characters have too few values to hide, and stand in nearly every text.
MIN_SECRET_CHARS = 4
SALT_BYTES = 16
#: How deep the containers of a JSON value may nest here.
MAX_JSON_DEPTH = 128

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class Cut(msgspec.Struct, frozen=True):
    """Is a stretch of bytes to replace, ``start <= i < end``, and whose secrets stand in it."""

    start: int
    end: int
    names: tuple[str, ...]

    @property
    def label(self) -> bytes:
        """Returns what stands there afterwards."""
        return "".join(f"[redacted:{name}]" for name in self.names).encode("ascii")


def too_short(secrets: Mapping[str, str]) -> tuple[str, ...]:
    """Returns the names whose values are too short to be redacted, sorted; tell the user."""
    return tuple(sorted(name for name, value in secrets.items() if len(value) < MIN_SECRET_CHARS))


class Redactor:
    """Finds the secrets of a run; made once, since it compiles their patterns."""

    def __init__(self, secrets: Mapping[str, str]) -> None:
        """Takes name -> value: only what must be hidden, never a whole environment.

        Raises:
            Misuse: when a name is not that of an environment variable.
        """
        bad = [name for name in secrets if not _NAME.fullmatch(name)]
        if bad:
            raise Misuse(f"not the name of an environment variable: {bad[0]!r}")
        self._secrets = dict(secrets)
        self._patterns = tuple(
            (name, re.compile(pattern))
            for name, value in sorted(secrets.items())
            if len(value) >= MIN_SECRET_CHARS
            for pattern in _patterns_of(value)
        )

    def find(self, data: bytes) -> list[Cut]:
        """Returns the stretches to replace, in order, none touching another's bytes."""
        return merge(
            Cut(start, end, (name,))
            for name, pattern in self._patterns
            for start, end in _occurrences(pattern, data)
        )

    def start(self) -> RedactionPass:
        """Returns what redacts the parts of one answer and counts over all of them."""
        return RedactionPass(self)

    def value(self, name: str) -> str:
        """Returns the value of a secret; it must not leave the adapters."""
        return self._secrets[name]


class RedactionPass:
    """Redacts the parts of one answer: body, headers, address, texts."""

    def __init__(self, redactor: Redactor) -> None:
        self._redactor = redactor
        self._counts: Counter[str] = Counter()

    def data(self, data: bytes) -> bytes:
        """Returns the bytes without secrets."""
        return b"".join(self.chunks([data]))

    def chunks(self, chunks: Sequence[bytes]) -> tuple[bytes, ...]:
        """Returns the chunks without secrets, also without one that stands across a boundary.

        A boundary inside a secret moves behind it; a chunk that is empty then is left out.
        """
        cuts = self._redactor.find(b"".join(chunks))
        self._counts.update(name for cut in cuts for name in cut.names)
        if not cuts:
            return tuple(chunk for chunk in chunks if chunk)
        return _replace(b"".join(chunks), cuts, list(accumulate(map(len, chunks))))

    def text(self, text: str) -> str:
        """Returns the text without secrets; lone surrogates stay as they are."""
        encoded = text.encode("utf-8", "surrogatepass")
        return self.data(encoded).decode("utf-8", "surrogatepass")

    def value(self, value: Json) -> Json:
        """Returns the JSON value without secrets in its strings and keys, at any depth.

        Keys that become equal get ``#2``, ``#3``, ... so that no member is lost.

        Raises:
            Refusal: ``NOT_JSON`` when containers nest deeper than :data:`MAX_JSON_DEPTH`.
        """
        return self._value(value, MAX_JSON_DEPTH)

    def _value(self, value: Json, depth: int) -> Json:
        if isinstance(value, str):
            return self.text(value)
        if not isinstance(value, list | dict):
            return value
        if depth == 0:
            raise refuse("NOT_JSON", f"containers nest more than {MAX_JSON_DEPTH} deep")
        if isinstance(value, list):
            return [self._value(item, depth - 1) for item in value]
        return self._members(value, depth)

    def _members(self, members: dict[str, Json], depth: int) -> dict[str, Json]:
        result: dict[str, Json] = {}
        for key, item in members.items():
            result[_free_key(self.text(key), result)] = self._value(item, depth - 1)
        return result

    def redactions(self, draw: Callable[[int], bytes]) -> tuple[Redaction, ...]:
        """Returns what was replaced, by name, each with a fresh salt of 16 bytes from ``draw``."""
        return tuple(
            _commit(name, self._redactor.value(name), self._counts[name], draw(SALT_BYTES))
            for name in sorted(self._counts)
        )


def merge(cuts: Iterable[Cut]) -> list[Cut]:
    """Returns cuts that do not overlap: overlapping ones joined, contained ones swallowed."""
    merged: list[Cut] = []
    for cut in sorted(cuts, key=lambda it: (it.start, -it.end, it.names)):
        last = merged[-1] if merged else None
        if last is None or cut.start >= last.end:
            merged.append(cut)
        elif cut.end > last.end:
            names = tuple(dict.fromkeys(last.names + cut.names))
            merged[-1] = Cut(last.start, cut.end, names)
    return merged


def commitment(salt: bytes, value: str) -> str:
    """Returns the commitment to a value in hex: it can be checked by who knows salt and value."""
    return tagged(TAG_REDACTION, salt + value.encode("utf-8", "surrogatepass"))


def _commit(name: str, value: str, count: int, salt: bytes) -> Redaction:
    return Redaction(secret=name, count=count, salt=salt.hex(), commitment=commitment(salt, value))


def _patterns_of(value: str) -> Iterator[bytes]:
    yield escaped_pattern(value)
    yield from base64_patterns(value.encode("utf-8", "surrogatepass"))


def _occurrences(pattern: re.Pattern[bytes], data: bytes) -> Iterator[tuple[int, int]]:
    """Gives every occurrence, also those that overlap the one before."""
    match = pattern.search(data)
    while match is not None:
        yield match.span()
        match = pattern.search(data, match.start() + 1)


def _replace(data: bytes, cuts: list[Cut], ends: list[int]) -> tuple[bytes, ...]:
    """Returns the data with the cuts replaced, split where ``ends`` stood."""
    pieces: list[bytes] = []
    current = bytearray()
    position = 0
    waiting = iter(cuts)
    cut = next(waiting, None)
    for end in ends:
        while cut is not None and cut.start < end:
            current += data[position : cut.start] + cut.label
            position, cut = cut.end, next(waiting, None)
        current += data[position:end]
        position = max(position, end)
        pieces.append(bytes(current))
        current.clear()
    return tuple(piece for piece in pieces if piece)


def _free_key(key: str, taken: Mapping[str, Json]) -> str:
    names = (key, *(f"{key}#{number}" for number in range(2, len(taken) + 2)))
    return next(name for name in names if name not in taken)
