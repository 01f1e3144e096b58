"""The lease of a run: who holds it, and how a holder finds out that it does not."""

import os
import threading

import pytest

from workc import Refusal
from workc.adapters.lease import Lease, is_held


@pytest.fixture
def path(tmp_path):
    return tmp_path / "lock"


def test_a_lease_that_is_held_is_refused_and_names_the_holder(path):
    lease = Lease(path)
    assert is_held(path)
    with pytest.raises(Refusal) as caught:
        Lease(path)
    assert caught.value.failure.code == "RUN_LOCKED"
    assert caught.value.failure.details["holder"] == os.getpid()
    lease.check()
    lease.release()
    assert not is_held(path)


def test_each_holder_begins_the_next_term(path):
    for term in (1, 2, 3):
        lease = Lease(path)
        assert lease.term == term
        lease.release()


@pytest.mark.parametrize(
    "content", [b"", b"12", b"a b\n", b"1 2", b"1 2\nmore", b"9" * 80], ids=len
)
def test_what_is_no_lease_is_the_first_term(path, content):
    path.write_bytes(content)
    lease = Lease(path)
    assert lease.term == 1
    lease.check()
    lease.release()


def removed(path):
    path.unlink()


def taken_anew(path):
    path.unlink()
    Lease(path).release()


def replaced(path):
    other = path.with_name("other")
    other.write_bytes(path.read_bytes())
    other.replace(path)


def taken_where_locks_mean_nothing(path):
    with path.open("r+b") as file:
        file.write(b"1 2\n")


@pytest.mark.parametrize("lose", [removed, taken_anew, replaced, taken_where_locks_mean_nothing])
def test_a_holder_that_lost_the_lease_is_told(path, lose):
    lease = Lease(path)
    lease.check()
    lose(path)
    with pytest.raises(Refusal, match="RUN_LOCKED"):
        lease.check()
    lease.release()


def test_nothing_but_a_regular_file_is_a_lease(path):
    os.mkfifo(path)
    with pytest.raises(OSError, match=r"(?i)regular|no such device"):
        Lease(path)
    assert not is_held(path)


def test_of_many_that_come_at_once_one_gets_it(path):
    got, refused = [], []
    start = threading.Barrier(8)

    def come():
        start.wait(20)
        try:
            got.append(Lease(path))
        except Refusal:
            refused.append(1)

    threads = [threading.Thread(target=come) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert (len(got), len(refused)) == (1, 7)
    got[0].check()
    got[0].release()
