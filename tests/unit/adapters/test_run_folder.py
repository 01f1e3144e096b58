"""A run's folder: one writer, torn lines, files that are whole, modes."""

import os
import stat

import pytest

from workc.adapters.run_folder import RunFolder, RunWriter
from workc.kernel.failure import Refusal


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "runs" / "one"


def code(call):
    with pytest.raises(Refusal) as caught:
        call()
    return caught.value.failure.code


@pytest.mark.parametrize("durability", ["none", "flush", "fsync"])
def test_lines_and_files_are_read_as_they_were_written(folder, durability):
    writer = RunWriter(folder, durability)
    writer.append(b"one")
    writer.commit(effect=True)
    writer.append(b"two")
    writer.put("evidence/a.json", b"{}")
    writer.put("evidence/a.json", b"{}")
    assert list(writer.lines()) == [b"one", b"two"]
    writer.close()
    reader = RunFolder(folder)
    assert list(reader.lines()) == [b"one", b"two"]
    assert reader.get("evidence/a.json") == b"".join(reader.chunks("evidence/a.json")) == b"{}"
    assert not list(folder.rglob("*.new"))


def test_a_file_that_is_not_there_is_a_missing_capture(folder):
    writer = RunWriter(folder, "flush")
    assert code(lambda: writer.get("evidence/x")) == "CAPTURE_MISSING"
    assert code(lambda: list(writer.chunks("evidence/x"))) == "CAPTURE_MISSING"
    writer.close()


@pytest.mark.parametrize(
    ("data", "lines", "torn"),
    [(b"a\nb\n", [b"a", b"b"], 0), (b"a\nb", [b"a"], 1), (b"ab", [], 2), (b"", [], 0)],
)
def test_a_torn_last_line_is_cut_and_counted(folder, data, lines, torn):
    folder.mkdir(parents=True)
    (folder / "journal.jsonl").write_bytes(data)
    assert list(RunFolder(folder).lines()) == lines
    writer = RunWriter(folder, "flush")
    assert writer.cut_bytes == torn
    writer.append(b"new")
    writer.close()
    assert (folder / "journal.jsonl").read_bytes() == b"".join(
        line + b"\n" for line in [*lines, b"new"]
    )


def test_one_writer_and_the_refusal_names_its_process(folder):
    writer = RunWriter(folder, "flush")
    assert RunFolder(folder).is_locked()
    with pytest.raises(Refusal) as caught:
        RunWriter(folder, "flush")
    assert caught.value.failure.details["holder"] == os.getpid()
    writer.close()
    assert not RunFolder(folder).is_locked()
    assert not RunFolder(folder / "none").is_locked()


def test_others_on_the_machine_see_nothing(folder):
    RunWriter(folder, "flush").close()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


@pytest.mark.parametrize("text", [b"", b"[1]", b"{", b"\xff"])
def test_notes_that_cannot_be_read_are_none(folder, text):
    writer = RunWriter(folder, "flush")
    assert writer.local() == {}
    writer.note({"a": 1})
    assert writer.local() == {"a": 1}
    (folder / "local.json").write_bytes(text)
    assert writer.local() == {}
    writer.close()


class Told:
    """Keeps what a writer told of the journal's cost."""

    def __init__(self):
        self.sizes, self.waits = [], []

    def wrote(self, size):
        self.sizes.append(size)

    def synced(self, ns):
        self.waits.append(ns)


@pytest.mark.parametrize(("durability", "waits"), [("none", 0), ("flush", 0), ("fsync", 1)])
def test_a_meter_is_told_every_byte_and_every_wait_for_the_disk(folder, durability, waits):
    told = Told()
    writer = RunWriter(folder, durability, told)
    writer.append(b"one")
    writer.commit(effect=False)
    writer.append("zwölf".encode())
    writer.commit(effect=True)
    writer.close()
    assert told.sizes == ([11] if durability == "none" else [4, 7])
    assert sum(told.sizes) == (folder / "journal.jsonl").stat().st_size
    assert len(told.waits) == waits
    assert all(ns > 0 for ns in told.waits)
