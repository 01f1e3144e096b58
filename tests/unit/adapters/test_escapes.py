"""Tricks to get out of a root, or to run what is not allowed: all refused, and nothing outside changed.

Each trick is a request and, where it needs one, what somebody has put into the root before. Outside
stands a secret, and a program that would leave a mark.
"""

import asyncio
import os
import shutil
import socket
import threading
from contextlib import suppress
from pathlib import Path

import pytest

from workc.adapters.programs import Programs
from workc.adapters.publications import Publications
from workc.adapters.redaction import Redactor
from workc.adapters.root_files import RootFiles
from workc.adapters.root_folders import RootFolders
from workc.kernel.failure import Refusal
from workc.stages.effects import FileRead, FileWrite, ProgramRun, Publication
from workc.stages.grants import Grants

SECRET = b"the secret outside\n"
INVALID, DENIED, MISSING = "INVALID_INPUT", "OPERATION_NOT_ALLOWED", "NOT_FOUND"


class Entropy:
    """Gives bytes that differ from call to call."""

    def __init__(self):
        self._lock, self._calls = threading.Lock(), 0

    def draw(self, count):
        with self._lock:
            self._calls += 1
            return self._calls.to_bytes(count, "big")


class Machine:
    """Roots ``repo`` (written) and ``docs`` (only read), the folder of the runs in one, and an outside."""

    def __init__(self, base, environment=None):
        self.base = base
        self.repo, self.docs, self.outside = base / "repo", base / "docs", base / "outside"
        for folder in (self.repo / "src", self.repo / ".git", self.repo / "runs", self.docs):
            folder.mkdir(parents=True)
        self.outside.mkdir()
        (self.outside / "secret.txt").write_bytes(SECRET)
        program = self.outside / "evil"
        program.write_text(f"#!/bin/sh\necho mark > {self.outside}/mark\n")
        program.chmod(0o755)
        (self.repo / "src" / "a.txt").write_text("a\n")
        (self.docs / "d.txt").write_text("d\n")
        grants = Grants(
            roots={"repo": "rw", "docs": "ro"},
            programs=("cat", "env"),
            targets=("repo/dist", "docs/dist"),
        )
        folders = RootFolders({"repo": self.repo, "docs": self.docs}, self.repo / "runs")
        shared = (grants, folders, Redactor({}), Entropy())
        self.files = RootFiles(*shared)
        self.programs = Programs(*shared, environment or {"PATH": "/usr/bin:/bin", "HOME": "/x"})
        self.publications = Publications(grants, lambda: self.files, lambda: None)

    def send(self, request):
        port = {ProgramRun: self.programs, Publication: self.publications}
        return asyncio.run(port.get(type(request), self.files).send(request))

    def picture(self):
        """Returns all that stands outside, and in the root that is only read."""
        return {
            str(path.relative_to(self.base)): path.read_bytes() if path.is_file() else None
            for folder in (self.outside, self.docs, self.repo / "runs", self.repo / ".git")
            for path in sorted(folder.rglob("*"))
            if not path.is_fifo()
        }


@pytest.fixture
def machine(tmp_path):
    return Machine(tmp_path)


def link_file(machine):
    (machine.repo / "link").symlink_to(machine.outside / "secret.txt")


def link_folder(machine):
    (machine.repo / "way").symlink_to(machine.outside)


def link_to_root(machine):
    (machine.repo / "src" / "up").symlink_to("..")


def link_in_circles(machine):
    (machine.repo / "link").symlink_to("link")


def link_to_nothing(machine):
    (machine.repo / "link").symlink_to(machine.outside / "new.txt")


def link_to_descriptor(machine):
    (machine.repo / "link").symlink_to("/proc/self/environ")


def fifo(machine):
    os.mkfifo(machine.repo / "pipe")


def unix_socket(machine):
    here = Path.cwd()
    os.chdir(machine.repo)
    try:
        with socket.socket(socket.AF_UNIX) as bound:
            bound.bind("sock")
    finally:
        os.chdir(here)


def device(machine):
    (machine.repo / "null").symlink_to("/dev/null")


def nothing(machine):
    pass


def read(path):
    return FileRead(path=path)


def write(path):
    return FileWrite(path=path, data=b"x")


