"""Paths below roots: what the grammar takes, and that it takes nothing else."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workc.kernel.failure import Failure, Refusal
from workc.stages.root_path import (
    MAX_BYTES,
    MAX_SEGMENT_BYTES,
    MAX_SEGMENTS,
    RootPath,
    is_root_name,
    parse_file,
    parse_folder,
)


@pytest.mark.parametrize(
    ("text", "root", "parts"),
    [
        ("repo/a", "repo", ("a",)),
        ("r/a b/-c/.d", "r", ("a b", "-c", ".d")),
        ("my-root_1/caf\u00e9/\u4e2d\u6587.txt", "my-root_1", ("caf\u00e9", "\u4e2d\u6587.txt")),
        ("r/...a/a..b", "r", ("...a", "a..b")),
    ],
)
def test_a_path_is_a_root_and_segments(text, root, parts):
    assert parse_file(text) == RootPath(root, parts)
    assert str(parse_file(text)) == text


def test_a_folder_may_be_a_root():
    assert parse_folder("repo") == RootPath("repo", ())
    with pytest.raises(Refusal, match="it names a root and no file below it"):
        parse_file("repo")


@pytest.mark.parametrize("name", ["a", "a1", "a-b_c", "a" * 32])
def test_a_root_has_a_name(name):
    assert is_root_name(name)


@pytest.mark.parametrize("name", ["", "A", "1a", "-a", "a" * 33, "a.b", "a b", "\u00e9", "a\n"])
def test_a_root_has_no_other_name(name):
    assert not is_root_name(name)


def test_the_limits_are_reached_and_not_passed():
    parse_file("r/" + "a" * MAX_SEGMENT_BYTES)
    parse_file("r" + "/a" * (MAX_SEGMENTS - 1))
    long = "r/" + "/".join(["a" * 200] * 5)
    parse_file(long + "a" * (MAX_BYTES - len(long)))
    for text in (
        "r/" + "a" * (MAX_SEGMENT_BYTES + 1),
        "r" + "/a" * MAX_SEGMENTS,
        long + "a" * (MAX_BYTES - len(long) + 1),
    ):
        with pytest.raises(Refusal, match=r"is no path below a root: (it has|a segment)"):
            parse_file(text)


def parsed(text):
    try:
        return parse_folder(text)
    except Refusal as refusal:
        return refusal.failure


@given(st.text() | st.lists(st.text()).map("/".join) | st.text().map("repo/{}".format))
def test_any_text_is_a_safe_path_or_refused(text):
    path = parsed(text)
    if isinstance(path, Failure):
        assert path.code == "INVALID_INPUT"
        assert path.message.isascii()
        return
    assert str(path) == text == unicodedata.normalize("NFC", text)
    assert "\\" not in text
    assert not {"", ".", ".."} & {*path.parts}
    assert all(part.isprintable() for part in path.parts)
