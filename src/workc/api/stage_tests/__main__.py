"""The worker of ``workc stage test``; its one argument is how many bytes of memory it may use."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import cast

from workc.adapters.stage_trials.calling import Implementation, Modules
from workc.adapters.stage_trials.serving import serve
from workc.adapters.stage_trials.trying import DOES, Does
from workc.stages.stage.trial import Task, Trial
from workc.stages.stage.value import Stage


def _captured(task: Task, stage: Stage, implementation: Implementation, modules: Modules) -> Trial:
    # The engine and all that it needs; most stages do without.
    captured = import_module("workc.api.stage_tests.capturing").captured
    return cast("Does", captured)(task, stage, implementation, modules)


def _prepare() -> None:
    # It is behind the decorator of every such file, and takes longer than most of them.
    import_module("workc.api.functions")


if __name__ == "__main__":
    serve(int(sys.argv[1]), {**DOES, "captured": _captured}, _prepare)
