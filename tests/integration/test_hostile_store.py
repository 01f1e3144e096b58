"""A run folder that somebody tampered with: nothing outside it is touched, nobody waits for ever."""

import os
import shutil
import sqlite3
import subprocess
import sys

import pytest

import workc
from workc.adapters.run_folder import RunFolder, RunWriter
from workc.api.store import Store
from workc.kernel import events
from workc.kernel.chain import GENESIS, link
from workc.kernel.failure import Refusal


@workc.workflow
async def nothing(ctx) -> int:
    return 1


@pytest.fixture
def store(tmp_path):
    """A store with one finished run."""
    assert workc.Runtime(store=tmp_path / "store").run(nothing).ok
    return Store(tmp_path / "store")


def only_run(store):
    return store.folder(store.ids()[0])


@pytest.mark.parametrize("name", ["lock", "journal.jsonl"])
def test_a_link_in_place_of_a_file_is_not_followed_when_a_run_is_written(store, tmp_path, name):
    precious = tmp_path / "precious"
    precious.write_text("keep me, torn")
    run = only_run(store)
    (run / name).unlink()
    (run / name).symlink_to(precious)
    with pytest.raises(OSError, match=r"symbolic|regular"):
        RunWriter(run, "flush")
    assert precious.read_text() == "keep me, torn"


def test_a_link_in_place_of_a_folder_of_files_is_not_written_through(store, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    shutil.rmtree(only_run(store) / "files/evidence")
    (only_run(store) / "files/evidence").symlink_to(outside)
    writer = RunWriter(only_run(store), "flush")
    with pytest.raises(Refusal, match="JOURNAL_CORRUPT"):
        writer.put("evidence/x.txt", b"x")
    writer.close()
    assert list(outside.iterdir()) == []


@pytest.mark.parametrize("name", ["lock", "local.json", "journal.jsonl", "bundle/receipt.json"])
def test_a_pipe_in_place_of_a_file_keeps_nobody_waiting(store, name):
    run = only_run(store)
    (run / name).unlink()
    os.mkfifo(run / name)
    listing = [sys.executable, "-m", "workc", "ls", "--store", store.path]
    done = subprocess.run(listing, capture_output=True, text=True, timeout=60)
    assert "Traceback" not in done.stderr
    assert RunFolder(run).local() is not None
    assert RunFolder(run).is_locked() is False


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE runs SET summary = 7",
        "UPDATE runs SET summary = x'ff'",
        "DROP TABLE runs",
    ],
)
def test_an_index_that_holds_nonsense_is_read_anew(store, statement):
    before = store.summaries()
    index = sqlite3.connect(store.path / "index.sqlite3")
    with index:
        index.execute(statement)
    index.close()
    assert store.summaries() == before


def test_an_index_that_is_an_endless_view_is_not_asked(store):
    before = store.summaries()
    index = sqlite3.connect(store.path / "index.sqlite3")
    with index:
        index.execute("DROP TABLE runs")
        index.execute(
            "CREATE VIEW runs AS WITH RECURSIVE e(summary) AS "
            "(SELECT x'00' UNION ALL SELECT summary FROM e) SELECT summary FROM e"
        )
    index.close()
    assert store.summaries() == before


@pytest.mark.parametrize("doubled", [1, 2])
def test_a_journal_in_which_a_place_stands_twice_is_corrupt(store, doubled):
    journal = only_run(store) / "journal.jsonl"
    records = [events.decode_record(line) for line in journal.read_bytes().splitlines()]
    records.insert(doubled + 1, records[doubled])
    lines, prev = [], GENESIS
    for n, record in enumerate(records):
        made = type(record)(
            **{**{f: getattr(record, f) for f in record.__struct_fields__}, "n": n, "prev": prev}
        )
        lines.append(events.encode(made))
        prev = link(lines[-1])
    journal.write_bytes(b"\n".join(lines) + b"\n")
    with pytest.raises(Refusal, match="JOURNAL_CORRUPT"):
        list(RunFolder(only_run(store)).records())
