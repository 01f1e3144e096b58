"""The entry point of the process: takes over what is the process's own, then imports the commands.

Nothing heavy is imported here: from the first line on a signal ends the process in one line, not
with the traceback of an import. All that is changed for the whole process is changed here and in
:mod:`workc.cli.process`; the commands themselves (:mod:`workc.cli.group`) run in any program.
"""

from __future__ import annotations

import os
import signal
from importlib import import_module
from types import FrameType
from typing import NoReturn

_STDERR = 2
#: 128 and the number of the signal, as shells say it.
_BY_SIGNAL = 128


def main() -> NoReturn:
    """Runs ``workc`` with the arguments of the process."""
    is_ours = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if is_ours:
        signal.signal(signal.SIGINT, _end)
    process = import_module("workc.cli.process")
    group = import_module("workc.cli.group")
    process.prepare()
    try:
        if is_ours:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        group.cli.main()
    except KeyboardInterrupt:
        _end(signal.SIGINT, None)
    raise SystemExit(_BY_SIGNAL)


def _end(number: int, _frame: FrameType | None) -> None:
    try:
        os.write(_STDERR, b"interrupted\n")
    finally:
        os._exit(_BY_SIGNAL + number)
