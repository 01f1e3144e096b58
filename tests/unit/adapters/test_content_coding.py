"""Content codings, bounded and complete."""

import contextlib
import gzip
import random
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workc.adapters.content_coding import MAX_CODINGS, MAX_PIECE_BYTES, CodingError, Decoder
from workc.testkit.servers import Reply


def raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


CODERS = {
    "gzip": gzip.compress,
    "x-gzip": gzip.compress,
    "deflate": zlib.compress,
    "Deflate": raw_deflate,
    "identity": bytes,
    "": bytes,
}


def decode(codings: list[str], data: bytes, step: int = 7) -> bytes:
    decoder = Decoder(codings)
    pieces = [data[start : start + step] for start in range(0, len(data), step)]
    body = b"".join(part for piece in pieces for part in decoder.decode(piece))
    decoder.finish()
    return body


@settings(max_examples=60)
@given(st.sampled_from(sorted(CODERS)), st.binary(max_size=3000), st.integers(1, 40))
def test_what_was_encoded_comes_back_however_it_is_cut(name: str, data: bytes, step: int) -> None:
    assert decode([name], CODERS[name](data), step) == data


def test_two_codings_are_undone_in_reverse_order() -> None:
    data = b"hello" * 100
    twice = gzip.compress(zlib.compress(data))
    assert decode(["deflate, gzip"], twice) == data
    assert decode(["deflate", "gzip"], twice) == data
    with pytest.raises(CodingError, match="not in the coding"):
        decode(["gzip, deflate"], twice)


def test_more_codings_than_the_limit_are_refused() -> None:
    Decoder(["gzip"] * MAX_CODINGS)
    with pytest.raises(CodingError, match="too many"):
        Decoder(["gzip"] * (MAX_CODINGS + 1))


@pytest.mark.parametrize("name", ["br", "zstd", "compress", "gzip2", "aws-chunked"])
def test_a_coding_that_was_not_asked_for_is_refused(name: str) -> None:
    with pytest.raises(CodingError, match="not asked for"):
        Decoder([name])


@pytest.mark.parametrize("name", ["gzip", "deflate", "Deflate"])
def test_a_body_that_is_cut_short_is_not_complete(name: str) -> None:
    encoded = CODERS[name](b"hello world" * 10)
    for length in range(1, len(encoded)):
        with pytest.raises(CodingError):
            decode([name], encoded[:length])
    assert decode([name], b"") == b""


def test_a_gzip_body_may_have_members_and_nothing_else_behind() -> None:
    assert decode(["gzip"], gzip.compress(b"a") + gzip.compress(b"b")) == b"ab"
    for name in ("gzip", "deflate"):
        with pytest.raises(CodingError):
            decode([name], CODERS[name](b"a") + b"garbage")


def test_a_bomb_comes_in_pieces_of_bounded_size() -> None:
    bomb = gzip.compress(gzip.compress(bytes(30_000_000)))
    decoder = Decoder(["gzip", "gzip"])
    total = 0
    for part in decoder.decode(bomb):
        assert len(part) <= MAX_PIECE_BYTES
        total += len(part)
        if total > 1_000_000:
            break
    assert 1_000_000 < total <= 1_000_000 + MAX_PIECE_BYTES


def test_output_that_fills_a_piece_exactly_is_not_lost() -> None:
    noise = random.Random(1).randbytes(MAX_PIECE_BYTES)
    # Raw deflate has no trailer, so zlib may hold output when all input is used up.
    for size in (-1, 0, 1, 2, 100, 257, 258, 4 * MAX_PIECE_BYTES):
        for data in (bytes(MAX_PIECE_BYTES + size), (noise * 5)[: MAX_PIECE_BYTES + size]):
            for name in ("gzip", "deflate", "Deflate"):
                assert decode([name], CODERS[name](data), 10**9) == data


@settings(max_examples=200)
@given(st.sampled_from(["gzip", "deflate"]), st.binary(max_size=200))
def test_any_bytes_decode_or_give_the_one_error(name: str, data: bytes) -> None:
    with contextlib.suppress(CodingError):
        decode([name], data)


def test_over_the_wire_codings_are_undone_bounded_or_refused(sender, serve) -> None:
    def reply(coding: str, body: bytes) -> Reply:
        return Reply(headers=(("Content-Encoding", coding),), body=body)

    server = serve(
        {
            "/gzip": reply("gzip", gzip.compress(b"hello")),
            "/deflate": reply("deflate", raw_deflate(b"hello")),
            "/none": reply("identity", b"hello"),
            "/empty": reply("gzip", b""),
            "/bomb": reply("gzip", gzip.compress(bytes(5_000_000))),
            "/brotli": reply("br", b"\x0b\x02\x80hello\x03"),
            "/cut": reply("gzip", gzip.compress(b"hello")[:-4]),
            "/wrong": reply("gzip", b"hello"),
        }
    )
    for path in ("/gzip", "/deflate", "/none"):
        assert sender.http(server.base_url + path, max_bytes=5).body == b"hello"
    assert sender.http(server.base_url + "/empty").body == b""
    assert sender.http(server.base_url + "/gzip", "HEAD").body == b""
    assert sender.refused(server.base_url + "/bomb", max_bytes=99).code == "OUTPUT_TOO_LARGE"
    for path in ("/brotli", "/cut", "/wrong"):
        failure = sender.refused(server.base_url + path)
        assert failure.code == "CONNECTION_RESET"
        assert "encoded body" in failure.message