def run(*argv, **more):
    return ProgramRun(argv=argv, **more)


def put(name, to="repo/dist"):
    return Publication(to=to, name=name, data=b"x")


TRICKS = {
    "a read upwards": (nothing, read("repo/../outside/secret.txt"), INVALID),
    "a write upwards": (nothing, write("repo/../outside/secret.txt"), INVALID),
    "upwards at the end": (nothing, read("repo/src/.."), INVALID),
    "upwards and back": (nothing, read("repo/src/../src/a.txt"), INVALID),
    "a dot": (nothing, read("repo/./src/a.txt"), INVALID),
    "an empty segment": (nothing, read("repo//src/a.txt"), INVALID),
    "a slash at the end": (nothing, read("repo/src/"), INVALID),
    "an absolute path": (nothing, read("/etc/passwd"), INVALID),
    "no path": (nothing, read(""), INVALID),
    "a root alone": (nothing, read("repo"), INVALID),
    "a root that was not given": (nothing, read("home/secret.txt"), DENIED),
    "a root in capitals": (nothing, read("REPO/src/a.txt"), INVALID),
    "a home": (nothing, read("~/secret.txt"), INVALID),
    "a zero byte": (nothing, read("repo/src/a.txt\0.png"), INVALID),
    "a line break": (nothing, write("repo/a\nb"), INVALID),
    "an escape of a terminal": (nothing, write("repo/\x1b[2J"), INVALID),
    "text that is turned round": (nothing, write("repo/gpj\u202e.exe"), INVALID),
    "a space of no width": (nothing, write("repo/a\u200bb"), INVALID),
    "half of a surrogate pair": (nothing, write("repo/\ud800"), INVALID),
    "a byte that is no UTF-8": (nothing, write("repo/\udcff"), INVALID),
    "a backslash": (nothing, read("repo/..\\outside\\secret.txt"), INVALID),
    "a drive": (nothing, read("repo/C:/secret.txt"), INVALID),
    "a stream of a file": (nothing, write("repo/a.txt:stream"), INVALID),
    "a slash of another script": (nothing, read("repo/..\u2215outside"), INVALID),
    "a wide slash": (nothing, read("repo/..\uff0foutside"), INVALID),
    "wide dots": (nothing, read("repo/\uff0e\uff0e/outside"), INVALID),
    "two dots in one letter": (nothing, read("repo/\u2025/outside"), INVALID),
    "a name that is not in form C": (nothing, write("repo/e\u0301"), INVALID),
    "a dot at the end": (nothing, write("repo/src./a"), INVALID),
    "a blank at the end": (nothing, write("repo/.. /a"), INVALID),
    "a long name": (nothing, write("repo/" + "a" * 256), INVALID),
    "a long path": (nothing, write("repo" + "/aaaa" * 300), INVALID),
    "a deep path": (nothing, write("repo" + "/a" * 32), INVALID),
    "a read through a link": (link_file, read("repo/link"), DENIED),
    "a write through a link": (link_file, write("repo/link"), DENIED),
    "a read behind a link": (link_folder, read("repo/way/secret.txt"), DENIED),
    "a write behind a link": (link_folder, write("repo/way/new.txt"), DENIED),
    "a link to where it stands": (link_to_root, read("repo/src/up/src/a.txt"), DENIED),
    "a link in circles": (link_in_circles, read("repo/link"), DENIED),
    "a link to nothing yet": (link_to_nothing, write("repo/link"), DENIED),
    "a link to a process": (link_to_descriptor, read("repo/link"), DENIED),
    "a link to a device": (device, read("repo/null"), DENIED),
    "a FIFO": (fifo, read("repo/pipe"), DENIED),
    "a write to a FIFO": (fifo, write("repo/pipe"), DENIED),
    "a socket": (unix_socket, read("repo/sock"), DENIED),
    "a folder": (nothing, read("repo/src"), DENIED),
    "a write to a folder": (nothing, write("repo/src"), DENIED),
    "a file as a folder": (nothing, write("repo/src/a.txt/b"), DENIED),
    "a root that is only read": (nothing, write("docs/d.txt"), DENIED),
    "hooks in a publication": (nothing, put(".git", to="repo/dist"), DENIED),
    "hooks": (nothing, write("repo/.git/hooks/post-checkout"), DENIED),
    "hooks in capitals": (nothing, write("repo/.GIT/config"), DENIED),
    "the folder of the runs": (nothing, write("repo/runs/1/journal.jsonl"), DENIED),
    "what the runs say": (nothing, read("repo/runs/1/journal.jsonl"), DENIED),
    "a program by its path": (nothing, run("/bin/cat", "/etc/passwd"), DENIED),
    "a program by a path of here": (nothing, run("./cat"), DENIED),
    "a program upwards": (nothing, run("../outside/evil", cwd="repo"), DENIED),
    "a program that is not allowed": (nothing, run("sh", "-c", "true"), DENIED),
    "a program and its arguments in one": (nothing, run("cat /etc/passwd"), DENIED),
    "an option for a program": (nothing, run("-c", "true"), DENIED),
    "no program": (nothing, run(), DENIED),
    "an argument with a zero byte": (nothing, run("cat", "a\0b"), INVALID),
    "an argument that is no text": (nothing, run("cat", "\ud800"), INVALID),
    "a library before all others": (nothing, run("env", env=("LD_PRELOAD",)), DENIED),
    "other libraries": (nothing, run("env", env=("LD_LIBRARY_PATH",)), DENIED),
    "other modules": (nothing, run("env", env=("PYTHONPATH",)), DENIED),
    "a shell's start": (nothing, run("env", env=("BASH_ENV",)), DENIED),
    "other programs": (nothing, run("env", env=("PATH",)), DENIED),
    "options of git": (nothing, run("env", env=("GIT_SSH_COMMAND",)), DENIED),
    "a variable with its value": (nothing, run("env", env=("HOME=/",)), INVALID),
    "a variable that is not set": (nothing, run("env", env=("NOT_SET_HERE",)), INVALID),
    "a working folder upwards": (nothing, run("cat", cwd="repo/.."), INVALID),
    "a working folder behind a link": (link_folder, run("cat", cwd="repo/way"), DENIED),
    "a working folder of no root": (nothing, run("cat", cwd="home"), DENIED),
    "a working folder that is a file": (nothing, run("cat", cwd="repo/src/a.txt"), DENIED),
    "a working folder that is not there": (nothing, run("cat", cwd="repo/none"), MISSING),
    "a working folder of the runs": (nothing, run("cat", cwd="repo/runs"), DENIED),
    "a name with a slash": (nothing, put("a/b"), INVALID),
    "a name upwards": (nothing, put(".."), INVALID),
    "a target that is not allowed": (nothing, put("a", to="repo/src"), DENIED),
    "a target that is only read": (nothing, put("a", to="docs/dist"), DENIED),
    "an address that is not allowed": (nothing, put("a", to="http://127.0.0.1:9/"), DENIED),
}


