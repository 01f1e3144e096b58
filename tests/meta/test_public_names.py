"""The public face: its names are a list that somebody changed on purpose."""

import subprocess
import sys

import pytest

import workc

PUBLIC = [
    "BudgetTracker",
    "Context",
    "Failure",
    "Finding",
    "HTTP_STUB_RESPONSES",
    "HttpCallSkill",
    "JsonTransformSkill",
    "LLMInvokeSkill",
    "LLM_STUB_RESPONSES",
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
#: Names that were given: a user of the systems that workc takes after knows them.
GIVEN = {
    "HTTP_STUB_RESPONSES",
    "HttpCallSkill",
    "JsonTransformSkill",
    "LLMInvokeSkill",
    "LLM_STUB_RESPONSES",
    "ReplayRecorder",
    "ResourceContract",
    "Runtime",
    "SkillMetadata",
    "StructuredOutcome",
    "TamperMutator",
    "TamperOp",
}


def test_the_face_stays_small():
    assert len(set(PUBLIC) - GIVEN) <= 25


def test_the_public_names_are_these_and_no_others():
    assert sorted(workc.__all__) == PUBLIC
    assert set(dir(workc)) == {*PUBLIC, "__version__"}


def test_every_public_name_can_be_had_and_is_documented():
    for name in PUBLIC:
        # A table of stubs is data; the page of the Python API says what it is.
        assert name.isupper() or (getattr(workc, name).__doc__ or "").strip(), name


def test_importing_workc_imports_nothing_else_of_it():
    code = "import sys, workc; print([m for m in sys.modules if m.startswith('workc.')])"
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout
    assert found.strip() == "[]"


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no_such_name"):
        _ = workc.no_such_name
