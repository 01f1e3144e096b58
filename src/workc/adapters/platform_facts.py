"""The machine and the Python that this process runs on."""

from __future__ import annotations

import os
import platform
import sys
from typing import NamedTuple

from workc.kernel.version import __version__


class PlatformFacts(NamedTuple):
    """What of a machine matters to results of tests; ``os`` is as Python calls it."""

    os: str
    arch: str
    python: str
    workc: str
    cpus: int


def platform_facts() -> PlatformFacts:
    """Returns what is known; no program is asked."""
    return PlatformFacts(
        os=sys.platform,
        arch=platform.machine(),
        python=platform.python_version(),
        workc=__version__,
        cpus=os.cpu_count() or 1,
    )
