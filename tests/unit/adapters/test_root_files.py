"""Files below roots are read whole, and written whole or not at all; a dry run changes nothing."""

import asyncio
import hashlib
import os
import resource
import threading

import pytest

from workc.adapters.dry_files import MAX_DIFF_BYTES, MAX_DIFF_LINES, DryFiles, unified_diff
from workc.adapters.redaction import Redactor
from workc.adapters.root_files import RootFiles
from workc.adapters.root_folders import RootFolders
from workc.kernel.failure import Refusal
from workc.stages.effects import FileRead, FileWrite
from workc.stages.grants import Grants

SECRETS = {"TOKEN": "tok-3f9a/b+c"}
GRANTS = Grants(roots={"repo": "rw"})


class Entropy:
    """Gives bytes that differ from call to call."""

    def __init__(self):
        self.calls = 0

    def draw(self, count):
        self.calls += 1
        return self.calls.to_bytes(count, "big")


def sha256(data):
    return hashlib.sha256(data).hexdigest()


@pytest.fixture
def make(tmp_path):
    def made(kind, secrets=None):
        return kind(GRANTS, RootFolders({"repo": tmp_path}), Redactor(secrets or {}), Entropy())

    return made


def send(port, request):
    return asyncio.run(port.send(request))


def write(path, data, **more):
    return FileWrite(path=path, data=data, **more)


def test_a_file_is_read_with_its_size_and_digest(tmp_path, make):
    (tmp_path / "a").write_bytes(b"hello\xff")
    found = send(make(RootFiles), FileRead(path="repo/a"))
    assert (found.data, found.facts) == (b"hello\xff", {"sha256": sha256(b"hello\xff"), "size": 6})
    assert not found.is_output


def test_a_file_of_max_bytes_is_read_and_a_larger_one_is_not(tmp_path, make):
    (tmp_path / "a").write_bytes(b"hello")
    assert send(make(RootFiles), FileRead(path="repo/a", max_bytes=5)).data == b"hello"
    with pytest.raises(Refusal, match="OUTPUT_TOO_LARGE: repo/a has more than 4 bytes"):
        send(make(RootFiles), FileRead(path="repo/a", max_bytes=4))


def test_a_file_that_is_not_there_is_not_found(make):
    with pytest.raises(Refusal, match="NOT_FOUND: repo/a: there is nothing of that name"):
        send(make(RootFiles), FileRead(path="repo/a"))


def test_a_secret_is_taken_out_of_what_is_read(tmp_path, make):
    (tmp_path / "a").write_text(f"token={SECRETS['TOKEN']}\n")
    found = send(make(RootFiles, SECRETS), FileRead(path="repo/a"))
    assert found.data == b"token=[redacted:TOKEN]\n"
    assert [(each.secret, each.count) for each in found.redactions] == [("TOKEN", 1)]
    assert found.facts["sha256"] == sha256(f"token={SECRETS['TOKEN']}\n".encode())


@pytest.mark.parametrize("kind", [RootFiles, DryFiles])
def test_no_time_is_no_time(make, kind):
    for request in (FileRead(path="repo/a", timeout_ms=0), write("repo/a", b"", timeout_ms=0)):
        with pytest.raises(Refusal, match="TIMEOUT: timeout_ms is 0, so nothing was done"):
            send(make(kind), request)


def test_a_write_makes_folders_and_says_what_was_there(tmp_path, make):
    port = make(RootFiles)
    first = send(port, write("repo/x/y/a", b"one"))
    assert first.facts == {"before_sha256": None, "sha256": sha256(b"one"), "size": 3}
    assert first.is_output
    other = send(port, write("repo/x/y/a", b""))
    assert other.facts["before_sha256"] == sha256(b"one")
    assert (tmp_path / "x/y/a").read_bytes() == b""
    assert os.listdir(tmp_path / "x/y") == ["a"], "nothing else is left"


def test_a_write_keeps_the_permissions_of_what_it_replaces_but_not_who_runs_it(tmp_path, make):
    (tmp_path / "run").write_text("old")
    (tmp_path / "run").chmod(0o4755)
    send(make(RootFiles), write("repo/run", b"new"))
    assert (tmp_path / "run").stat().st_mode & 0o7777 == 0o755


@pytest.mark.parametrize("kind", [RootFiles, DryFiles])
def test_a_write_over_something_else_than_was_expected_is_a_conflict(tmp_path, make, kind):
    port = make(kind)
    (tmp_path / "a").write_bytes(b"one")
    with pytest.raises(Refusal, match="CONFLICT") as refused:
        send(port, write("repo/a", b"two", if_sha256=sha256(b"other")))
    assert refused.value.failure.details["found"] == sha256(b"one")
    with pytest.raises(Refusal, match="CONFLICT"):
        send(port, write("repo/a", b"two", if_sha256=""))
    with pytest.raises(Refusal, match="CONFLICT"):
        send(port, write("repo/b", b"two", if_sha256=sha256(b"one")))
    assert send(port, write("repo/a", b"two", if_sha256=sha256(b"one"))).facts["size"] == 3
    assert send(port, write("repo/b", b"two", if_sha256="")).facts["before_sha256"] is None
    again = send(port, write("repo/a", b"two", if_sha256=sha256(b"one")))
    assert again.facts["before_sha256"] == sha256(b"two"), "its answer may have been lost"


