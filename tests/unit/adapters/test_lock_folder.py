"""Resources of a store: what files hold, damage, and a disk that says no."""

import os
import subprocess
import sys
import threading

import pytest

from workc import Refusal
from workc.adapters import lock_folder
from workc.runtime.ports import Granted, Held

KILLED = """
import os, signal, sys
from pathlib import Path
from workc.adapters.lock_folder import LockFolder
print(LockFolder(Path(sys.argv[1])).claim("db", "killed a").token, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""
GREEDY = """
import sys
from pathlib import Path
from workc.adapters.lock_folder import LockFolder
from workc.runtime.ports import Granted
folder, mine = LockFolder(Path(sys.argv[1])), 0
file = Path(sys.argv[2])
while mine < int(sys.argv[3]):
    found = folder.claim("db", "greedy a")
    if isinstance(found, Granted):
        # Whoever is not alone here loses what the other adds.
        file.write_text(str(int(file.read_text()) + 1))
        folder.release("db", found.token)
        mine += 1
"""


class LockFolder(lock_folder.LockFolder):
    """Closes what a test has left open."""

    def __del__(self):
        self.drop()


def lock_file(folder):
    (file,) = folder.iterdir()
    return file


def test_what_a_killed_process_held_is_taken_over(tmp_path):
    done = subprocess.run([sys.executable, "-c", KILLED, tmp_path], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (-9, "1\n")
    assert LockFolder(tmp_path).claim("db", "next b") == Granted("db", 2, forced=1)


def test_processes_never_hold_it_at_once(tmp_path):
    file, folder, each = tmp_path / "count", tmp_path / "locks", 40
    file.write_text("0")
    command = [sys.executable, "-c", GREEDY, folder, file, str(each)]
    processes = [subprocess.Popen(command) for _ in range(3)]
    assert [process.wait() for process in processes] == [0, 0, 0]
    assert file.read_text() == str(3 * each)
    assert LockFolder(folder).claim("db", "x y") == Granted("db", 3 * each + 1)


def test_threads_never_hold_it_at_once(tmp_path):
    found, barrier = [], threading.Barrier(8)

    def claim():
        folder = LockFolder(tmp_path)
        barrier.wait()
        found.append((folder.claim("db", "run step"), folder))

    threads = [threading.Thread(target=claim) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(isinstance(answer, Granted) for answer, _ in found) == 1


@pytest.mark.parametrize(
    "damage",
    [
        b"{",
        b"\xff" * 9,
        b'{"token":-1}',
        b'{"token":1e400}',
        b'{"token":9007199254740991}',
        b"[]",
    ],
)
def test_a_damaged_file_is_refused_since_its_last_token_is_not_known(tmp_path, damage):
    folder = LockFolder(tmp_path)
    folder.release("db", folder.claim("db", "one a").token)
    lock_file(tmp_path).write_bytes(damage)
    with pytest.raises(Refusal, match="its lock file is damaged") as raised:
        folder.claim("db", "one a")
    assert raised.value.failure.code == "STORE_UNAVAILABLE"


def test_a_file_without_content_is_one_that_nobody_has_held(tmp_path):
    folder = LockFolder(tmp_path)
    folder.release("db", folder.claim("db", "one a").token)
    lock_file(tmp_path).write_bytes(b"")
    assert folder.claim("db", "one a") == Granted("db", 1)


def test_a_holder_of_a_long_name_is_named_as_far_as_there_is_room(tmp_path):
    one, other = LockFolder(tmp_path), LockFolder(tmp_path)
    one.claim("db", "\x00" * 5_000)
    assert other.claim("db", "x y") == Held("\x00" * 300)


def test_what_is_no_file_is_refused(tmp_path):
    folder = LockFolder(tmp_path)
    folder.release("db", folder.claim("db", "one a").token)
    file = lock_file(tmp_path)
    file.unlink()
    os.mkfifo(file)
    with pytest.raises(Refusal, match="db cannot be claimed") as refused:
        folder.claim("db", "one a")
    assert refused.value.failure.code == "STORE_UNAVAILABLE"


def test_a_folder_that_cannot_be_made_is_refused(tmp_path):
    (tmp_path / "locks").write_text("")
    with pytest.raises(Refusal, match="cannot be claimed"):
        LockFolder(tmp_path / "locks").claim("db", "one a")
