"""What Python code reaches around ``ctx``, by name: the table that the reading of code looks up.

A name of :data:`NAMES` counts wherever it is used, a package of :data:`PACKAGES` where something of
it is called. What is not listed is not found: an audit, not a proof. The guard of a run and a replay
find by what is done, not by names.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

#: What a replay makes of it: denies it, gets another value, finds what is there then, does it again.
Fate = Literal["refused", "another value", "what is there then", "done again"]


@dataclass(frozen=True, slots=True)
class Reach:
    """One way around ``ctx``: what is reached, what a replay makes of it, what to use instead.

    ``pure`` is the fate of a pure skill that does it, ``ctx`` that of code whose effects go through
    ``ctx``: a skill or a workflow function.
    """

    what: str
    pure: Fate
    ctx: Fate
    instead: str


CLOCK = Reach("the clock", "refused", "another value", "ctx.now_ms(), or a time that is an input")
WAIT = Reach("the clock", "refused", "done again", "await ctx.sleep_ms(ms)")
CHANCE = Reach(
    "chance", "refused", "another value", "ctx.random(), ctx.uuid(), or random.Random(seed)"
)
UNSEEDED = Reach("chance", "another value", "another value", CHANCE.instead)
HASH = Reach(
    "the hash seed of the process", "another value", "another value", "hashlib, or an order by key"
)
ENVIRONMENT = Reach(
    "the environment",
    "what is there then",
    "what is there then",
    "an input, or a secret that the workflow declares",
)
MACHINE = Reach("the machine or process", "what is there then", "what is there then", "an input")
NETWORK = Reach("the network", "refused", "refused", "await ctx.http(HttpRequest(...))")
MODEL = Reach("a model", "refused", "refused", "llm_invoke, or await ctx.model(ModelRequest(...))")
PROCESS = Reach("a process", "refused", "refused", "a skill without pure, its value is recorded")
THREAD = Reach("a thread", "refused", "refused", "await ctx.gather(...), or a skill without pure")
READ = Reach("a file", "what is there then", "what is there then", "the content as an input")
WRITTEN = Reach("a file, to write", "done again", "done again", "the content as a result")


def _of(module: str, words: str, reach: Reach) -> dict[str, Reach]:
    return {f"{module}.{word}": reach for word in words.split()}


_TIMES = "time monotonic perf_counter process_time thread_time"
_OS_FILES = "remove unlink rename replace mkdir makedirs rmdir removedirs symlink link truncate"
_OS_READS = "access getcwd getcwdb listdir lstat readlink scandir stat statvfs walk"
_PATH_READS = (
    "exists getatime getctime getmtime getsize isdir isfile islink lexists realpath samefile"
)
_MACHINE = "cpu_count getloadavg getlogin getpid getppid uname"
#: Dotted names, each wherever it is used.
NAMES: Mapping[str, Reach] = {
    **_of("time", _TIMES, CLOCK),
    **_of("time", " ".join(f"{name}_ns" for name in _TIMES.split()), CLOCK),
    **_of("time", "clock_gettime clock_gettime_ns localtime gmtime ctime strftime", CLOCK),
    **_of("datetime.datetime", "now utcnow today", CLOCK),
    "datetime.date.today": CLOCK,
    "os.times": CLOCK,
    "time.sleep": WAIT,
    **_of("os", "urandom getrandom", CHANCE),
    "uuid.uuid1": UNSEEDED,
    "uuid.uuid4": CHANCE,
    "random.SystemRandom": CHANCE,
    **_of("os", "environ environb getenv getenvb", ENVIRONMENT),
    **_of("os", "system popen fork forkpty posix_spawn posix_spawnp", PROCESS),
    **_of("os", "execl execle execlp execv execve execvp execvpe", PROCESS),
    **_of("os", "spawnl spawnle spawnlp spawnv spawnve spawnvp", PROCESS),
    **_of("asyncio", "create_subprocess_exec create_subprocess_shell", PROCESS),
    "asyncio.to_thread": THREAD,
    **_of("asyncio", "open_connection start_server", NETWORK),
    **_of("os", _OS_FILES, WRITTEN),
    **_of("os", _OS_READS, READ),
    **_of("os.path", _PATH_READS, READ),
    **_of("os", _MACHINE, MACHINE),
    **_of("platform", "node platform uname", MACHINE),
    "socket.gethostname": MACHINE,
}
#: Packages of which nothing may be called; longer names go before shorter ones.
PACKAGES: Mapping[str, Reach] = {
    "aiohttp": NETWORK,
    "anthropic": MODEL,
    "concurrent.futures": THREAD,
    "ftplib": NETWORK,
    "http.client": NETWORK,
    "httpx": NETWORK,
    "httpx2": NETWORK,
    "litellm": MODEL,
    "multiprocessing": PROCESS,
    "numpy.random": UNSEEDED,
    "openai": MODEL,
    "random": CHANCE,
    "requests": NETWORK,
    "secrets": CHANCE,
    "shutil": WRITTEN,
    "smtplib": NETWORK,
    "socket": NETWORK,
    "subprocess": PROCESS,
    "tempfile": WRITTEN,
    "threading.Thread": THREAD,
    "threading.Timer": THREAD,
    "urllib.request": NETWORK,
    "urllib3": NETWORK,
    "websockets": NETWORK,
}
_CALLED: Mapping[str, Reach] = {**PACKAGES, **NAMES}
#: Of a package above: makes a generator of its own, the same each time if it is given a seed.
SEEDED = frozenset({"random.Random", "numpy.random.default_rng", "numpy.random.RandomState"})
OPENERS = frozenset({"open", "io.open"})
#: Methods that no other common type has.
METHODS: Mapping[str, Reach] = {
    "is_dir": READ,
    "is_file": READ,
    "iterdir": READ,
    "read_bytes": READ,
    "read_text": READ,
    "write_bytes": WRITTEN,
    "write_text": WRITTEN,
}
#: How the names of exceptions end: to make one reaches nothing.
_RAISED = ("Error", "Exception")
BUILTINS = frozenset({"open", "hash"})


def reach_of(name: str, *, is_called: bool) -> Reach | None:
    """Returns what a dotted name reaches, if the table has it or what it begins with."""
    if name == "hash":
        return HASH if is_called else None
    parts = name.split(".")
    heads = [".".join(parts[:count]) for count in range(len(parts), 0, -1)]
    table = _CALLED if is_called and not name.endswith(_RAISED) else NAMES
    return next((table[head] for head in heads if head in table), None)
