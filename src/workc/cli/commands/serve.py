"""``workc serve``: metrics of the store's runs over HTTP, until a signal ends it."""

from __future__ import annotations

import errno
import signal
import socket
from collections.abc import Callable, Generator
from contextlib import contextmanager
from types import FrameType

import click

from workc.cli import exits, options
from workc.cli.errors import Stopped, stop
from workc.cli.state import State
from workc.cli.stores import open_store
from workc.cli.text import printable
from workc.viewer.server import ViewerServer
from workc.viewer.store_metrics import StoreMetrics

_HOST = "127.0.0.1"
_PORT = 9474
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@click.command("serve", epilog="Example: workc serve --port 9474")
@click.option(
    "--host", metavar="HOST", default=_HOST, help=f"The address to listen at (default {_HOST})."
)
@click.option(
    "--port",
    type=click.IntRange(0, 65_535),
    metavar="N",
    default=_PORT,
    help=f"The port (default {_PORT}); 0 takes a free one.",
)
@options.store
@options.common
@click.pass_obj
def command(state: State, host: str, port: int) -> int:
    """Serve metrics of the runs in the store at /metrics, until a signal: exit 0."""
    if not host:
        raise stop("INVALID_INPUT", "--host is empty", f"workc serve --host {_HOST}")
    metrics = StoreMetrics(open_store(state))
    metrics.read()
    server = _listening(host, port, metrics)
    with _until_signal() as wait, server:
        _announce(state, server)
        wait()
    state.err("stopped")
    return exits.OK


@contextmanager
def _until_signal() -> Generator[Callable[[], object], None, None]:
    """Gives what returns when a signal has come; one that was to be ignored stays ignored."""
    heard = [n for n in _SIGNALS if signal.getsignal(n) is not signal.SIG_IGN]
    ear, mouth = socket.socketpair()
    with ear, mouth:
        mouth.settimeout(0)
        # The interpreter writes a byte here at once. A handler in Python may come too late: it
        # waits for the main thread, which may just be about to wait for the handler.
        wakeup = signal.set_wakeup_fd(mouth.fileno(), warn_on_full_buffer=False)
        before = [(number, signal.signal(number, _ignore)) for number in heard]
        try:
            yield lambda: ear.recv(1)
        finally:
            for number, handler in before:
                signal.signal(number, handler)
            signal.set_wakeup_fd(wakeup)


def _ignore(_number: int, _frame: FrameType | None) -> None:
    """Does nothing: the byte that the interpreter wrote says it all."""


def _listening(host: str, port: int, metrics: StoreMetrics) -> ViewerServer:
    try:
        return ViewerServer(host, port, lambda: metrics.read().exposition())
    except (OSError, UnicodeError) as error:
        raise _not_listening(host, port, error) from None


def _not_listening(host: str, port: int, error: Exception) -> Stopped:
    where = f"port {port} of {printable(host, 100)}"
    if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
        return stop("INVALID_INPUT", f"{where} is taken by another program", "workc serve --port 0")
    if isinstance(error, socket.gaierror | UnicodeError):
        message = f"--host takes an address of this machine, not {printable(host, 100)!r}"
        return stop("INVALID_INPUT", message, f"workc serve --host {_HOST}")
    why = getattr(error, "strerror", None) or type(error).__name__
    return stop("INVALID_INPUT", f"nothing can listen at {where}: {why}", "workc serve --help")


def _announce(state: State, server: ViewerServer) -> None:
    url = f"{server.base_url}/metrics"
    if state.json:
        state.document(
            {"schema": "workc.serve/1", "metrics": url, "healthz": f"{server.base_url}/healthz"}
        )
    else:
        state.out(url)
    if not server.is_local:
        state.err("note: whoever reaches this address can read the figures")
    state.err(f"serving the runs of {printable(str(state.store))}; Ctrl-C ends it")
