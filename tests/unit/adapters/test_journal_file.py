"""The file of a journal: what is in it when, and that nothing follows a write that failed."""

import errno
import io
import os

import pytest

from workc.adapters.journal_file import JournalFile


@pytest.fixture
def path(tmp_path):
    return tmp_path / "journal.jsonl"


def test_lines_are_in_the_file_once_they_are_written(path):
    journal = JournalFile(path)
    journal.append(b"one")
    journal.append(b"two")
    assert path.read_bytes() == b""
    journal.write()
    assert path.read_bytes() == b"one\ntwo\n"
    journal.append(b"three")
    journal.close()
    assert path.read_bytes() == b"one\ntwo\nthree\n"


def test_many_lines_do_not_wait_for_a_write(path):
    journal = JournalFile(path)
    for _ in range(10):
        journal.append(b"x" * 10_000)
    assert path.stat().st_size >= 65_536
    journal.close()
    assert path.stat().st_size == 10 * 10_001


TORN = [
    (b"", 0),
    (b"one\n", 0),
    (b"one\ntw", 2),
    (b"o", 1),
    (b"one\n" + b"x" * 200_000, 200_000),
    (b"x" * 65_536, 65_536),
    (b"\n" + b"x" * 65_536, 65_536),
    (b"\n" * 3 + b"x" * 65_535, 65_535),
    (b"x" * 300_000 + b"\ny", 1),
    (b"\0" * 100, 0),
    (b"one\n" + b"\0" * 600_000, 0),
    (b"one\ntw" + b"\0" * 100, 2),
    (b"one\ntw\0\0three\nfour\0\0", 14),
    (b"one\n" + b"\0" * 300_000 + b"two\n", 300_004),
    (b"x" * 262_143 + b"\n\0two\n", 5),
]


@pytest.mark.parametrize(
    ("before", "cut"), TORN, ids=lambda case: len(case) if isinstance(case, bytes) else case
)
def test_a_torn_last_line_is_cut_and_counted(path, before, cut):
    path.write_bytes(before)
    journal = JournalFile(path)
    assert journal.cut_bytes == cut
    journal.append(b"new")
    journal.close()
    whole = before.partition(b"\0")[0].rpartition(b"\n")
    assert path.read_bytes() == whole[0] + whole[1] + b"new\n"


class Failing(io.FileIO):
    """Takes so many bytes, then fails once."""

    left = 0

    def write(self, data):
        if not self.left:
            self.left = 1_000_000
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        taken = super().write(data[: self.left])
        self.left -= taken
        return taken


@pytest.mark.parametrize("taken", [0, 2, 5])
def test_nothing_is_written_after_a_write_that_failed(path, taken):
    journal = JournalFile(path)
    journal._file.close()
    journal._file = Failing(path, "r+b")
    journal._file.left = taken
    for line in (b"one", b"two"):
        journal.append(line)
    with pytest.raises(OSError, match="put/output"):
        journal.write()
    journal.append(b"three")
    journal.write()
    journal.close()
    assert path.read_bytes() == b"one\ntwo\n"[:taken]


def test_what_was_given_up_is_never_written(path):
    journal = JournalFile(path)
    journal.append(b"one")
    journal.give_up()
    journal.append(b"two")
    journal.close()
    assert path.read_bytes() == b""


def test_room_is_made_ahead_and_taken_away_at_the_end(path):
    journal = JournalFile(path, roomy=True)
    for number in range(400):
        journal.append(b"%d " % number + b"x" * 1_000)
        journal.write()
    found = path.read_bytes()
    assert found.rstrip(b"\0").endswith(b"x\n")
    assert found.endswith(b"\0")
    journal.sync()
    journal.close()
    lines = path.read_bytes().splitlines()
    assert [int(line.split()[0]) for line in lines] == list(range(400))
    assert b"\0" not in path.read_bytes()


def test_what_a_crash_leaves_of_the_room_is_gone_on_in(path):
    journal = JournalFile(path, roomy=True)
    journal.append(b"one")
    journal.write()
    journal._file.close()
    assert path.stat().st_size == 262_144
    journal = JournalFile(path, roomy=True)
    assert journal.cut_bytes == 0
    journal.append(b"two")
    journal.close()
    assert path.read_bytes() == b"one\ntwo\n"


def test_a_line_larger_than_the_room_fits(path):
    journal = JournalFile(path, roomy=True)
    journal.append(b"x" * 600_000)
    journal.append(b"y")
    journal.close()
    assert path.read_bytes() == b"x" * 600_000 + b"\ny\n"


def test_where_there_is_no_room_ahead_lines_are_written_all_the_same(path, monkeypatch):
    def full(_descriptor, _data, _offset):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "pwrite", full)
    journal = JournalFile(path, roomy=True)
    for line in (b"one", b"two"):
        journal.append(line)
        journal.write()
    journal.close()
    assert path.read_bytes() == b"one\ntwo\n"


def test_a_journal_that_was_given_up_leaves_the_file_as_it_is(path):
    journal = JournalFile(path, roomy=True)
    journal.append(b"one")
    journal.write()
    other = JournalFile(path)
    other.append(b"two")
    other.write()
    journal.give_up()
    journal.close()
    other.close()
    assert path.read_bytes() == b"one\ntwo\n"