@pytest.mark.parametrize("trick", TRICKS)
def test_a_trick_is_refused_and_nothing_outside_is_changed(machine, trick):
    prepare, request, code = TRICKS[trick]
    prepare(machine)
    before = machine.picture()
    with pytest.raises(Refusal) as refused:
        machine.send(request)
    failure = refused.value.failure
    assert failure.code == code
    assert machine.picture() == before
    told = repr(failure)
    assert str(machine.base) not in told, "a failure is recorded, so it names no folder of here"
    assert SECRET.decode().strip() not in told


def test_there_are_tricks_enough_and_each_is_one_of_its_own():
    assert len(TRICKS) > 70
    requests = [repr((prepare, request)) for prepare, request, _ in TRICKS.values()]
    assert len(set(requests)) == len(requests)


def test_what_is_no_trick_works(machine):
    assert machine.send(read("repo/src/a.txt")).data == b"a\n"
    assert machine.send(read("docs/d.txt")).data == b"d\n"
    machine.send(write("repo/new/\u00e9/caf\u00e9 1.txt"))
    assert (machine.repo / "new/\u00e9/caf\u00e9 1.txt").read_bytes() == b"x"
    assert machine.send(run("cat", "a.txt", cwd="repo/src")).data == b"a\n"
    machine.send(put("a.txt"))
    assert (machine.repo / "dist/a.txt").read_bytes() == b"x"


