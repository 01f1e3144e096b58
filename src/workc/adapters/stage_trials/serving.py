"""What a worker process does: takes tasks on its standard input, a line each, answers each with a line.

What the code of stages prints goes nowhere; the line of an answer goes where standard output was when
the process began.
"""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable, Mapping

import msgspec

from workc.adapters.stage_trials.calling import Modules
from workc.adapters.stage_trials.limits import limit_memory
from workc.adapters.stage_trials.trying import Does, tried
from workc.stages.stage.trial import EXHAUSTED, PREPARE, Call, Task, Trial

_READ = msgspec.json.Decoder(Task)
_MAX_FAULT = 4_000
#: The line that a worker begins with.
READY = b"ready\n"


def serve(memory: int, does: Mapping[str, Does], prepare: Callable[[], None]) -> None:
    """Works until there are no more tasks, in at most so many bytes of memory.

    ``prepare`` imports what every file of stages does, before the time of one of them begins.
    """
    tasks, answers = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nothing, stream)
    limit_memory(memory)
    with os.fdopen(tasks, "rb") as lines, os.fdopen(answers, "wb") as out:
        modules = Modules()
        # All is imported: from here on it is the time of the stages.
        out.write(READY)
        out.flush()
        for line in lines:
            out.write(msgspec.json.encode(_answer(line, does, modules, prepare)) + b"\n")
            out.flush()


def _answer(
    line: bytes, does: Mapping[str, Does], modules: Modules, prepare: Callable[[], None]
) -> Trial:
    try:
        task = _READ.decode(line)
        if task.what == PREPARE:
            prepare()
            return Trial()
        return tried(task, does, modules)
    except MemoryError:
        return Trial(calls=(Call(code=EXHAUSTED, message="the code used up its memory"),))
    except Exception as error:  # noqa: BLE001 - whoever asked says it; a stage is not to blame
        return Trial(fault="".join(traceback.format_exception(error))[-_MAX_FAULT:])
