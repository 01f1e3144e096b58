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
    assert path.read_bytes() == before[: len(before) - cut] + b"new\n"


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
    journal._file = Failing(path, "ab")
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
