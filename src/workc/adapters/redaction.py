r"""Replaces every secret in what comes in, before anything is recorded or delivered.

What is found, for each secret of at least :data:`MIN_SECRET_CHARS` characters:

1. the value in the charsets that answers are read in, with any of its characters percent-encoded
   (once or more often, ``+`` for a blank), escaped with backslashes (``\n``, ``\u0041``, ``\x41``,
   also inside JSON inside JSON) or as HTML does (``&#65;``, ``&#x41;``, ``&amp;``);
2. base64 of any bytes that hold the value, at each of the three alignments, in both alphabets;
   so the ``user:password`` of Basic authentication is found too; and hex of the value;
3. all of these where text is written in UTF-16 or UTF-32;
4. over the boundaries of chunks: they are joined first;
5. in addresses and failures, where hosts are in lower case: without regard to case, also in the
   normal form of a value that is a URL or a host.

The time of a search grows with the size of the data, whatever is in it.

Each becomes ``[redacted:NAME]``. Where secrets overlap, all of their bytes go; a secret inside a
longer one counts as the longer one. Not found: a value that was hashed, encrypted, compressed,
reversed, broken by line ends, or sent in several events of a stream. Shorter values are left
(:func:`too_short` names them): they would be found in every text, and hide nothing.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import accumulate

import msgspec

from workc.adapters.encoded_forms import base64_patterns, escaped_pattern, hex_pattern
from workc.adapters.wide_text import narrowed, widened
from workc.kernel.digest import TAG_REDACTION, tagged
from workc.kernel.failure import Misuse, Refusal, refuse
from workc.kernel.values import Json
from workc.stages.effects import Redaction
from workc.stages.network import is_address
from workc.stages.url import normal_host, parse_url

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
    codec: str = "ascii"

    @property
    def label(self) -> bytes:
        """Returns what stands there afterwards."""
        return "".join(f"[redacted:{name}]" for name in self.names).encode(self.codec)


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
            for name, value in self._long_enough()
            for pattern in _patterns_of(value)
        )

    def find(self, data: bytes) -> list[Cut]:
        """Returns the stretches to replace, in order, none touching another's bytes."""
        return merge(_cuts(self._patterns, data))

    def find_in_address(self, data: bytes) -> list[Cut]:
        """Returns what :meth:`find` does, and what it finds in any case or as a normal host."""
        return merge([*_cuts(self._patterns, data), *_cuts(self._address_patterns, data)])

    @cached_property
    def _address_patterns(self) -> tuple[tuple[str, re.Pattern[bytes]], ...]:
        return tuple(
            (name, re.compile(escaped_pattern(form), re.IGNORECASE))
            for name, value in self._long_enough()
            for form in (value, *_normal_forms_of(value))
        )

    def _long_enough(self) -> list[tuple[str, str]]:
        pairs = sorted(self._secrets.items())
        return [(name, value) for name, value in pairs if len(value) >= MIN_SECRET_CHARS]

    def start(self) -> RedactionPass:
        """Returns what redacts the parts of one answer and counts over all of them."""
        return RedactionPass(self, self.find)

    def start_in_addresses(self) -> RedactionPass:
        """Returns what redacts texts that show hosts, such as failures."""
        return RedactionPass(self, self.find_in_address)

    def value(self, name: str) -> str:
        """Returns the value of a secret; it must not leave the adapters."""
        return self._secrets[name]


class RedactionPass:
    """Redacts the parts of one answer: body, headers, address, texts."""

    def __init__(self, redactor: Redactor, find: Callable[[bytes], list[Cut]]) -> None:
        self._redactor = redactor
        self._find = find
        self._counts: Counter[str] = Counter()

    def data(self, data: bytes) -> bytes:
        """Returns the bytes without secrets."""
        return b"".join(self.chunks([data]))

    def chunks(self, chunks: Sequence[bytes]) -> tuple[bytes, ...]:
        """Returns the chunks without secrets, also without one that stands across a boundary.

        A boundary inside a secret moves behind it; a chunk that is empty then is left out.
        """
        return self._replaced(chunks, self._find(b"".join(chunks)))

    def _replaced(self, chunks: Sequence[bytes], cuts: list[Cut]) -> tuple[bytes, ...]:
        self._counts.update(name for cut in cuts for name in cut.names)
        if not cuts:
            return tuple(chunk for chunk in chunks if chunk)
        return _replace(b"".join(chunks), cuts, list(accumulate(map(len, chunks))))

    def text(self, text: str) -> str:
        """Returns the text without secrets; lone surrogates stay as they are."""
        encoded = text.encode("utf-8", "surrogatepass")
        return _decoded(self.data(encoded))

    def address(self, text: str) -> str:
        """Returns the URL or name of a header without secrets, in whatever case they stand."""
        encoded = text.encode("utf-8", "surrogatepass")
        cuts = self._redactor.find_in_address(encoded)
        return _decoded(b"".join(self._replaced([encoded], cuts)))

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
            merged[-1] = Cut(last.start, cut.end, names, last.codec)
    return merged


def commitment(salt: bytes, value: str) -> str:
    """Returns the commitment to a value in hex: it can be checked by who knows salt and value."""
    return tagged(TAG_REDACTION, salt + value.encode("utf-8", "surrogatepass"))


def _commit(name: str, value: str, count: int, salt: bytes) -> Redaction:
    return Redaction(secret=name, count=count, salt=salt.hex(), commitment=commitment(salt, value))


def _patterns_of(value: str) -> Iterator[bytes]:
    data = value.encode("utf-8", "surrogatepass")
    yield escaped_pattern(value)
    yield hex_pattern(data)
    yield from base64_patterns(data)


def _normal_forms_of(value: str) -> Iterator[str]:
    """Gives what a value becomes that is a URL (and its host), or a host that is not ASCII."""
    try:
        target = parse_url(value)
        yield target.text.rstrip("/")
        if not is_address(target.host):
            yield target.host
    except Refusal:
        pass
    try:
        if not value.isascii():
            yield normal_host(value)
    except Refusal:
        pass


def _cuts(patterns: Iterable[tuple[str, re.Pattern[bytes]]], data: bytes) -> Iterator[Cut]:
    narrow = narrowed(data)
    for name, pattern in patterns:
        for start, end in _occurrences(pattern, data):
            yield Cut(start, end, (name,))
        if narrow is not None:
            for start, end, codec in widened(data, _occurrences(pattern, narrow)):
                yield Cut(start, end, (name,), codec)


def _occurrences(pattern: re.Pattern[bytes], data: bytes) -> Iterator[tuple[int, int]]:
    """Gives where the pattern occurs; those that overlap are one."""
    match = pattern.search(data)
    while match is not None:
        start, end = match.span()
        match = pattern.search(data, start + 1)
        while match is not None and match.start() < end:
            end = max(end, match.end())
            match = pattern.search(data, match.start() + 1)
        yield start, end


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


def _decoded(data: bytes) -> str:
    try:
        return data.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        # What was cut stood there in another charset, and ended within a character of UTF-8.
        return data.decode("utf-8", "replace")


def _free_key(key: str, taken: Mapping[str, Json]) -> str:
    names = (key, *(f"{key}#{number}" for number in range(2, len(taken) + 2)))
    return next(name for name in names if name not in taken)