def test_a_disk_without_room_fails_the_write_and_leaves_what_was_there(tmp_path, make):
    (tmp_path / "a").write_bytes(b"old")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    # The system then says that a file is too large, as it says that a disk is full.
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, before[1]))
    try:
        with pytest.raises(Refusal, match="FILE_FAILED: repo/a: the system says EFBIG"):
            send(make(RootFiles), write("repo/a", bytes(2_000)))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert [each.read_bytes() for each in tmp_path.iterdir()] == [b"old"]


def test_what_reads_at_the_same_time_sees_one_text_or_the_other(tmp_path, make):
    texts = [bytes([letter]) * 200_000 for letter in b"ab"]
    port, seen, stopped = make(RootFiles), set(), threading.Event()
    send(port, write("repo/a", texts[0]))

    def look():
        while not stopped.is_set():
            seen.add((tmp_path / "a").read_bytes())

    thread = threading.Thread(target=look)
    thread.start()
    for number in range(60):
        send(port, write("repo/a", texts[number % 2]))
    stopped.set()
    thread.join()
    assert seen <= set(texts)


def test_a_dry_run_writes_nothing_and_reads_back_what_it_would_write(tmp_path, make):
    (tmp_path / "a").write_text("one\ntwo\n")
    port = make(DryFiles)
    told = send(port, write("repo/a", b"one\n2\n"))
    assert told.facts["dry_run"] is True
    assert told.facts["diff"] == "--- a/repo/a\n+++ b/repo/a\n@@ -1,2 +1,2 @@\n one\n-two\n+2\n"
    assert told.facts["before_sha256"] == sha256(b"one\ntwo\n")
    assert send(port, FileRead(path="repo/a")).data == b"one\n2\n"
    with pytest.raises(Refusal, match="OUTPUT_TOO_LARGE"):
        send(port, FileRead(path="repo/a", max_bytes=5))
    send(port, write("repo/new/b", b"x"))
    assert send(port, FileRead(path="repo/new/b")).data == b"x"
    assert send(port, write("repo/a", b"3\n")).facts["before_sha256"] == sha256(b"one\n2\n")
    assert os.listdir(tmp_path) == ["a"]
    assert (tmp_path / "a").read_text() == "one\ntwo\n"


def test_a_dry_run_follows_no_link_either(tmp_path, make):
    (tmp_path / "a").symlink_to("b")
    for request in (FileRead(path="repo/a"), write("repo/a", b"")):
        with pytest.raises(Refusal, match="OPERATION_NOT_ALLOWED"):
            send(make(DryFiles), request)


def test_a_secret_is_taken_out_of_a_diff(tmp_path, make):
    (tmp_path / "a").write_text(f"{SECRETS['TOKEN']}\n")
    told = send(make(DryFiles, SECRETS), write("repo/a", b"x\n"))
    assert "-[redacted:TOKEN]\n" in told.facts["diff"]
    assert [each.count for each in told.redactions] == [1]


@pytest.mark.parametrize(
    ("before", "after", "diff"),
    [
        (b"a\n", b"a\n", ""),
        (None, b"", "--- /dev/null\n+++ b/r/f\n"),
        (None, b"a", "--- /dev/null\n+++ b/r/f\n@@ -0,0 +1 @@\n+a\n\\ No newline at end of file\n"),
        (b"a", b"a\n", "--- a/r/f\n+++ b/r/f\n@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+a\n"),
        (b"\xff", b"a", "r/f: 1 bytes become 1, which are not shown\n"),
        (b"a", b"a\0", "r/f: 1 bytes become 2, which are not shown\n"),
        (
            b"",
            b"x" * (MAX_DIFF_BYTES + 1),
            f"r/f: 0 bytes become {MAX_DIFF_BYTES + 1}, which are not shown\n",
        ),
        (
            b"",
            b"\n" * (MAX_DIFF_LINES + 1),
            f"r/f: 0 lines become {MAX_DIFF_LINES + 1}, which are not shown\n",
        ),
    ],
)
def test_a_diff_is_what_diff_prints(before, after, diff):
    assert unified_diff("r/f", before, after) == diff


def test_a_root_that_this_machine_does_not_have_is_not_found(tmp_path):
    for folders in ({}, {"repo": tmp_path / "gone"}):
        port = RootFiles(GRANTS, RootFolders(folders), Redactor({}), Entropy())
        with pytest.raises(Refusal, match="NOT_FOUND") as refused:
            send(port, FileRead(path="repo/a"))
        assert str(tmp_path) not in repr(refused.value.failure)


def test_a_folder_of_the_runs_that_is_not_there_yet_closes_nothing(tmp_path):
    (tmp_path / "x").mkdir()
    folders = RootFolders({"repo": tmp_path}, tmp_path / "store")
    port = RootFiles(GRANTS, folders, Redactor({}), Entropy())
    assert send(port, write("repo/x/a", b"1")).facts["size"] == 1
