"""The format of archives: what is written is what the page says, and what other programs read."""

import doctest
import importlib.util
import io
import shutil
import subprocess
import zipfile
import zlib
from pathlib import Path

import pytest

from workc.bundle import archive as module
from workc.bundle.archive import MAX_16, MAX_32, Content, End, Entry, pieces
from workc.bundle.archive_parser import (
    WINDOW_BYTES,
    ArchiveError,
    MemoryRanges,
    check_entries,
    read_entries,
)
from workc.bundle.layout import LIMITS, Limits
from workc.kernel.failure import Misuse


def load(path):
    found = Path(__file__).parents[1] / path
    spec = importlib.util.spec_from_file_location(f"{found.stem}_for_the_format", found)
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


naive = load("verify/archives.py")
FILES = {"a": b"", "a-b/c": b"one", "a/b": b"two" * 1000, "z.json": b"{}"}


def put_together(found):
    """Returns pieces in their places; every place is filled once."""
    at, parts = 0, sorted(found, key=lambda pair: (pair[0], len(pair[1])))
    for offset, piece in parts:
        assert offset == at, "a gap, or two pieces in one place"
        at += len(piece)
    return b"".join(piece for _, piece in parts)


def written(files, chunk=1 << 20):
    def cut(data):
        return [data[at : at + chunk] for at in range(0, len(data), chunk)]

    return put_together(
        pieces(Content(path, len(files[path]), cut(files[path])) for path in sorted(files))
    )


def entries_of(data, limits=LIMITS):
    entries = read_entries(MemoryRanges(data), limits)
    check_entries(MemoryRanges(data), entries)
    return entries


def read(data):
    return {
        entry.path: data[entry.data_offset : entry.data_offset + entry.size]
        for entry in entries_of(data)
    }


def test_the_example_of_the_module_holds():
    assert doctest.testmod(module).failed == 0


@pytest.mark.parametrize("files", [{}, {"x": b""}, {"x": b"y"}, FILES])
def test_an_archive_is_what_the_page_says_and_gives_its_files_back(files):
    assert written(files) == naive.archive(files)
    assert read(written(files)) == files


@pytest.mark.parametrize("chunk", [1, 7, 1000])
def test_the_size_of_the_chunks_changes_nothing(chunk):
    assert written(FILES, chunk) == written(FILES)


def test_content_longer_than_a_window_is_read():
    files = {"a": b"x" * (WINDOW_BYTES - 1), "b": b"y" * (3 * WINDOW_BYTES + 5), "c": b""}
    assert read(written(files)) == files


def test_pythons_zipfile_reads_it():
    with zipfile.ZipFile(io.BytesIO(written(FILES))) as opened:
        assert opened.testzip() is None
        assert {name: opened.read(name) for name in opened.namelist()} == FILES
        for info in opened.infolist():
            assert (info.compress_type, info.flag_bits, info.extra) == (0, 0, b"")
            assert info.date_time == (1980, 1, 1, 0, 0, 0)
            assert (info.create_system, info.external_attr >> 16) == (3, 0o100644)


