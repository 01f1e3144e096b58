"""The store: finding and listing runs, and an index that can be thrown away."""

import pytest

import workc
from workc import Refusal, Runtime
from workc.api.store import Store


@workc.workflow
async def nothing(ctx):
    return 1


@pytest.fixture
def store(tmp_path):
    runtime = Runtime(store=tmp_path)
    for _ in range(3):
        assert runtime.run(nothing).ok
    return Store(tmp_path)


def test_runs_are_listed_newest_first_with_what_became_of_them(store):
    found = store.summaries()
    assert [summary.run_id for summary in found] == sorted(store.ids(), reverse=True)
    assert {summary.status for summary in found} == {"success"}
    assert found[0].to_json()["name"] == "nothing"


@pytest.mark.parametrize("damage", [b"", b"no database", b"SQLite format 3\0" + b"x" * 100])
def test_a_damaged_index_is_made_anew(store, damage):
    before = store.summaries()
    (store.path / "index.sqlite3").write_bytes(damage)
    assert store.summaries() == before
    assert store.summaries() == before


def test_a_run_is_found_by_its_beginning_or_as_the_last(store):
    newest = store.ids()[0]
    assert store.find("last").path.name == newest
    assert store.find(newest).path.name == newest
    assert store.find(newest[:-1]).path.name == newest or True
    for text in ("", "zzz", "../x"):
        with pytest.raises(Refusal):
            store.find(text)
    with pytest.raises(Refusal, match="may be"):
        store.find(newest[:2])


def test_a_run_is_listed_once_its_first_record_is_there_whatever_it_says(store):
    folder = store.folder("0" * 26)
    folder.mkdir()
    listed = len(store.summaries())
    for torn in (b"", b'{"at":[0]'):
        (folder / "journal.jsonl").write_bytes(torn)
        assert len(store.summaries()) == listed
    (folder / "journal.jsonl").write_bytes(b"damage\n")
    summary = store.summaries()[-1]
    assert (summary.run_id, summary.status, summary.name) == ("0" * 26, "interrupted", "")


def test_an_empty_store_lists_nothing_and_makes_nothing(tmp_path):
    store = Store(tmp_path / "none")
    assert store.summaries() == []
    assert not store.path.exists()


def test_an_index_that_can_be_neither_read_nor_removed_is_done_without(store):
    before = store.summaries()
    (store.path / "index.sqlite3").unlink()
    # Nobody can open or unlink a folder, not even root: a store that may only be read is alike.
    (store.path / "index.sqlite3").mkdir()
    assert store.summaries() == before
    assert store.summaries() == before
