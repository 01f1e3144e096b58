"""Work side by side: the same answers in the same order, by threads only where it is worth it."""

import threading

import pytest

from workc.adapters import side_by_side as module
from workc.adapters.bundle_folder import BundleFolder
from workc.adapters.side_by_side import BATCH_BYTES, LARGE_BYTES, WORTH_THREADS_BYTES, side_by_side
from workc.verify.reader import ReadError, sha256_of


def threads_of(sizes):
    return list(side_by_side(lambda path: (path, threading.get_ident()), sizes))


@pytest.mark.parametrize(
    "sizes",
    [
        {"a": WORTH_THREADS_BYTES - 1, "b": 1},
        {str(number): LARGE_BYTES - 1 for number in range(100)},
    ],
)
def test_little_work_and_small_files_are_done_here(sizes):
    here = threading.get_ident()
    assert threads_of(sizes) == [(path, here) for path in sizes]
    assert list(side_by_side(str.upper, {})) == []


def test_much_work_is_done_elsewhere_in_the_same_order():
    sizes = {str(number): LARGE_BYTES for number in range(17)}
    found = threads_of(sizes)
    assert [path for path, _ in found] == list(sizes)
    assert threading.get_ident() not in {thread for _, thread in found}


@pytest.mark.parametrize("machine", [None, 1, 64])
def test_it_works_whatever_the_machine_has(monkeypatch, machine):
    monkeypatch.setattr(module.os, "cpu_count", lambda: machine)
    assert [path for path, _ in threads_of({"a": WORTH_THREADS_BYTES, "b": 0})] == ["a", "b"]


def test_a_batch_ends_when_it_is_full():
    sizes = {"a": BATCH_BYTES - 1, "b": 1, "c": BATCH_BYTES, "d": 0, "e": 0}
    assert module._batches(sizes) == [["a", "b"], ["c"], ["d", "e"]]


def test_work_that_fails_fails_the_caller():
    def work(path):
        raise RuntimeError(path)

    with pytest.raises(RuntimeError, match="a"):
        list(side_by_side(work, {"a": WORTH_THREADS_BYTES}))


def test_many_large_files_are_hashed_as_one_by_one_and_a_lost_one_is_said(tmp_path):
    sizes = {f"evidence/{number}": 1_000_000 for number in range(20)}
    (tmp_path / "evidence").mkdir()
    for number, path in enumerate(sizes):
        (tmp_path / path).write_bytes(bytes([number]) * 1_000_000)
    reader = BundleFolder(tmp_path)
    one_by_one = [sha256_of(reader, path, size) for path, size in sizes.items()]
    assert len(set(one_by_one)) == 20
    assert list(reader.each(lambda p: sha256_of(reader, p, sizes[p]), sizes)) == one_by_one
    (tmp_path / "evidence/7").unlink()
    lost = list(reader.each(lambda p: sha256_of(reader, p, sizes[p]), sizes))
    assert isinstance(lost.pop(7), ReadError)
    assert lost == [*one_by_one[:7], *one_by_one[8:]]
