"""Bundles as real folders: everything a file system can hold, and writers that crash."""

import importlib.util
import os
import signal
import socket
import stat
import subprocess
import sys
import threading
import unicodedata
from pathlib import Path

import pytest

from workc.adapters.bundle_folder import BundleFolder, BundleWriter, MemoryBundle
from workc.kernel.failure import Misuse
from workc.verify.reader import Item, ReadError
from workc.verify.verifier import verify


def load_bundles():
    path = Path(__file__).parents[1] / "verify" / "bundles.py"
    spec = importlib.util.spec_from_file_location("bundles_for_folders", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


FILES = load_bundles().bundle("staged")
CAPTURE = next(path for path in FILES if path.startswith("evidence/"))


@pytest.fixture
def folder(tmp_path):
    """A good bundle on disk."""
    target = tmp_path / "bundle"
    for path, data in FILES.items():
        (target / path).parent.mkdir(parents=True, exist_ok=True)
        (target / path).write_bytes(data)
    return target


def codes(folder):
    return verify(BundleFolder(folder)).codes()


def data(folder, path, size=100):
    return b"".join(BundleFolder(folder).chunks(path, size))


# ------------------------------------------------------------------------------------- reading


def test_a_folder_gives_what_memory_gives(folder):
    assert verify(BundleFolder(folder)).ok
    found = {item.path: item for item in BundleFolder(folder).items() if item.kind == "file"}
    assert {path: item.size for path, item in found.items()} == {
        path: len(content) for path, content in FILES.items()
    }


def test_names_come_in_one_order(tmp_path):
    for name in ("b/2", "b/1", "a", "c"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert [i.path for i in BundleFolder(tmp_path).items()] == ["a", "b", "b/1", "b/2", "c"]


def test_a_link_to_the_bundle_itself_may_be_given(folder, tmp_path):
    (tmp_path / "link").symlink_to(folder)
    assert verify(BundleFolder(tmp_path / "link")).ok


def test_a_link_to_a_file_is_unsafe_even_if_the_bytes_are_right(folder, tmp_path):
    (folder / CAPTURE).rename(tmp_path / "elsewhere")
    (folder / CAPTURE).symlink_to(tmp_path / "elsewhere")
    assert codes(folder)[0] == "UNSAFE_PATH"


def test_a_link_to_a_folder_is_unsafe_and_not_entered(folder, tmp_path):
    (folder / "evidence").rename(tmp_path / "elsewhere")
    (folder / "evidence").symlink_to(tmp_path / "elsewhere")
    assert codes(folder)[0] == "UNSAFE_PATH"
    with pytest.raises(ReadError):
        data(folder, CAPTURE)


@pytest.mark.parametrize("target", [".", "..", "loop", "/", "nowhere"])
def test_loops_and_dead_links_are_unsafe_and_not_followed(folder, target):
    (folder / "evidence" / "loop").symlink_to(target)
    assert codes(folder) == ("UNSAFE_PATH",)


def test_a_fifo_is_unsafe_and_nobody_waits_for_it(folder):
    os.mkfifo(folder / "evidence" / "pipe")
    assert codes(folder) == ("UNSAFE_PATH",)
    with pytest.raises(ReadError, match="no regular file"):
        data(folder, "evidence/pipe")


def test_a_fifo_in_place_of_a_listed_file_is_unsafe(folder):
    (folder / CAPTURE).unlink()
    os.mkfifo(folder / CAPTURE)
    assert codes(folder)[0] == "UNSAFE_PATH"


def test_a_socket_is_unsafe(folder, monkeypatch):
    monkeypatch.chdir(folder)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("socket")
        assert codes(folder) == ("UNSAFE_PATH",)
        with pytest.raises(ReadError):
            data(folder, "socket")


def test_a_device_is_unsafe(folder):
    try:
        os.mknod(folder / "null", stat.S_IFCHR | 0o666, os.makedev(1, 3))
    except PermissionError:
        pytest.skip("only root makes devices")
    assert codes(folder) == ("UNSAFE_PATH",)


def test_a_hard_link_is_a_note(folder, tmp_path):
    os.link(folder / CAPTURE, tmp_path / "twin")
    verdict = verify(BundleFolder(folder))
    assert verdict.ok
    assert verdict.notes == (f"files with other hard links: 1, the first {CAPTURE}",)


@pytest.mark.parametrize("name", ["empty", ".git", "evidence/empty/deeper"])
def test_an_empty_folder_is_unlisted(folder, name):
    (folder / name).mkdir(parents=True)
    assert set(codes(folder)) == {"UNLISTED_FILE"}


@pytest.mark.parametrize("name", [".git/HEAD", ".DS_Store", "evidence/.x", "signatures/x"])
def test_there_is_no_list_of_files_that_do_not_matter(folder, name):
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_bytes(b"ref: x")
    assert codes(folder) == ("UNLISTED_FILE",)


ODD_NAMES = [
    b"new\nline", b"\xff\xfe", b"caf\xc3\xa9", unicodedata.normalize("NFD", "café").encode(),
    b"a b", b"a\\b", b"RECEIPT.JSON", b"Evidence", b"\xe2\x80\xae", b"con", b"x.", b"-" * 129,
]  # fmt: skip


@pytest.mark.parametrize("name", ODD_NAMES, ids=ascii)
def test_an_odd_name_is_unsafe(folder, name):
    with open(os.fsencode(folder) + b"/" + name, "wb"):
        pass
    assert codes(folder)[0] == "UNSAFE_PATH"


def test_a_folder_of_an_odd_name_is_entered_and_everything_in_it_is_unsafe(folder):
    (folder / "odd name").mkdir()
    (folder / "odd name" / "x").touch()
    assert codes(folder) == ("UNSAFE_PATH", "UNSAFE_PATH")


def test_folders_far_too_deep_are_unsafe_and_left_alone(folder):
    descriptor = os.open(folder, os.O_RDONLY)
    for _ in range(600):
        os.mkdir("ab", dir_fd=descriptor)
        inner = os.open("ab", os.O_RDONLY, dir_fd=descriptor)
        os.close(descriptor)
        descriptor = inner
    os.close(descriptor)
    found = codes(folder)
    assert set(found) == {"UNSAFE_PATH", "UNLISTED_FILE"}


def test_a_sparse_file_of_200_gib_that_is_not_listed_is_not_read(folder):
    with (folder / "sparse").open("wb") as file:
        try:
            file.truncate(200 * 2**30)
        except OSError:
            pytest.skip("this file system has no files so large")
    assert codes(folder) == ("UNLISTED_FILE",)


def test_a_sparse_file_of_200_gib_in_place_of_a_listed_one_is_not_read(folder):
    with (folder / CAPTURE).open("wb") as file:
        try:
            file.truncate(200 * 2**30)
        except OSError:
            pytest.skip("this file system has no files so large")
    assert codes(folder)[0] == "LIMIT_EXCEEDED"


def test_mode_bits_do_not_matter(folder):
    (folder / CAPTURE).chmod(0o6755)
    assert verify(BundleFolder(folder)).ok


def test_what_may_not_be_read_is_undecided(folder):
    """A process of its own, because root may read everything and a thread cannot stop being root."""
    if os.geteuid() != 0:
        pytest.skip("needs root to make a file that another user cannot read")
    (folder / CAPTURE).chmod(0)
    closed = folder / "evidence"
    for place in (folder, *folder.parents):
        if "pytest" in str(place):
            place.chmod(place.stat().st_mode | 0o755)
    program = (
        "import os, sys; from pathlib import Path\n"
        "from workc.adapters.bundle_folder import BundleFolder\n"
        "from workc.verify.verifier import verify\n"
        "os.seteuid(65534)\n"
        "print(verify(BundleFolder(Path(sys.argv[1]))).codes())"
    )
    run = [sys.executable, "-c", program, str(folder)]
    shown = subprocess.run(run, capture_output=True, text=True, check=True).stdout
    assert shown == "('FILE_UNREADABLE',)\n"
    closed.chmod(0)
    shown = subprocess.run(run, capture_output=True, text=True, check=True).stdout
    assert shown == "('FILE_UNREADABLE',)\n"


@pytest.mark.parametrize("path", ["none", "evidence", "evidence/none", "none/none", "../bundle"])
def test_what_is_no_regular_file_of_the_bundle_gives_the_one_error(folder, path):
    with pytest.raises(ReadError):
        data(folder, path)


@pytest.mark.parametrize("path", ["", "..", "../x", "/etc/passwd", "a\0b", "evidence//x", "\udcff"])
def test_a_path_that_no_bundle_has_is_never_opened(folder, path):
    (folder.parent / "x").write_bytes(b"secret")
    with pytest.raises(ReadError):
        data(folder, path)


def test_a_folder_that_is_gone_gives_the_one_error(tmp_path):
    assert codes(tmp_path / "none") == ("FILE_UNREADABLE",)
    (tmp_path / "file").touch()
    assert codes(tmp_path / "file") == ("FILE_UNREADABLE",)


def test_a_file_that_vanished_since_it_was_listed_is_unreadable(folder):
    class Vanishing(BundleFolder):
        def items(self):
            yield from list(super().items())
            (folder / CAPTURE).unlink()

    assert set(verify(Vanishing(folder)).codes()) == {"FILE_UNREADABLE"}


def test_a_name_that_vanishes_while_a_folder_is_listed_is_unreadable(folder, monkeypatch):
    real = os.stat

    def gone(name, **options):
        if name == CAPTURE.rpartition("/")[2]:
            (folder / CAPTURE).unlink(missing_ok=True)
        return real(name, **options)

    monkeypatch.setattr(os, "stat", gone)
    assert codes(folder) == ("FILE_UNREADABLE",)


def test_a_file_that_becomes_a_link_after_it_was_listed_is_not_followed(folder, tmp_path):
    (tmp_path / "secret").write_bytes(FILES[CAPTURE])

    class Swapping(BundleFolder):
        def items(self):
            yield from list(super().items())
            (folder / CAPTURE).unlink()
            (folder / CAPTURE).symlink_to(tmp_path / "secret")

    assert set(verify(Swapping(folder)).codes()) == {"FILE_UNREADABLE"}


@pytest.mark.parametrize("change", ["grow", "shrink", "overwrite"])
def test_a_file_that_changes_while_it_is_read_is_unreadable(tmp_path, change):
    path = tmp_path / "x"
    path.write_bytes(b"1" * 3_000_000)
    os.utime(path, (1, 1))
    chunks = BundleFolder(tmp_path).chunks("x", 3_000_000)
    assert next(chunks) == b"1" * 131_072
    with path.open("r+b") as file:
        if change == "shrink":
            file.truncate(2_000_000)
        else:
            file.seek(0, os.SEEK_END if change == "grow" else os.SEEK_SET)
            file.write(b"2")
    os.utime(path, (1, 1))
    with pytest.raises(ReadError, match="changed"):
        list(chunks)


def test_a_reader_takes_one_byte_more_than_it_was_told_and_no_more(tmp_path):
    (tmp_path / "x").write_bytes(b"12345")
    assert data(tmp_path, "x", 3) == b"1234"
    assert data(tmp_path, "x", 9) == b"12345"


def test_an_io_error_while_reading_is_unreadable(folder, monkeypatch):
    def broken(descriptor, count):
        raise OSError(5, "I/O error")

    monkeypatch.setattr(os, "read", broken)
    with pytest.raises(ReadError, match="EIO"):
        data(folder, "receipt.json")


def test_an_io_error_while_listing_is_unreadable(folder, monkeypatch):
    def broken(descriptor):
        raise OSError(5, "I/O error")

    monkeypatch.setattr(os, "scandir", broken)
    assert codes(folder) == ("FILE_UNREADABLE",)


def test_a_folder_whose_name_holds_a_zero_byte_is_unreadable():
    assert codes(Path("a\0b")) == ("FILE_UNREADABLE",)


def test_reading_leaves_no_descriptor_open(folder):
    before = len(os.listdir("/proc/self/fd"))
    (folder / "evidence" / "loop").symlink_to("loop")
    for _ in range(3):
        codes(folder)
        with pytest.raises(ReadError):
            data(folder, "evidence/loop")
    assert len(os.listdir("/proc/self/fd")) == before


# ------------------------------------------------------------------------------------- writing


def test_a_bundle_is_seen_only_when_it_is_whole(tmp_path):
    target = tmp_path / "out"
    writer = BundleWriter(target)
    assert writer.write("evidence/x", [b"ab", b"c"]) == MemoryBundle().write("y", [b"abc"])
    assert not target.exists()
    assert [path.name[0] for path in tmp_path.iterdir()] == ["."]
    writer.finish()
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    assert (target / "evidence/x").read_bytes() == b"abc"


@pytest.mark.parametrize("sync", [False, True])
def test_folders_above_the_bundle_are_made_and_syncing_changes_nothing_else(tmp_path, sync):
    writer = BundleWriter(tmp_path / "a" / "b" / "out", sync=sync)
    writer.write("artifacts/deep/er/x", [b"1"])
    writer.finish()
    assert (tmp_path / "a/b/out/artifacts/deep/er/x").read_bytes() == b"1"


def test_an_empty_folder_is_replaced(tmp_path):
    (tmp_path / "out").mkdir()
    writer = BundleWriter(tmp_path / "out")
    writer.write("x", [b"1"])
    writer.finish()
    assert (tmp_path / "out/x").read_bytes() == b"1"


@pytest.mark.parametrize("kind", ["folder", "file", "link", "dead link"])
def test_what_is_there_is_never_overwritten(tmp_path, kind):
    target = tmp_path / "out"
    if kind == "folder":
        target.mkdir()
        (target / "mine").write_bytes(b"mine")
    elif kind == "file":
        target.write_bytes(b"mine")
    else:
        target.symlink_to(tmp_path if kind == "link" else tmp_path / "nowhere")
    before = target.lstat().st_ino
    writer = BundleWriter(target)
    writer.write("x", [b"1"])
    with pytest.raises(FileExistsError):
        writer.finish()
    writer.discard()
    assert target.lstat().st_ino == before
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_any_other_failure_to_move_is_the_systems_own_error(tmp_path):
    writer = BundleWriter(tmp_path / ("x" * 255 + "y"))
    with pytest.raises(OSError, match="too long"):
        writer.finish()
    writer.discard()
    assert list(tmp_path.iterdir()) == []


def test_two_writers_of_one_process_do_not_meet(tmp_path):
    first, second = BundleWriter(tmp_path / "out"), BundleWriter(tmp_path / "out")
    first.write("x", [b"1"])
    second.write("x", [b"2"])
    first.finish()
    with pytest.raises(FileExistsError):
        second.finish()
    second.discard()
    assert (tmp_path / "out/x").read_bytes() == b"1"


def test_many_writers_at_once_leave_one_whole_bundle(tmp_path):
    def write(number):
        writer = BundleWriter(tmp_path / "out")
        for name in ("x", "y"):
            writer.write(name, [str(number).encode()])
        try:
            writer.finish()
        except FileExistsError:
            writer.discard()

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    assert (tmp_path / "out/x").read_bytes() == (tmp_path / "out/y").read_bytes()


@pytest.mark.parametrize("path", ["../x", "/tmp/x", "a/../../x", "", "a b", "con"])
def test_a_writer_stays_in_its_folder(tmp_path, path):
    writer = BundleWriter(tmp_path / "out")
    with pytest.raises(Misuse):
        writer.write(path, [b"1"])


def test_a_file_is_not_written_twice(tmp_path):
    writer = BundleWriter(tmp_path / "out")
    writer.write("x", [b"1"])
    with pytest.raises(FileExistsError):
        writer.write("x", [b"2"])


def test_a_crash_leaves_a_dot_folder_which_the_next_writer_lets_lie(tmp_path):
    program = (
        "import os, signal, sys; from pathlib import Path\n"
        "from workc.adapters.bundle_folder import BundleWriter\n"
        "def chunks():\n"
        "    yield b'half'\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
        "BundleWriter(Path(sys.argv[1])).write('x', chunks())"
    )
    run = subprocess.run([sys.executable, "-c", program, str(tmp_path / "out")], check=False)
    assert run.returncode == -signal.SIGKILL
    (left,) = tmp_path.iterdir()
    assert left.name.startswith(".workc-")
    left.rename(tmp_path / f".workc-{os.getpid()}-0.new")
    writer = BundleWriter(tmp_path / "out")
    writer.write("x", [b"whole"])
    writer.finish()
    assert (tmp_path / "out/x").read_bytes() == b"whole"
    assert (tmp_path / f".workc-{os.getpid()}-0.new").is_dir()


def test_an_item_says_kind_size_and_links(tmp_path):
    (tmp_path / "x").write_bytes(b"123")
    (tmp_path / "f").mkdir()
    assert list(BundleFolder(tmp_path).items()) == [
        Item(path="f", kind="folder", size=(tmp_path / "f").stat().st_size),
        Item(path="x", kind="file", size=3),
    ]
