"""Programs: bounded in time and output, alone in their group, killed wholly."""

import asyncio
import os
import signal
import sys
import threading
from pathlib import Path

import pytest

from workc.adapters.programs import Programs
from workc.adapters.redaction import Redactor
from workc.adapters.root_folders import RootFolders
from workc.kernel.failure import Refusal
from workc.stages.effects import ProgramRun
from workc.stages.grants import Grants

NAME = Path(sys.executable).name


class Entropy:
    """Gives bytes that differ from call to call."""

    def draw(self, count):
        return bytes(count)


@pytest.fixture
def port(tmp_path):
    grants = Grants(roots={"repo": "rw"}, programs=(NAME, "none"))
    environment = {"PATH": str(Path(sys.executable).parent), "TOKEN": "tok-3f9a/b+c"}
    folders = RootFolders({"repo": tmp_path})
    return Programs(grants, folders, Redactor({"TOKEN": "tok-3f9a/b+c"}), Entropy(), environment)


def python(code, *arguments, **more):
    return ProgramRun(argv=(NAME, "-c", code, *arguments), **more)


def send(port, request):
    return asyncio.run(port.send(request))


def test_status_output_and_error_output_come_back(port):
    code = "import sys; print('out'); print('err', file=sys.stderr); sys.exit(3)"
    ended = send(port, python(code))
    assert ended.facts == {"exit": 3, "signal": None}
    assert (ended.data, ended.errors) == (b"out\n", b"err\n")
    assert not ended.is_output


def test_a_signal_that_ended_it_is_told(port):
    ended = send(port, python("import os, signal; os.kill(os.getpid(), signal.SIGTERM)"))
    assert ended.facts == {"exit": None, "signal": signal.SIGTERM}


def test_much_goes_in_and_comes_out(port):
    data = bytes(range(256)) * 2_000
    ended = send(
        port, python("import sys; sys.stdout.buffer.write(sys.stdin.buffer.read())", stdin=data)
    )
    assert ended.data == data


def test_output_and_error_output_are_bounded_each(port):
    code = "import sys; sys.stdout.write('x' * 100); sys.stderr.write('y' * int(sys.argv[1]))"
    assert len(send(port, python(code, "100", max_bytes=100)).errors) == 100
    with pytest.raises(Refusal, match="OUTPUT_TOO_LARGE: the program wrote more than 100 bytes"):
        send(port, python(code, "101", max_bytes=100))


def test_one_that_never_stops_writing_is_stopped(port):
    code = "import sys\nwhile True: sys.stdout.write('x' * 10_000)"
    with pytest.raises(Refusal, match="OUTPUT_TOO_LARGE"):
        send(port, python(code, max_bytes=100_000))


def test_it_works_in_a_folder_of_a_root_or_in_one_of_its_own(port, tmp_path):
    (tmp_path / "a").write_text("hello")
    assert send(port, python("print(open('a').read())", cwd="repo")).data == b"hello\n"
    where = send(port, python("import os; print(os.listdir(), os.getcwd())")).data.decode()
    assert where.startswith("[] ")
    assert not Path(where[3:].strip()).exists(), "it is gone afterwards"


def test_it_has_no_descriptor_but_its_own_three(port):
    code = "import os; print(sorted(os.listdir('/proc/self/fd')))"
    assert send(port, python(code, cwd="repo")).data == b"['0', '1', '2', '3']\n"


def test_a_secret_is_taken_out_of_what_it_writes(port):
    code = "import os, sys; print(os.environ['TOKEN']); print(os.environ['TOKEN'], file=sys.stderr)"
    ended = send(port, python(code, env=("TOKEN",)))
    assert (ended.data, ended.errors) == (b"[redacted:TOKEN]\n",) * 2
    assert [each.count for each in ended.redactions] == [2]


def test_one_that_is_not_there_is_not_found(port):
    with pytest.raises(Refusal, match="NOT_FOUND: no program none stands in a folder of PATH"):
        send(port, ProgramRun(argv=("none",)))


