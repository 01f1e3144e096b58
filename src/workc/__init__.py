"""workc, the work compiler: agent work under a hard budget that leaves evidence anyone can check.

This face is lazy: importing ``workc`` imports nothing else of it. What is listed in ``__all__`` is
public; everything below ``workc.`` that is not is not.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from workc.adapters.budget_tracker import BudgetTracker
    from workc.api.catalog import failures
    from workc.api.contracts import Quota, ResourceContract
    from workc.api.functions import gate, planner, replay, run, skill, verify_bundle, workflow
    from workc.api.recorder import ReplayRecorder
    from workc.api.runtime import Runtime
    from workc.api.skill_metadata import SkillMetadata
    from workc.kernel.failure import Failure, Misuse, Refusal
    from workc.kernel.version import __version__ as __version__
    from workc.runtime.function import StepFailed, WorkflowContext
    from workc.runtime.outcome import StructuredOutcome
    from workc.sim.tamper.operation import TamperOp
    from workc.skills.ready import HttpCallSkill, JsonTransformSkill, LLMInvokeSkill
    from workc.skills.stub_responses import HTTP_STUB_RESPONSES, LLM_STUB_RESPONSES
    from workc.stages.context import Context
    from workc.stages.network import NetworkPolicy
    from workc.stages.skill import Skill
    from workc.testkit.tamper_folder import TamperMutator
    from workc.verify.verdict import Finding, Verdict

_HOMES = {
    "BudgetTracker": "workc.adapters.budget_tracker",
    "Context": "workc.stages.context",
    "Failure": "workc.kernel.failure",
    "Finding": "workc.verify.verdict",
    "HTTP_STUB_RESPONSES": "workc.skills.stub_responses",
    "HttpCallSkill": "workc.skills.ready",
    "JsonTransformSkill": "workc.skills.ready",
    "LLMInvokeSkill": "workc.skills.ready",
    "LLM_STUB_RESPONSES": "workc.skills.stub_responses",
    "Misuse": "workc.kernel.failure",
    "NetworkPolicy": "workc.stages.network",
    "Quota": "workc.api.contracts",
    "Refusal": "workc.kernel.failure",
    "ReplayRecorder": "workc.api.recorder",
    "ResourceContract": "workc.api.contracts",
    "Runtime": "workc.api.runtime",
    "Skill": "workc.stages.skill",
    "SkillMetadata": "workc.api.skill_metadata",
    "StepFailed": "workc.runtime.function",
    "StructuredOutcome": "workc.runtime.outcome",
    "TamperMutator": "workc.testkit.tamper_folder",
    "TamperOp": "workc.sim.tamper.operation",
    "Verdict": "workc.verify.verdict",
    "WorkflowContext": "workc.runtime.function",
    "__version__": "workc.kernel.version",
    "failures": "workc.api.catalog",
    "gate": "workc.api.functions",
    "planner": "workc.api.functions",
    "replay": "workc.api.functions",
    "run": "workc.api.functions",
    "skill": "workc.api.functions",
    "verify_bundle": "workc.api.functions",
    "workflow": "workc.api.functions",
}

__all__ = [
    "HTTP_STUB_RESPONSES",
    "LLM_STUB_RESPONSES",
    "BudgetTracker",
    "Context",
    "Failure",
    "Finding",
    "HttpCallSkill",
    "JsonTransformSkill",
    "LLMInvokeSkill",
    "Misuse",
    "NetworkPolicy",
    "Quota",
    "Refusal",
    "ReplayRecorder",
    "ResourceContract",
    "Runtime",
    "Skill",
    "SkillMetadata",
    "StepFailed",
    "StructuredOutcome",
    "TamperMutator",
    "TamperOp",
    "Verdict",
    "WorkflowContext",
    "failures",
    "gate",
    "planner",
    "replay",
    "run",
    "skill",
    "verify_bundle",
    "workflow",
]


def __getattr__(name: str) -> object:
    """Returns a public name, imported when it is first asked for."""
    if name not in _HOMES:
        raise AttributeError(f"module 'workc' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    """Returns the public names."""
    return sorted([*__all__, "__version__"])