@pytest.mark.skipif(shutil.which("unzip") is None, reason="there is no unzip")
def test_unzip_reads_it_and_writes_what_went_in(tmp_path):
    files = {path: data for path, data in FILES.items() if path != "a"}
    (tmp_path / "x.workc").write_bytes(written(files))
    done = subprocess.run(
        ["unzip", "-q", "x.workc", "-d", "out"], cwd=tmp_path, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    out = tmp_path / "out"
    found = {path.relative_to(out).as_posix(): path for path in out.rglob("*") if path.is_file()}
    assert {name: path.read_bytes() for name, path in found.items()} == files
    assert {path.stat().st_mode & 0o777 for path in found.values()} == {0o644}


# ------------------------------------------------------------------------------- what is refused


@pytest.mark.parametrize("size", [0, 1, 3])
def test_a_file_that_has_another_size_than_was_said_is_not_written(size):
    with pytest.raises(Misuse, match="has not the"):
        list(pieces([Content("a", size, [b"xy"])]))


@pytest.mark.parametrize("second", ["a", "b"])
def test_files_out_of_order_are_not_written(second):
    with pytest.raises(Misuse, match="sort the files"):
        list(pieces([Content("b", 0, []), Content(second, 0, [])]))


def test_ranges_that_end_early_are_malformed():
    class Short(MemoryRanges):
        def read(self, offset, length):
            return b"" if offset == 0 else super().read(offset, length)

    ranges = Short(written({"a": b"xyz"}))
    entries = read_entries(ranges, LIMITS)
    with pytest.raises(ArchiveError, match="in the midst"):
        check_entries(ranges, entries)


def test_limits_hold_at_their_value_and_not_one_past():
    data = written({"a": b"12", "b": b"3"})
    assert len(entries_of(data, Limits(names=2, file_bytes=2))) == 2
    with pytest.raises(ArchiveError, match="more than 1 names") as many:
        entries_of(data, Limits(names=1))
    assert (many.value.fault, many.value.path) == ("many", ".")
    with pytest.raises(ArchiveError, match="larger than 1 bytes") as large:
        entries_of(data, Limits(file_bytes=1))
    assert (large.value.fault, large.value.path) == ("large", "a")


# ----------------------------------------------------------------- numbers that do not fit, zip64


class Sparse:
    """An archive whose contents are zeros that nobody holds: pieces by place, zeros elsewhere."""

    def __init__(self, parts):
        self.parts = sorted(parts)
        offset, data = self.parts[-1]
        self.size = offset + len(data)

    def read(self, offset, length):
        out = bytearray(max(0, min(length, self.size - offset)))
        for at, data in self.parts:
            start, stop = max(at, offset), min(at + len(data), offset + len(out))
            if start < stop:
                out[start - offset : stop - offset] = data[start - at : stop - at]
        return bytes(out)


def sparse(entries):
    """Returns an archive of entries without their contents."""
    directory = b"".join(map(module.central_header, entries))
    last = entries[-1]
    start = last.data_offset + last.size
    tail = module.end(End(len(entries), len(directory), start))
    heads = [(entry.offset, module.local_header(entry)) for entry in entries]
    return Sparse([*heads, (start, directory), (start + len(directory), tail)])


def laid_out(*sizes):
    entries, offset = [], 0
    for number, size in enumerate(sizes):
        entries.append(Entry(f"f{number}", 0, size, offset))
        offset = entries[-1].data_offset + size
    return entries


@pytest.mark.parametrize(
    ("sizes", "extras"),
    [
        ((MAX_32 - 1, 1), [0, 12]),
        ((MAX_32, 1), [20, 12]),
        ((MAX_32 + 5, MAX_32 + 5), [20, 28]),
        ((MAX_32 - 32, 1), [0, 12]),
        ((MAX_32 - 33, 1), [0, 0]),
    ],
)
def test_sizes_and_offsets_that_do_not_fit_stand_in_zip64_fields_and_no_others(sizes, extras):
    entries = laid_out(*sizes)
    assert entries[1].offset == sizes[0] + 32 + (20 if sizes[0] >= MAX_32 else 0)
    lengths = [len(module.central_header(entry)) - 46 - 2 for entry in entries]
    assert lengths == extras
    for entry in entries:
        needed = 45 if max(entry.size, entry.offset) >= MAX_32 else 10
        assert module.local_header(entry)[4:6] == needed.to_bytes(2, "little")
        assert module.central_header(entry)[6:8] == needed.to_bytes(2, "little")
    found = read_entries(sparse(entries), LIMITS)
    assert [(e.path, e.size, e.offset) for e in found] == [
        (e.path, e.size, e.offset) for e in entries
    ]


@pytest.mark.parametrize(
    "sizes", [(MAX_32 - 1, 1), (MAX_32, 1), (MAX_32 + 5, 7), (9999, MAX_32 + 9)]
)
def test_pythons_zipfile_sees_the_same_numbers_in_zip64(sizes, tmp_path):
    entries = laid_out(*sizes)
    found = sparse(entries)
    path = tmp_path / "large.workc"
    with path.open("wb") as file:
        for offset, data in found.parts:
            file.seek(offset)
            file.write(data)
    with zipfile.ZipFile(path) as opened:
        seen = [(i.filename, i.file_size, i.header_offset) for i in opened.infolist()]
        assert seen == [(entry.path, entry.size, entry.offset) for entry in entries]
        assert opened.open("f0").read(3) == bytes(3)


def test_a_file_above_four_gibibytes_is_read_with_its_checksum():
    size, crc, zeros = MAX_32 + 10, 0, bytes(1 << 24)
    for at in range(0, size, len(zeros)):
        crc = zlib.crc32(zeros[: size - at], crc)
    entries = [Entry("large", crc, size, 0)]
    ranges = sparse(entries)
    assert read_entries(ranges, LIMITS) == entries
    check_entries(ranges, entries)


@pytest.mark.parametrize("count", [MAX_16 - 1, MAX_16, MAX_16 + 1])
def test_so_many_files_that_their_number_does_not_fit_have_a_zip64_end(count):
    files = {f"{number:06d}": b"" for number in range(count)}
    data = written(files)
    assert (b"PK\x06\x06" in data) == (count >= MAX_16)
    assert len(entries_of(data)) == count
    with zipfile.ZipFile(io.BytesIO(data)) as opened:
        assert len(opened.namelist()) == count


@pytest.mark.parametrize(
    ("found", "length"),
    [
        (End(MAX_16 - 1, MAX_32 - 1, MAX_32 - 1), 22),
        (End(MAX_16, 1, 1), 98),
        (End(1, MAX_32, 1), 98),
        (End(1, 1, MAX_32), 98),
    ],
)
def test_a_zip64_end_stands_only_where_a_number_does_not_fit(found, length):
    assert len(module.end(found)) == length
