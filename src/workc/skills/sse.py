r"""Server-sent events, read from the bytes of a whole stream.

Follows the HTML standard, section 9.2.6 ("Interpreting an event stream"), with two differences:
data stays bytes, so that broken UTF-8 is seen by whoever parses it instead of being replaced; and
``id`` and ``retry`` are ignored, because nothing here reconnects. How the stream was cut into
pieces when it arrived cannot matter: the pieces are joined first.

>>> read_events([b"event: ping\nda", b"ta: {}\n\ndata: cut"])
[SseEvent(name='ping', data=b'{}')]
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

#: A stream may start with a byte order mark, which is dropped (HTML standard, 9.2.6).
_BOM = b"\xef\xbb\xbf"


class SseEvent(msgspec.Struct, frozen=True):
    """One event: its name (``message`` when none was sent) and its data lines joined by LF."""

    name: str
    data: bytes


def read_events(chunks: Iterable[bytes]) -> list[SseEvent]:
    """Returns the complete events in order; what follows the last blank line is dropped.

    Any bytes are accepted. An event without a data line is no event.
    """
    found: list[SseEvent] = []
    name, data = "", list[bytes]()
    for line in b"".join(chunks).removeprefix(_BOM).splitlines():
        if not line:
            found += [SseEvent(name or "message", b"\n".join(data))] if data else []
            name, data = "", []
            continue
        field, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if field == b"data":
            data.append(value)
        elif field == b"event":
            name = value.decode("utf-8", "replace")
    return found
