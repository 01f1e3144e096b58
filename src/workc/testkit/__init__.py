"""The public face of testing: real loopback servers, conformance suites, a provider, tampering.

This face is lazy: importing it imports nothing else of it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from workc.sim.tamper.operation import TamperError, TamperOp
    from workc.testkit.tamper_folder import TamperMutator
    from workc.testkit.tamper_suite import run_suite

_HOMES = {
    "TamperError": "workc.sim.tamper.operation",
    "TamperMutator": "workc.testkit.tamper_folder",
    "TamperOp": "workc.sim.tamper.operation",
    "run_suite": "workc.testkit.tamper_suite",
}

__all__ = ["TamperError", "TamperMutator", "TamperOp", "run_suite"]


def __getattr__(name: str) -> object:
    """Returns a public name, imported when it is first asked for."""
    if name not in _HOMES:
        raise AttributeError(f"module 'workc.testkit' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