def test_one_that_cannot_be_started_fails(tmp_path):
    broken = tmp_path / "broken"
    broken.write_text("#!/no/such/interpreter\n")
    broken.chmod(0o755)
    grants = Grants(programs=("broken",))
    port = Programs(grants, RootFolders({}), Redactor({}), Entropy(), {"PATH": str(tmp_path)})
    with pytest.raises(Refusal, match="FILE_FAILED: broken cannot be started") as refused:
        send(port, ProgramRun(argv=("broken",)))
    assert str(tmp_path) not in repr(refused.value.failure)


def held(tmp_path):
    """Returns a pipe that ends when the last process that holds it has ended, and how to hand it on."""
    path = tmp_path / "alive"
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    os.set_blocking(reader, True)
    return path, reader


def until_end(reader):
    """Waits until nobody holds the other end any more, which must be because it was killed."""
    data = b""
    while chunk := os.read(reader, 100):
        data += chunk
    os.close(reader)
    assert b"left" not in data, "it was left alone, and ended by itself"


#: A program with a child that nothing ends but a signal, until it says that it was left alone.
GROUP = """
import os, subprocess, sys
print("begun", flush=True)
file = os.open("alive", os.O_WRONLY)
os.set_inheritable(file, True)
code = (
    "import os, signal, sys; os.write(int(sys.argv[1]), b'x');"
    "signal.sigtimedwait((), 20); os.write(int(sys.argv[1]), b'left')"
)
child = subprocess.Popen([sys.executable, "-c", code, str(file)], close_fds=False)
"""


def test_what_it_started_and_left_behind_is_killed_when_it_ends(port, tmp_path):
    _, reader = held(tmp_path)
    ended = send(port, python(GROUP, cwd="repo"))
    assert ended.facts["exit"] == 0
    until_end(reader)


def test_its_time_kills_it_and_all_that_it_started(port, tmp_path):
    _, reader = held(tmp_path)
    with pytest.raises(Refusal, match=r"TIMEOUT: .* did not end within 700 ms and was killed"):
        send(port, python(GROUP + "child.wait()", cwd="repo", timeout_ms=700))
    until_end(reader)


def test_no_time_is_no_time(port):
    with pytest.raises(Refusal, match="TIMEOUT: timeout_ms is 0, so nothing was started"):
        send(port, python("", timeout_ms=0))


def test_whoever_gives_up_kills_it_and_all_that_it_started(port, tmp_path):
    path, reader = held(tmp_path)
    # While somebody holds the other end, a read waits for the child instead of seeing the end.
    writer = os.open(path, os.O_WRONLY)

    async def given_up():
        task = asyncio.ensure_future(port.send(python(GROUP + "child.wait()", cwd="repo")))
        assert await asyncio.to_thread(os.read, reader, 1) == b"x"
        os.close(writer)
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled()

    asyncio.run(given_up())
    until_end(reader)


def test_a_signal_that_it_ignores_ends_it_all_the_same(port, tmp_path):
    _, reader = held(tmp_path)
    deaf = "import signal\nfor n in (1, 2, 15): signal.signal(n, signal.SIG_IGN)\n"
    with pytest.raises(Refusal, match="TIMEOUT"):
        send(port, python(deaf + GROUP + "child.wait()", cwd="repo", timeout_ms=700))
    until_end(reader)


def test_output_that_somebody_else_still_holds_open_is_not_waited_for(port, tmp_path):
    """One that leaves the group is left; its end of the pipe must not keep the run waiting."""
    _, reader = held(tmp_path)
    away = GROUP.replace("close_fds=False", "close_fds=False, start_new_session=True")
    ended = send(port, python(away + "print(child.pid, flush=True); os._exit(0)", cwd="repo"))
    assert ended.facts["exit"] == 0
    begun, number = ended.data.split()
    assert begun == b"begun"
    os.kill(int(number), signal.SIGKILL)
    until_end(reader)


def test_no_thread_is_left(port):
    before = threading.active_count()
    for _ in range(5):
        send(port, python(""))
    left = [each for each in threading.enumerate() if each.name == "workc-child"]
    for each in left:
        each.join()
    assert threading.active_count() <= before
