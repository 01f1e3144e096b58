"""Archives as real files: what a file system can put there, and writers that crash."""

import errno
import importlib.util
import os
import tracemalloc
from itertools import repeat
from pathlib import Path

import pytest

from workc.adapters import new_file
from workc.adapters.bundle_archive import ArchiveFile
from workc.adapters.new_file import write_pieces
from workc.bundle.archive import Content, pieces
from workc.verify.archive import ArchiveReader
from workc.verify.reader import ReadError
from workc.verify.verifier import verify


def load(name):
    path = Path(__file__).parents[1] / "verify" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(f"{name}_for_archive_files", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


DATA = load("archives").archive(load("bundles").bundle("staged"))


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "x.workc"
    path.write_bytes(DATA)
    return path


def verdict_of(path):
    return verify(ArchiveReader(ArchiveFile(path)))


# ------------------------------------------------------------------------------------- reading


def test_a_file_gives_its_bytes_by_place(file):
    ranges = ArchiveFile(file)
    assert ranges.size == len(DATA)
    assert ranges.read(3, 5) == DATA[3:8]
    assert ranges.read(len(DATA) - 2, 5) == DATA[-2:]
    assert verdict_of(file).ok


def test_no_descriptor_stays_open(file, tmp_path):
    before = os.listdir("/proc/self/fd")
    assert verdict_of(file).ok
    assert not verdict_of(tmp_path).ok
    assert os.listdir("/proc/self/fd") == before


def test_a_link_is_not_followed(file, tmp_path):
    (tmp_path / "link").symlink_to(file)
    verdict = verdict_of(tmp_path / "link")
    assert verdict.codes() == ("FILE_UNREADABLE",)
    assert verdict.failures[0].message == "it is a link; name the file itself"


def test_a_fifo_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ReadError, match="no regular file"):
        ArchiveFile(tmp_path / "pipe").read(0, 1)


def test_a_folder_and_a_missing_file_cannot_be_read(tmp_path):
    with pytest.raises(ReadError, match="no regular file"):
        _ = ArchiveFile(tmp_path).size
    with pytest.raises(ReadError, match="ENOENT"):
        _ = ArchiveFile(tmp_path / "x").size


def test_a_disk_that_fails_is_unreadable(file, monkeypatch):
    def fail(*_arguments):
        raise OSError(errno.EIO, "no")

    monkeypatch.setattr(os, "pread", fail)
    assert verdict_of(file).codes() == ("FILE_UNREADABLE",)


def other_bytes(file):
    with file.open("r+b") as opened:
        opened.write(b"x")


def fewer_bytes(file):
    os.truncate(file, 100)


def more_bytes(file):
    with file.open("ab") as opened:
        opened.write(b"x")


def another_file(file):
    file.with_suffix(".new").write_bytes(DATA)
    file.with_suffix(".new").replace(file)


@pytest.mark.parametrize("change", [other_bytes, fewer_bytes, more_bytes, another_file])
def test_a_file_that_changes_between_two_reads_is_unreadable(file, change):
    ranges = ArchiveFile(file)
    assert ranges.read(0, 4) == b"PK\x03\x04"
    # The clock of a file system may tick rarely; this change shall not hide in one tick.
    os.utime(file, ns=(1, 1))
    change(file)
    with pytest.raises(ReadError, match="it changed"):
        ranges.read(0, 4)


def test_a_file_that_changes_during_a_read_is_unreadable(file, monkeypatch):
    real = os.pread

    def slow(*arguments):
        os.utime(file, ns=(1, 1))
        return real(*arguments)

    ranges = ArchiveFile(file)
    monkeypatch.setattr(os, "pread", slow)
    with pytest.raises(ReadError, match="it changed"):
        ranges.read(0, 4)


# ------------------------------------------------------------------------------------- writing


def test_pieces_are_put_in_their_places(tmp_path):
    target = tmp_path / "x.workc"
    assert write_pieces(target, [(3, b"def"), (0, b"abc")]) == 6
    assert target.read_bytes() == b"abcdef"
    assert os.listdir(tmp_path) == ["x.workc"]


@pytest.mark.parametrize("there", ["file", "folder", "dead link"])
def test_what_is_there_is_kept(tmp_path, there):
    target = tmp_path / "x.workc"
    if there == "file":
        target.write_bytes(b"mine")
    elif there == "folder":
        target.mkdir()
    else:
        target.symlink_to("nowhere")
    with pytest.raises(FileExistsError):
        write_pieces(target, [(0, b"new")])
    assert os.listdir(tmp_path) == ["x.workc"]
    assert there != "file" or target.read_bytes() == b"mine"


def test_what_fails_leaves_nothing(tmp_path):
    def broken():
        yield 0, b"abc"
        raise ReadError("gone")

    with pytest.raises(ReadError, match="gone"):
        write_pieces(tmp_path / "x.workc", broken())
    assert os.listdir(tmp_path) == []


def test_the_file_is_not_there_before_it_is_whole(tmp_path):
    def watched():
        yield 0, b"abc"
        assert not (tmp_path / "x.workc").exists()

    write_pieces(tmp_path / "x.workc", watched())
    assert (tmp_path / "x.workc").exists()


def test_what_a_crash_left_is_not_touched(tmp_path):
    left = tmp_path / f".x.workc-{os.getpid()}-0.new"
    left.write_bytes(b"left")
    write_pieces(tmp_path / "x.workc", [(0, b"abc")])
    assert left.read_bytes() == b"left"
    assert (tmp_path / "x.workc").read_bytes() == b"abc"


@pytest.mark.parametrize("there", [False, True])
def test_a_file_system_without_hard_links_takes_it_too(tmp_path, monkeypatch, there):
    def refuse(*_arguments, **_options):
        raise OSError(errno.EPERM, "no links here")

    monkeypatch.setattr(new_file.os, "link", refuse)
    target = tmp_path / "x.workc"
    if there:
        target.write_bytes(b"mine")
        with pytest.raises(FileExistsError):
            write_pieces(target, [(0, b"abc")])
    else:
        write_pieces(target, [(0, b"abc")])
    assert target.read_bytes() == (b"mine" if there else b"abc")
    assert os.listdir(tmp_path) == ["x.workc"]


def test_memory_does_not_grow_with_the_files(tmp_path):
    piece, count = bytes(1_000_000), 40
    contents = [Content(f"evidence/{name}", 40_000_000, repeat(piece, count)) for name in "ab"]
    tracemalloc.start()
    try:
        write_pieces(tmp_path / "x.workc", pieces(contents))
        reader = ArchiveReader(ArchiveFile(tmp_path / "x.workc"))
        assert [item.size for item in reader.items()] == [0, 40_000_000, 40_000_000]
        assert sum(map(len, reader.chunks("evidence/b", 40_000_000))) == 40_000_000
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 8_000_000


def test_a_disk_that_refuses_the_name_is_said_and_nothing_is_left(tmp_path, monkeypatch):
    def full(*_arguments, **_options):
        raise OSError(errno.ENOSPC, "no space")

    monkeypatch.setattr(new_file.os, "link", full)
    with pytest.raises(OSError, match="no space"):
        write_pieces(tmp_path / "x.workc", [(0, b"abc")])
    assert os.listdir(tmp_path) == []