def test_an_argument_is_one_argument_whatever_stands_in_it(machine):
    for text in ("$(touch mark)", "a; touch mark", "`touch mark`", "| cat", "* ?", "a\nb", "'"):
        ended = machine.send(run("cat", "--", text, cwd="repo/src"))
        assert ended.facts["exit"] == 1
        assert [*(machine.repo / "src").iterdir()] == [machine.repo / "src/a.txt"]


@pytest.mark.parametrize("inside", [".", "runs", "runs/1"])
def test_a_root_in_the_folder_of_the_runs_is_none(tmp_path, inside):
    folder = tmp_path / "store" / inside
    folder.mkdir(parents=True)
    (tmp_path / "link").symlink_to(folder)
    for place in (folder, tmp_path / "link"):
        folders = RootFolders({"repo": place}, tmp_path / "store")
        port = RootFiles(Grants(roots={"repo": "rw"}), folders, Redactor({}), Entropy())
        with pytest.raises(Refusal, match=r"OPERATION_NOT_ALLOWED: .*the folder of the runs"):
            asyncio.run(port.send(write("repo/a")))
    assert not (folder / "a").exists()


def test_a_hard_link_is_replaced_and_its_other_name_is_what_it_was(machine):
    os.link(machine.outside / "secret.txt", machine.repo / "twin")
    machine.send(write("repo/twin"))
    assert (machine.outside / "secret.txt").read_bytes() == SECRET
    assert (machine.repo / "twin").read_bytes() == b"x"


def test_a_relative_folder_of_path_is_no_place_for_a_program(tmp_path, monkeypatch):
    machine = Machine(tmp_path, {"PATH": ":.:relative"})
    (machine.repo / "cat").write_text("#!/bin/sh\ntrue\n")
    (machine.repo / "cat").chmod(0o755)
    monkeypatch.chdir(machine.repo)
    with pytest.raises(Refusal, match="NOT_FOUND: no program cat stands in a folder of PATH"):
        machine.send(run("cat"))


def test_a_program_is_looked_up_once(tmp_path):
    first, other = tmp_path / "first", tmp_path / "other"
    environment = {"PATH": f"{first}:{other}"}
    machine = Machine(tmp_path / "machine", environment)
    for folder, text in ((other, "right"), (first, "wrong")):
        folder.mkdir()
        file = folder / "cat"
        file.write_text(f"#!/bin/sh\necho {text}\n")
        file.chmod(0o755)
        assert machine.send(run("cat")).data == b"right\n"


def test_a_program_is_given_what_is_fixed_and_what_is_named(machine):
    plain = machine.send(run("env")).data.decode().splitlines()
    assert {line.partition("=")[0] for line in plain} <= {"LANG", "PATH", "PWD", "SHLVL", "_"}
    named = machine.send(run("env", env=("HOME",))).data.decode().splitlines()
    assert "HOME=/x" in named


ROUNDS = 300


def swap(machine, folder, stopped):
    """Swaps a folder of the root for a link to outside and back, until it is told to stop."""
    away = machine.repo / "away"
    while not stopped.is_set():
        os.rename(folder, away)
        with suppress(FileExistsError):
            os.symlink(machine.outside, folder)
            os.unlink(folder)
        while away.exists():
            # A write makes the folders that it lacks, here too.
            shutil.rmtree(folder, ignore_errors=True)
            with suppress(OSError):
                os.rename(away, folder)


@pytest.mark.parametrize("request_of", [read, write, lambda path: run("cat", "x", cwd="repo/src")])
def test_a_folder_that_is_swapped_for_a_link_meanwhile_leads_nowhere(machine, request_of):
    (machine.outside / "x").write_bytes(SECRET)
    (machine.repo / "src/x").write_bytes(b"inside\n")
    before, stopped = machine.picture(), threading.Event()
    thread = threading.Thread(target=swap, args=(machine, machine.repo / "src", stopped))
    thread.start()
    answers, codes = set(), set()
    try:
        for _ in range(ROUNDS):
            try:
                answers.add(machine.send(request_of("repo/src/x")).data)
            except Refusal as refusal:
                codes.add(refusal.failure.code)
    finally:
        stopped.set()
        thread.join()
    assert SECRET not in answers
    assert codes <= {DENIED, MISSING, "FILE_FAILED"}
    assert machine.picture() == before
