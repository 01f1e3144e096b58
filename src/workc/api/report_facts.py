"""What the world adds to a report of tests: the commit that was tested, and the machine."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from workc.adapters.git_facts import git_facts
from workc.adapters.platform_facts import platform_facts
from workc.sim.report import GitInfo, PlatformInfo


def git_info(folder: str | os.PathLike[str], environment: Mapping[str, str]) -> GitInfo:
    """Returns the commit and branch that a folder is at; None each where that is not known."""
    return GitInfo(**git_facts(Path(folder), environment)._asdict())


def platform_info() -> PlatformInfo:
    """Returns the machine that this process runs on."""
    return PlatformInfo(**platform_facts()._asdict())
