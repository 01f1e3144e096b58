"""Digests: published SHA-256 values, and tags that keep purposes apart."""

import hashlib

import pytest

from workc.kernel import digest
from workc.kernel.digest import is_hex_digest, sha256_hex, tagged
from workc.kernel.failure import Misuse

TAGS = {name: tag for name, tag in vars(digest).items() if name.startswith("TAG_")}


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        (b"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    ],
)
def test_a_digest_is_the_sha256_that_nist_publishes(data, expected):
    assert sha256_hex(data) == expected


def test_the_tags_are_the_ones_of_format_0_2():
    assert TAGS == {
        "TAG_PROOF": "workc proof/0.2",
        "TAG_REQUEST": "workc request/0.2",
        "TAG_REDACTION": "workc redaction/0.2",
        "TAG_ID": "workc id/0.2",
        "TAG_SEED": "workc seed/0.2",
        "TAG_KEY": "workc idempotency-key/0.2",
    }


def test_a_tag_and_a_zero_byte_stand_before_the_data():
    assert tagged("workc id/0.2", b"abc") == hashlib.sha256(b"workc id/0.2\x00abc").hexdigest()


def test_the_same_data_has_another_digest_under_each_tag():
    digests = {tagged(tag, b"data") for tag in TAGS.values()} | {sha256_hex(b"data")}
    assert len(digests) == len(TAGS) + 1


@pytest.mark.parametrize("tag", ["", "a\0b", "é", "\ud800"])
def test_a_tag_that_would_make_digests_ambiguous_is_misuse(tag):
    with pytest.raises(Misuse, match="ASCII text without a zero byte"):
        tagged(tag, b"")


@pytest.mark.parametrize("text", ["0" * 64, "0123456789abcdef" * 4, sha256_hex(b"")])
def test_64_lower_case_hex_digits_are_a_digest(text):
    assert is_hex_digest(text)


@pytest.mark.parametrize(
    "text",
    ["", "0" * 63, "0" * 65, "A" * 64, "g" * 64, "0" * 64 + "\n", " " + "0" * 63, "\u0660" * 64],
)
def test_any_other_text_is_no_digest(text):
    assert not is_hex_digest(text)
