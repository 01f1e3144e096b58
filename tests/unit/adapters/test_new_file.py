"""A new file is there whole or not at all, and what is said of it names it and nothing of ours."""

import os

import pytest

from workc.adapters.new_file import write_new, write_pieces


def test_pieces_stand_at_their_places(tmp_path):
    assert write_pieces(tmp_path / "x", [(2, b"cd"), (0, b"ab")]) == 4
    assert (tmp_path / "x").read_bytes() == b"abcd"
    assert os.listdir(tmp_path) == ["x"]


def test_what_is_there_is_kept(tmp_path):
    (tmp_path / "x").write_bytes(b"mine")
    with pytest.raises(FileExistsError) as refused:
        write_new(tmp_path / "x", b"other")
    assert refused.value.filename == str(tmp_path / "x")
    assert (tmp_path / "x").read_bytes() == b"mine"
    assert os.listdir(tmp_path) == ["x"]


def test_what_ends_in_the_midst_leaves_nothing(tmp_path):
    def broken():
        yield 0, b"half"
        raise ValueError

    with pytest.raises(ValueError):  # noqa: PT011 - it is the one above
        write_pieces(tmp_path / "x", broken())
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    ("path", "kind"),
    [("missing/x", FileNotFoundError), ("file/x", NotADirectoryError), ("y" * 300, OSError)],
)
def test_a_place_that_cannot_be_written_to_is_named_as_the_caller_did(tmp_path, path, kind):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(kind) as refused:
        write_new(tmp_path / path, b"data")
    assert refused.value.filename == str(tmp_path / path)
    assert ".new" not in str(refused.value)
