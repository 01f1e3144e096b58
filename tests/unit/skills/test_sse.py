"""Server-sent events, by the rules of the HTML standard, section 9.2.6."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workc.skills.sse import SseEvent, read_events


def naive(body: bytes) -> list[SseEvent]:
    """A second reading of the same rules, by blocks instead of by lines."""
    body = body[3:] if body.startswith(b"\xef\xbb\xbf") else body
    body = re.sub(rb"\r\n|\r", b"\n", body)
    # Only what a blank line ends is an event.
    blocks = re.findall(rb"((?:[^\n]+\n)*)\n", body)
    events = []
    for block in blocks:
        fields = [re.fullmatch(rb"([^:]*)(?:: ?(.*))?", line, re.S) for line in block.split(b"\n")]
        data = [f[2] or b"" for f in fields if f[1] == b"data"]
        names = [f[2] or b"" for f in fields if f[1] == b"event"]
        if data:
            name = names[-1].decode("utf-8", "replace") if names else ""
            events.append(SseEvent(name or "message", b"\n".join(data)))
    return events


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"data: a\n\n", [SseEvent("message", b"a")]),
        (b"data:a\r\n\r\n", [SseEvent("message", b"a")]),
        (b"data:  a\r\r", [SseEvent("message", b" a")]),
        (b"\xef\xbb\xbfdata: a\n\n", [SseEvent("message", b"a")]),
        (b"event: x\ndata: a\ndata: b\n\n", [SseEvent("x", b"a\nb")]),
        (b"event: x\n\ndata: a\n\n", [SseEvent("message", b"a")]),
        (b": comment\nid: 1\nretry: 5\ndata: a\n\n", [SseEvent("message", b"a")]),
        (b"data\n\n", [SseEvent("message", b"")]),
        (b"datax: a\n\n", []),
        (b"data: cut\n", []),
        (b"data: a\n\ndata: cut", [SseEvent("message", b"a")]),
        (b"", []),
    ],
)
def test_a_stream_is_read_as_the_standard_says(body, expected):
    assert read_events([body]) == expected


_pieces = st.lists(
    st.sampled_from([b"data", b"event", b"id", b":", b" ", b"\n", b"\r", b"\r\n", b"a", b"\xff"])
)


@given(st.one_of(st.binary(max_size=60), _pieces.map(b"".join)))
def test_any_bytes_are_read_like_a_naive_reader_does(body):
    assert read_events([body]) == naive(body)


@given(_pieces, st.integers(0, 60))
def test_how_a_stream_is_cut_does_not_matter(pieces, cut):
    body = b"".join(pieces)
    assert read_events([body[:cut], body[cut:]]) == read_events([body])
