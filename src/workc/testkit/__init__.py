"""The public face of testing: servers, conformance suites, a provider, scenarios, tampering.

This face is lazy: importing it imports nothing else of it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from workc.kernel.rng import SeededRng
    from workc.sim.report import BenchReport, ReportError, TestReport
    from workc.sim.scenario.scenario import Expectations, Scenario, ScenarioError
    from workc.sim.scenario.scripts import (
        ActionScript,
        CheckScript,
        ConflictResolution,
        CoordScript,
        EffectScript,
        GateDecision,
        GateScript,
        IntentScript,
        LensItem,
        LensQuality,
        LensScript,
        LockConflict,
        PlanScript,
        PlanStepScript,
        VerifyScript,
    )
    from workc.sim.tamper.operation import TamperError, TamperOp
    from workc.testkit.assertions import assert_bundle_fail_codes, assert_bundle_pass
    from workc.testkit.clock import Clock, FakeClock
    from workc.testkit.scenario_runner import ScenarioRunner
    from workc.testkit.sim_runtime import SimMemory, SimRuntime
    from workc.testkit.tamper_folder import TamperMutator
    from workc.testkit.tamper_suite import run_suite

_HOMES = {
    "ActionScript": "workc.sim.scenario.scripts",
    "BenchReport": "workc.sim.report",
    "CheckScript": "workc.sim.scenario.scripts",
    "Clock": "workc.testkit.clock",
    "ConflictResolution": "workc.sim.scenario.scripts",
    "CoordScript": "workc.sim.scenario.scripts",
    "EffectScript": "workc.sim.scenario.scripts",
    "Expectations": "workc.sim.scenario.scenario",
    "FakeClock": "workc.testkit.clock",
    "GateDecision": "workc.sim.scenario.scripts",
    "GateScript": "workc.sim.scenario.scripts",
    "IntentScript": "workc.sim.scenario.scripts",
    "LensItem": "workc.sim.scenario.scripts",
    "LensQuality": "workc.sim.scenario.scripts",
    "LensScript": "workc.sim.scenario.scripts",
    "LockConflict": "workc.sim.scenario.scripts",
    "PlanScript": "workc.sim.scenario.scripts",
    "PlanStepScript": "workc.sim.scenario.scripts",
    "ReportError": "workc.sim.report",
    "Scenario": "workc.sim.scenario.scenario",
    "ScenarioError": "workc.sim.scenario.scenario",
    "ScenarioRunner": "workc.testkit.scenario_runner",
    "SeededRng": "workc.kernel.rng",
    "SimMemory": "workc.testkit.sim_runtime",
    "SimRuntime": "workc.testkit.sim_runtime",
    "TamperError": "workc.sim.tamper.operation",
    "TamperMutator": "workc.testkit.tamper_folder",
    "TamperOp": "workc.sim.tamper.operation",
    "TestReport": "workc.sim.report",
    "VerifyScript": "workc.sim.scenario.scripts",
    "assert_bundle_fail_codes": "workc.testkit.assertions",
    "assert_bundle_pass": "workc.testkit.assertions",
    "run_suite": "workc.testkit.tamper_suite",
}

__all__ = [
    "ActionScript",
    "BenchReport",
    "CheckScript",
    "Clock",
    "ConflictResolution",
    "CoordScript",
    "EffectScript",
    "Expectations",
    "FakeClock",
    "GateDecision",
    "GateScript",
    "IntentScript",
    "LensItem",
    "LensQuality",
    "LensScript",
    "LockConflict",
    "PlanScript",
    "PlanStepScript",
    "ReportError",
    "Scenario",
    "ScenarioError",
    "ScenarioRunner",
    "SeededRng",
    "SimMemory",
    "SimRuntime",
    "TamperError",
    "TamperMutator",
    "TamperOp",
    "TestReport",
    "VerifyScript",
    "assert_bundle_fail_codes",
    "assert_bundle_pass",
    "run_suite",
]


def __getattr__(name: str) -> object:
    """Returns a public name, imported when it is first asked for."""
    if name not in _HOMES:
        raise AttributeError(f"module 'workc.testkit' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
